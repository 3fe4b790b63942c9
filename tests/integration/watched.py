"""Cameras in the house, what they see, and what of it is shown and kept."""

import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.fakes.frigate import FakeFrigate
from tests.integration.house import AREA, HOUSE, WINDOW, attributes, move_in, panel, sense, shown, subentry

LEVEL = "sensor.home_alarm_validation_level"
PICTURE = "image.home_alarm_alarm_picture"


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


async def armed(hass: HomeAssistant, *parts: Any, **options: Any) -> MockConfigEntry:
    """Move in and arm at once."""
    entry = await move_in(hass, *parts, **options)
    await panel(hass, "alarm_arm_home", code="4711")
    return entry


async def break_in(hass: HomeAssistant) -> None:
    """Open the kitchen window."""
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()
    assert shown(hass) == "triggered"


def somebody(fake: FakeFrigate, *, ago: float = 1, **changes: Any) -> dict[str, Any]:
    """Let Frigate follow a person since some seconds ago."""
    return fake.add_event(start_time=time.time() - ago, **changes)


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
