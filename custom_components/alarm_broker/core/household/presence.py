"""Who is home, and what follows: a reminder to arm, an announced arming, a warning on arrival. Pure.

`household(state, event, config, now)` returns the household after something happened and what must be done about it.
Somebody of whom nothing is known is never taken for away.
"""

from collections.abc import Callable, Iterator
from copy import replace
from datetime import datetime

from ..panel.events import ClockMoved
from ..panel.state import Deadline
from .auto_arm import called_off, due, occasions, postponed, reconsidered, resumed
from .events import (
    AreasChanged,
    CalledOff,
    GuestMode,
    HouseholdStep,
    Postponed,
    PresenceEvent,
    Resumed,
    Seen,
    Ticked,
    WindowKindsChanged,
)
from .presence_changes import seen, settled, unheard
from .state import HouseholdState, PersonState, PresenceConfig


def household(
    state: HouseholdState, event: PresenceEvent, config: PresenceConfig, now: datetime
) -> HouseholdStep:
    """Return the household after `event`, and what must be done, in order. `now` is aware UTC."""
    before = occasions(state, config)
    if isinstance(event, ClockMoved):
        state = _mapped(state, lambda deadline: deadline.shifted(event.by))
    # Further away than its full length: the clock may have been set back meanwhile.
    state = _mapped(state, lambda deadline: deadline.clamped(now))
    state = _heard(_fitted(state, config, now), event, config, now)
    state, moves = settled(state, config, now)
    state = reconsidered(before, state, config, now)
    state, answers = _asked(state, event, config, now)
    state, acts = due(state, config, now)
    return state, (*moves, *answers, *acts)


def next_due(state: HouseholdState) -> datetime | None:
    """Return when the household acts by itself next, or None."""
    return min((deadline.due_at for deadline in _deadlines(state)), default=None)


def _heard(
    state: HouseholdState, event: PresenceEvent, config: PresenceConfig, now: datetime
) -> HouseholdState:
    match event:
        case Seen(person_id, place):
            return seen(state, person_id, place, config, now) if person_id in state.persons else state
        case AreasChanged(areas):
            return replace(state, areas=areas)
        case WindowKindsChanged(kinds):
            return replace(state, windows=kinds)
        case GuestMode(on):
            return replace(state, guests=on)
        case Resumed(starting):
            return resumed(unheard(state, config, now, starting=starting), now)
        case Postponed() | CalledOff() | Ticked() | ClockMoved():
            return state


def _asked(
    state: HouseholdState, event: PresenceEvent, config: PresenceConfig, now: datetime
) -> HouseholdStep:
    match event:
        case Postponed(by, delay):
            return postponed(state, by, delay, config, now)
        case CalledOff(by):
            return called_off(state, by, config, now)
        case _:
            return state, ()


def _deadlines(state: HouseholdState) -> Iterator[Deadline]:
    yield from (person.settles for person in state.persons.values() if person.settles is not None)
    if state.areas:  # else the panel has not spoken yet, and both must wait for it
        yield from (one for one in (state.remind_at, state.arm_at) if one is not None)


def _mapped(state: HouseholdState, again: Callable[[Deadline], Deadline]) -> HouseholdState:
    """Return the household with each deadline replaced."""

    def maybe(deadline: Deadline | None) -> Deadline | None:
        return None if deadline is None else again(deadline)

    return replace(
        state,
        persons={
            person_id: replace(person, settles=maybe(person.settles))
            for person_id, person in state.persons.items()
        },
        remind_at=maybe(state.remind_at),
        arm_at=maybe(state.arm_at),
        coming_up=maybe(state.coming_up),
    )


def _fitted(state: HouseholdState, config: PresenceConfig, now: datetime) -> HouseholdState:
    """Return the household with exactly the configured persons; a new one is nowhere known yet."""
    if state.persons.keys() == config.persons.keys():
        return state
    persons = {
        person_id: state.persons.get(person_id, PersonState(since=now)) for person_id in config.persons
    }
    return replace(state, persons=persons)
