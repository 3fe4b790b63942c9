"""What of the panel's decisions is the companion's business. Pure."""

from datetime import datetime

from ..core.panel.effects import (
    Effect,
    RaiseAlarm,
    ReportAreaState,
    ReportDisarmed,
    ReportPending,
    ReportPendingCleared,
    ReportZoneTripped,
)
from ..system.names import Wording
from .events import (
    AlarmDisarmed,
    AlarmFacts,
    AlarmPending,
    AlarmRaised,
    AreaState,
    HomeAssistantEvent,
    PendingCleared,
    ZoneTripped,
)


def link_event(effect: Effect, wording: Wording, now: datetime) -> HomeAssistantEvent | None:
    """Return the event that the companion is told of an effect, or None if it is not its business."""
    match effect:
        case ReportAreaState(area_id=area_id, status=status, mode=mode):
            return AreaState(at=now, area=area_id, name=wording.area_name(area_id), state=status, mode=mode)
        case ReportPending(uid=uid, area_id=area_id, zone_id=zone_id, until=until):
            return AlarmPending(
                at=now,
                uid=uid,
                area=area_id,
                name=wording.area_name(area_id),
                zone=wording.zone_name(zone_id),
                until=until,
            )
        case ReportPendingCleared(uid=uid, by=by):
            return PendingCleared(at=now, uid=uid, by=by)
        case RaiseAlarm(area_id=area_id):
            return AlarmRaised(
                at=now,
                uid=effect.uid,
                area=area_id,
                name=wording.area_name(area_id),
                alarm_kind=effect.kind,
                zones=wording.zone_names(effect.zones),
                silent=effect.silent,
                facts=AlarmFacts(
                    by=effect.by,
                    confirmed=effect.confirmed,
                    exit_error=effect.exit_error,
                    recent_closing=effect.recent_closing,
                    during_outage=effect.during_outage,
                ),
                hold_s=effect.hold.total_seconds(),
                vacation=effect.vacation,
            )
        case ReportZoneTripped(uid=uid, zone_id=zone_id, confirmed=confirmed):
            return ZoneTripped(at=now, uid=uid, zone=wording.zone_name(zone_id), confirmed=confirmed)
        case ReportDisarmed(uid=uid, by=by, ending=ending):
            return AlarmDisarmed(at=now, uid=uid, by=by, ending=ending)
        case _:
            return None
