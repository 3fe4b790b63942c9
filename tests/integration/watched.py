"""Cameras in the house, what they see, and what of it is shown and kept."""

import time
from collections import defaultdict
from pathlib import Path
from types import MappingProxyType
from typing import Any

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.alarm_broker.const import DOMAIN
from tests.fakes.companion import FakeCompanion
from tests.fakes.frigate import FakeFrigate
from tests.integration.conftest import Until
from tests.integration.house import AREA, HOUSE, WINDOW, attributes, move_in, panel, sense, shown, subentry

LEVEL = "sensor.home_alarm_validation_level"
PICTURE = "image.home_alarm_alarm_picture"
DOOR_ZONE, WINDOW_ZONE, HALL_ZONE = "zone_front_door", "zone_kitchen_window", "zone_hall_motion"


def server(fake: FakeFrigate, server_id: str = "frigate", **data: Any) -> Any:
    """Return a Frigate server as a config entry stores it."""
    return subentry("frigate", server_id, **{"name": server_id.title(), "url": fake.url, **data})


def camera(name: str = "Garden", /, *, zones: tuple[str, ...] = (), **data: Any) -> Any:
    """Return a camera as a config entry stores it: of the server `frigate`, looking at the home, unless told otherwise."""
    own = {"server": "frigate", "camera": name.lower(), "entity": None, "zones": list(zones)}
    return subentry(
        "camera", f"camera_{name.lower()}", **{"name": name, **own, "areas": [] if zones else [AREA], **data}
    )


def watched(fake: FakeFrigate, *cameras: Any) -> tuple[Any, ...]:
    """Return the house with cameras; with the garden's unless others are given."""
    return (*HOUSE, server(fake), *(cameras or (camera(),)))


def keep_no_evidence(hass: HomeAssistant) -> None:
    """Let the disk take nothing of any alarm: where its folder belongs there is a file."""
    Path(hass.config.path(DOMAIN)).touch()


async def armed(hass: HomeAssistant, *parts: Any, **options: Any) -> MockConfigEntry:
    """Move in and arm at once."""
    entry = await move_in(hass, *parts, **options)
    await panel(hass, "alarm_arm_home", code="4711")
    return entry


async def add(
    hass: HomeAssistant, linked: MockConfigEntry, until: Until, *parts: Any, **options: Any
) -> None:
    """Add parts to the house that is linked."""
    await hass.config_entries.async_unload(linked.entry_id)
    for one in parts:
        part = ConfigSubentry(**{**one, "data": MappingProxyType(one["data"])})
        hass.config_entries.async_add_subentry(linked, part)
    hass.config_entries.async_update_entry(linked, options={**linked.options, **options})
    await hass.config_entries.async_setup(linked.entry_id)
    await until(lambda: linked.runtime_data.link.connected)


async def break_in(hass: HomeAssistant) -> None:
    """Open the kitchen window."""
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()
    assert shown(hass) == "triggered"


def somebody(fake: FakeFrigate, *, ago: float = 1, **changes: Any) -> dict[str, Any]:
    """Let Frigate follow a person since some seconds ago."""
    return fake.add_event(start_time=time.time() - ago, **changes)


def looks(fake: FakeFrigate) -> int:
    """Return how often the camera server was asked for what it saw."""
    return len(fake.requests("GET", "/api/review"))


def level(hass: HomeAssistant) -> str:
    """Return the validation level that is shown."""
    return shown(hass, LEVEL)


def found(hass: HomeAssistant, *names: str) -> dict[str, Any]:
    """Return what the level's sensor says besides it; all of it, or what is named."""
    said = attributes(hass, LEVEL)
    return {name: said.get(name) for name in names} if names else defaultdict(lambda: None, said)


def kept(hass: HomeAssistant) -> list[str]:
    """Return the names of all files of evidence on disk, without their folders."""
    return sorted(path.name for path in Path(hass.config.path("alarm_broker")).rglob("*") if path.is_file())


def happened(events: list[Any], kind: str) -> list[dict[str, Any]]:
    """Return what the events of one kind say."""
    return [event.data for event in events if event.data["kind"] == kind]


def evidence(companion: FakeCompanion) -> list[dict[str, Any]]:
    """Return what the companion heard of evidence."""
    return [one for one in companion.heard if one["kind"] == "alarm_evidence"]
