"""Loading, unloading, and what the entry does when the companion is not as it should be."""

import asyncio
import json
from types import MappingProxyType
from typing import Any

import pytest
from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util.file import WriteError
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.alarm_broker.codes.hashing import async_matching_user
from custom_components.alarm_broker.core.panel.config import ArmMode
from custom_components.alarm_broker.core.panel.state import ChimeMode
from custom_components.alarm_broker.household.tracker import Household
from custom_components.alarm_broker.system import system as system_module
from tests.fakes.companion import TOKEN, FakeCompanion
from tests.integration.conftest import Until
from tests.integration.house import AREA, CODE, GATE, close_all, house_entry, move_in, panel, shown, zone
from tests.integration.storage_writes import written_by

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf")


def new_entry(hass: HomeAssistant, companion: FakeCompanion) -> MockConfigEntry:
    close_all(hass)
    entry = house_entry(data={"url": companion.url, "token": TOKEN}, unique_id=companion.instance)
    entry.add_to_hass(hass)
    return entry


async def test_system_areas_and_zones_have_devices_of_their_own(
    hass: HomeAssistant, linked: MockConfigEntry
) -> None:
    registry = dr.async_get(hass)
    devices = {device.id: device for device in dr.async_entries_for_config_entry(registry, linked.entry_id)}
    entities = er.async_entries_for_config_entry(er.async_get(hass), linked.entry_id)

    by_device = {
        device.name: sorted(one.entity_id for one in entities if one.device_id == device.id)
        for device in devices.values()
    }

    assert by_device == {
        "Home alarm": [
            "binary_sensor.home_alarm_alarm_active",
            "binary_sensor.home_alarm_anyone_home",
            "binary_sensor.home_alarm_cleaning",
            "binary_sensor.home_alarm_companion_connected",
            "binary_sensor.home_alarm_duress",
            "binary_sensor.home_alarm_guests",
            "binary_sensor.home_alarm_quiet",
            "binary_sensor.home_alarm_tamper",
            "binary_sensor.home_alarm_trouble",
            "binary_sensor.home_alarm_vacation",
            "button.home_alarm_acknowledge",
            "button.home_alarm_resolve",
            "calendar.home_alarm_windows",
            "event.home_alarm_alarm",
            "event.home_alarm_panel",
            "image.home_alarm_alarm_picture",
            "sensor.home_alarm_first_arrived",
            "sensor.home_alarm_last_left",
            "sensor.home_alarm_latest_alarm",
            "sensor.home_alarm_next_window",
            "sensor.home_alarm_people_home",
            "sensor.home_alarm_validation_level",
        ],
        "Home": [
            "alarm_control_panel.home",
            "binary_sensor.home_alarm_memory",
            "binary_sensor.home_ready_to_arm_away",
            "binary_sensor.home_ready_to_arm_home",
            "button.home_clear_alarm_memory",
            "button.home_test_alarm",
            "button.home_walk_test",
            "select.home_chime",
            "sensor.home_delay_ends",
            "sensor.home_open_zones",
        ],
        "Front door": ["switch.front_door_bypass"],
        "Kitchen window": ["switch.kitchen_window_bypass"],
        "Hall motion": ["switch.hall_motion_bypass"],
    }
    hub = linked.runtime_data.hub_device_id
    assert {device.via_device_id for device in devices.values() if device.id != hub} == {hub}


async def test_a_removed_zone_takes_its_entity_and_device_along(hass: HomeAssistant) -> None:
    entry = await move_in(hass)

    hass.config_entries.async_remove_subentry(entry, "zone_kitchen_window")
    await hass.async_block_till_done()

    names = {one.name for one in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)}
    assert hass.states.get("switch.kitchen_window_bypass") is None
    assert names == {"Home alarm", "Home", "Front door", "Hall motion"}


async def test_unloading_closes_the_link(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    assert await hass.config_entries.async_unload(linked.entry_id)

    assert linked.state is ConfigEntryState.NOT_LOADED
    await until(lambda: not companion.connected)


async def test_reloading_does_not_cry_that_the_companion_is_away(
    hass: HomeAssistant, linked: MockConfigEntry, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    await hass.config_entries.async_reload(linked.entry_id)
    await until(lambda: linked.runtime_data.link.connected)

    assert "The companion is away" not in caplog.text


async def test_the_panel_guards_before_the_companion_is_there(
    hass: HomeAssistant, companion: FakeCompanion, until: Until, quick_retry: None
) -> None:
    await companion.stop()
    entry = new_entry(hass, companion)

    assert await hass.config_entries.async_setup(entry.entry_id)
    await panel(hass, "alarm_trigger")

    assert entry.state is ConfigEntryState.LOADED
    assert shown(hass) == "triggered"
    await companion.start()
    await until(lambda: companion.heard_kinds("alarm_raised"))
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("role", [None, "read"], ids=["unknown token", "read-only token"])
async def test_a_refused_token_starts_one_reauthentication(
    hass: HomeAssistant, companion: FakeCompanion, until: Until, quick_retry: None, role: str | None
) -> None:
    companion.tokens = {} if role is None else {TOKEN: role}
    entry = new_entry(hass, companion)

    assert await hass.config_entries.async_setup(entry.entry_id)

    await until(hass.config_entries.flow.async_progress)
    [flow] = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == "reauth"
    assert entry.runtime_data.link.state == "refused"
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_silent_companion_is_given_up_and_asked_again(
    hass: HomeAssistant, companion: FakeCompanion, until: Until, quick_retry: None
) -> None:
    companion.heartbeat_s = 0.05
    entry = new_entry(hass, companion)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: entry.runtime_data.link.connected)

    companion.silent = True

    await until(lambda: not entry.runtime_data.link.connected)
    companion.silent = False
    await until(lambda: entry.runtime_data.link.connected)
    await hass.config_entries.async_unload(entry.entry_id)


async def test_heartbeats_keep_a_quiet_link_up(
    hass: HomeAssistant, companion: FakeCompanion, until: Until, quick_retry: None
) -> None:
    companion.heartbeat_s = 0.02
    entry = new_entry(hass, companion)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: entry.runtime_data.link.connected)

    before = companion.frames
    await until(lambda: companion.frames > before + 12)

    assert len(companion.hellos) == 1
    await hass.config_entries.async_unload(entry.entry_id)


async def test_an_event_that_could_not_be_stored_is_not_confirmed(
    hass: HomeAssistant,
    linked: MockConfigEntry,
    companion: FakeCompanion,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def full_disk(*_: Any) -> None:
        raise WriteError("no space left on device")

    with written_by(full_disk):
        companion.raise_alarm("a1")
        await until(lambda: len(companion.hellos) > 2)
        # It is shown all the same: an alarm does not wait for a disk.
        assert linked.runtime_data.alarms.open_alarms
        assert len(companion.unconfirmed) == 1

    await until(lambda: not companion.unconfirmed)
    assert len(linked.runtime_data.alarms.open_alarms) == 1


async def test_nothing_is_confirmed_once_home_assistant_stops(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    hass.set_state(CoreState.stopping)
    companion.raise_alarm("a1")
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)

    await until(lambda: not companion.connected)

    assert len(companion.unconfirmed) == 1
    hass.set_state(CoreState.running)


async def test_a_broken_event_does_not_hold_up_the_alarm_behind_it(
    hass: HomeAssistant,
    linked: MockConfigEntry,
    companion: FakeCompanion,
    until: Until,
    caplog: pytest.LogCaptureFixture,
) -> None:
    companion.say({"kind": "alarm", "alarm_id": "broken"})
    companion.say({"kind": "something_new"})

    companion.raise_alarm("a1")

    await until(lambda: not companion.unconfirmed)
    assert [alarm.id for alarm in linked.runtime_data.alarms.open_alarms] == ["a1"]
    assert "is left out" in caplog.text


async def test_one_failing_listener_does_not_keep_the_others_from_hearing(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    def broken(_change: Any) -> None:
        raise RuntimeError("a bug")

    heard: list[Any] = []
    linked.runtime_data.alarms.changes.subscribe(broken)
    linked.runtime_data.alarms.changes.subscribe(heard.append)

    companion.raise_alarm("a1")

    await until(lambda: bool(heard))
    await until(lambda: hass.states.get("binary_sensor.home_alarm_alarm_active").state == "on")  # type: ignore[union-attr] # it is there
    await until(lambda: not companion.unconfirmed)


async def test_a_bug_in_the_link_is_logged_and_the_link_comes_back(
    hass: HomeAssistant,
    linked: MockConfigEntry,
    companion: FakeCompanion,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(_seq: int, _body: Any) -> None:
        raise RuntimeError("a bug")

    with monkeypatch.context() as bug:
        bug.setattr(linked.runtime_data.alarms, "async_receive", broken)
        companion.raise_alarm("a1")
        await until(lambda: "failed in an unexpected way" in caplog.text)

    await until(lambda: linked.runtime_data.alarms.find("a1"))


async def test_trouble_with_an_alarm_that_is_not_known_is_only_logged(
    hass: HomeAssistant,
    linked: MockConfigEntry,
    companion: FakeCompanion,
    until: Until,
    caplog: pytest.LogCaptureFixture,
) -> None:
    companion.say(
        {"kind": "delivery_trouble", "alarm_id": "a9", "channel": "SMS", "recipient": "Ben", "reason": "no"}
    )

    await until(lambda: not companion.unconfirmed)

    assert "Alarm a9: the companion could not deliver through SMS" in caplog.text


async def test_removing_the_entry_removes_what_was_stored(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    entry = await move_in(hass)
    await panel(hass, "alarm_trigger")
    assert any(entry.entry_id in key for key in hass_storage)

    await hass.config_entries.async_remove(entry.entry_id)

    assert not any(entry.entry_id in key for key in hass_storage)


async def test_a_zone_that_is_added_while_the_panel_starts_is_guarded(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = Household.async_load
    gate = zone(GATE, "instant", "away")

    async def load_and_change(self: Household) -> None:
        await load(self)
        [entry] = hass.config_entries.async_entries("alarm_broker")
        if gate["subentry_id"] not in entry.subentries:
            hass.config_entries.async_add_subentry(
                entry, ConfigSubentry(**gate | {"data": MappingProxyType(gate["data"])})
            )

    monkeypatch.setattr(Household, "async_load", load_and_change)
    close_all(hass)
    entry = house_entry()
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()

    assert gate["subentry_id"] in entry.runtime_data.system.panel_config.zones


async def test_a_code_that_is_looked_up_while_the_panel_is_set_up_anew_still_counts(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = await move_in(hass)
    looking, found = asyncio.Event(), asyncio.Event()

    async def slowly(*args: Any) -> str | None:
        looking.set()
        await found.wait()
        return await async_matching_user(*args)

    monkeypatch.setattr(system_module, "async_matching_user", slowly)
    arming = hass.async_create_task(panel(hass, "alarm_arm_away", code=CODE))
    await looking.wait()
    reloading = hass.async_create_task(hass.config_entries.async_reload(entry.entry_id))
    await asyncio.sleep(0)
    found.set()
    await asyncio.gather(arming, reloading)

    assert shown(hass) == "arming"
    assert entry.runtime_data.system.state.areas[AREA].delay_end is not None


async def test_a_panel_that_was_replaced_takes_nothing_more(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    replaced = entry.runtime_data.system
    await hass.config_entries.async_reload(entry.entry_id)

    for request in (
        replaced.async_arm([AREA], ArmMode.HOME, code=CODE, by=None),
        replaced.async_trigger(AREA, by=None),
        replaced.async_set_chime(AREA, ChimeMode.OFF),
    ):
        with pytest.raises(HomeAssistantError, match="set up anew"):
            await request
    assert shown(hass) == "disarmed"


async def test_actions_without_a_loaded_entry_say_so(hass: HomeAssistant) -> None:
    assert await async_setup_component(hass, "alarm_broker", {})

    with pytest.raises(ServiceValidationError):
        await hass.services.async_call("alarm_broker", "acknowledge", blocking=True)


async def test_no_secret_reaches_the_log(
    hass: HomeAssistant,
    linked: MockConfigEntry,
    companion: FakeCompanion,
    until: Until,
    caplog: pytest.LogCaptureFixture,
) -> None:
    companion.raise_alarm("a1")
    await panel(hass, "alarm_arm_home", code=CODE)
    await panel(hass, "alarm_disarm", code=CODE)
    companion.cut()
    await until(lambda: len(companion.hellos) > 1 and linked.runtime_data.link.connected)

    ours = [record.getMessage() for record in caplog.records if record.name.startswith("custom_components")]
    assert ours
    assert TOKEN not in json.dumps(ours)
    assert CODE not in json.dumps(ours)
