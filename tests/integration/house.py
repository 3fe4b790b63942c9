"""A house in a real Home Assistant core: its sensors, its panel, and the time that passes in it."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant, SupportsResponse
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.alarm_broker.codes.hashing import hashed
from custom_components.alarm_broker.const import DOMAIN

CODE = "4711"
CHEAP = "scrypt$1$8$1$AAAAAAAAAAAAAAAAAAAAAA==$AA=="
"""A hash by a recipe that costs nothing, and so do all that are made like it; test_code_hashes pays what real ones cost."""
CODE_HASH = hashed(CODE, [CHEAP])
DURESS_CODE = "9264"
AREA, GARAGE = "area_home", "area_garage"
PANEL, GARAGE_PANEL, MASTER = (
    "alarm_control_panel.home",
    "alarm_control_panel.garage",
    "alarm_control_panel.home_alarm_all_areas",
)
DOOR = "binary_sensor.front_door"
WINDOW = "binary_sensor.kitchen_window"
HALL = "binary_sensor.hall_motion"
SMOKE = "binary_sensor.smoke"
GATE = "binary_sensor.garage_gate"

SENSORS = {
    DOOR: {"friendly_name": "Front door", "device_class": "door"},
    WINDOW: {"friendly_name": "Kitchen window", "device_class": "window"},
    HALL: {"friendly_name": "Hall motion", "device_class": "motion"},
    SMOKE: {"friendly_name": "Smoke detector", "device_class": "smoke"},
    GATE: {"friendly_name": "Garage gate", "device_class": "garage_door"},
}
OPTIONS: dict[str, Any] = {"code_format": "number"}


def mode(
    *, exit_delay: int = 60, entry_delay: int = 30, siren_time: int = 180, code_to_arm: bool = True
) -> dict[str, Any]:
    """Return the times of a mode."""
    return {
        "exit_delay": exit_delay,
        "entry_delay": entry_delay,
        "siren_time": siren_time,
        "code_to_arm": code_to_arm,
    }


def subentry(kind: str, subentry_id: str, /, **data: Any) -> Any:
    """Return a part of the panel as a config entry stores it."""
    return {
        "subentry_type": kind,
        "subentry_id": subentry_id,
        "title": data["name"],
        "unique_id": None,
        "data": data,
    }


def area(area_id: str = AREA, name: str = "Home", /, **modes: dict[str, Any]) -> Any:
    """Return an area; away and home without an exit delay unless told otherwise."""
    return subentry("area", area_id, name=name, modes=modes or {"away": mode(), "home": mode(exit_delay=0)})


def zone(entity_id: str, kind: str, /, *modes: str, area_id: str = AREA, **data: Any) -> Any:
    """Return a zone of one sensor, with the id `zone_` and the name of the sensor."""
    name = str(SENSORS[entity_id]["friendly_name"]) if entity_id in SENSORS else entity_id
    return subentry(
        "zone",
        f"zone_{entity_id.partition('.')[2]}",
        **{
            "name": name,
            "area": area_id,
            "entities": [entity_id],
            "kind": kind,
            "modes": list(modes),
            **data,
        },
    )


def user(name: str = "Anna", code: str = CODE, user_id: str | None = None, **data: Any) -> Any:
    """Return somebody with a code."""
    code_hash = CODE_HASH if code == CODE else hashed(code, [CODE_HASH])
    return subentry(
        "user",
        user_id or f"user_{name.lower()}",
        name=name,
        code_hash=code_hash,
        code_length=len(code),
        **data,
    )


def under_duress() -> Any:
    """Return Anna's other code."""
    return user("Anna", DURESS_CODE, "user_anna_duress", duress=True)


ZONES = (
    zone(DOOR, "entry_exit", "away", "home"),
    zone(WINDOW, "instant", "away", "home"),
    zone(HALL, "instant", "away"),
    zone(SMOKE, "fire"),
)
HOUSE = (area(), *ZONES, user())
GARAGE_PARTS = (
    area(GARAGE, "Garage", away=mode(exit_delay=0)),
    zone(GATE, "entry_exit", "away", area_id=GARAGE),
)


def sense(hass: HomeAssistant, entity_id: str, state: str) -> None:
    """Let a sensor say something."""
    hass.states.async_set(entity_id, state, SENSORS[entity_id])


def close_all(hass: HomeAssistant) -> None:
    """Let every sensor say that all is well."""
    for entity_id in SENSORS:
        sense(hass, entity_id, "off")


def house_entry(
    *parts: Any,
    data: dict[str, Any] | None = None,
    unique_id: str = "home",
    title: str = "Home alarm",
    **options: Any,
) -> MockConfigEntry:
    """Return the panel's config entry: the house unless other parts are given."""
    return MockConfigEntry(
        domain=DOMAIN,
        title=title,
        data=data or {},
        options={**OPTIONS, **options},
        unique_id=unique_id,
        subentries_data=deepcopy(parts or HOUSE),
    )


async def move_in(hass: HomeAssistant, *parts: Any, **options: Any) -> MockConfigEntry:
    """Set the panel up without a companion, in a house in which everything is closed."""
    close_all(hass)
    entry = house_entry(*parts, **options)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry


async def unload_all(hass: HomeAssistant) -> None:
    """Take down whatever is set up, or is about to try again."""
    for entry in hass.config_entries.async_entries():
        await hass.config_entries.async_unload(entry.entry_id)


def parts_of(entry: ConfigEntry, kind: str) -> list[ConfigSubentry]:
    """Return the parts of a kind that an entry holds."""
    return [one for one in entry.subentries.values() if one.subentry_type == kind]


async def wait(hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float) -> None:
    """Let time pass, by the wall clock and by the loop's, after what has begun is under way."""
    await hass.async_block_till_done()
    freezer.tick(timedelta(seconds=seconds))
    async_fire_time_changed(hass, dt_util.utcnow())
    await hass.async_block_till_done()


async def panel(hass: HomeAssistant, service: str, *, entity_id: str = PANEL, **data: Any) -> None:
    """Do something at a panel."""
    await hass.services.async_call(
        "alarm_control_panel", service, {"entity_id": entity_id, **data}, blocking=True
    )
    await hass.async_block_till_done()


async def act(hass: HomeAssistant, service: str, *, entity_id: str = PANEL, **data: Any) -> Any:
    """Do something with one of our own actions, and return its answer."""
    supports = hass.services.supports_response("alarm_broker", service)
    answer = await hass.services.async_call(
        "alarm_broker",
        service,
        {"entity_id": entity_id, **data},
        blocking=True,
        return_response=supports is not SupportsResponse.NONE,
    )
    await hass.async_block_till_done()
    return None if answer is None else answer.get(entity_id, answer)


def shown(hass: HomeAssistant, entity_id: str = PANEL) -> str:
    """Return the state that an entity shows, a panel for one."""
    state = hass.states.get(entity_id)
    assert state is not None
    return state.state


def attributes(hass: HomeAssistant, entity_id: str = PANEL) -> dict[str, Any]:
    """Return what an entity says besides its state, a panel for one."""
    state = hass.states.get(entity_id)
    assert state is not None
    return dict(state.attributes)
