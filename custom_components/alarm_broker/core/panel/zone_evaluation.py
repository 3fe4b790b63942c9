"""Whether an open zone is an alarm now, begins the entry delay, or is none of the panel's business."""

from copy import replace
from datetime import timedelta

from .alarms import burglary_sounds, raise_alarm, raise_silently
from .config import AlarmKind, GroupConfig, ModeConfig, PanelConfig, ZoneConfig, ZoneKind
from .context import AreaStep, PanelStep, RuleContext, with_area
from .effects import Effect, ReportPending
from .false_alarms import gathered, group_of, pulse_counted, window_ended
from .state import AreaState, Armed, Deadline, PanelState, Pending


def guarded(area: AreaState, zone: ZoneConfig, config: PanelConfig) -> bool:
    """Return whether the area guards a zone now: armed in a mode that has it, or always; and not left out."""
    if zone.zone_id in area.bypassed or zone.zone_id in area.silenced or area.walk_test is not None:
        return False
    if zone.kind.always_guarded:
        return True
    guard = area.guard
    return (
        isinstance(guard, Armed | Pending)
        and zone.zone_id in config.areas[zone.area_id].modes[guard.mode].zones
    )


def evaluate_zone(state: PanelState, zone: ZoneConfig, context: RuleContext, *, opened: bool) -> PanelStep:
    """Return the panel after an open zone was looked at; `opened` just now, or standing open.

    While the panel settles only zones that are always guarded are evaluated.
    """
    if state.settling is not None and not zone.kind.always_guarded:
        return state, ()
    if zone.zone_id in state.holding or not guarded(state.areas[zone.area_id], zone, context.config):
        return state, ()
    if opened:
        state, enough = pulse_counted(state, zone, context)
        if not enough:
            return state, ()
    zones: tuple[str, ...] = (zone.zone_id,)
    if (group := group_of(context.config, zone.zone_id)) is not None and _can_gather(state, group, context):
        state, zones = gathered(state, zone, group, context)
    if not zones:
        return state, ()
    area, effects = _tripped(state.areas[zone.area_id], zone, zones, context)
    return with_area(state, zone.area_id, area), effects


def evaluate_open_zones(state: PanelState, area_id: str, context: RuleContext) -> PanelStep:
    """Return the panel after every open zone of an area was evaluated.

    An armed area never rests with an open zone that it guards: at the end of the exit delay, and of settling.
    """
    effects: list[Effect] = []
    for zone_id in sorted(state.open_zones):
        zone = context.config.zones[zone_id]
        if zone.area_id == area_id:
            state, more = evaluate_zone(state, zone, context, opened=False)
            effects += more
    return state, tuple(effects)


def hold_ended(state: PanelState, zone_id: str, context: RuleContext) -> PanelStep:
    """Return the panel after a zone has stayed open for as long as it takes to trip."""
    state = replace(
        state, holding={other: until for other, until in state.holding.items() if other != zone_id}
    )
    return evaluate_zone(state, context.config.zones[zone_id], context, opened=True)


def group_window_ended(state: PanelState, group_id: str, zone_id: str, context: RuleContext) -> PanelStep:
    """Return the panel after a trip of a group's zone stopped counting."""
    state, zones = window_ended(state, context.config.groups[group_id], zone_id)
    zone = context.config.zones[zone_id]
    if not zones or not guarded(state.areas[zone.area_id], zone, context.config):
        return state, ()
    area, effects = _tripped(state.areas[zone.area_id], zone, zones, context)
    return with_area(state, zone.area_id, area), effects


def entry_ended(area: AreaState, area_id: str, context: RuleContext) -> AreaStep:
    """Return the area after nobody disarmed in time."""
    return raise_alarm(area, area_id, AlarmKind.BURGLARY, context)


def _can_gather(state: PanelState, group: GroupConfig, context: RuleContext) -> bool:
    """Return whether enough of a group's zones are guarded and seen for it ever to alarm; else each alarms alone."""
    zones = (context.config.zones[zone_id] for zone_id in group.zones - state.unavailable_zones)
    watching = sum(guarded(state.areas[zone.area_id], zone, context.config) for zone in zones)
    return watching >= group.required


def _tripped(area: AreaState, zone: ZoneConfig, zones: tuple[str, ...], context: RuleContext) -> AreaStep:
    kind = zone.kind.alarm_kind
    if zone.kind is ZoneKind.PANIC and zone.silent:
        area, effects = raise_silently(area, zone.area_id, kind, context, zones=zones)
        return replace(area, silenced=area.silenced | {zone.zone_id}), effects
    if zone.kind.always_guarded:
        # Each kind has its own alarm: smoke during a burglary is announced by itself.
        return raise_alarm(area, zone.area_id, kind, context, zones=zones, together=len(zones) > 1)
    guard = area.guard
    # ANSI/SIA CP-01, exit error: whatever is open at the end of the exit delay gets the entry delay.
    exit_error = area.late.issuperset(zones)
    delayed = all(_is_delayed(area, context.config.zones[zone_id]) for zone_id in zones)
    if not delayed or burglary_sounds(area):
        return raise_alarm(area, zone.area_id, kind, context, zones=zones, together=len(zones) > 1)
    if isinstance(guard, Pending):
        return _joined(area, guard, zone, zones, context)
    if not isinstance(guard, Armed):
        return area, ()
    return _began(area, guard, zone, zones, context, exit_error=exit_error)


def _is_delayed(area: AreaState, zone: ZoneConfig) -> bool:
    return (
        zone.zone_id in area.late
        or zone.kind is ZoneKind.ENTRY_EXIT
        or (zone.kind is ZoneKind.FOLLOWER and isinstance(area.guard, Pending))
    )


def _began(
    area: AreaState,
    guard: Armed,
    zone: ZoneConfig,
    zones: tuple[str, ...],
    context: RuleContext,
    *,
    exit_error: bool,
) -> AreaStep:
    delay = _entry_delay(zone, context.config.areas[zone.area_id].modes[guard.mode])
    pending = Pending(
        mode=guard.mode,
        until=Deadline.after(delay, context.now),
        uid=context.new_uid(),
        zones=zones,
        exit_error=exit_error,
    )
    area = replace(area, guard=pending, changed_by=None)
    if delay <= timedelta(0):
        return raise_alarm(area, zone.area_id, AlarmKind.BURGLARY, context)
    return area, (_report(pending, zone),)


def _joined(
    area: AreaState, pending: Pending, zone: ZoneConfig, zones: tuple[str, ...], context: RuleContext
) -> AreaStep:
    """Return the area with further zones in a running entry delay; the shortest delay counts."""
    new = tuple(zone_id for zone_id in zones if zone_id not in pending.zones)
    if not new:
        return area, ()
    mode = context.config.areas[zone.area_id].modes[pending.mode]
    grown = replace(pending, zones=pending.zones + new)
    own = Deadline.after(_entry_delay(zone, mode), context.now)
    if zone.kind is not ZoneKind.ENTRY_EXIT or own.due_at >= pending.until.due_at:
        return replace(area, guard=grown), ()
    grown = replace(grown, until=own)
    area = replace(area, guard=grown)
    if own.delay <= timedelta(0):
        return raise_alarm(area, zone.area_id, AlarmKind.BURGLARY, context)
    return area, (_report(grown, zone),)


def _entry_delay(zone: ZoneConfig, mode: ModeConfig) -> timedelta:
    return mode.entry_delay if zone.entry_delay is None else zone.entry_delay


def _report(pending: Pending, zone: ZoneConfig) -> ReportPending:
    return ReportPending(
        uid=pending.uid,
        area_id=zone.area_id,
        zone_id=zone.zone_id,
        until=pending.until.due_at,
        exit_error=pending.exit_error,
    )
