"""Zones left out by hand, and the alarm memory cleared."""

from copy import replace

from .codes import authorise
from .config import Action
from .context import PanelStep, RuleContext, with_area
from .effects import Effect, NotBypassable, Refuse, ReportBypass, ReportMemoryCleared
from .events import BypassRequested, ClearMemoryRequested, WindowsChanged
from .false_alarms import forgotten
from .state import AreaState, Bypass, Disarmed, PanelState


def bypass_requested(state: PanelState, event: BypassRequested, context: RuleContext) -> PanelStep:
    """Return the panel after somebody wanted zones left out until the next disarming, or back in.

    While armed it lowers the protection, so it takes what disarming takes.
    """
    zones = context.config.zones
    by_area: dict[str, list[str]] = {}
    for zone_id in event.zone_ids:
        by_area.setdefault(zones[zone_id].area_id, []).append(zone_id)
    armed = any(not isinstance(state.areas[area_id].guard, Disarmed) for area_id in by_area)
    codes = context.config.codes
    allowed = authorise(
        state,
        event.credential,
        context,
        actions=(Action.BYPASS,),
        area_ids=tuple(by_area),
        required=codes.always_required or (codes.disarm_required and armed and event.bypass),
        by=event.by,
    )
    state = allowed.state
    if allowed.refused:
        return state, allowed.effects
    if not event.bypass:
        # What somebody wants guarded in spite of a calendar window stays so.
        state = replace(state, left_out=state.left_out.difference(event.zone_ids))
    fixed = tuple(zone_id for zone_id in event.zone_ids if event.bypass and not zones[zone_id].bypassable)
    if fixed:
        return state, (Refuse(NotBypassable(fixed), tuple(by_area)), *allowed.effects)
    effects: list[Effect] = []
    for area_id, zone_ids in by_area.items():
        area, changed = (
            _left_out(state.areas[area_id], zone_ids)
            if event.bypass
            else _back_in(state, state.areas[area_id], zone_ids, context)
        )
        state = with_area(state, area_id, area)
        if event.bypass:
            state = forgotten(state, changed)
        # One that is still open is left out until it has been closed, and that is said.
        for why in dict.fromkeys(area.bypassed.get(zone_id) for zone_id in changed):
            zones_of = tuple(zone_id for zone_id in changed if area.bypassed.get(zone_id) is why)
            effects.append(ReportBypass(area_id=area_id, zone_ids=zones_of, bypass=why, by=allowed.by))
    return state, (*effects, *allowed.effects)


def clear_memory_requested(state: PanelState, event: ClearMemoryRequested, context: RuleContext) -> PanelStep:
    """Return the panel after somebody has seen the alarm memory; alarms that nobody has ended stay.

    A duress code clears what can be seen, and not the cry for help.
    """
    allowed = authorise(
        state,
        event.credential,
        context,
        actions=(Action.CLEAR_MEMORY,),
        area_ids=event.area_ids,
        required=context.config.codes.always_required,
        by=event.by,
    )
    state = allowed.state
    if allowed.refused:
        return state, allowed.effects
    under_duress = allowed.user is not None and allowed.user.duress
    effects: list[Effect] = []
    for area_id in event.area_ids:
        area = state.areas[area_id]
        open_ones = tuple(alarm for alarm in area.memory if not alarm.disarmed)
        if open_ones != area.memory:
            effects.append(ReportMemoryCleared(area_id, allowed.by))
        silent = area.silent if under_duress else ()
        state = with_area(state, area_id, replace(area, memory=open_ones, silent=silent))
    return state, (*effects, *allowed.effects)


def windows_changed(state: PanelState, event: WindowsChanged, context: RuleContext) -> PanelStep:
    """Return the panel with the calendar windows that run now, and with what they leave out left out."""
    zones = context.config.zones
    wanted = {zone_id for zone_id in event.left_out if zone_id in zones and zones[zone_id].bypassable}
    state = replace(state, windows=event.kinds, left_out=frozenset(wanted))
    state = forgotten(state, wanted)
    effects: list[Effect] = []
    for area_id, before in tuple(state.areas.items()):
        own = {zone_id for zone_id in wanted if zones[zone_id].area_id == area_id}
        held = {zone_id for zone_id, why in before.bypassed.items() if why is Bypass.WINDOW}
        passing = {
            zone_id for zone_id, why in before.bypassed.items() if why.until_closed or why is Bypass.AUTO
        }
        out = sorted(own - (before.bypassed.keys() - passing))
        bypassed = {**before.bypassed, **dict.fromkeys(out, Bypass.WINDOW)}
        area, back = _back_in(state, replace(before, bypassed=bypassed), sorted(held - own), context)
        for changed, why in ((out, Bypass.WINDOW), (back, None)):
            if changed:
                effects.append(ReportBypass(area_id=area_id, zone_ids=tuple(changed), bypass=why, by=None))
        if out or back:
            state = with_area(state, area_id, area)
    return state, tuple(effects)


def _left_out(area: AreaState, zone_ids: list[str]) -> tuple[AreaState, list[str]]:
    changed = [zone_id for zone_id in zone_ids if area.bypassed.get(zone_id) is not Bypass.MANUAL]
    return replace(area, bypassed={**area.bypassed, **dict.fromkeys(changed, Bypass.MANUAL)}), changed


def _back_in(
    state: PanelState, area: AreaState, zone_ids: list[str], context: RuleContext
) -> tuple[AreaState, list[str]]:
    """Return the area with zones guarded again; one that is not closed joins when it has been seen closed."""
    left_out, silenced = dict(area.bypassed), set(area.silenced)
    changed = [zone_id for zone_id in zone_ids if left_out.pop(zone_id, None) is not None]
    for zone_id in state.unclosed(changed):
        if context.config.zones[zone_id].kind.always_guarded:
            silenced.add(zone_id)
        elif not isinstance(area.guard, Disarmed):
            left_out[zone_id] = Bypass.FORCED
    return replace(area, bypassed=left_out, silenced=frozenset(silenced)), changed
