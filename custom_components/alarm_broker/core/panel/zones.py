"""A zone opened, closed or fell silent: notes it, and asks the rules that care."""

from copy import replace

from .config import ArmMode, ZoneConfig
from .context import PanelStep, RuleContext, with_area
from .effects import Chime, Effect, ReportBypass
from .exit_delay import exit_zone_closed, exit_zone_lost, exit_zone_opened
from .false_alarms import closed
from .state import AreaState, Armed, ChimeMode, Deadline, Disarmed, PanelState
from .zone_evaluation import evaluate_zone

INSIDE = frozenset({ArmMode.HOME, ArmMode.NIGHT})
"""Modes with people in the house, who may want to hear the chime."""


def zone_opened(state: PanelState, zone: ZoneConfig, context: RuleContext) -> PanelStep:
    """Return the panel after a zone was seen open."""
    zone_id = zone.zone_id
    if zone_id in state.open_zones:
        return state, ()
    # Open, unavailable, open again is no new opening: nobody came through the door.
    again, first_word = zone_id in state.lost_open, zone_id in state.unavailable_zones
    state = replace(
        state,
        open_zones=state.open_zones | {zone_id},
        unavailable_zones=_without(state.unavailable_zones, zone_id),
        lost_open=_without(state.lost_open, zone_id),
    )
    area = state.areas[zone.area_id]
    if area.walk_test is not None:
        return (state if first_word else with_area(state, zone.area_id, _seen(area, zone_id))), ()
    effects = () if again else _chime(state, area, zone, context)
    leaving = exit_zone_opened(area, zone, context, again=again)
    if first_word and isinstance(area.guard, Armed) and area.guard.unjudged:
        # Open since before the panel came up: it was open when the exit delay ended.
        leaving = replace(area, late=area.late | {zone_id})
    if leaving is not area:
        state = with_area(state, zone.area_id, leaving)
    if zone.hold:
        return replace(
            state, holding={**state.holding, zone_id: Deadline.after(zone.hold, context.now)}
        ), effects
    if again and zone_id in state.pulses:
        return state, effects
    state, more = evaluate_zone(state, zone, context, opened=not again)
    return state, (*effects, *more)


def zone_closed(state: PanelState, zone: ZoneConfig, context: RuleContext) -> PanelStep:
    """Return the panel after a zone was seen closed: one that was left out until then is guarded again.

    While the panel settles it is not yet: an open window may say closed for a second while its radio comes up.
    """
    zone_id = zone.zone_id
    was_open = zone_id in state.open_zones
    state = _known_closed(state, zone_id)
    if was_open:
        state = exit_zone_closed(closed(state, zone_id), zone, context)
    return (state, ()) if state.settling is not None else _joined(state, zone.area_id, frozenset({zone_id}))


def closed_zones_joined(state: PanelState, area_id: str) -> PanelStep:
    """Return the panel after sensors have come up: what is closed now and waited for that is guarded again."""
    area = state.areas[area_id]
    waiting = area.silenced | area.late | area.bypassed.keys()
    return _joined(state, area_id, waiting - state.open_zones - state.unavailable_zones)


def _joined(state: PanelState, area_id: str, closed_zones: frozenset[str]) -> PanelStep:
    area = state.areas[area_id]
    if closed_zones & (area.silenced | area.late):
        area = replace(area, silenced=area.silenced - closed_zones, late=area.late - closed_zones)
    back = {zone_id for zone_id in closed_zones & area.bypassed.keys() if area.bypassed[zone_id].until_closed}
    effects: tuple[Effect, ...] = ()
    if back:
        kept = {zone_id: why for zone_id, why in area.bypassed.items() if zone_id not in back}
        area = replace(area, bypassed=kept)
        effects = (ReportBypass(area_id=area_id, zone_ids=tuple(sorted(back)), bypass=None, by=None),)
    return (state if area is state.areas[area_id] else with_area(state, area_id, area)), effects


def zone_lost(state: PanelState, zone: ZoneConfig, context: RuleContext) -> PanelState:
    """Return the panel after a zone's sensor fell silent: it counts neither as open nor as closed."""
    zone_id = zone.zone_id
    if zone_id in state.unavailable_zones:
        return state
    lost_open = state.lost_open | {zone_id} if zone_id in state.open_zones else state.lost_open
    area = state.areas[zone.area_id]
    leaving = exit_zone_lost(area, zone, context)
    if leaving is not area:
        state = with_area(state, zone.area_id, leaving)
    return replace(
        closed(state, zone_id),
        open_zones=_without(state.open_zones, zone_id),
        unavailable_zones=state.unavailable_zones | {zone_id},
        lost_open=lost_open,
    )


def _known_closed(state: PanelState, zone_id: str) -> PanelState:
    return replace(
        state,
        open_zones=_without(state.open_zones, zone_id),
        unavailable_zones=_without(state.unavailable_zones, zone_id),
        lost_open=_without(state.lost_open, zone_id),
    )


def _without(zone_ids: frozenset[str], zone_id: str) -> frozenset[str]:
    return zone_ids - {zone_id} if zone_id in zone_ids else zone_ids


def _seen(area: AreaState, zone_id: str) -> AreaState:
    if area.walk_test is None:
        return area
    return replace(area, walk_test=replace(area.walk_test, seen=area.walk_test.seen | {zone_id}))


def _chime(state: PanelState, area: AreaState, zone: ZoneConfig, context: RuleContext) -> tuple[Chime, ...]:
    if not zone.chime or state.settling is not None or area.siren is not None:
        return ()
    match area.guard, area.chime:
        case Disarmed(), ChimeMode.DISARMED | ChimeMode.DISARMED_AND_HOME:
            return (Chime(zone.area_id, zone.zone_id),)
        case Armed(mode=mode), ChimeMode.DISARMED_AND_HOME if mode in INSIDE:
            guarded = zone.zone_id in context.config.areas[zone.area_id].modes[mode].zones
            return () if guarded else (Chime(zone.area_id, zone.zone_id),)
        case _:
            return ()
