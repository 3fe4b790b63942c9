"""Errors that a person reads: what the panel refuses, and what was asked for wrongly; in the language of whoever reads."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..core.panel.config import ArmMode
from ..core.panel.effects import (
    AlarmOngoing,
    CodeNeeded,
    CodeNotValid,
    LockedOut,
    ModeUnknown,
    NotAllowed,
    NotBypassable,
    NotDisarmed,
    NotReady,
    Reason,
    Refuse,
    StateUnknown,
    WrongCode,
)
from ..core.panel.state import Trouble
from ..texts.language import texts_for
from .names import Wording


def invalid(key: str, **named: str) -> ServiceValidationError:
    """Return the error for a request that makes no sense; `key` is its text's in `exceptions`, `named` fills that."""
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key=key, translation_placeholders=named
    )


async def async_reason(hass: HomeAssistant, err: HomeAssistantError, language: str) -> str:
    """Return an error in a language; Home Assistant itself says it in English."""
    domain = err.translation_domain or ""
    texts = await async_get_translations(hass, language, "exceptions", {domain})
    text = texts.get(f"component.{domain}.exceptions.{err.translation_key}.message")
    if text is None:
        return str(err)
    named = err.placeholders_in(language) if isinstance(err, RequestRefused) else err.translation_placeholders
    return text.format(**(named or {}))


type Said = str | Callable[[str], str]
"""What an error names; what is called differently in each language is asked for in that of whoever reads it."""


class RequestRefused(ServiceValidationError):
    """A request that the panel refused; its translated sentence may name what has a translation itself."""

    def __init__(self, key: str, language: str, reason: Reason, **named: Said) -> None:
        """Name everything in `language`, the system's: Home Assistant passes that on to a browser."""
        self.reason = reason
        self._named = named
        super().__init__(
            translation_domain=DOMAIN,
            translation_key=key,
            translation_placeholders=self.placeholders_in(language),
        )

    def placeholders_in(self, language: str) -> dict[str, str]:
        """Return what fills the sentence in a language."""
        return {name: said if isinstance(said, str) else said(language) for name, said in self._named.items()}


def refusal(effect: Refuse, wording: Wording, language: str, *, hides: bool) -> RequestRefused:
    """Return the reason as the error that the person at the keypad reads; `hides` names no zones and troubles.

    It names the areas: an automation or a master may have asked for several.
    """
    area = wording.area_names(effect.area_ids)
    reason = effect.reason
    match reason:
        case NotReady() if hides:
            # All that were asked for: which of them has something open is hidden too.
            return RequestRefused("not_ready_hidden", language, reason, area=area)
        case WrongCode():
            return RequestRefused("invalid_code", language, reason, area=area)
        case CodeNeeded():
            return RequestRefused("code_needed", language, reason, area=area)
        case LockedOut(until):
            return RequestRefused("locked_out", language, reason, area=area, until=_clock(until))
        case CodeNotValid(problem):
            return RequestRefused(f"code_{problem.value}", language, reason, area=area)
        case NotAllowed(action, area_id):
            return RequestRefused(
                f"not_allowed_{action.value}", language, reason, area=wording.area_name(area_id)
            )
        case AlarmOngoing(area_ids):
            return RequestRefused("alarm_ongoing", language, reason, area=wording.area_names(area_ids))
        case StateUnknown(area_ids):
            return RequestRefused("state_unknown", language, reason, area=wording.area_names(area_ids))
        case ModeUnknown(area_id, mode):
            area = wording.area_name(area_id)
            if mode is None:
                return RequestRefused("nothing_to_repeat", language, reason, area=area)
            return RequestRefused("mode_unknown", language, reason, area=area, mode=partial(_mode_name, mode))
        case NotReady():
            return _not_ready(reason, effect.area_ids, wording, language)
        case NotBypassable(zone_ids):
            zones = ", ".join(wording.zone_names(zone_ids))
            area = wording.area_names(wording.areas_of(zone_ids))
            return RequestRefused("not_bypassable", language, reason, area=area, zones=zones)
        case NotDisarmed(area_id):
            return RequestRefused("not_disarmed", language, reason, area=wording.area_name(area_id))


def _not_ready(reason: NotReady, asked: tuple[str, ...], wording: Wording, language: str) -> RequestRefused:
    """Say what there is to say and no more: one text for each combination of what may be in the way."""
    named: dict[str, Said] = {}
    if reason.open_zones:
        named["open"] = ", ".join(wording.zone_names(reason.open_zones))
    if reason.unavailable_zones:
        named["blind"] = ", ".join(wording.zone_names(reason.unavailable_zones))
    if reason.troubles:
        named["trouble"] = partial(_trouble_names, reason.troubles, wording)
    key = "_".join(("not_ready", *(() if reason.forceable else ("blocked",)), *named))
    places = [trouble.zone_id for trouble in reason.troubles]
    zone_ids = [*reason.open_zones, *reason.unavailable_zones, *(one for one in places if one is not None)]
    # Mains or a radio are nobody's alone.
    area_ids = asked if None in places else wording.areas_of(zone_ids)
    return RequestRefused(key, language, reason, area=wording.area_names(area_ids), **named)


def _trouble_names(troubles: Iterable[Trouble], wording: Wording, language: str) -> str:
    kinds = texts_for(language).troubles
    return ", ".join(wording.trouble(trouble, kinds[trouble.kind]) for trouble in troubles)


def _mode_name(mode: ArmMode, language: str) -> str:
    return texts_for(language).modes[mode]


def _clock(moment: datetime) -> str:
    return dt_util.as_local(moment).strftime("%H:%M:%S")
