"""The forms of the first set-up, and the area, zones and user that they become."""

from collections.abc import Mapping
from typing import Any

import probatio as vol
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    TextSelector,
)
from homeassistant.util.ulid import ulid_now

from ..codes.rules import format_refusal
from ..const import SUBENTRY_AREA, SUBENTRY_USER, SUBENTRY_ZONE
from ..core.option_spec import Number, Profile
from ..core.panel.config import CodeFormat, ZoneKind
from ..core.panel.profiles import LIMITS, TIMES
from ..texts.language import texts_for
from .fields import fields_of, stored, without_default
from .subentries.user import PASSWORD
from .zones import guarding_modes, kind_of, suggested, zone_data

AREA_NAME = "area_name"
AWAY_SENSORS, HOME_SENSORS, ALWAYS_SENSORS = "away_sensors", "home_sensors", "always_sensors"
ENTRY_SENSORS = "entry_sensors"
USER_NAME, CODE, CODE_AGAIN = "user_name", "code", "code_again"
CODE_TO_ARM = "code_arm_required"
_TIMED = tuple(spec for spec in TIMES if isinstance(spec.value, Number))
DELAYS = {spec.key: spec.default for spec in _TIMED}

_SENSORS = EntitySelector(EntitySelectorConfig(domain=Platform.BINARY_SENSOR, multiple=True))
SENSORS_SCHEMA = vol.Schema(
    {
        vol.Required(AREA_NAME): TextSelector(),
        vol.Optional(AWAY_SENSORS, default=list): _SENSORS,
        vol.Optional(HOME_SENSORS, default=list): _SENSORS,
        vol.Optional(ALWAYS_SENSORS, default=list): _SENSORS,
    }
)
CODE_SCHEMA = vol.Schema(
    {
        vol.Required(USER_NAME): TextSelector(),
        vol.Required(CODE): PASSWORD,
        vol.Required(CODE_AGAIN): PASSWORD,
        vol.Required(CODE_TO_ARM, default=True): BooleanSelector(),
    }
)


def likely_sensors(hass: HomeAssistant) -> dict[str, list[str]]:
    """Return the sensors that most likely guard, by the field of the form that they are chosen in beforehand."""
    _possible, likely = suggested(hass, ())
    kinds = {entity_id: kind_of(hass, entity_id) for entity_id in likely}
    always = [one for one, kind in kinds.items() if kind.always_guarded]
    return {
        AWAY_SENSORS: [one for one, kind in kinds.items() if guarding_modes(kind, ("away",))],
        HOME_SENSORS: [one for one, kind in kinds.items() if guarding_modes(kind, ("home",))],
        ALWAYS_SENSORS: always,
    }


def system_title(area_name: str, language: str) -> str:
    """Return what the whole is called, apart from its first area: devices of one name cannot be told apart."""
    return texts_for(language).system_title.format(area=area_name)


def delays_schema(guarded: list[str]) -> vol.Schema:
    """Return the form about delays; only guarded sensors can be entry sensors."""
    entry_sensors = EntitySelector(
        EntitySelectorConfig(domain=Platform.BINARY_SENSOR, multiple=True, include_entities=guarded)
    )
    return vol.Schema(
        {vol.Optional(ENTRY_SENSORS, default=list): entry_sensors} | fields_of(_TIMED, marker=without_default)
    )


def sensors_errors(form: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with the form about sensors."""
    if not form[AREA_NAME].strip():
        return {AREA_NAME: "name_missing"}
    guarded = set(guarded_sensors(form))
    if not guarded and not form[ALWAYS_SENSORS]:
        return {"base": "no_sensors"}
    if guarded & set(form[ALWAYS_SENSORS]):
        return {ALWAYS_SENSORS: "sensor_twice"}
    return {}


def code_errors(form: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with the form about the code."""
    code = form[CODE]
    if not form[USER_NAME].strip():
        return {USER_NAME: "name_missing"}
    if code != form[CODE_AGAIN]:
        return {CODE_AGAIN: "codes_differ"}
    refused = format_refusal(
        code,
        digits=code_format(code) is CodeFormat.NUMBER,
        least=LIMITS[Profile.DEFAULT].least_digits,
    )
    return {} if refused is None else {CODE: refused.value}


def code_format(code: str) -> CodeFormat:
    """Return whether a code can be typed on a keypad with ten keys; str.isdigit takes other scripts' digits too."""
    return CodeFormat.NUMBER if code.isascii() and code.isdigit() else CodeFormat.TEXT


def guarded_sensors(form: Mapping[str, Any]) -> list[str]:
    """Return the sensors that some mode guards, sorted."""
    return sorted({*form[AWAY_SENSORS], *form[HOME_SENSORS]})


def subentries(
    hass: HomeAssistant, answers: Mapping[str, Any], *, code_hash: str
) -> list[ConfigSubentryData]:
    """Return the area with its modes away and home, one zone a sensor, and the user."""
    area_id = ulid_now()
    times = stored(_TIMED, answers) | {"code_to_arm": answers[CODE_TO_ARM]}
    area = {"name": answers[AREA_NAME].strip(), "modes": {"away": dict(times), "home": dict(times)}}
    user = {
        "name": answers[USER_NAME].strip(),
        "code_hash": code_hash,
        "code_length": len(answers[CODE]),
    }
    zones = [
        {
            **zone_data(hass, area_id=area_id, entity_ids=[sensor], modes=()),
            **_guarding(hass, answers, sensor),
        }
        for sensor in (*guarded_sensors(answers), *answers[ALWAYS_SENSORS])
    ]
    return [
        _draft(SUBENTRY_AREA, area, subentry_id=area_id),
        *(_draft(SUBENTRY_ZONE, zone) for zone in zones),
        _draft(SUBENTRY_USER, user),
    ]


def _guarding(hass: HomeAssistant, answers: Mapping[str, Any], sensor: str) -> dict[str, Any]:
    """Return the kind of a zone and the modes that guard it, by what was answered and what the sensor is."""
    kind = kind_of(hass, sensor)
    if sensor in answers[ALWAYS_SENSORS]:
        return {"kind": (kind if kind.always_guarded else ZoneKind.ALWAYS).value, "modes": []}
    if sensor in answers[ENTRY_SENSORS]:
        kind = ZoneKind.ENTRY_EXIT
    elif kind is ZoneKind.ENTRY_EXIT or kind.always_guarded:
        kind = ZoneKind.INSTANT
    modes = [
        mode for mode, field in (("away", AWAY_SENSORS), ("home", HOME_SENSORS)) if sensor in answers[field]
    ]
    return {"kind": kind.value, "modes": modes}


def _draft(kind: str, data: Mapping[str, Any], *, subentry_id: str | None = None) -> ConfigSubentryData:
    draft: dict[str, Any] = {
        "subentry_type": kind,
        "subentry_id": subentry_id or ulid_now(),
        "title": data["name"],
        "unique_id": None,
        "data": data,
    }
    return draft  # type: ignore[return-value] # the entry takes a given id, which the type does not name
