"""People come and go: what trackers say becomes where somebody is once it has lasted."""

from collections.abc import Iterator
from copy import replace
from datetime import datetime, timedelta

from ..panel.config import ArmMode
from ..panel.state import AreaStatus, Deadline
from .events import ArrivedWhileArmed, DisarmFor, EveryoneLeft, FirstArrived, HouseholdStep, PresenceEffect
from .state import HouseholdState, Mark, PersonState, Presence, PresenceConfig, anyone_home


def seen(
    state: HouseholdState, person_id: str, place: Presence | None, config: PresenceConfig, now: datetime
) -> HouseholdState:
    """Return the household after somebody's trackers said something, or nothing."""
    person, says = state.persons[person_id], place or Presence.UNKNOWN
    if says is person.place:
        person = replace(person, turning=None, settles=None)
    elif says is not person.turning or person.settles is None:
        # The first "home" after nothing was known counts at once. "Away" has to last: networks that come back say it too.
        first = person.place is Presence.UNKNOWN and says is Presence.HOME
        wait = timedelta(0) if first else _settling(says, state, config, now)
        person = replace(person, turning=says, settles=Deadline.after(wait, now))
    return replace(state, persons={**state.persons, person_id: person})


def unheard(
    state: HouseholdState, config: PresenceConfig, now: datetime, *, starting: bool
) -> HouseholdState:
    """Return the household after an outage: everybody is where they were, unless nothing is heard of them."""
    lost = Deadline.after(config.lost_after, now)
    return replace(
        state,
        coming_up=Deadline.after(config.coming_up, now) if starting else None,
        persons={
            person_id: person
            if person.place is Presence.UNKNOWN
            else replace(person, turning=Presence.UNKNOWN, settles=lost)
            for person_id, person in state.persons.items()
        },
    )


def settled(state: HouseholdState, config: PresenceConfig, now: datetime) -> HouseholdStep:
    """Return the household after everybody whose new place has lasted is there."""
    effects: list[PresenceEffect] = []
    while due := min(
        (
            (person.settles.due_at, person_id)
            for person_id, person in state.persons.items()
            if person.settles is not None and person.settles.due_at <= now
        ),
        default=None,
    ):
        state, more = _moved(state, due[1], config, now)
        effects += more
    return state, tuple(effects)


def _settling(turning: Presence, state: HouseholdState, config: PresenceConfig, now: datetime) -> timedelta:
    match turning:
        case Presence.HOME:
            return config.home_after
        case Presence.AWAY if state.coming_up is not None and now < state.coming_up.due_at:
            return max(config.away_after, config.coming_up)
        case Presence.AWAY:
            return config.away_after
        case Presence.UNKNOWN:
            return config.lost_after


def _moved(state: HouseholdState, person_id: str, config: PresenceConfig, now: datetime) -> HouseholdStep:
    before, was_home = state.persons[person_id], anyone_home(state, config)
    place = before.turning or before.place
    state = replace(state, persons={**state.persons, person_id: PersonState(place=place, since=now)})
    effects: list[PresenceEffect] = []
    if place is Presence.AWAY:
        state = replace(state, last_left=Mark(person_id=person_id, at=now))
    if anyone_home(state, config) is False and was_home is not False:
        last = state.last_left.person_id if state.last_left is not None else person_id
        effects.append(EveryoneLeft(last))
    if place is Presence.HOME and was_home is False:
        state = replace(state, first_arrived=Mark(person_id=person_id, at=now))
        effects.append(FirstArrived(person_id))
    if place is Presence.HOME and before.place is Presence.AWAY:
        effects += _into_armed_areas(state, person_id, config)
    return state, tuple(effects)


def _into_armed_areas(
    state: HouseholdState, person_id: str, config: PresenceConfig
) -> Iterator[PresenceEffect]:
    armed = {area_id: mode for area_id, (_, mode) in state.areas.items() if mode is not None}
    if not armed:
        return
    yield ArrivedWhileArmed(person_id, tuple(armed))
    alarm = any(status is AreaStatus.TRIGGERED for status, _ in state.areas.values())
    # Home and night guard people who sleep: whoever comes in then has a code.
    empty = tuple(area_id for area_id, mode in armed.items() if mode in (ArmMode.AWAY, ArmMode.VACATION))
    if config.persons[person_id].auto_disarm and empty and not alarm:
        yield DisarmFor(person_id, empty)
