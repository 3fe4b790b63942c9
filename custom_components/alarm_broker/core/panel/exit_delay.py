"""The exit delay: the way out, coming back in, the final door, and what its end finds."""

from copy import replace
from datetime import timedelta

from .config import ArmMode, ModeConfig, ZoneConfig, ZoneKind
from .context import PanelStep, RuleContext, with_area
from .readiness import standing_open
from .state import AreaState, Armed, Arming, Deadline, PanelState
from .zone_evaluation import evaluate_open_zones

FINAL_DOOR_SETTLE = timedelta(seconds=5)
"""Honeywell VISTA: the exit delay ends when the exit door has been closed for 5 seconds."""


def exit_zone_opened(
    area: AreaState, zone: ZoneConfig, context: RuleContext, *, again: bool = False
) -> AreaState:
    """Return the area after a zone opened during the exit delay; whatever it is, the way out is not free yet.

    `again` says that it was open before it fell silent: nobody came through it.

    ANSI/SIA CP-01, exit time restart: the door was opened, closed and is opened again: somebody comes back in, and
    gets the whole exit delay anew, once.
    """
    guard, mode = _on_the_way_out(area, zone, context)
    if guard is None or mode is None:
        return area
    if again or zone.kind is not ZoneKind.ENTRY_EXIT:
        free = guard.final is None or zone.zone_id in area.bypassed
        return area if free else replace(area, guard=replace(guard, final=None))
    leaving = replace(guard, left=True, final=None, out=guard.out and not zone.final_set)
    if guard.closed and not guard.restarted and context.config.rules.exit_restart:
        until = Deadline.after(mode.exit_delay, context.now)
        leaving = replace(leaving, until=until, restarted=True)
    return replace(area, guard=leaving)


def exit_zone_closed(state: PanelState, zone: ZoneConfig, context: RuleContext) -> PanelState:
    """Return the panel after a zone closed during the exit delay.

    Once the final door has been closed behind somebody, the last zone that closes soon ends the delay: the door
    itself, or the motion sensor that still saw them leave. What sensors say while they come up ends nothing early.
    """
    area = state.areas[zone.area_id]
    guard, mode = _on_the_way_out(area, zone, context)
    if guard is None or mode is None or state.settling is not None:
        return state
    leaving = guard
    if zone.kind is ZoneKind.ENTRY_EXIT:
        leaving = replace(guard, left=True, closed=True, out=guard.out or zone.final_set)
    if leaving.out and not (state.open_zones & mode.zones) - area.bypassed.keys():
        leaving = replace(leaving, final=Deadline.after(FINAL_DOOR_SETTLE, context.now))
    return state if leaving is guard else with_area(state, zone.area_id, replace(area, guard=leaving))


def exit_zone_lost(area: AreaState, zone: ZoneConfig, context: RuleContext) -> AreaState:
    """Return the area after a sensor fell silent during the exit delay: nobody would see who leaves through a door."""
    guard, _mode = _on_the_way_out(area, zone, context)
    if guard is None or zone.kind is not ZoneKind.ENTRY_EXIT or guard.left:
        return area
    return replace(area, guard=replace(guard, left=True))


def exit_ended(state: PanelState, area_id: str, context: RuleContext) -> PanelStep:
    """Return the panel after the exit delay: armed, and a zone still open starts the entry delay (exit error).

    Zones of any kind may open while it runs, since people are inside; what counts is how they are at its end.
    ANSI/SIA CP-01, unvacated premises: where that is chosen and nobody went out, away becomes home.
    """
    area = state.areas[area_id]
    if not isinstance(area.guard, Arming):
        return state, ()
    mode, modes = area.guard.mode, context.config.areas[area_id].modes
    stayed = context.config.rules.auto_stay and mode is ArmMode.AWAY and not area.guard.left
    if stayed and ArmMode.HOME in modes:
        mode = ArmMode.HOME
    area = replace(area, guard=Armed(mode=mode, unjudged=state.settling is not None), armed_at=context.now)
    state = with_area(state, area_id, area)
    left_out, effects = standing_open(state, area_id, modes[mode], context)
    bypassed = {**left_out, **area.bypassed}
    late = ((state.open_zones | state.lost_open) & modes[mode].zones) - bypassed.keys()
    state = with_area(state, area_id, replace(area, bypassed=bypassed, late=late))
    if state.settling is not None:
        return state, effects
    state, more = evaluate_open_zones(state, area_id, context)
    return state, (*effects, *more)


def exit_settled(state: PanelState, area_id: str, context: RuleContext) -> PanelStep:
    """Return the panel after sensors have come up in an area whose exit delay ended before: its end is evaluated now."""
    area = state.areas[area_id]
    if not isinstance(area.guard, Armed) or not area.guard.unjudged:
        return evaluate_open_zones(state, area_id, context)
    mode = context.config.areas[area_id].modes[area.guard.mode]
    left_out, effects = standing_open(state, area_id, mode, context)
    area = replace(
        area,
        guard=replace(area.guard, unjudged=False),
        bypassed={**left_out, **area.bypassed},
        late=area.late - left_out.keys(),
    )
    state, more = evaluate_open_zones(with_area(state, area_id, area), area_id, context)
    return state, (*effects, *more)


def _on_the_way_out(
    area: AreaState, zone: ZoneConfig, context: RuleContext
) -> tuple[Arming, ModeConfig] | tuple[None, None]:
    if not isinstance(area.guard, Arming):
        return None, None
    mode = context.config.areas[zone.area_id].modes[area.guard.mode]
    return (area.guard, mode) if zone.zone_id in mode.zones else (None, None)
