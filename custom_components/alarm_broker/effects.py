"""What the core decided, in the words of those outside: link events, log lines, errors."""

import logging
from datetime import datetime
from typing import Any

from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .panel.effects import (
    AlarmOngoing,
    CodeNeeded,
    CodeNotValid,
    Effect,
    LockedOut,
    ModeUnknown,
    NotAllowed,
    NotBypassable,
    NotDisarmed,
    NotReady,
    RaiseAlarm,
    Reason,
    ReportAreaState,
    ReportDisarmed,
    ReportLockout,
    ReportPending,
    ReportPendingCleared,
    ReportZoneTripped,
    WrongCode,
)
from .wording import Wording

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
        sentences.append("Confirmed: more than one zone.")
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


def refusal(reason: Reason, wording: Wording, *, hides: bool) -> ServiceValidationError:
    """Return the reason as the error that the person at the keypad reads; `hides` names no zones and troubles."""
    match reason:
        case NotReady() if hides:
            return _error("not_ready_hidden")
        case WrongCode():
            return _error("invalid_code")
        case CodeNeeded():
            return _error("code_needed")
        case LockedOut(until):
            return _error("locked_out", until=dt_util.as_local(until).strftime("%H:%M:%S"))
        case CodeNotValid(problem):
            return _error(f"code_{problem.value}")
        case NotAllowed(action, area_id):
            return _error(f"not_allowed_{action.value}", area=wording.area_name(area_id))
        case AlarmOngoing():
            return _error("alarm_ongoing")
        case ModeUnknown(area_id, None):
            return _error("nothing_to_repeat", area=wording.area_name(area_id))
        case ModeUnknown(area_id, mode):
            return _error("mode_unknown", area=wording.area_name(area_id), mode=str(mode))
        case NotReady():
            return _not_ready(reason, wording)
        case NotBypassable(zone_ids):
            return _error("not_bypassable", zones=", ".join(wording.zone_names(zone_ids)))
        case NotDisarmed(area_id):
            return _error("not_disarmed", area=wording.area_name(area_id))


def _not_ready(reason: NotReady, wording: Wording) -> ServiceValidationError:
    parts = {
        "open": ", ".join(wording.zone_names(reason.open_zones)),
        "blind": ", ".join(wording.zone_names(reason.blind_zones)),
        "trouble": ", ".join(wording.trouble(one) for one in reason.troubles),
    }
    present = [key for key, names in parts.items() if names]
    key = f"not_ready_{present[0]}" if len(present) == 1 else "not_ready"
    if not reason.forceable:
        key = "not_ready_blocked"
    return _error(key, **{part: names or "-" for part, names in parts.items()})


def _error(key: str, **placeholders: str) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key=key, translation_placeholders=placeholders
    )


def _area(area_id: str, wording: Wording) -> dict[str, str]:
    return {"area": area_id, "name": wording.area_name(area_id)}
