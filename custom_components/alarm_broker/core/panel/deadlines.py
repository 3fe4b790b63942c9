"""The next deadline, and what a reached one does; late after an outage it does the same."""

from collections.abc import Iterator
from copy import replace
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from . import walk_test
from .alarms import siren_ended
from .context import PanelStep, RuleContext, with_area
from .effects import Effect, ReportBypass
from .exit_delay import exit_ended, exit_settled
from .state import Arming, Bypass, PanelState, Pending
from .zone_evaluation import entry_ended, group_window_ended, hold_ended
from .zones import closed_zones_joined


class DeadlineKind(StrEnum):
    """What ends."""

    EXIT = "exit"
    ENTRY = "entry"
    SIREN = "siren"
    WALK_TEST = "walk_test"
    SHUT_DOWN = "shut_down"
    SETTLING = "settling"
    LOCKOUT = "lockout"
    HOLD = "hold"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Due:
    """One running deadline."""

    due_at: datetime
    kind: DeadlineKind
    area_id: str = ""
    zone_id: str = ""
    group_id: str = ""


def running(state: PanelState) -> Iterator[Due]:
    """Yield every deadline of the panel."""
    if state.lockout.until is not None:
        yield Due(state.lockout.until.due_at, DeadlineKind.LOCKOUT)
    if state.settling is not None:
        yield Due(state.settling.due_at, DeadlineKind.SETTLING)
    for area_id, area in state.areas.items():
        if isinstance(area.guard, Arming):
            yield Due(area.guard.ends.due_at, DeadlineKind.EXIT, area_id)
        elif isinstance(area.guard, Pending):
            yield Due(area.guard.until.due_at, DeadlineKind.ENTRY, area_id)
        if area.siren is not None:
            yield Due(area.siren.until.due_at, DeadlineKind.SIREN, area_id)
        if area.walk_test is not None:
            yield Due(area.walk_test.until.due_at, DeadlineKind.WALK_TEST, area_id)
        if area.shut_down_until is not None:
            yield Due(area.shut_down_until.due_at, DeadlineKind.SHUT_DOWN, area_id)
    for zone_id, until in state.holding.items():
        yield Due(until.due_at, DeadlineKind.HOLD, zone_id=zone_id)
    for group_id, gathering in state.gathering.items():
        for zone_id, until in gathering.trips.items():
            yield Due(until.due_at, DeadlineKind.GROUP, zone_id=zone_id, group_id=group_id)


def next_due(state: PanelState) -> datetime | None:
    """Return when the panel acts by itself next, or None."""
    return min((due.due_at for due in running(state)), default=None)


def reached(state: PanelState, context: RuleContext) -> PanelStep:
    """Return the panel after everything that is due by now, the earliest first.

    What a deadline starts counts from now, not from when it was due: after an outage the siren sounds in full.
    """
    effects: list[Effect] = []
    while due := min(
        (due for due in running(state) if due.due_at <= context.now), key=lambda due: due.due_at, default=None
    ):
        state, more = _ended(state, due, context)
        effects += more
    return state, tuple(effects)


def _ended(state: PanelState, due: Due, context: RuleContext) -> PanelStep:
    match due.kind:
        case DeadlineKind.LOCKOUT:
            return replace(state, lockout=replace(state.lockout, until=None)), ()
        case DeadlineKind.SETTLING:
            return _settled(replace(state, settling=None), context)
        case DeadlineKind.EXIT:
            return exit_ended(state, due.area_id, context)
        case DeadlineKind.ENTRY:
            area, effects = entry_ended(state.areas[due.area_id], due.area_id, context)
            return with_area(state, due.area_id, area), effects
        case DeadlineKind.SIREN:
            unclosed = state.unclosed(context.config.zones)
            area, effects = siren_ended(state.areas[due.area_id], due.area_id, unclosed, context)
            return with_area(state, due.area_id, area), effects
        case DeadlineKind.WALK_TEST:
            return walk_test.ended(state, due.area_id, context, by=None)
        case DeadlineKind.SHUT_DOWN:
            return _guarded_again(state, due.area_id, context)
        case DeadlineKind.HOLD:
            return hold_ended(state, due.zone_id, context)
        case DeadlineKind.GROUP:
            return group_window_ended(state, due.group_id, due.zone_id, context)


def _settled(state: PanelState, context: RuleContext) -> PanelStep:
    effects: list[Effect] = []
    for area_id in state.areas:
        state, joined = closed_zones_joined(state, area_id)
        state, evaluated = exit_settled(state, area_id, context)
        effects += (*joined, *evaluated)
    return state, tuple(effects)


def _guarded_again(state: PanelState, area_id: str, context: RuleContext) -> PanelStep:
    """Return the panel after swinger shutdown ended by itself (ANSI/SIA CP-01: 48 hours).

    A zone that still stands open joins when it has been seen closed: its alarm has been told.
    """
    area = state.areas[area_id]
    shut_down = {zone_id for zone_id, why in area.bypassed.items() if why is Bypass.SHUT_DOWN}
    unclosed = state.unclosed(shut_down)
    always = {zone_id for zone_id in unclosed if context.config.zones[zone_id].kind.always_guarded}
    kept = {zone_id: why for zone_id, why in area.bypassed.items() if zone_id not in shut_down}
    area = replace(
        area,
        bypassed={**kept, **dict.fromkeys(unclosed - always, Bypass.AFTER_ALARM)},
        silenced=area.silenced | always,
        trips={},
        shut_down_until=None,
    )
    back = tuple(sorted(shut_down - (unclosed - always)))
    effects = (ReportBypass(area_id=area_id, zone_ids=back, bypass=None, by=None),) if back else ()
    return with_area(state, area_id, area), effects
