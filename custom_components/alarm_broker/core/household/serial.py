"""The household as JSON values, to outlive a restart."""

from collections.abc import Mapping

from ..panel.state import Deadline
from ..stored import flag, listed, mapping, moment, span, text, texts
from ..windows import WindowKind
from .state import HouseholdState, Mark, PersonState, Presence


def as_dict(state: HouseholdState) -> dict[str, object]:
    """Return what is stored, as JSON values."""

    def deadline(one: Deadline | None) -> list[object] | None:
        return None if one is None else [one.due_at.isoformat(), one.delay.total_seconds()]

    def mark(one: Mark | None) -> list[str] | None:
        return None if one is None else [one.person_id, one.at.isoformat()]

    return {
        "persons": {
            person_id: [person.place.value, person.since.isoformat()]
            for person_id, person in state.persons.items()
        },
        "empty_since": None if state.empty_since is None else state.empty_since.isoformat(),
        "last_left": mark(state.last_left),
        "first_arrived": mark(state.first_arrived),
        "remind_at": deadline(state.remind_at),
        "arm_at": deadline(state.arm_at),
        "called_off": state.called_off,
        "guests": state.guests,
        "windows": sorted(state.windows),
    }


def from_dict(data: Mapping[str, object] | None) -> HouseholdState:
    """Return the household that `as_dict` stored, an empty one for nothing; raises one of UNREADABLE."""
    if data is None:
        return HouseholdState()
    stored = mapping(data)
    since = stored["empty_since"]
    return HouseholdState(
        persons={person_id: _person(one) for person_id, one in mapping(stored["persons"]).items()},
        empty_since=None if since is None else moment(since),
        last_left=_mark(stored["last_left"]),
        first_arrived=_mark(stored["first_arrived"]),
        remind_at=_deadline(stored["remind_at"]),
        arm_at=_deadline(stored["arm_at"]),
        called_off=flag(stored["called_off"]),
        guests=flag(stored["guests"]),
        windows=frozenset(map(WindowKind, texts(stored["windows"]))),
    )


def _person(stored: object) -> PersonState:
    place, since = listed(stored)
    return PersonState(place=Presence(place), since=moment(since))


def _mark(stored: object) -> Mark | None:
    if stored is None:
        return None
    person_id, at = listed(stored)
    return Mark(person_id=text(person_id), at=moment(at))


def _deadline(stored: object) -> Deadline | None:
    if stored is None:
        return None
    due_at, seconds = listed(stored)
    return Deadline(moment(due_at), span(seconds))
