"""The power is cut while something is being written: nothing that only was in memory has been told or shown."""

import asyncio
from collections.abc import AsyncIterator
from copy import deepcopy
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_component import async_update_entity
from homeassistant.helpers.json import prepare_save_json
from homeassistant.helpers.storage import Store
from homeassistant.setup import async_setup_component
from homeassistant.util.file import WriteError
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.alarm_broker.system.storage import EntryStorage
from tests.fakes.companion import FakeCompanion
from tests.integration.conftest import Until
from tests.integration.house import CODE, PANEL, WINDOW, panel, sense, shown
from tests.integration.storage_writes import Write, written_by

KINDS = ("alarm_raised", "alarm_disarmed")
ACTIVE, LATEST = "binary_sensor.home_alarm_alarm_active", "sensor.home_alarm_latest_alarm"


class Disk:
    """A disk that can stall, and then loses what it was to write."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.stalled = False
        self.asked, self.power_is_gone = asyncio.Event(), asyncio.Event()
        self._content = content
        self._before: dict[str, Any] = {}

    def stall(self) -> None:
        """Write nothing from now on."""
        self._before = deepcopy(self._content)
        self.stalled = True

    async def lose(self, hass: HomeAssistant, entry: MockConfigEntry) -> None:
        """Cut the power: what is left is what had been written before."""
        self.power_is_gone.set()
        await hass.config_entries.async_unload(entry.entry_id)
        self.stalled = False
        self._content.clear()
        self._content.update(self._before)


@pytest.fixture
async def disk(hass_storage: dict[str, Any]) -> AsyncIterator[Disk]:
    made = Disk(hass_storage)

    async def perhaps(write: Write, store: Store[Any], data: dict[str, Any]) -> None:
        prepare_save_json(data)
        if made.stalled and store.key.startswith("alarm_broker.panel."):
            made.asked.set()
            await made.power_is_gone.wait()
        else:
            await write(store, data)

    with written_by(perhaps):
        yield made


async def everything_is_confirmed(hass: HomeAssistant, entry: MockConfigEntry, until: Until) -> None:
    await hass.async_block_till_done()
    await until(lambda: entry.runtime_data.link.connected and len(entry.runtime_data.outbox) == 0)


def disarm(hass: HomeAssistant) -> asyncio.Task[Any]:
    call = hass.services.async_call(
        "alarm_control_panel", "alarm_disarm", {"entity_id": PANEL, "code": CODE}, blocking=True
    )
    return hass.async_create_task(call)


async def the_link_wakes(disk: Disk, companion: FakeCompanion) -> None:
    """Anything that comes in makes the link look whether there is something to say."""
    async with asyncio.timeout(5):
        await disk.asked.wait()
        # The second is answered after it has looked because of the first.
        for _ in range(2):
            heard = companion.frames
            await companion.misspeak({"type": "ping"})
            while companion.frames == heard:  # noqa: ASYNC110 # it only counts
                await asyncio.sleep(0.001)


async def test_a_disarming_that_is_not_on_disk_is_not_told(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until, disk: Disk
) -> None:
    """The house comes back armed; a companion that has heard "disarmed" would wait for nothing."""
    await panel(hass, "alarm_arm_home", code=CODE)
    await everything_is_confirmed(hass, linked, until)
    disk.stall()
    before = len(companion.heard)
    call = disarm(hass)
    await the_link_wakes(disk, companion)
    told, seen = companion.heard[before:], shown(hass)

    await companion.stop()
    await disk.lose(hass, linked)
    await call
    await hass.config_entries.async_setup(linked.entry_id)
    sense(hass, WINDOW, "on")
    await companion.start()
    await everything_is_confirmed(hass, linked, until)

    assert (told, seen) == ([], "armed_home")
    assert [one["kind"] for one in companion.heard[before:]].count("alarm_raised") == 1


async def test_an_alarm_that_is_not_on_disk_is_told_once_under_the_name_that_is(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until, disk: Disk
) -> None:
    await panel(hass, "alarm_arm_home", code=CODE)
    await everything_is_confirmed(hass, linked, until)
    disk.stall()
    before = len(companion.heard)
    sense(hass, WINDOW, "on")
    await the_link_wakes(disk, companion)
    seen = shown(hass)

    await companion.stop()
    sense(hass, WINDOW, "off")
    await disk.lose(hass, linked)
    await hass.config_entries.async_setup(linked.entry_id)
    sense(hass, WINDOW, "on")
    await companion.start()
    await everything_is_confirmed(hass, linked, until)
    await panel(hass, "alarm_disarm", code=CODE)
    await until(lambda: companion.heard_kinds("alarm_disarmed"))

    assert seen == "triggered"
    told = {kind: [one["uid"] for one in companion.heard[before:] if one["kind"] == kind] for kind in KINDS}
    assert len(told["alarm_raised"]) == 1
    assert told["alarm_raised"] == told["alarm_disarmed"]


async def test_an_alarm_is_seen_to_be_over_once_that_is_on_disk(
    hass: HomeAssistant, linked: MockConfigEntry, disk: Disk
) -> None:
    assert await async_setup_component(hass, "homeassistant", {})
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()
    disk.stall()
    call = disarm(hass)
    async with asyncio.timeout(5):
        await disk.asked.wait()
    for entity_id in (ACTIVE, LATEST):
        await async_update_entity(hass, entity_id)
    seen = [shown(hass, entity_id) for entity_id in (PANEL, ACTIVE, LATEST)]

    disk.power_is_gone.set()
    await call
    await hass.async_block_till_done()

    assert seen == ["triggered", "on", "triggered"]
    assert [shown(hass, entity_id) for entity_id in (PANEL, ACTIVE, LATEST)] == [
        "disarmed",
        "off",
        "cancelled",
    ]


@pytest.mark.parametrize("poison", [{"title": "a \ud800 b"}, {"version": 2**70}, {"step": 2**64}])
async def test_nothing_that_the_companion_says_keeps_the_panel_from_being_stored(
    hass: HomeAssistant,
    linked: MockConfigEntry,
    companion: FakeCompanion,
    until: Until,
    disk: Disk,
    caplog: pytest.LogCaptureFixture,
    poison: dict[str, Any],
) -> None:
    companion.raise_alarm("key", **poison)
    await until(lambda: not companion.unconfirmed)
    await panel(hass, "alarm_arm_home", code=CODE)

    await hass.config_entries.async_reload(linked.entry_id)

    assert shown(hass) == "armed_home"
    assert "is left out" in caplog.text
    caplog.clear()


@pytest.mark.parametrize("fault", [{"text": "\ud800"}, KeyError("a bug")])
async def test_a_part_that_cannot_be_stored_keeps_what_the_file_had_of_it(
    hass: HomeAssistant, disk: Disk, caplog: pytest.LogCaptureFixture, fault: Any
) -> None:
    storage = EntryStorage(hass, "test")
    parts: dict[str, Any] = {"other": "right"}
    kept = []

    def other() -> Any:
        if isinstance(parts["other"], Exception):
            raise parts["other"]
        return parts["other"]

    for number in (1, 2, 3):
        if number == 2:
            # The first write of a run, too.
            storage = EntryStorage(hass, "test")
            await storage.async_load(lambda _panel: None)
            parts["other"] = fault
        storage.add_section("panel", lambda: parts["panel"])
        storage.add_section("other", other)
        parts["panel"] = number
        kept.append(await storage.async_save())

    assert kept == [True, False, False], "who hears of it must not be told that all of it is on disk"
    assert await EntryStorage(hass, "test").async_load(lambda _panel: None) == {"panel": 3, "other": "right"}
    caplog.clear()


async def test_a_write_that_the_disk_refused_is_never_said_to_be_on_disk(
    hass: HomeAssistant, disk: Disk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Also when somebody else stores in the very turn in which it is refused."""
    storage = EntryStorage(hass, "test")
    storage.add_section("panel", lambda: 1)
    others: list[asyncio.Task[bool]] = []

    async def full(*_args: Any) -> None:
        await asyncio.sleep(0)
        if not others:
            hass.loop.call_soon(lambda: others.append(hass.async_create_task(storage.async_save())))
        raise WriteError("No space left on device")

    with monkeypatch.context() as refusing:
        refusing.setattr(Store, "_async_write_data", full)
        said = await storage.async_save()
        await hass.async_block_till_done()

    assert not said
    assert [task.result() for task in others] == [False]
    caplog.clear()
