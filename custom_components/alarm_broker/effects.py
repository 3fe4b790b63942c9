"""What the core decided, in the words of those outside: link events, local alarms, log lines, errors."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .panel.config import PanelConfig
from .panel.effects import (
    AlarmOngoing,
    CodeNeeded,
    Effect,
    LockedOut,
    ModeUnknown,
    NotReady,
    RaiseAlarm,
    Reason,
    Refuse,
    ReportAreaState,
    ReportDisarmed,
    ReportLockout,
    ReportPending,
    ReportPendingCleared,
    ReportZoneTripped,
    WrongCode,
)

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalAlarm:
    """An alarm that this panel raised, for those who tell people without the companion."""

    uid: str
    area_id: str
    area_name: str
    alarm_kind: str
    zones: tuple[str, ...]
    """Names, first tripped first."""
    message: str | None
    raised_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What turns ids into names."""

    config: PanelConfig
    zone_name: Callable[[str], str]

    def zone_names(self, zone_ids: tuple[str, ...]) -> tuple[str, ...]:
        """Return the zones' names in the same order."""
        return tuple(self.zone_name(zone_id) for zone_id in zone_ids)


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
                "silent": False,
                "test": False,
                "message": alarm_message(effect),
            }
        case ReportZoneTripped(uid=uid, zone_id=zone_id):
            return {"kind": "zone_tripped", "at": at, "uid": uid, "zone": wording.zone_name(zone_id)}
        case ReportDisarmed(uid=uid, by=by):
            return {"kind": "alarm_disarmed", "at": at, "uid": uid, "by": by}
        case ReportLockout() | Refuse():
            return None


def local_alarm(event: Mapping[str, Any]) -> LocalAlarm | None:
    """Return the alarm that a link event raises, or None."""
    if event["kind"] != "alarm_raised":
        return None
    return LocalAlarm(
        uid=event["uid"],
        area_id=event["area"],
        area_name=event["name"],
        alarm_kind=event["alarm_kind"],
        zones=tuple(event["zones"]),
        message=event["message"],
        raised_at=datetime.fromisoformat(event["at"]),
    )


def alarm_message(effect: RaiseAlarm) -> str | None:
    """Return what a responder must know beyond the zones, or None."""
    sentences = []
    if effect.by is not None:
        sentences.append(f"Raised by {effect.by}.")
    elif not effect.zones:
        sentences.append("Raised by hand.")
    if effect.exit_error:
        sentences.append("Exit error: still open when the exit delay ended.")
    if effect.during_outage:
        sentences.append("The entry delay ran out while Home Assistant was not running.")
    return " ".join(sentences) or None


def log_effect(effect: Effect, wording: Wording) -> None:
    """Write the line that an operator wants to find."""
    match effect:
        case ReportAreaState(area_id=area_id, status=status, mode=mode):
            LOGGER.info("%s: %s%s", area_id, status, f" ({mode})" if mode else "")
        case RaiseAlarm(uid=uid, area_id=area_id, kind=kind, zones=zones):
            names = ", ".join(wording.zone_names(zones)) or "no zone"
            LOGGER.warning("%s: %s alarm in %s: %s", uid, kind, area_id, names)
        case ReportLockout(until=until):
            LOGGER.warning("Too many wrong codes: none is taken until %s", until.isoformat())
        case _:
            pass


def refusal(reason: Reason, wording: Wording) -> ServiceValidationError:
    """Return the reason as the error that the person at the keypad reads."""
    match reason:
        case WrongCode():
            return _error("invalid_code")
        case CodeNeeded():
            return _error("code_needed")
        case LockedOut(until):
            return _error("locked_out", until=dt_util.as_local(until).strftime("%H:%M:%S"))
        case AlarmOngoing():
            return _error("alarm_ongoing")
        case ModeUnknown(mode):
            return _error("mode_unknown", mode=mode.value)
        case NotReady(open_zones=open_zones, blind_zones=blind_zones):
            return _not_ready(wording.zone_names(open_zones), wording.zone_names(blind_zones))


def _not_ready(open_names: tuple[str, ...], blind_names: tuple[str, ...]) -> ServiceValidationError:
    names = {"open": ", ".join(open_names), "blind": ", ".join(blind_names)}
    if not blind_names:
        return _error("not_ready_open", open=names["open"])
    if not open_names:
        return _error("not_ready_blind", blind=names["blind"])
    return _error("not_ready", **names)


def _error(key: str, **placeholders: str) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key=key, translation_placeholders=placeholders
    )


def _area(area_id: str, wording: Wording) -> dict[str, str]:
    return {"area": area_id, "name": wording.config.areas[area_id].name}
