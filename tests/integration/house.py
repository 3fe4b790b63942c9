"""A house in a real Home Assistant core: its sensors, its panel, and the time that passes in it."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.alarm_broker.code_hashes import _hash
from custom_components.alarm_broker.const import DOMAIN

CODE = "4711"
CODE_HASH = _hash(CODE)
PANEL = "alarm_control_panel.home_alarm"
DOOR = "binary_sensor.front_door"
WINDOW = "binary_sensor.kitchen_window"
HALL = "binary_sensor.hall_motion"
SMOKE = "binary_sensor.smoke"

SENSORS = {
    DOOR: {"friendly_name": "Front door", "device_class": "door"},
    WINDOW: {"friendly_name": "Kitchen window", "device_class": "window"},
    HALL: {"friendly_name": "Hall motion", "device_class": "motion"},
    SMOKE: {"friendly_name": "Smoke detector", "device_class": "smoke"},
}

OPTIONS: dict[str, Any] = {
    "area_name": "Home",
    "users": [{"name": "Anna", "code_hash": CODE_HASH}],
    "code_format": "number",
    "code_arm_required": True,
    "modes": {
        "away": {"exit_delay": 60, "entry_delay": 30, "siren_time": 180, "sensors": [DOOR, WINDOW, HALL]},
        "home": {"exit_delay": 0, "entry_delay": 30, "siren_time": 180, "sensors": [DOOR, WINDOW]},
    },
    "entry_sensors": [DOOR],
    "always_sensors": [SMOKE],
}


def options(**changes: Any) -> dict[str, Any]:
    """Return the house's settings, some of them changed."""
    return {**deepcopy(OPTIONS), **changes}


def sense(hass: HomeAssistant, entity_id: str, state: str) -> None:
    """Let a sensor say something."""
    hass.states.async_set(entity_id, state, SENSORS[entity_id])


def close_all(hass: HomeAssistant) -> None:
    """Let every sensor say that all is well."""
    for entity_id in SENSORS:
        sense(hass, entity_id, "off")


async def move_in(hass: HomeAssistant, **changes: Any) -> MockConfigEntry:
    """Set the panel up without a companion, in a house in which everything is closed."""
    close_all(hass)
    entry = MockConfigEntry(
        domain=DOMAIN, title="Home alarm", data={}, options=options(**changes), unique_id="home"
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry


async def wait(hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float) -> None:
    """Let time pass, by the wall clock and by the loop's."""
    freezer.tick(timedelta(seconds=seconds))
    async_fire_time_changed(hass, dt_util.utcnow())
    await hass.async_block_till_done()


async def panel(hass: HomeAssistant, service: str, **data: Any) -> None:
    """Do something at the panel."""
    await hass.services.async_call(
        "alarm_control_panel", service, {"entity_id": PANEL, **data}, blocking=True
    )
    await hass.async_block_till_done()


def shown(hass: HomeAssistant) -> str:
    """Return the state that the panel shows."""
    state = hass.states.get(PANEL)
    assert state is not None
    return state.state


def attributes(hass: HomeAssistant) -> dict[str, Any]:
    """Return what the panel says besides its state."""
    state = hass.states.get(PANEL)
    assert state is not None
    return dict(state.attributes)
