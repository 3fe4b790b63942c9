"""Who lives in the house: persons with phones that are seen somewhere, and restarts of Home Assistant around them."""

from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, Event, HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser, async_capture_events

from tests.integration.house import HOUSE, SENSORS, close_all, move_in, subentry, wait

ANNA, BEN = "device_tracker.anna", "device_tracker.ben"
HOME, AWAY, SILENT = "home", "not_home", "unavailable"
NAMES = ("Anna", "Ben")


def resident(name: str, **data: Any) -> Any:
    """Return somebody of the household, whose phone Home Assistant follows; nobody is told by default."""
    person = {"person": f"person.{name.lower()}", "trackers": [], "notify": [], **data}
    return subentry("person", f"person_{name.lower()}", name=name, **person)


FAMILY = tuple(map(resident, NAMES))


async def seen(hass: HomeAssistant, place: str, *trackers: str) -> None:
    """Let phones be seen somewhere; those of everybody unless named."""
    for tracker in trackers or (ANNA, BEN):
        hass.states.async_set(tracker, place, {"source_type": "gps"})
    await hass.async_block_till_done()


async def live_in(hass: HomeAssistant, *parts: Any, **options: Any) -> MockConfigEntry:
    """Let Anna and Ben live in the house, both at home; `parts` are residents and whatever else there is."""
    for name in NAMES:
        MockUser(id=name.lower(), name=name, is_owner=True).add_to_hass(hass)
    await seen(hass, HOME)
    persons = [
        {
            "id": name.lower(),
            "name": name,
            "user_id": name.lower(),
            "device_trackers": [f"device_tracker.{name.lower()}"],
        }
        for name in NAMES
    ]
    assert await async_setup_component(hass, "zone", {})
    assert await async_setup_component(hass, "person", {"person": persons})
    await hass.async_block_till_done()
    return await move_in(hass, *HOUSE, *(parts or FAMILY), **options)


async def everyone_leaves(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let everybody be away for as long as it takes to be believed."""
    await seen(hass, AWAY)
    await wait(hass, freezer, 120)


async def left_for_five_minutes(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let everyone leave, and as much time pass as it takes until they are reminded, or an arming is announced."""
    await everyone_leaves(hass, freezer)
    await wait(hass, freezer, 300)


async def come_home(hass: HomeAssistant, freezer: FrozenDateTimeFactory, *trackers: str) -> None:
    """Let somebody be home for as long as it takes to be believed."""
    await seen(hass, HOME, *trackers)
    await wait(hass, freezer, 5)


async def restart(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory, *, down_s: float
) -> None:
    """Let Home Assistant be down for some time; its sensors are back, and closed, when it has started."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    for sensor in SENSORS:
        hass.states.async_remove(sensor)
    freezer.tick(timedelta(seconds=down_s))
    hass.set_state(CoreState.not_running)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    close_all(hass)
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await hass.async_block_till_done()


class Told:
    """What the panel tells of from now on."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._events: list[Event[Any]] = async_capture_events(hass, "alarm_broker_event")

    @property
    def kinds(self) -> list[str]:
        """Return what was told of, in order."""
        return [event.data["kind"] for event in self._events]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return everything of a kind."""
        return [event.data for event in self._events if event.data["kind"] == kind]

    def clear(self) -> None:
        """Forget all of it."""
        self._events.clear()


def buttons(notification: dict[str, Any]) -> dict[str, str]:
    """Return the buttons of a notification, by what is written on them."""
    return {one["title"]: one["action"] for one in notification["data"].get("actions", ())}
