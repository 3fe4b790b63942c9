"""Assist: arm, disarm with a code, and ask how the panel is. The words are in `sentences.py`.

A code that was spoken is never spoken back, and without one nothing is disarmed that takes one.
"""

import re
from collections.abc import Mapping
from typing import Any, override

import probatio as vol
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import intent

from .const import DOMAIN
from .core.panel.config import ArmMode, CodeFormat
from .system.callers import async_caller
from .system.errors import async_reason, invalid
from .system.system import AlarmSystem
from .texts.language import LANGUAGES, texts_for
from .texts.model import AssistTexts, Texts
from .voice.assist import async_setup_assist
from .voice.sentences import ARM, DISARM, SLOT_AREA, SLOT_CODE, SLOT_MODE, STATUS

AREA = {vol.Optional(SLOT_AREA): intent.non_empty_string}
CODE = {vol.Optional(SLOT_CODE): intent.non_empty_string}

DIGITS: Mapping[str, str] = {
    word: digit for texts in LANGUAGES.values() for word, digit in texts.assist.digits.items()
}
"""As some speech recognition writes them."""


async def async_setup_intents(hass: HomeAssistant) -> None:
    """Register what Assist can do with the panel, and the sentences for it."""
    for handler in (ArmIntent(), DisarmIntent(), StatusIntent()):
        intent.async_register(hass, handler)
    async_setup_assist(hass)


class PanelIntent(intent.IntentHandler):
    """What the intents share: whom they work on, and how they answer."""

    @override
    async def async_handle(self, intent_obj: intent.Intent) -> intent.IntentResponse:
        slots = {
            key: str(value["value"]).strip()
            for key, value in self.async_validate_slots(intent_obj.slots).items()
        }
        texts = texts_for(intent_obj.language)
        response = intent_obj.create_response()
        systems = [
            entry.runtime_data.system for entry in intent_obj.hass.config_entries.async_loaded_entries(DOMAIN)
        ]
        if not systems:
            return _failed(response, texts.assist.no_panel)
        wanted = _as_heard(slots.get(SLOT_AREA, ""))
        for system in systems:
            areas = system.panel_config.areas.values()
            area_ids = [area.area_id for area in areas if not wanted or _as_heard(area.name) == wanted]
            if area_ids:
                return await self._answered(intent_obj, response, system, area_ids, slots, texts)
        return _failed(response, texts.assist.no_area)

    async def _answered(
        self,
        intent_obj: intent.Intent,
        response: intent.IntentResponse,
        system: AlarmSystem,
        area_ids: list[str],
        slots: Mapping[str, str],
        texts: Texts,
    ) -> intent.IntentResponse:
        by = await async_caller(intent_obj.hass, intent_obj.context)
        try:
            await self._act(system, area_ids, slots, by=by)
        except HomeAssistantError as err:
            if err.translation_key == "code_needed":
                return _failed(response, texts.assist.code)
            return _failed(response, await async_reason(intent_obj.hass, err, texts.tag))
        response.async_set_speech(_status(system, area_ids, texts.assist))
        return response

    async def _act(
        self, system: AlarmSystem, area_ids: list[str], slots: Mapping[str, str], *, by: str | None
    ) -> None:
        """Do what is asked. Raises HomeAssistantError when the panel refuses."""
        raise NotImplementedError


class ArmIntent(PanelIntent):
    """Arm an area or all of them, away unless another mode is said."""

    intent_type = ARM
    description = "Arms the alarm panel, away unless a mode is named"

    @property
    @override
    def slot_schema(self) -> dict[Any, Any]:
        return {vol.Optional(SLOT_MODE): vol.In([mode.value for mode in ArmMode]), **CODE, **AREA}

    @override
    async def _act(
        self, system: AlarmSystem, area_ids: list[str], slots: Mapping[str, str], *, by: str | None
    ) -> None:
        mode = ArmMode(slots.get(SLOT_MODE, ArmMode.AWAY))
        await system.async_arm(area_ids, mode, code=_code(slots, system, area_ids), by=by)


class DisarmIntent(PanelIntent):
    """Disarm, with a code."""

    intent_type = DISARM
    description = "Disarms the alarm panel; it needs a code"

    @property
    @override
    def slot_schema(self) -> dict[Any, Any]:
        return {**CODE, **AREA}

    @override
    async def _act(
        self, system: AlarmSystem, area_ids: list[str], slots: Mapping[str, str], *, by: str | None
    ) -> None:
        code = _code(slots, system, area_ids)
        if system.panel_config.codes.disarm_required and not code:
            raise _code_needed(system, area_ids)
        await system.async_disarm(area_ids, code=code, by=by)


class StatusIntent(PanelIntent):
    """Say how the panel is, and what is open."""

    intent_type = STATUS
    description = "Tells whether the alarm panel is armed and which zones are open"

    @property
    @override
    def slot_schema(self) -> dict[Any, Any]:
        return AREA

    @override
    async def _act(
        self, system: AlarmSystem, area_ids: list[str], slots: Mapping[str, str], *, by: str | None
    ) -> None:
        """Only look."""


def _code(slots: Mapping[str, str], system: AlarmSystem, area_ids: list[str]) -> str | None:
    """Return a spoken code as it would be typed: its digits may be heard as words, and with something between.

    Raises ServiceValidationError for what is no number where codes are: it was heard wrong, and is no guess.
    """
    code = slots.get(SLOT_CODE)
    if code is None or system.config.code_format is not CodeFormat.NUMBER:
        return code
    digits = "".join(DIGITS.get(word, word) for word in re.split(r"[\s.,-]+", code.casefold()))
    if not digits.isdigit():
        raise _code_needed(system, area_ids)
    return digits


def _code_needed(system: AlarmSystem, area_ids: list[str]) -> ServiceValidationError:
    return invalid("code_needed", area=system.wording.area_names(area_ids))


def _as_heard(name: str) -> str:
    """Return a name without what nobody says: Home Assistant takes the punctuation out of a sentence."""
    return " ".join(re.sub(r"[^\w\s]", "", name).casefold().split())


def _status(system: AlarmSystem, area_ids: list[str], words: AssistTexts) -> str:
    state = system.state
    said = [
        words.statuses[state.areas[area_id].status].format(area=system.wording.area_name(area_id))
        for area_id in area_ids
    ]
    zones = system.panel_config.zones
    open_zones = [
        system.zone_name(zone_id)
        for zone_id in sorted(state.open_zones)
        if zones[zone_id].area_id in area_ids
    ]
    if open_zones and not system.config.hides_status:
        said.append(words.open.format(zones=", ".join(open_zones)))
    return " ".join(said)


def _failed(response: intent.IntentResponse, said: str) -> intent.IntentResponse:
    response.async_set_error(intent.IntentResponseErrorCode.FAILED_TO_HANDLE, said)
    return response
