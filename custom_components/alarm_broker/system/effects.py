"""What the core decided, in the words of those outside: link events and log lines."""

import logging
from datetime import datetime
from typing import Any

from ..core.panel.effects import (
    Effect,
    RaiseAlarm,
    ReportAreaState,
    ReportDisarmed,
    ReportLockout,
    ReportPending,
    ReportPendingCleared,
    ReportZoneTripped,
)
from ..texts.push import CONFIRMED
from .names import Wording

LOGGER = logging.getLogger(__name__)


def link_event(effect: Effect, wording: Wording, now: datetime) -> dict[str, Any] | None:
    """Return the event that the companion is told (docs/link-protocol.md), or None if it is not its business."""
    at = now.isoformat()
    match effect:
        case ReportAreaState():
            return {
                "kind": "area_state",
                "at": at,
                **_area(effect.area_id, wording),
                "state": effect.status.value,
                "mode": None if effect.mode is None else effect.mode.value,
            }
        case ReportPending():
            return {
                "kind": "alarm_pending",
                "at": at,
                "uid": effect.uid,
                **_area(effect.area_id, wording),
                "zone": wording.zone_name(effect.zone_id),
                "until": effect.until.isoformat(),
            }
        case ReportPendingCleared(uid=uid, by=by):
            return {"kind": "pending_cleared", "at": at, "uid": uid, "by": by}
        case RaiseAlarm():
            return {
                "kind": "alarm_raised",
                "at": at,
                "uid": effect.uid,
                **_area(effect.area_id, wording),
                "alarm_kind": effect.kind.value,
                "zones": list(wording.zone_names(effect.zones)),
                "silent": effect.silent,
                "test": False,
                "hold_s": effect.hold.total_seconds(),
                "vacation": effect.vacation,
                "message": alarm_message(effect),
            }
        case ReportZoneTripped(uid=uid, zone_id=zone_id, confirmed=confirmed):
            zone = wording.zone_name(zone_id)
            return {"kind": "zone_tripped", "at": at, "uid": uid, "zone": zone, "confirmed": confirmed}
        case ReportDisarmed(uid=uid, by=by, ending=ending):
            return {"kind": "alarm_disarmed", "at": at, "uid": uid, "by": by, "ending": ending.value}
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
        sentences.append(CONFIRMED)
    if effect.exit_error:
        sentences.append("Exit error: still open when the exit delay ended.")
    if effect.recent_closing:
        sentences.append("Recent closing: the area had just been armed.")
    if effect.during_outage:
        sentences.append("The entry delay ran out while Home Assistant was not running.")
    return " ".join(sentences) or None


def log_effect(effect: Effect, wording: Wording) -> None:
    """Write the line that an operator wants to find; a silent alarm leaves none."""
    match effect:
        case ReportAreaState(area_id=area_id, status=status, mode=mode):
            name = wording.area_name(area_id)
            LOGGER.info("%s: %s%s", name, status, f" ({mode})" if mode else "")
        case RaiseAlarm(uid=uid, area_id=area_id, kind=kind, zones=zones, silent=False):
            names = ", ".join(wording.zone_names(zones)) or "no zone"
            LOGGER.warning("%s: %s alarm in %s: %s", uid, kind, wording.area_name(area_id), names)
        case ReportLockout(until=until):
            LOGGER.warning("Too many wrong codes: none is taken until %s", until.isoformat())
        case _:
            pass


def _area(area_id: str, wording: Wording) -> dict[str, str]:
    return {"area": area_id, "name": wording.area_name(area_id)}
