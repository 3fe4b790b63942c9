"""A zone opened, an entry delay ran out, a siren is over: when it is an alarm, and which one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .config import AlarmKind, PanelConfig, ZoneConfig, ZoneKind
from .effects import Effect, RaiseAlarm, ReportPending, ReportZoneTripped
from .state import Alarm, AreaState, Armed, Deadline, PanelState, Pending, Siren

MEMORY_LIMIT = 50
"""Alarms kept per area: a flapping contact must not fill the disk."""

type AreaStep = tuple[AreaState, tuple[Effect, ...]]
type PanelStep = tuple[PanelState, tuple[Effect, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What every rule may ask besides the state."""

    config: PanelConfig
    now: datetime
    new_uid: Callable[[], str]
    during_outage: bool = False
    """The deadline that is acted on passed while the panel was down."""


def with_area(state: PanelState, area_id: str, area: AreaState) -> PanelState:
    """Return the panel with one area replaced."""
    return replace(state, areas={**state.areas, area_id: area})


def zone_opened(state: PanelState, zone: ZoneConfig, moment: Moment) -> PanelStep:
    """Return the panel after a zone was seen open; while settling only 24-hour zones are judged."""
    state = replace(
        state, open_zones=state.open_zones | {zone.zone_id}, blind_zones=state.blind_zones - {zone.zone_id}
    )
    if state.settling is not None and zone.kind is not ZoneKind.ALWAYS:
        return state, ()
    area, effects = _tripped(state.areas[zone.area_id], zone, moment, exit_error=False)
    return with_area(state, zone.area_id, area), effects


def judge_open_zones(
    state: PanelState, area_id: str, moment: Moment, *, exit_error: bool = False
) -> PanelStep:
    """Return the panel after every open zone of an area was judged as if it opened now.

    An armed area never rests with an open zone that it guards: at the end of the exit delay, and of settling.
    """
    area = state.areas[area_id]
    effects: list[Effect] = []
    for zone_id in sorted(state.open_zones):
        zone = moment.config.zones[zone_id]
        if zone.area_id == area_id:
            area, more = _tripped(area, zone, moment, exit_error=exit_error)
            effects += more
    return with_area(state, area_id, area), tuple(effects)


def entry_ended(area: AreaState, area_id: str, moment: Moment) -> AreaStep:
    """Return the area after nobody disarmed in time."""
    return raise_alarm(area, area_id, AlarmKind.BURGLARY, moment)


def siren_ended(area: AreaState, unclosed: frozenset[str]) -> AreaState:
    """Return the area after the siren time: as armed as before, tripped zones that are not closed bypassed."""
    if area.siren is None:
        return area
    tripped = {zone_id for alarm in area.siren.alarms for zone_id in alarm.zones}
    return replace(
        area,
        siren=None,
        bypassed=area.bypassed | (tripped & unclosed),
        memory=(area.memory + area.siren.alarms)[-MEMORY_LIMIT:],
    )


def raise_alarm(
    area: AreaState,
    area_id: str,
    kind: AlarmKind,
    moment: Moment,
    *,
    zones: tuple[str, ...] = (),
    by: str | None = None,
) -> AreaStep:
    """Return the area with an alarm of that kind sounding: a new one, or the zones join the one there is.

    A burglary alarm ends a running entry delay and takes its uid: whoever was told of it is told how it ended.
    """
    sounding = area.siren.alarms if area.siren is not None else ()
    for alarm in sounding:
        if alarm.kind is kind:
            return _joined(area, area_id, alarm, zones, moment)
    pending = area.guard if kind is AlarmKind.BURGLARY and isinstance(area.guard, Pending) else None
    if pending is not None:
        zones = pending.zones + tuple(zone_id for zone_id in zones if zone_id not in pending.zones)
        area = replace(area, guard=Armed(mode=pending.mode))
    alarm = Alarm(uid=pending.uid if pending else moment.new_uid(), kind=kind, zones=zones)
    siren = _sounding(area, area_id, (*sounding, alarm), moment)
    raised = RaiseAlarm(
        uid=alarm.uid,
        area_id=area_id,
        kind=kind,
        zones=zones,
        exit_error=pending is not None and pending.exit_error,
        during_outage=moment.during_outage,
        by=by,
    )
    return replace(area, siren=siren, changed_by=by), (raised,)


def _joined(area: AreaState, area_id: str, alarm: Alarm, zones: tuple[str, ...], moment: Moment) -> AreaStep:
    new = tuple(zone_id for zone_id in zones if zone_id not in alarm.zones)
    if not new or area.siren is None:
        return area, ()
    grown = replace(alarm, zones=alarm.zones + new)
    alarms = tuple(grown if other.uid == alarm.uid else other for other in area.siren.alarms)
    effects = tuple(ReportZoneTripped(uid=alarm.uid, zone_id=zone_id) for zone_id in new)
    return replace(area, siren=_sounding(area, area_id, alarms, moment)), effects


def _sounding(area: AreaState, area_id: str, alarms: tuple[Alarm, ...], moment: Moment) -> Siren:
    """Return the siren with its full time from now, never shorter than it was to sound."""
    siren_time = moment.config.areas[area_id].siren_time(area.mode)
    until = Deadline.after(siren_time, moment.now)
    if area.siren is not None and area.siren.until.due_at > until.due_at:
        until = area.siren.until
    return Siren(until=until, alarms=alarms)


def _tripped(area: AreaState, zone: ZoneConfig, moment: Moment, *, exit_error: bool) -> AreaStep:
    if zone.zone_id in area.bypassed:
        return area, ()
    if zone.kind is ZoneKind.ALWAYS:
        # Each kind has its own alarm: smoke during a burglary is announced by itself.
        return raise_alarm(area, zone.area_id, zone.alarm_kind, moment, zones=(zone.zone_id,))
    guard = area.guard
    if not isinstance(guard, Armed | Pending):
        return area, ()
    settings = moment.config.areas[zone.area_id].modes[guard.mode]
    if zone.zone_id not in settings.zones:
        return area, ()
    # ANSI/SIA CP-01, exit error: whatever is open at the end of the exit delay gets the entry delay.
    delayed = zone.kind is ZoneKind.ENTRY_EXIT or exit_error
    if not delayed or _burglary_sounds(area):
        return raise_alarm(area, zone.area_id, AlarmKind.BURGLARY, moment, zones=(zone.zone_id,))
    if isinstance(guard, Pending):
        if zone.zone_id in guard.zones:
            return area, ()
        return replace(area, guard=replace(guard, zones=(*guard.zones, zone.zone_id))), ()
    guard = Pending(
        mode=guard.mode,
        until=Deadline.after(settings.entry_delay, moment.now),
        uid=moment.new_uid(),
        zones=(zone.zone_id,),
        exit_error=exit_error,
    )
    area = replace(area, guard=guard, changed_by=None)
    if settings.entry_delay <= timedelta(0):
        return raise_alarm(area, zone.area_id, AlarmKind.BURGLARY, moment)
    pending = ReportPending(
        uid=guard.uid, area_id=zone.area_id, zone_id=zone.zone_id, until=guard.until.due_at
    )
    return area, (pending,)


def _burglary_sounds(area: AreaState) -> bool:
    return area.siren is not None and any(alarm.kind is AlarmKind.BURGLARY for alarm in area.siren.alarms)
