"""An alarm's life at the panel: raised, joined by further zones, sounding, remembered, and how it ended."""

from collections.abc import Mapping
from copy import replace
from datetime import timedelta
from itertools import takewhile

from .config import HELD_BACK, LETHAL, AlarmKind
from .context import AreaStep, RuleContext
from .effects import Effect, Ending, RaiseAlarm, ReportBypass, ReportZoneTripped
from .state import Alarm, AreaState, Armed, Bypass, Deadline, Pending, Siren

MEMORY_LIMIT = 50
"""Alarms kept per area: a flapping contact must not fill the disk."""
SHUT_DOWN_RESET = timedelta(hours=48)
"""ANSI/SIA CP-01: swinger shutdown ends after 48 hours."""


def raise_alarm(
    area: AreaState,
    area_id: str,
    kind: AlarmKind,
    context: RuleContext,
    *,
    zones: tuple[str, ...] = (),
    together: bool = False,
) -> AreaStep:
    """Return the area with an alarm of that kind sounding: a new one, or the zones join the one there is.

    A burglary alarm ends a running entry delay and takes its uid: whoever was told of it is told how it ended.
    `together` says that the zones confirm each other already (a group).
    """
    for alarm in _sounding(area):
        if alarm.kind is kind:
            return _joined(area, area_id, alarm, zones, context)
    pending = area.guard if kind is AlarmKind.BURGLARY and isinstance(area.guard, Pending) else None
    strayed = pending is not None and bool(set(zones) - set(pending.zones))
    if pending is not None:
        zones = pending.zones + tuple(zone_id for zone_id in zones if zone_id not in pending.zones)
        area = replace(area, guard=Armed(mode=pending.mode))
    alarm = Alarm(
        uid=pending.uid if pending else context.new_uid(),
        kind=kind,
        zones=zones,
        raised_at=context.now,
        hold=_hold(kind, context),
        confirmed=kind in HELD_BACK and (together or strayed or _follows_another(area, kind, zones, context)),
    )
    raised = RaiseAlarm(
        uid=alarm.uid,
        area_id=area_id,
        kind=kind,
        zones=zones,
        hold=alarm.hold,
        confirmed=alarm.confirmed,
        exit_error=pending is not None and pending.exit_error,
        recent_closing=_recently_armed(area, kind, context),
        during_outage=context.during_outage,
        vacation=context.vacation,
    )
    return _sounds(area, area_id, (*_sounding(area), alarm), context, trips=_counted(area, alarm, zones)), (
        raised,
    )


def raise_by_hand(
    area: AreaState, area_id: str, kind: AlarmKind, context: RuleContext, *, by: str | None
) -> AreaStep:
    """Return the area with an alarm that a person wants, so nothing holds it back; joins one of its kind."""
    for alarm in _sounding(area):
        if alarm.kind is kind:
            return replace(area, changed_by=by), ()
    pending = area.guard if kind is AlarmKind.BURGLARY and isinstance(area.guard, Pending) else None
    zones = pending.zones if pending else ()
    alarm = Alarm(
        uid=pending.uid if pending else context.new_uid(), kind=kind, zones=zones, raised_at=context.now
    )
    if pending is not None:
        area = replace(area, guard=Armed(mode=pending.mode))
    raised = RaiseAlarm(
        uid=alarm.uid, area_id=area_id, kind=kind, zones=zones, vacation=context.vacation, by=by
    )
    return _sounds(area, area_id, (*_sounding(area), alarm), context, trips=area.trips, by=by), (raised,)


def raise_silently(
    area: AreaState,
    area_id: str,
    kind: AlarmKind,
    context: RuleContext,
    *,
    zones: tuple[str, ...] = (),
    by: str | None = None,
) -> AreaStep:
    """Return the area with an alarm that changes nothing anybody at the panel could see or hear."""
    alarm = Alarm(uid=context.new_uid(), kind=kind, zones=zones, raised_at=context.now)
    raised = RaiseAlarm(
        uid=alarm.uid,
        area_id=area_id,
        kind=kind,
        zones=zones,
        silent=True,
        vacation=context.vacation,
        by=by,
    )
    return replace(area, silent=(*area.silent, alarm)[-MEMORY_LIMIT:]), (raised,)


def siren_ended(area: AreaState, area_id: str, unclosed: frozenset[str], context: RuleContext) -> AreaStep:
    """Return the area after the siren time: as armed as before, and what would sound again at once left out.

    A tripped zone that is not closed waits until it is; one that has raised too many alarms is shut down. Fire and gas
    whose siren time ran out while the panel was down do not wait: nobody heard it, and a detector that still speaks sounds again.
    """
    if area.siren is None:
        return area, ()
    zones, limit = context.config.zones, context.config.rules.swinger_trips
    tripped = {zone_id for alarm in area.siren.alarms for zone_id in alarm.zones if zone_id in zones}
    always = frozenset(zone_id for zone_id in tripped & unclosed if zones[zone_id].kind.always_guarded)
    unheard = {
        zone_id for zone_id in always if context.during_outage and zones[zone_id].kind.alarm_kind in LETHAL
    }
    worn_out = {zone_id for zone_id in tripped if limit and area.trips.get(zone_id, 0) >= limit}
    waiting = (tripped & unclosed) - always - worn_out - set(area.bypassed)
    effects: list[Effect] = []
    for reason, zone_ids in ((Bypass.SHUT_DOWN, worn_out), (Bypass.AFTER_ALARM, waiting)):
        if zone_ids:
            effects.append(
                ReportBypass(area_id=area_id, zone_ids=tuple(sorted(zone_ids)), bypass=reason, by=None)
            )
    area = replace(
        area,
        siren=None,
        bypassed={
            **area.bypassed,
            **dict.fromkeys(waiting, Bypass.AFTER_ALARM),
            **dict.fromkeys(worn_out, Bypass.SHUT_DOWN),
        },
        silenced=area.silenced | (always - unheard),
        shut_down_until=Deadline.after(SHUT_DOWN_RESET, context.now) if worn_out else area.shut_down_until,
        memory=(area.memory + area.siren.alarms)[-MEMORY_LIMIT:],
    )
    return area, tuple(effects)


def ending(alarm: Alarm, context: RuleContext) -> Ending:
    """Return what disarming now makes of an alarm (ANSI/SIA CP-01, abort and cancel window).

    Only kinds that may be false by a resident's mistake: a disarmed fire alarm is not thereby no fire.
    """
    told_at = alarm.raised_at + alarm.hold
    if context.now < told_at:
        return Ending.ABORTED
    if alarm.kind in HELD_BACK and context.now < told_at + context.config.rules.cancel_window:
        return Ending.CANCELLED
    return Ending.RESOLVED


def burglary_sounds(area: AreaState) -> bool:
    """Return whether a burglary alarm sounds."""
    return any(alarm.kind is AlarmKind.BURGLARY for alarm in _sounding(area))


def _joined(
    area: AreaState, area_id: str, alarm: Alarm, zones: tuple[str, ...], context: RuleContext
) -> AreaStep:
    new = tuple(zone_id for zone_id in zones if zone_id not in alarm.zones)
    if not new:
        return area, ()
    confirms = (
        alarm.kind in HELD_BACK
        and not alarm.confirmed
        and bool(alarm.zones)
        and context.now < alarm.raised_at + context.config.rules.confirm_window
    )
    grown = replace(alarm, zones=alarm.zones + new, confirmed=alarm.confirmed or confirms)
    alarms = tuple(grown if other.uid == alarm.uid else other for other in _sounding(area))
    effects = tuple(
        ReportZoneTripped(
            uid=alarm.uid, area_id=area_id, zone_id=zone_id, confirmed=confirms and zone_id == new[0]
        )
        for zone_id in new
    )
    return _sounds(area, area_id, alarms, context, trips=_counted(area, alarm, new)), effects


def _sounding(area: AreaState) -> tuple[Alarm, ...]:
    return () if area.siren is None else area.siren.alarms


def _sounds(
    area: AreaState,
    area_id: str,
    alarms: tuple[Alarm, ...],
    context: RuleContext,
    *,
    trips: Mapping[str, int],
    by: str | None = None,
) -> AreaState:
    """Return the area with the siren on for its full time from now, never shorter than it was to sound."""
    siren_time = context.config.areas[area_id].siren_time(area.mode)
    until = Deadline.after(siren_time, context.now)
    if area.siren is not None and area.siren.until.due_at > until.due_at:
        until = area.siren.until
    return replace(area, siren=Siren(until=until, alarms=alarms), trips=trips, changed_by=by)


def _counted(area: AreaState, alarm: Alarm, zones: tuple[str, ...]) -> Mapping[str, int]:
    """Return the trips with this one of each zone (ANSI/SIA CP-01, swinger shutdown; fire is exempt)."""
    if alarm.kind not in HELD_BACK:
        return area.trips
    return {**area.trips, **{zone: area.trips.get(zone, 0) + 1 for zone in zones}}


def _hold(kind: AlarmKind, context: RuleContext) -> timedelta:
    # What ran out during an outage is late enough.
    return (
        context.config.rules.abort_window if kind in HELD_BACK and not context.during_outage else timedelta(0)
    )


def _follows_another(area: AreaState, kind: AlarmKind, zones: tuple[str, ...], context: RuleContext) -> bool:
    """Return whether another zone raised an alarm in this arming whose confirmation time still runs."""
    # A disarming marks everything before it.
    undisarmed = takewhile(lambda alarm: not alarm.disarmed, reversed(area.memory))
    return any(
        alarm.kind is kind
        and bool(set(alarm.zones) - set(zones))
        and context.now < alarm.raised_at + context.config.rules.confirm_window
        for alarm in undisarmed
    )


def _recently_armed(area: AreaState, kind: AlarmKind, context: RuleContext) -> bool:
    return (
        kind is AlarmKind.BURGLARY
        and area.armed_at is not None
        and context.now < area.armed_at + context.config.rules.recent_closing
    )
