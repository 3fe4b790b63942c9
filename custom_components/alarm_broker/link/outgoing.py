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
                message=alarm_message(effect),
                hold_s=effect.hold.total_seconds(),
                vacation=effect.vacation,
            )
        case ReportZoneTripped(uid=uid, zone_id=zone_id, confirmed=confirmed):
            return ZoneTripped(at=now, uid=uid, zone=wording.zone_name(zone_id), confirmed=confirmed)
        case ReportDisarmed(uid=uid, by=by, ending=ending):
            return AlarmDisarmed(at=now, uid=uid, by=by, ending=ending)
        case _:
            return None


def alarm_message(effect: RaiseAlarm) -> str | None:
    """Return what a responder must know beyond the zones, or None."""
    sentences = []
    if effect.by is not None:
        sentences.append(f"Raised by {effect.by}.")
    elif not effect.zones:
        sentences.append("Raised by hand.")
    if effect.confirmed:
        sentences.append("Confirmed: more than one zone.")
    if effect.exit_error:
        sentences.append("Exit error: still open when the exit delay ended.")
    if effect.recent_closing:
        sentences.append("Recent closing: the area had just been armed.")
    if effect.during_outage:
        sentences.append("The entry delay ran out while Home Assistant was not running.")
    return " ".join(sentences) or None
