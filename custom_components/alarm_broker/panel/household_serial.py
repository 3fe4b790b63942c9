"""The household as JSON values, to outlive a restart."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from .household_state import HouseholdState, Mark, PersonState, Presence
from .state import Deadline
from .windows import WindowKind


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
    """Return the household that `as_dict` stored; an empty one for nothing or for what cannot be read."""
    if not data:
        return HouseholdState()
    try:
        return _read(data)
    except AttributeError, KeyError, TypeError, ValueError:
        return HouseholdState()


def _read(data: Mapping[str, object]) -> HouseholdState:
    def deadline(key: str) -> Deadline | None:
        value = data[key]
        if value is None:
            return None
        due_at, seconds = _pair(value)
        return Deadline(datetime.fromisoformat(str(due_at)), timedelta(seconds=float(str(seconds))))

    def mark(key: str) -> Mark | None:
        value = data[key]
        if value is None:
            return None
        person_id, at = _pair(value)
        return Mark(person_id=str(person_id), at=datetime.fromisoformat(str(at)))

    persons = data["persons"]
    if not isinstance(persons, Mapping):
        raise TypeError
    places = {str(person_id): _pair(value) for person_id, value in persons.items()}
    since = data["empty_since"]
    return HouseholdState(
        persons={
            person_id: PersonState(place=Presence(str(place)), since=datetime.fromisoformat(str(at)))
            for person_id, (place, at) in places.items()
        },
        empty_since=None if since is None else datetime.fromisoformat(str(since)),
        last_left=mark("last_left"),
        first_arrived=mark("first_arrived"),
        remind_at=deadline("remind_at"),
        arm_at=deadline("arm_at"),
        called_off=bool(data["called_off"]),
        guests=bool(data["guests"]),
        windows=frozenset(WindowKind(str(kind)) for kind in _list(data["windows"])),
    )


def _pair(value: object) -> tuple[object, object]:
    first, second = _list(value)
    return first, second


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError
    return value
