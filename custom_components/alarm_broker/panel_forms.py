"""The forms about the panel, shared by the first set-up and the options, and what they become."""

from collections.abc import Mapping
from typing import Any

import probatio as vol  # what core uses; voluptuous is only its alias there, without its types
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from .code_hashes import async_hash_code
from .const import (
    CODE_FORMAT_NUMBER,
    CODE_FORMAT_TEXT,
    MODES,
    OPTION_ALWAYS_SENSORS,
    OPTION_AREA_NAME,
    OPTION_CODE_ARM_REQUIRED,
    OPTION_CODE_FORMAT,
    OPTION_ENTRY_SENSORS,
    OPTION_MODES,
    OPTION_NOTIFY_TARGETS,
    OPTION_USERS,
)

FIELD_AWAY_SENSORS = "away_sensors"
FIELD_CODE = "code"
FIELD_CODE_AGAIN = "code_again"
FIELD_HOME_SENSORS = "home_sensors"
FIELD_USER_NAME = "user_name"
MODE_SENSORS = {"away": FIELD_AWAY_SENSORS, "home": FIELD_HOME_SENSORS}

DELAYS = {"exit_delay": 60, "entry_delay": 30, "siren_time": 180}
DELAY_LIMITS = {"exit_delay": (0, 300), "entry_delay": (0, 300), "siren_time": (10, 3600)}

CODE_DIGITS = range(4, 11)
CODE_LETTERS = range(4, 65)

_SENSORS = EntitySelector(EntitySelectorConfig(domain=Platform.BINARY_SENSOR, multiple=True))
_PASSWORD = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="new-password"))

SENSORS_SCHEMA = vol.Schema(
    {
        vol.Required(OPTION_AREA_NAME): TextSelector(),
        vol.Optional(FIELD_AWAY_SENSORS, default=list): _SENSORS,
        vol.Optional(FIELD_HOME_SENSORS, default=list): _SENSORS,
        vol.Optional(OPTION_ALWAYS_SENSORS, default=list): _SENSORS,
    }
)


def delays_schema(guarded: list[str]) -> vol.Schema:
    """Return the form about delays; only guarded sensors can be entry sensors."""
    entry_sensors = EntitySelector(
        EntitySelectorConfig(domain=Platform.BINARY_SENSOR, multiple=True, include_entities=guarded)
    )
    return vol.Schema(
        {vol.Optional(OPTION_ENTRY_SENSORS, default=list): entry_sensors}
        | {vol.Required(field): _seconds(*limits) for field, limits in DELAY_LIMITS.items()}
    )


def code_schema(*, keep: bool) -> vol.Schema:
    """Return the form about the user and the code; with `keep` an empty code means the one that is set."""
    code = vol.Optional if keep else vol.Required
    return vol.Schema(
        {
            vol.Required(FIELD_USER_NAME): TextSelector(),
            code(FIELD_CODE): _PASSWORD,
            code(FIELD_CODE_AGAIN): _PASSWORD,
            vol.Required(OPTION_CODE_ARM_REQUIRED, default=True): BooleanSelector(),
        }
    )


def notify_schema(hass: HomeAssistant) -> vol.Schema:
    """Return the form about whom to notify: phones first, then notify entities; others can be typed."""
    services = hass.services.async_services_for_domain(Platform.NOTIFY)
    phones = sorted(f"{Platform.NOTIFY}.{name}" for name in services if name.startswith("mobile_app_"))
    entities = sorted(hass.states.async_entity_ids(Platform.NOTIFY))
    targets = SelectSelector(
        SelectSelectorConfig(
            options=[*phones, *entities], multiple=True, custom_value=True, mode=SelectSelectorMode.DROPDOWN
        )
    )
    return vol.Schema({vol.Optional(OPTION_NOTIFY_TARGETS, default=list): targets})


def sensors_options(options: Mapping[str, Any], form: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options with the answered form about sensors."""
    old = options.get(OPTION_MODES, {})
    modes = {
        mode: {**DELAYS, **old.get(mode, {}), "sensors": list(form[MODE_SENSORS[mode]])} for mode in MODES
    }
    guarded = {sensor for mode in modes.values() for sensor in mode["sensors"]}
    return {
        **options,
        OPTION_AREA_NAME: form[OPTION_AREA_NAME].strip(),
        OPTION_MODES: modes,
        OPTION_ALWAYS_SENSORS: list(form[OPTION_ALWAYS_SENSORS]),
        OPTION_ENTRY_SENSORS: [
            sensor for sensor in options.get(OPTION_ENTRY_SENSORS, []) if sensor in guarded
        ],
    }


def sensors_errors(form: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with the form about sensors."""
    if not form[OPTION_AREA_NAME].strip():
        return {OPTION_AREA_NAME: "name_missing"}
    guarded = {*form[FIELD_AWAY_SENSORS], *form[FIELD_HOME_SENSORS]}
    if not guarded and not form[OPTION_ALWAYS_SENSORS]:
        return {"base": "no_sensors"}
    if guarded & set(form[OPTION_ALWAYS_SENSORS]):
        return {OPTION_ALWAYS_SENSORS: "sensor_twice"}
    return {}


def sensors_values(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the form about sensors shows."""
    modes = options.get(OPTION_MODES, {})
    return {
        OPTION_AREA_NAME: options.get(OPTION_AREA_NAME, ""),
        OPTION_ALWAYS_SENSORS: options.get(OPTION_ALWAYS_SENSORS, []),
    } | {field: modes.get(mode, {}).get("sensors", []) for mode, field in MODE_SENSORS.items()}


def delays_options(options: Mapping[str, Any], form: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options with the answered form about delays."""
    delays = {field: int(form[field]) for field in DELAYS}
    guarded = set(guarded_sensors(options))
    return {
        **options,
        OPTION_MODES: {mode: {**values, **delays} for mode, values in options[OPTION_MODES].items()},
        OPTION_ENTRY_SENSORS: [sensor for sensor in form[OPTION_ENTRY_SENSORS] if sensor in guarded],
    }


def delays_values(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the form about delays shows."""
    away = options[OPTION_MODES]["away"]
    return {field: away[field] for field in DELAYS} | {
        OPTION_ENTRY_SENSORS: options.get(OPTION_ENTRY_SENSORS, [])
    }


def guarded_sensors(options: Mapping[str, Any]) -> list[str]:
    """Return the sensors that some mode guards, sorted."""
    return sorted({sensor for mode in options[OPTION_MODES].values() for sensor in mode["sensors"]})


def code_errors(form: Mapping[str, Any], *, keep: bool) -> dict[str, str]:
    """Return what is wrong with the form about the code."""
    code = form.get(FIELD_CODE, "")
    if not form[FIELD_USER_NAME].strip():
        return {FIELD_USER_NAME: "name_missing"}
    if code != form.get(FIELD_CODE_AGAIN, ""):
        return {FIELD_CODE_AGAIN: "codes_differ"}
    if keep and not code:
        return {}
    if len(code) not in (CODE_DIGITS if _is_number(code) else CODE_LETTERS):
        return {FIELD_CODE: "code_length"}
    return {}


async def async_code_options(
    hass: HomeAssistant, options: Mapping[str, Any], form: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the options with the answered form about the code, of which only a hash remains."""
    code = form.get(FIELD_CODE, "")
    changed: dict[str, Any] = {OPTION_CODE_ARM_REQUIRED: form[OPTION_CODE_ARM_REQUIRED]}
    if code:
        code_hash = await async_hash_code(hass, code)
        changed[OPTION_CODE_FORMAT] = CODE_FORMAT_NUMBER if _is_number(code) else CODE_FORMAT_TEXT
    else:
        code_hash = options[OPTION_USERS][0]["code_hash"]
    changed[OPTION_USERS] = [{"name": form[FIELD_USER_NAME].strip(), "code_hash": code_hash}]
    return {**options, **changed}


def code_values(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the form about the code shows: never a code."""
    users = options.get(OPTION_USERS) or [{"name": ""}]
    return {
        FIELD_USER_NAME: users[0]["name"],
        OPTION_CODE_ARM_REQUIRED: options.get(OPTION_CODE_ARM_REQUIRED, True),
    }


def notify_errors(form: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with the form about whom to notify."""
    targets = form[OPTION_NOTIFY_TARGETS]
    if all(target.startswith(f"{Platform.NOTIFY}.") and len(target) > len("notify.") for target in targets):
        return {}
    return {OPTION_NOTIFY_TARGETS: "not_a_notify_target"}


def _is_number(code: str) -> bool:
    # The keypad of the panel card has these ten keys; str.isdigit would take other scripts' digits too.
    return code.isascii() and code.isdigit()


def _seconds(least: int, most: int) -> NumberSelector:
    return NumberSelector(
        NumberSelectorConfig(
            min=least, max=most, step=1, unit_of_measurement="s", mode=NumberSelectorMode.BOX
        )
    )
