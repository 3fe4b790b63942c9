"""Arm and disarm: all the areas asked for, or none. A failed request changes no protection."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from copy import replace
from datetime import timedelta

from . import walk_test
from .alarms import MEMORY_LIMIT, ending
from .codes import authorise, authorise_disarming, spent
from .config import Action, AreaConfig, ArmMode, ModeConfig, ZoneKind
from .context import AreaStep, PanelStep, RuleContext, with_area
from .effects import (
    AlarmOngoing,
    Effect,
    ModeUnknown,
    NotBypassable,
    NotReady,
    Reason,
    Refuse,
    ReportArmedWithFault,
    ReportDisarmed,
    ReportPendingCleared,
    StateUnknown,
)
from .events import ArmRequested, CodeMatched, DisarmRequested
from .false_alarms import forgotten
from .readiness import LASTING, bypass_reports, obstacles, standing_open, together, unavailable_when_armed
from .state import (
    AreaState,
    Armed,
    Arming,
    Bypass,
    Deadline,
    Disarmed,
    Guard,
    LastArming,
    PanelState,
    Pending,
    Unknown,
)


def arm_requested(state: PanelState, event: ArmRequested, context: RuleContext) -> PanelStep:
    """Return the panel after somebody wanted to arm; arming the armed mode again changes nothing."""
    modes = {area_id: _mode(state.areas[area_id], event) for area_id in event.area_ids}
    # Another mode guards less for the length of the exit delay, and starts a running one anew: that takes what
    # disarming takes.
    lowers = any(
        mode is not None and state.areas[area_id].mode not in (None, mode) for area_id, mode in modes.items()
    )
    obstacle = _obstacle(state, event, modes, context)
    forced = event.force and isinstance(obstacle, NotReady) and obstacle.forceable
    codes = context.config.codes
    leaves_out = forced or bool(event.bypass) or _repeats(state, event, modes, context)
    allowed = authorise(
        state,
        event.credential,
        context,
        actions=(
            Action.ARM,
            *((Action.DISARM,) if lowers else ()),
            *((Action.BYPASS,) if leaves_out else ()),
        ),
        area_ids=event.area_ids,
        required=(codes.disarm_required and (lowers or _takes_code(modes, context)))
        or (codes.always_required and leaves_out),
        by=event.by,
    )
    state = allowed.state
    if allowed.refused:
        return state, allowed.effects
    if obstacle is not None and not forced:
        return state, (Refuse(obstacle, event.area_ids), *allowed.effects)
    if lowers:
        state = spent(state, allowed.user)
    effects: list[Effect] = []
    for area_id, mode in modes.items():
        if mode is not None and state.areas[area_id].mode is not mode:
            state, more = _arm(state, area_id, mode, event, context, by=allowed.by)
            effects += more
    return state, (*effects, *allowed.effects)


def disarm_requested(state: PanelState, event: DisarmRequested, context: RuleContext) -> PanelStep:
    """Return the panel after somebody wanted to disarm: the only way out of pending and triggered."""
    if event.by_itself and (unanswered := _where(state, _had_an_alarm)):
        return state, (Refuse(AlarmOngoing(unanswered), event.area_ids),)
    if event.by_itself and (unknown := _unknown(state, event.area_ids)):
        return state, (Refuse(StateUnknown(unknown), event.area_ids),)
    allowed = authorise_disarming(state, event, context)
    state = allowed.state
    if allowed.refused:
        return state, allowed.effects
    if not all(_at_rest(state.areas[area_id]) for area_id in event.area_ids):
        state = spent(state, allowed.user)
    effects: list[Effect] = []
    for area_id in event.area_ids:
        area, more = _disarmed(state, area_id, context, by=allowed.by)
        state = with_area(forgotten(state, _of_the_arming(area_id, context)), area_id, area)
        effects += more
    return state, (*effects, *allowed.effects)


def fitted(area: AreaState, config: AreaConfig, zone_ids: frozenset[str]) -> AreaState:
    """Return a stored area under a configuration that may have changed since; never less armed."""
    area = replace(
        area,
        bypassed={zone_id: why for zone_id, why in area.bypassed.items() if zone_id in zone_ids},
        silenced=area.silenced & zone_ids,
    )
    if isinstance(area.guard, Disarmed | Unknown):
        return area
    # Not copy.replace, of which the type checker knows no unions.
    guard = dataclasses.replace(area.guard, mode=config.mode_at_least(area.guard.mode))
    if isinstance(guard, Arming):
        # Nobody saw the door meanwhile.
        guard = replace(guard, left=True)
    return replace(area, guard=guard)


def _mode(area: AreaState, event: ArmRequested) -> ArmMode | None:
    """Return the mode that is wanted; None where the last one is and there was none."""
    if event.mode is not None:
        return event.mode
    return area.mode or (area.last.mode if area.last is not None else None)


def _takes_code(modes: Mapping[str, ArmMode | None], context: RuleContext) -> bool:
    found = (
        None if mode is None else context.config.areas[area_id].modes.get(mode)
        for area_id, mode in modes.items()
    )
    return any(settings is None or settings.code_to_arm for settings in found)


def _obstacle(
    state: PanelState, event: ArmRequested, modes: Mapping[str, ArmMode | None], context: RuleContext
) -> Reason | None:
    """Return why not, looking at every area before any is touched; what can be forced is not yet."""
    zones = context.config.zones
    ongoing = tuple(area_id for area_id in modes if _is_alarming(state.areas[area_id]))
    if ongoing:
        return AlarmOngoing(ongoing)
    if unknown := _unknown(state, modes):
        return StateUnknown(unknown)
    for area_id, mode in modes.items():
        if mode is None or mode not in context.config.areas[area_id].modes:
            return ModeUnknown(area_id, mode)
    fixed = tuple(sorted(zone_id for zone_id in event.bypass if not zones[zone_id].bypassable))
    if fixed:
        return NotBypassable(fixed)
    return together(
        _in_the_way(
            state,
            area_id,
            mode,
            event,
            context,
            besides=_forced_again(state, area_id, mode, event, context),
        )
        for area_id, mode in modes.items()
        if mode is not None and state.areas[area_id].mode is not mode
    )


def _in_the_way(
    state: PanelState,
    area_id: str,
    mode: ArmMode,
    event: ArmRequested,
    context: RuleContext,
    *,
    besides: frozenset[str] = frozenset(),
) -> NotReady | None:
    """Return what is in the way of arming an area, besides what is left out from the start and `besides`."""
    settings = context.config.areas[area_id].modes[mode]
    return obstacles(
        state,
        context.config,
        area_id,
        settings,
        exit_delay=_exit_delay(event, settings),
        left_out=_kept(state.areas[area_id], area_id, event, context).keys() | besides,
    )


def _forced_again(
    state: PanelState, area_id: str, mode: ArmMode, event: ArmRequested, context: RuleContext
) -> frozenset[str]:
    """Return what was forced the last time and is in the way once more, where that arming is to be repeated."""
    last = state.areas[area_id].last
    if event.mode is not None or last is None:
        return frozenset()
    found = _in_the_way(state, area_id, mode, event, context)
    if found is None:
        return frozenset()
    zones = context.config.zones
    return frozenset(
        zone_id
        for zone_id in (*found.open_zones, *found.unavailable_zones)
        if zone_id in last.forced and zones[zone_id].bypassable
    )


def _repeats(
    state: PanelState, event: ArmRequested, modes: Mapping[str, ArmMode | None], context: RuleContext
) -> bool:
    """Return whether zones are left out as they were the last time, that are not left out already."""
    return any(
        bool(
            _kept(state.areas[area_id], area_id, event, context).keys() - state.areas[area_id].bypassed.keys()
            | _forced_again(state, area_id, mode, event, context)
        )
        for area_id, mode in modes.items()
        if mode is not None
        and mode in context.config.areas[area_id].modes
        and state.areas[area_id].mode is not mode
    )


def _exit_delay(event: ArmRequested, settings: ModeConfig) -> timedelta:
    return timedelta(0) if event.skip_delay else settings.exit_delay


def _kept(area: AreaState, area_id: str, event: ArmRequested, context: RuleContext) -> dict[str, Bypass]:
    """Return the zones that are left out from the start: for longer than one arming, named, or repeated."""
    zones = context.config.zones
    lasting = {zone_id: why for zone_id, why in area.bypassed.items() if why in LASTING}
    named = {zone_id for zone_id in event.bypass if zones[zone_id].area_id == area_id}
    if event.mode is None and area.last is not None:
        named |= {zone_id for zone_id in area.last.bypassed if zone_id in zones and zones[zone_id].bypassable}
    return {**dict.fromkeys(named, Bypass.MANUAL), **lasting}


def _arm(
    state: PanelState,
    area_id: str,
    mode: ArmMode,
    event: ArmRequested,
    context: RuleContext,
    *,
    by: str | None,
) -> PanelStep:
    area, settings = state.areas[area_id], context.config.areas[area_id].modes[mode]
    delay = _exit_delay(event, settings)
    kept = _kept(area, area_id, event, context)
    in_the_way = _in_the_way(state, area_id, mode, event, context)
    forced = (
        {}
        if in_the_way is None
        else {
            zone_id: Bypass.FORCED
            for zone_id in (*in_the_way.open_zones, *in_the_way.unavailable_zones)
            # What is guarded always stays guarded; its alarm has been answered, or it is unavailable and listed.
            if not context.config.zones[zone_id].kind.always_guarded
        }
    )
    state, effects = walk_test.ended(state, area_id, context, by=by)
    state = forgotten(state, _of_the_arming(area_id, context))
    area = state.areas[area_id]
    leaving = delay > timedelta(0)
    guard: Guard = Armed(mode=mode)
    if leaving:
        # ANSI/SIA CP-01: never home by itself for who arms from elsewhere, or where no door could tell. A keypad of
        # the house sends a code and no login; a phone has a login, a fob and an automation have no code.
        at_keypad = isinstance(event.credential, CodeMatched) and event.by is None
        left = not at_keypad or not _has_exit(state, settings, context)
        guard = Arming(mode=mode, until=Deadline.after(delay, context.now), left=left)
    armed = replace(
        area,
        guard=guard,
        bypassed={**kept, **forced},
        late=frozenset(),
        trips={},
        armed_at=None if leaving else context.now,
        changed_by=by,
    )
    state = with_area(state, area_id, armed)
    standing, _ = standing_open(state, area_id, settings, context, leaving=leaving)
    armed = replace(armed, bypassed={**standing, **armed.bypassed})
    state = with_area(state, area_id, armed)
    news = {zone_id: why for zone_id, why in armed.bypassed.items() if area.bypassed.get(zone_id) is not why}
    fault = ReportArmedWithFault(
        area_id=area_id,
        unavailable_zones=unavailable_when_armed(
            state, context.config, area_id, settings, left_out=armed.bypassed.keys()
        ),
        troubles=() if in_the_way is None else in_the_way.troubles,
        by=by,
    )
    faults = (fault,) if fault.unavailable_zones or fault.troubles else ()
    return state, (*effects, *bypass_reports(area_id, news, by=by), *faults)


def _disarmed(state: PanelState, area_id: str, context: RuleContext, *, by: str | None) -> AreaStep:
    area = state.areas[area_id]
    effects: list[Effect] = []
    if isinstance(area.guard, Pending):
        effects.append(ReportPendingCleared(uid=area.guard.uid, by=by))
    sounding = area.siren.alarms if area.siren is not None else ()
    alarms = area.memory + sounding
    effects += [
        ReportDisarmed(uid=alarm.uid, area_id=area_id, by=by, ending=ending(alarm, context))
        for alarm in alarms
        if not alarm.disarmed
    ]
    at_rest = isinstance(area.guard, Disarmed)
    tripped = {zone_id for alarm in sounding for zone_id in alarm.zones}
    # What was left out for an arming that has not begun yet still is.
    manual = {zone_id: why for zone_id, why in area.bypassed.items() if at_rest and why is Bypass.MANUAL}
    by_window = dict.fromkeys(area.bypassed.keys() & state.left_out, Bypass.WINDOW)
    area = replace(
        area,
        guard=Disarmed(),
        siren=None,
        bypassed={**by_window, **manual},
        silenced=_still_on(state, {*area.silenced, *area.bypassed, *tripped}, context),
        late=frozenset(),
        trips={},
        shut_down_until=None,
        armed_at=None,
        memory=tuple(alarm if alarm.disarmed else replace(alarm, disarmed=True) for alarm in alarms)[
            -MEMORY_LIMIT:
        ],
        changed_by=by,
        last=area.last if area.mode is None else _last(area, area.mode),
    )
    return area, tuple(effects)


def _last(area: AreaState, mode: ArmMode) -> LastArming:
    def left_out(reason: Bypass) -> frozenset[str]:
        return frozenset(zone_id for zone_id, why in area.bypassed.items() if why is reason)

    return LastArming(mode=mode, bypassed=left_out(Bypass.MANUAL), forced=left_out(Bypass.FORCED))


def _has_exit(state: PanelState, mode: ModeConfig, context: RuleContext) -> bool:
    """Return whether the panel would see everybody who leaves."""
    doors = {zone_id for zone_id in mode.zones if context.config.zones[zone_id].kind is ZoneKind.ENTRY_EXIT}
    return bool(doors) and not doors & state.unavailable_zones


def _of_the_arming(area_id: str, context: RuleContext) -> frozenset[str]:
    """Return the zones that are guarded only while the area is armed."""
    return frozenset(
        zone_id
        for zone_id, zone in context.config.zones.items()
        if zone.area_id == area_id and not zone.kind.always_guarded
    )


def _unknown(state: PanelState, area_ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(area_id for area_id in area_ids if isinstance(state.areas[area_id].guard, Unknown))


def _where(state: PanelState, is_so: Callable[[AreaState], bool]) -> tuple[str, ...]:
    return tuple(area_id for area_id, area in state.areas.items() if is_so(area))


def _is_alarming(area: AreaState) -> bool:
    return area.siren is not None or isinstance(area.guard, Pending)


def _had_an_alarm(area: AreaState) -> bool:
    return area.siren is not None or any(not alarm.disarmed for alarm in area.memory)


def _at_rest(area: AreaState) -> bool:
    return isinstance(area.guard, Disarmed) and area.siren is None


def _still_on(state: PanelState, zone_ids: set[str], context: RuleContext) -> frozenset[str]:
    """Return the always guarded ones that are not closed yet: answered, they must not sound again at once.

    They are not left out: each joins again when it has been seen closed, and shows as open until then.
    """
    zones = context.config.zones
    return frozenset(
        zone_id
        for zone_id in state.unclosed(zone_ids)
        if zone_id in zones and zones[zone_id].kind.always_guarded
    )
