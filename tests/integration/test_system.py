"""The shell around the core: what is on disk before anybody hears of it, in order, and again after a crash."""

import asyncio
from collections.abc import Mapping
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
from homeassistant.util.file import WriteError
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.alarm_broker.core.panel.config import ArmMode
from custom_components.alarm_broker.core.panel.events import WindowsChanged
from custom_components.alarm_broker.core.panel.serial import parsed, restored
from custom_components.alarm_broker.core.panel.state import AreaStatus
from custom_components.alarm_broker.core.windows import WindowKind
from custom_components.alarm_broker.link.outbox import Outbox
from custom_components.alarm_broker.link.panel_news import RegistryNews
from custom_components.alarm_broker.link.registry import AlarmRegistry
from custom_components.alarm_broker.link.troubles import ServiceTroubles
from custom_components.alarm_broker.system import system as system_module
from custom_components.alarm_broker.system.config import system_config_from_entry
from custom_components.alarm_broker.system.storage import EntryStorage
from custom_components.alarm_broker.system.system import AlarmSystem
from custom_components.alarm_broker.system.unreadable_parts import UnreadableParts
from tests.fakes.bug import a_bug
from tests.golden_frames import golden_event
from tests.integration.house import AREA, CODE, DOOR, SMOKE, WINDOW, close_all, house_entry, sense, wait
from tests.integration.storage_writes import Write, written_by

STORE = "alarm_broker.panel.test"


class Home:
    """A panel without a config entry, and what it tells the companion."""

    def __init__(self, hass: HomeAssistant, disk: Mapping[str, Any], *parts: Any) -> None:
        self.hass = hass
        self.events: list[dict[str, Any]] = []
        """What the link was told, oldest first; in `on_disk` what was on disk at that moment."""
        self.on_disk: list[dict[str, Any]] = []
        self.storage = EntryStorage(hass, "test")
        self._disk = disk
        self._config = system_config_from_entry(house_entry(*parts), UnreadableParts())

    async def start(self) -> Home:
        """Come up."""
        saved = await self.storage.async_load(parsed)
        outbox = Outbox(saved.get("outbox"))
        alarms = AlarmRegistry(
            self.storage, saved.get("alarms"), outbox, ServiceTroubles(self.storage, saved.get("troubles"))
        )
        known = len(outbox)

        def wake() -> None:
            for _, event in outbox.after(known + len(self.events)):
                self.events.append(dict(event))
                self.on_disk.append(deepcopy(self._disk[STORE]["data"]))

        alarms.outgoing.subscribe(wake)
        self.system = AlarmSystem(
            self.hass,
            self._config,
            entry_id="test",
            title="Home alarm",
            storage=self.storage,
            saved=restored(saved.get("panel"), ()),
            news=RegistryNews(alarms),
        )
        await self.system.async_start()
        await self.hass.async_block_till_done()
        return self

    async def arm(self) -> None:
        """Arm without exit delay."""
        await self.system.async_arm([AREA], ArmMode.HOME, code=CODE, by=None)

    def kinds(self) -> list[str]:
        """Return what the link was told, without the area's states."""
        return [event["kind"] for event in self.events if event["kind"] != "area_state"]

    @property
    def status(self) -> AreaStatus:
        """Return what the area is shown as."""
        return self.system.state.areas[AREA].status


@pytest.fixture
async def home(hass: HomeAssistant, hass_storage: dict[str, Any]) -> Any:
    close_all(hass)
    home = await Home(hass, hass_storage).start()
    yield home
    await home.system.async_stop()


async def test_the_link_hears_the_whole_story_in_order(
    hass: HomeAssistant, home: Home, freezer: FrozenDateTimeFactory
) -> None:
    await home.arm()
    sense(hass, DOOR, "on")
    await wait(hass, freezer, 30)
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()
    await home.system.async_disarm([AREA], code=CODE, by=None)

    assert home.kinds() == ["alarm_pending", "alarm_raised", "zone_tripped", "alarm_disarmed"]
    states = [event["state"] for event in home.events if event["kind"] == "area_state"]
    assert states == ["disarmed", "armed", "pending", "triggered", "disarmed"]
    pending, raised, tripped, disarmed = (event for event in home.events if event["kind"] != "area_state")
    assert pending["uid"] == raised["uid"] == tripped["uid"] == disarmed["uid"]
    assert (pending["zone"], raised["zones"], tripped["zone"]) == (
        "Front door",
        ["Front door"],
        "Kitchen window",
    )
    assert disarmed["by"] == "Anna"


async def test_what_the_link_hears_has_the_shape_of_the_golden_frames(
    hass: HomeAssistant, home: Home, freezer: FrozenDateTimeFactory
) -> None:
    await home.arm()
    sense(hass, DOOR, "on")
    await hass.async_block_till_done()
    await home.system.async_disarm([AREA], code=CODE, by=None)
    sense(hass, DOOR, "off")
    await home.arm()
    sense(hass, WINDOW, "on")
    sense(hass, DOOR, "on")
    await hass.async_block_till_done()
    await home.system.async_disarm([AREA], code=CODE, by=None)

    told = {event["kind"]: set(event) for event in home.events}
    promised = {
        kind: set(golden_event(kind))
        for kind in (
            "area_state",
            "alarm_pending",
            "pending_cleared",
            "alarm_raised",
            "zone_tripped",
            "alarm_disarmed",
        )
    }
    assert told == promised


async def test_everything_is_on_disk_before_the_link_hears_of_it(hass: HomeAssistant, home: Home) -> None:
    await home.arm()
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()

    for event, disk in zip(home.events, home.on_disk, strict=True):
        assert event in disk["outbox"]["kept"]
    siren = home.on_disk[-1]["panel"]["areas"][AREA]["siren"]
    assert siren["alarms"][0]["zones"] == ["zone_kitchen_window"]


async def test_a_link_that_fails_does_not_stop_the_panel(
    hass: HomeAssistant, home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(AlarmRegistry, "async_take", a_bug)
    await home.arm()
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()
    alarmed = home.status
    await home.system.async_disarm([AREA], code=CODE, by=None)

    assert (alarmed, home.status) == (AreaStatus.TRIGGERED, AreaStatus.DISARMED)
    assert "Nobody took an effect: ReportAreaState" in caplog.text
    caplog.clear()


async def test_a_cancelled_call_is_finished_all_the_same(
    hass: HomeAssistant, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a script does that is restarted in the middle of its call."""
    await home.arm()
    writing, written = asyncio.Event(), asyncio.Event()
    save = EntryStorage.async_save

    async def slow_save(*args: Any) -> None:
        writing.set()
        await written.wait()
        await save(*args)

    monkeypatch.setattr(EntryStorage, "async_save", slow_save)
    call = asyncio.create_task(home.system.async_disarm([AREA], code=CODE, by=None))
    async with asyncio.timeout(1):
        await writing.wait()

    call.cancel()
    written.set()
    await hass.async_block_till_done()

    assert call.cancelled()
    assert home.status is AreaStatus.DISARMED
    assert home.events[-1]["state"] == "disarmed"


async def test_an_alarm_and_what_tells_of_it_are_in_one_write(
    hass: HomeAssistant, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when somebody else stores just then: after a crash there are both or neither."""
    await home.arm()
    written: list[dict[str, Any]] = []

    async def watched(write: Write, store: Store[Any], data: dict[str, Any]) -> None:
        written.append(deepcopy(data["data"]))
        await write(store, data)

    with written_by(watched):
        sense(hass, WINDOW, "on")
        decided = home.status
        await home.storage.async_save()
        await hass.async_block_till_done()

    assert decided is AreaStatus.TRIGGERED
    alarms = [one["panel"]["areas"][AREA]["siren"] is not None for one in written]
    tells = ["alarm_raised" in [event["kind"] for event in one["outbox"]["kept"]] for one in written]
    books = [len(one["alarms"]["alarms"]) == 1 for one in written]
    assert alarms == tells == books == [False, True]


async def test_after_a_crash_the_link_has_what_it_was_not_told(
    hass: HomeAssistant, home: Home, hass_storage: dict[str, Any]
) -> None:
    await home.arm()
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()
    crashed_with = deepcopy(hass_storage[STORE])
    await home.system.async_disarm([AREA], code=CODE, by=None)
    await home.system.async_stop()
    hass_storage[STORE] = crashed_with

    saved = await EntryStorage(hass, "test").async_load(parsed)
    again = await Home(hass, hass_storage).start()

    unconfirmed = [event["kind"] for _, event in Outbox(saved["outbox"]).after(0)]
    assert "alarm_raised" in unconfirmed
    assert again.status is AreaStatus.TRIGGERED
    await again.system.async_stop()


async def test_what_the_link_took_is_not_told_again_after_a_restart(
    hass: HomeAssistant, home: Home, hass_storage: dict[str, Any]
) -> None:
    await home.arm()
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()
    await home.system.async_stop()

    again = await Home(hass, hass_storage).start()

    assert again.kinds() == []
    await again.system.async_stop()


async def test_a_sensor_that_only_opens_and_closes_while_disarmed_costs_no_write(
    hass: HomeAssistant, home: Home, hass_storage: dict[str, Any]
) -> None:
    del hass_storage[STORE]

    for state in ("on", "off") * 10:
        sense(hass, DOOR, state)
    await hass.async_block_till_done()

    assert STORE not in hass_storage


@pytest.mark.parametrize("zone", ["zone_hall_motion", "zone_kitchen_window"])
async def test_what_calendar_windows_leave_out_is_on_disk(
    hass: HomeAssistant, home: Home, hass_storage: dict[str, Any], zone: str
) -> None:
    """Also of a zone that is left out already, so that nothing else changes with it."""
    await home.system.async_bypass(["zone_hall_motion"], bypass=True, code=None, by=None)
    home.system.async_report(WindowsChanged(kinds=frozenset({WindowKind.CLEANING})))
    await hass.async_block_till_done()

    home.system.async_report(
        WindowsChanged(kinds=frozenset({WindowKind.CLEANING}), left_out=frozenset({zone}))
    )
    await hass.async_block_till_done()

    stored = hass_storage[STORE]["data"]["panel"]
    assert (stored["windows"], stored["left_out"]) == (["cleaning"], [zone])


async def test_a_hundred_guesses_at_once_are_locked_out_after_five_hashes(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    await home.arm()
    hashed = 0

    async def count(*_args: Any) -> None:
        nonlocal hashed
        hashed += 1
        await asyncio.sleep(0)

    monkeypatch.setattr(system_module, "async_matching_user", count)

    answers = await asyncio.gather(
        *(home.system.async_disarm([AREA], code=f"{guess:04}", by=None) for guess in range(100)),
        return_exceptions=True,
    )

    assert hashed == 5
    assert [answer.translation_key for answer in answers if isinstance(answer, ServiceValidationError)] == [
        "invalid_code"
    ] * 4 + ["locked_out"] * 96
    assert home.status is AreaStatus.ARMED


async def test_events_at_the_same_moment_are_one_alarm_with_all_zones(
    hass: HomeAssistant, home: Home
) -> None:
    await home.arm()

    for zone_id in (WINDOW, DOOR):
        sense(hass, zone_id, "on")
    await hass.async_block_till_done()

    assert home.kinds() == ["alarm_raised", "zone_tripped"]


async def test_smoke_raises_a_fire_alarm_that_nothing_holds_back(hass: HomeAssistant, home: Home) -> None:
    sense(hass, SMOKE, "on")
    await hass.async_block_till_done()

    (raised,) = (event for event in home.events if event["kind"] == "alarm_raised")
    assert (raised["alarm_kind"], raised["name"], raised["zones"]) == ("fire", "Home", ["Smoke detector"])
    assert raised["hold_s"] == 0


async def test_a_deadline_is_kept_when_the_wall_clock_falls_behind_the_timer(
    hass: HomeAssistant, home: Home, freezer: FrozenDateTimeFactory
) -> None:
    """The timer counts by the machine's own clock; time servers move the wall clock a little all the time."""
    await home.arm()
    sense(hass, DOOR, "on")
    await hass.async_block_till_done()
    freezer.tick(25)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=5))
    await hass.async_block_till_done()
    too_early = home.status

    await wait(hass, freezer, 5)

    assert too_early is AreaStatus.PENDING
    assert home.status is AreaStatus.TRIGGERED


async def test_a_burglary_is_told_at_once_and_held_for_the_abort_window(
    hass: HomeAssistant, home: Home
) -> None:
    await home.arm()
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()
    await home.system.async_disarm([AREA], code=CODE, by=None)

    raised, disarmed = (event for event in home.events if event["kind"] != "area_state")
    assert raised["hold_s"] == 30
    assert disarmed["ending"] == "aborted"


async def test_a_door_that_opens_shows_at_once_and_before_the_disk_is_asked(
    hass: HomeAssistant, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a crash the door says it again; the siren need not wait for a slow card."""
    await home.arm()
    stuck = asyncio.Event()
    save = EntryStorage.async_save

    async def slow_save(*args: Any) -> None:
        await stuck.wait()
        await save(*args)

    monkeypatch.setattr(EntryStorage, "async_save", slow_save)
    told = len(home.events)

    sense(hass, WINDOW, "on")
    await asyncio.sleep(0)
    shown_at_once, told_at_once = home.status, len(home.events)
    stuck.set()
    await hass.async_block_till_done()

    assert shown_at_once is AreaStatus.TRIGGERED
    assert told_at_once == told
    assert len(home.events) > told


async def test_a_request_is_not_shown_before_it_is_on_disk(
    hass: HomeAssistant, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Armed on the card and disarmed after a crash would be a silent disarm."""
    writing, stuck = asyncio.Event(), asyncio.Event()
    save = EntryStorage.async_save

    async def slow_save(*args: Any) -> None:
        writing.set()
        await stuck.wait()
        await save(*args)

    monkeypatch.setattr(EntryStorage, "async_save", slow_save)
    call = asyncio.create_task(home.arm())
    async with asyncio.timeout(5):
        await writing.wait()

    sense(hass, WINDOW, "on")
    await asyncio.sleep(0)
    while_waiting = home.status
    stuck.set()
    await call
    await hass.async_block_till_done()

    assert while_waiting is AreaStatus.DISARMED
    assert home.status is AreaStatus.TRIGGERED
    states = [event["state"] for event in home.events if event["kind"] == "area_state"]
    assert states == ["disarmed", "armed", "triggered"]


async def test_a_full_disk_keeps_nobody_from_hearing_of_the_alarm(
    hass: HomeAssistant, home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await home.arm()

    async def full(_write: Write, store: Store[Any], _data: dict[str, Any]) -> None:
        # The copy is written when its time has come, by Home Assistant alone: that takes only its own writer's word.
        is_copy = store.key.endswith(".copy")
        raise (WriteError if is_copy else OSError)("No space left on device")

    with written_by(full):
        sense(hass, WINDOW, "on")
        await hass.async_block_till_done()
        await home.system.async_disarm([AREA], code=CODE, by=None)

    assert home.kinds() == ["alarm_raised", "alarm_disarmed"]
    assert home.status is AreaStatus.DISARMED
    assert "could not be stored" in caplog.text
    caplog.clear()


async def test_what_cannot_be_put_into_words_is_stored_and_told_once(
    hass: HomeAssistant, home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(system_module, "activity", a_bug)
        await home.arm()
        sense(hass, WINDOW, "on")
        await hass.async_block_till_done()
    await home.system.async_disarm([AREA], code=CODE, by=None)

    assert home.kinds() == ["alarm_raised", "alarm_disarmed"]
    assert "cannot be told: RaiseAlarm" in caplog.text
    caplog.clear()


async def test_an_alarm_during_an_outage_says_so(
    hass: HomeAssistant, home: Home, hass_storage: dict[str, Any], freezer: FrozenDateTimeFactory
) -> None:
    await home.arm()
    sense(hass, DOOR, "on")
    await hass.async_block_till_done()
    await home.system.async_stop()
    freezer.tick(3600)

    again = await Home(hass, hass_storage).start()

    (raised,) = (event for event in again.events if event["kind"] == "alarm_raised")
    assert raised["facts"]["during_outage"] is True
    assert raised["message"] == "The entry delay ran out while Home Assistant was not running."
    assert raised["hold_s"] == 0
    await again.system.async_stop()


async def test_a_stopped_panel_acts_no_more(
    hass: HomeAssistant, home: Home, freezer: FrozenDateTimeFactory
) -> None:
    await home.arm()
    sense(hass, DOOR, "on")
    await hass.async_block_till_done()

    await home.system.async_stop()
    await wait(hass, freezer, 60)

    assert home.kinds() == ["alarm_pending"]
