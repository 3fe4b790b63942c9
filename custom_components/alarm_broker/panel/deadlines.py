"""The next deadline, and what a reached one does; late after an outage it does the same."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from .arming import exit_ended
from .effects import Effect
from .guarding import Moment, PanelStep, entry_ended, judge_open_zones, siren_ended, with_area
from .state import AreaState, Arming, Deadline, PanelState, Pending


class DeadlineKind(StrEnum):
    """What ends."""

    EXIT = "exit"
    ENTRY = "entry"
    SIREN = "siren"
    SETTLING = "settling"
    LOCKOUT = "lockout"


@dataclass(frozen=True, slots=True)
class Due:
    """One running deadline."""

    due_at: datetime
    kind: DeadlineKind
    area_id: str | None = None


def running(state: PanelState) -> Iterator[Due]:
    """Yield every deadline of the panel."""
    if state.lockout.until is not None:
        yield Due(state.lockout.until.due_at, DeadlineKind.LOCKOUT)
    if state.settling is not None:
        yield Due(state.settling.due_at, DeadlineKind.SETTLING)
    for area_id, area in state.areas.items():
        if isinstance(area.guard, Arming):
            yield Due(area.guard.until.due_at, DeadlineKind.EXIT, area_id)
        if isinstance(area.guard, Pending):
            yield Due(area.guard.until.due_at, DeadlineKind.ENTRY, area_id)
        if area.siren is not None:
            yield Due(area.siren.until.due_at, DeadlineKind.SIREN, area_id)


def next_due(state: PanelState) -> datetime | None:
    """Return when the panel acts by itself next, or None."""
    return min((due.due_at for due in running(state)), default=None)


def reached(state: PanelState, moment: Moment) -> PanelStep:
    """Return the panel after everything that is due by now, the earliest first.

    What a deadline starts counts from now, not from when it was due: after an outage the siren sounds in full.
    """
    effects: list[Effect] = []
    while due := min(
        (due for due in running(state) if due.due_at <= moment.now), key=lambda due: due.due_at, default=None
    ):
        state, more = _ended(state, due, moment)
        effects += more
    return state, tuple(effects)


def clamped(state: PanelState, now: datetime) -> PanelState:
    """Return the panel with no deadline further away than its full length: the clock may have been set back."""

    def near(deadline: Deadline | None) -> Deadline | None:
        return None if deadline is None else deadline.clamped(now)

    latest = max((due.due_at for due in running(state)), default=now)
    if latest <= now:
        return state
    return replace(
        state,
        lockout=replace(state.lockout, until=near(state.lockout.until)),
        settling=near(state.settling),
        areas={area_id: _clamped_area(area, now) for area_id, area in state.areas.items()},
    )


def _clamped_area(area: AreaState, now: datetime) -> AreaState:
    if isinstance(area.guard, Arming | Pending):
        area = replace(area, guard=replace(area.guard, until=area.guard.until.clamped(now)))
    if area.siren is not None:
        area = replace(area, siren=replace(area.siren, until=area.siren.until.clamped(now)))
    return area


def _ended(state: PanelState, due: Due, moment: Moment) -> PanelStep:
    if due.kind is DeadlineKind.LOCKOUT:
        return replace(state, lockout=replace(state.lockout, until=None)), ()
    if due.area_id is None:
        return _settled(replace(state, settling=None), moment)
    area = state.areas[due.area_id]
    match due.kind:
        case DeadlineKind.EXIT:
            return exit_ended(state, due.area_id, moment)
        case DeadlineKind.ENTRY:
            area, effects = entry_ended(area, due.area_id, moment)
            return with_area(state, due.area_id, area), effects
        case _:
            area = siren_ended(area, state.open_zones | state.blind_zones)
            return with_area(state, due.area_id, area), ()


def _settled(state: PanelState, moment: Moment) -> PanelStep:
    effects: list[Effect] = []
    for area_id in state.areas:
        state, more = judge_open_zones(state, area_id, moment)
        effects += more
    return state, tuple(effects)
