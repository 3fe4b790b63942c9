"""What the core decided, in the words of those outside: link events, log lines, errors."""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..core.panel.config import ArmMode
from ..core.panel.effects import (
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
    Refuse,
    ReportAreaState,
    ReportDisarmed,
    ReportLockout,
    ReportPending,
    ReportPendingCleared,
    ReportZoneTripped,
    StateUnknown,
    WrongCode,
)
from ..core.panel.state import Trouble
from ..texts.activity import MODES
from ..texts.push import CONFIRMED, TROUBLES, known_language
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


type Said = str | Callable[[str], str]
"""What an error names; what is called differently in each language is asked for in that of whoever reads it."""


class Refusal(ServiceValidationError):
    """A request that the panel refused; its translated sentence may name what has a translation itself."""

    def __init__(self, key: str, language: str, named: Mapping[str, Said]) -> None:
        """Name everything in the language of the system, as Home Assistant passes it on to a browser."""
        self._named = named
        super().__init__(
            translation_domain=DOMAIN,
            translation_key=key,
            translation_placeholders=self.placeholders_in(language),
        )

    def placeholders_in(self, language: str) -> dict[str, str]:
        """Return what fills the sentence in a language."""
        return {name: said if isinstance(said, str) else said(language) for name, said in self._named.items()}


def refusal(effect: Refuse, wording: Wording, language: str, *, hides: bool) -> Refusal:
    """Return the reason as the error that the person at the keypad reads; `hides` names no zones and troubles.

    It names the areas: an automation or a master may have asked for several.
    """
    area = wording.area_names(effect.area_ids)
    match effect.reason:
        case NotReady() if hides:
            # All that were asked for: which of them has something open is hidden too.
            return _error("not_ready_hidden", language, area=area)
        case WrongCode():
            return _error("invalid_code", language, area=area)
        case CodeNeeded():
            return _error("code_needed", language, area=area)
        case LockedOut(until):
            return _error("locked_out", language, area=area, until=_clock(until))
        case CodeNotValid(problem):
            return _error(f"code_{problem.value}", language, area=area)
        case NotAllowed(action, area_id):
            return _error(f"not_allowed_{action.value}", language, area=wording.area_name(area_id))
        case AlarmOngoing(area_ids):
            return _error("alarm_ongoing", language, area=wording.area_names(area_ids))
        case StateUnknown(area_ids):
            return _error("state_unknown", language, area=wording.area_names(area_ids))
        case ModeUnknown(area_id, mode):
            area = wording.area_name(area_id)
            if mode is None:
                return _error("nothing_to_repeat", language, area=area)
            return _error("mode_unknown", language, area=area, mode=partial(_mode_name, mode))
        case NotReady():
            return _not_ready(effect.reason, effect.area_ids, wording, language)
        case NotBypassable(zone_ids):
            zones = ", ".join(wording.zone_names(zone_ids))
            area = wording.area_names(wording.areas_of(zone_ids))
            return _error("not_bypassable", language, area=area, zones=zones)
        case NotDisarmed(area_id):
            return _error("not_disarmed", language, area=wording.area_name(area_id))


def _not_ready(reason: NotReady, asked: tuple[str, ...], wording: Wording, language: str) -> Refusal:
    """Say what there is to say and no more: one text for each combination of what may be in the way."""
    named: dict[str, Said] = {}
    if reason.open_zones:
        named["open"] = ", ".join(wording.zone_names(reason.open_zones))
    if reason.blind_zones:
        named["blind"] = ", ".join(wording.zone_names(reason.blind_zones))
    if reason.troubles:
        named["trouble"] = partial(_trouble_names, reason.troubles, wording)
    key = "_".join(("not_ready", *(() if reason.forceable else ("blocked",)), *named))
    places = [trouble.zone_id for trouble in reason.troubles]
    zone_ids = [*reason.open_zones, *reason.blind_zones, *(one for one in places if one is not None)]
    # Mains or a radio are nobody's alone.
    area_ids = asked if None in places else wording.areas_of(zone_ids)
    return _error(key, language, area=wording.area_names(area_ids), **named)


def _trouble_names(troubles: Iterable[Trouble], wording: Wording, language: str) -> str:
    kinds = TROUBLES[known_language(language)]
    return ", ".join(wording.trouble(trouble, kinds[trouble.kind]) for trouble in troubles)


def _mode_name(mode: ArmMode, language: str) -> str:
    return MODES[known_language(language)][mode]


def _clock(moment: datetime) -> str:
    return dt_util.as_local(moment).strftime("%H:%M:%S")


def _error(key: str, language: str, **named: Said) -> Refusal:
    return Refusal(key, language, named)


def _area(area_id: str, wording: Wording) -> dict[str, str]:
    return {"area": area_id, "name": wording.area_name(area_id)}
