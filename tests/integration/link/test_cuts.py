"""Cut the link anywhere: nothing is lost and nothing happens twice."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store
from homeassistant.util.file import WriteError
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.alarm_broker.core.panel.config import AlarmKind
from custom_components.alarm_broker.link import outbox
from custom_components.alarm_broker.link.events import AlarmRaised
from tests.fakes.companion import Cut, FakeCompanion
from tests.integration.conftest import Until
from tests.integration.house import CODE, DOOR, close_all, panel, sense, shown
from tests.integration.storage_writes import Write, written_by

EVENT = "event.home_alarm_alarm"
FRAMES_OF_THE_STORY = 27
"""One more than it has when nothing is cut."""

EXPECTED_HEARD = ["alarm_raised", "alarm_disarmed", "acknowledge", "resolve"]
EXPECTED_CHANGES = {
    "panel": ["raised", "resolved"],
    "key": ["raised", "acknowledged", "resolved"],
    "tag": ["raised", "cancelled"],
}


class Watcher:
    """Writes down what the event entity says, for each alarm."""

    def __init__(self, hass: HomeAssistant) -> None:
        self.changes: dict[str, list[str]] = {}
        self._last: str | None = None
        hass.bus.async_listen("state_changed", self._changed)

    @callback
    def _changed(self, event: Any) -> None:
        new = event.data["new_state"]
        # A reload shows the restored event again, with the time it had.
        if (
            event.data["entity_id"] != EVENT
            or new is None
            or new.state in {"unknown", "unavailable", self._last}
        ):
            return
        self._last = new.state
        name = new.attributes["alarm_id"] if new.attributes["source"] != "panel" else "panel"
        self.changes.setdefault(name, []).append(new.attributes["event_type"])


async def tell_the_story(
    hass: HomeAssistant, companion: FakeCompanion, until: Until, entry: MockConfigEntry
) -> None:
    """Two alarms of the companion and one of the panel, each with its end."""

    async def answer(action: str, alarm_id: str) -> None:
        await until(lambda: _loaded(entry) and entry.runtime_data.alarms.find(alarm_id))
        await hass.services.async_call("alarm_broker", action, {"alarm_id": alarm_id}, blocking=True)

    async def at_the_panel(action: str, shown_then: str, **data: str) -> None:
        # While the entry is being built anew there is no panel to press: a person would press again.
        while shown(hass) != shown_then:
            await until(lambda: _loaded(entry))
            await panel(hass, action, **data)

    companion.raise_alarm("key")
    await at_the_panel("alarm_trigger", "triggered")
    companion.raise_alarm("tag")
    await at_the_panel("alarm_disarm", "disarmed", code=CODE)
    await answer("acknowledge", "key")
    companion.close("tag", "Ben Example", "cancelled")
    await until(lambda: companion.alarms["key"]["status"] == "acknowledged")
    await answer("resolve", "key")


def _loaded(entry: MockConfigEntry) -> bool:
    return entry.state.name == "LOADED" and hasattr(entry, "runtime_data")


def settled(entry: MockConfigEntry, companion: FakeCompanion) -> bool:
    """Whether both sides have everything, and know that they do."""
    return (
        _loaded(entry)
        and len(entry.runtime_data.outbox) == 0
        and not companion.unconfirmed
        and all(alarm["status"] in {"resolved", "cancelled"} for alarm in companion.alarms.values())
        and len(companion.alarms) == 3
        and entry.runtime_data.link.connected
    )


async def assert_nothing_lost_or_doubled(
    watcher: Watcher, companion: FakeCompanion, entry: MockConfigEntry, until: Until
) -> None:
    await until(lambda: settled(entry, companion))
    assert companion.heard_kinds(*EXPECTED_HEARD) == EXPECTED_HEARD
    assert watcher.changes == EXPECTED_CHANGES
    assert not entry.runtime_data.alarms.open_alarms


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("frame", range(1, FRAMES_OF_THE_STORY))
async def test_a_cut_at_any_frame_loses_and_doubles_nothing(
    hass: HomeAssistant,
    linked: MockConfigEntry,
    companion: FakeCompanion,
    until: Until,
    frame: int,
    when: Cut,
) -> None:
    watcher = Watcher(hass)
    start = companion.frames
    companion.on_frame = lambda count: when if count == start + frame else None

    await tell_the_story(hass, companion, until, linked)

    await assert_nothing_lost_or_doubled(watcher, companion, linked, until)


async def test_a_link_that_is_cut_all_the_time_gets_everything_across(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    watcher = Watcher(hass)
    companion.on_frame = lambda count: "before" if count % 7 == 0 else "after" if count % 5 == 0 else None

    await tell_the_story(hass, companion, until, linked)

    await assert_nothing_lost_or_doubled(watcher, companion, linked, until)


@pytest.mark.parametrize("frame", range(1, FRAMES_OF_THE_STORY, 2))
async def test_a_restart_of_this_side_at_any_frame_loses_and_doubles_nothing(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until, frame: int
) -> None:
    watcher = Watcher(hass)
    start = companion.frames
    reloads: list[asyncio.Task[Any]] = []

    def reload_at(count: int) -> None:
        if count == start + frame:
            reloads.append(hass.async_create_task(hass.config_entries.async_reload(linked.entry_id)))

    companion.on_frame = reload_at

    await tell_the_story(hass, companion, until, linked)

    await assert_nothing_lost_or_doubled(watcher, companion, linked, until)
    await asyncio.gather(*reloads)


async def test_alarms_raised_while_the_companion_is_away_reach_it_in_order(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    await companion.stop()
    await until(lambda: not linked.runtime_data.link.connected)
    await panel(hass, "alarm_trigger")
    await panel(hass, "alarm_disarm", code=CODE)
    assert companion.heard_kinds("alarm_raised") == []

    await companion.start()

    await until(lambda: companion.heard_kinds("alarm_raised", "alarm_disarmed"))
    await until(lambda: len(linked.runtime_data.outbox) == 0)
    assert companion.heard_kinds("alarm_raised", "alarm_disarmed") == ["alarm_raised", "alarm_disarmed"]


async def test_an_alarm_does_not_wait_for_the_end_of_a_long_back_off(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    retry = linked.runtime_data.link.retry
    retry.maximum_s = retry.minimum_s = 100_000
    for _ in range(2):
        retry.wait_s()
    retry.minimum_s = 0
    companion.cut()
    await until(lambda: not linked.runtime_data.link.connected)

    await panel(hass, "alarm_trigger")

    await until(lambda: companion.heard_kinds("alarm_raised"))


async def test_a_restart_while_the_companion_is_away_keeps_what_it_must_hear(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    await companion.stop()
    await until(lambda: not linked.runtime_data.link.connected)
    await panel(hass, "alarm_trigger")

    await hass.config_entries.async_reload(linked.entry_id)
    await companion.start()

    await until(lambda: companion.heard_kinds("alarm_raised"))
    await until(lambda: len(linked.runtime_data.outbox) == 0)
    assert companion.heard_kinds("alarm_raised") == ["alarm_raised"]


async def test_the_companion_learns_of_an_entry_delay_before_it_is_over(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    close_all(hass)
    await panel(hass, "alarm_arm_home", code=CODE)

    sense(hass, DOOR, "on")

    await until(lambda: companion.heard_kinds("alarm_pending"))
    await panel(hass, "alarm_disarm", code=CODE)
    await until(lambda: companion.heard_kinds("pending_cleared"))


async def test_a_companion_that_lost_its_storage_is_told_and_tells_again(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    watcher = Watcher(hass)
    companion.raise_alarm("key")
    await panel(hass, "alarm_trigger")
    await until(lambda: not companion.unconfirmed and len(companion.alarms) == 2)

    companion.forget()
    await panel(hass, "alarm_disarm", code=CODE)
    companion.acknowledge("key", "Ben Example")

    await until(lambda: watcher.changes.get("key") == ["raised", "acknowledged"])
    assert watcher.changes["panel"] == ["raised", "resolved"]


async def test_alarms_that_a_companion_without_storage_does_not_repeat_are_dropped(
    hass: HomeAssistant,
    linked: MockConfigEntry,
    companion: FakeCompanion,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("custom_components.alarm_broker.link.client.SETTLE_S", 0.05)
    companion.raise_alarm("old")
    companion.raise_alarm("still_open")
    await panel(hass, "alarm_trigger")
    await until(lambda: not companion.unconfirmed and len(linked.runtime_data.alarms.open_alarms) == 3)

    del companion.alarms["old"]
    companion.forget()

    await until(lambda: linked.runtime_data.alarms.find("old") is None)
    assert sorted(alarm.source for alarm in linked.runtime_data.alarms.open_alarms) == ["panel", "yealink"]


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "welcome"},
        {"type": "hello", "version": 1, "stream": "a", "instance": "b", "name": "c", "received": 0},
        {"type": "event", "seq": 99, "event": {"kind": "alarm"}},
        {"type": "confirm", "seq": 99},
        {"type": "error", "code": "bad_frame", "detail": "No."},
        b"\x00",
    ],
    ids=["half a frame", "a second introduction", "a gap", "a strange confirmation", "a refusal", "bytes"],
)
async def test_after_a_wrong_frame_the_link_mends_itself(
    hass: HomeAssistant,
    linked: MockConfigEntry,
    companion: FakeCompanion,
    until: Until,
    frame: dict[str, Any] | bytes,
) -> None:
    await companion.misspeak(frame)
    await until(lambda: len(companion.hellos) > 1)
    companion.raise_alarm("key")

    await until(lambda: linked.runtime_data.alarms.find("key"))


async def test_a_pong_and_an_old_event_change_nothing(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    watcher = Watcher(hass)
    companion.raise_alarm("key")
    await until(lambda: not companion.unconfirmed)

    await companion.misspeak({"type": "pong"})
    await companion.misspeak({"type": "event", "seq": 1, "event": companion.alarms["key"]})
    companion.raise_alarm("tag")

    await until(lambda: linked.runtime_data.alarms.find("tag"))
    assert watcher.changes == {"key": ["raised"], "tag": ["raised"]}
    assert len(companion.hellos) == 1


async def test_an_outbox_that_is_compacted_while_linked_goes_on_in_a_new_stream(
    hass: HomeAssistant,
    linked: MockConfigEntry,
    companion: FakeCompanion,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream = linked.runtime_data.outbox.stream
    monkeypatch.setattr(outbox, "COMPACT_ABOVE", 0)

    await panel(hass, "alarm_trigger")

    await until(lambda: companion.heard_kinds("alarm_raised") and len(linked.runtime_data.outbox) == 0)
    assert linked.runtime_data.outbox.stream != stream
    assert companion.hellos[-1]["stream"] == linked.runtime_data.outbox.stream
    assert len(linked.runtime_data.alarms.open_alarms) == 1


async def test_an_alarm_that_the_companion_raised_for_us_is_ours_when_the_panel_says_it(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    watcher = Watcher(hass)
    companion.raise_alarm("c1", uid="u1", source="panel")
    await until(lambda: linked.runtime_data.alarms.find("u1"))

    await linked.runtime_data.alarms.async_emit(
        AlarmRaised(
            at=datetime(2026, 11, 20, 22, tzinfo=UTC),
            uid="u1",
            area="home",
            name="Home",
            alarm_kind=AlarmKind.BURGLARY,
            zones=("Front door",),
        )
    )

    assert linked.runtime_data.alarms.find("u1").local
    assert watcher.changes == {"panel": ["raised"]}


async def test_a_restored_backup_of_home_assistant_starts_a_new_stream(
    hass: HomeAssistant,
    linked: MockConfigEntry,
    companion: FakeCompanion,
    until: Until,
    hass_storage: dict[str, Any],
) -> None:
    key = f"alarm_broker.panel.{linked.entry_id}"
    await until(lambda: key in hass_storage)
    backup = dict(hass_storage[key])
    companion.raise_alarm("key")
    await panel(hass, "alarm_trigger")
    await panel(hass, "alarm_disarm", code=CODE)
    companion.close("key", "Ben Example")
    await until(lambda: not companion.unconfirmed and len(linked.runtime_data.outbox) == 0)

    await hass.config_entries.async_unload(linked.entry_id)
    hass_storage[key] = backup
    await hass.config_entries.async_setup(linked.entry_id)
    await until(lambda: linked.runtime_data.link.connected)
    companion.raise_alarm("tag")

    await until(lambda: linked.runtime_data.alarms.find("tag"))
    assert [alarm.id for alarm in linked.runtime_data.alarms.open_alarms] == ["tag"]


async def test_a_restored_backup_that_only_lacks_what_the_companion_said_is_mended(
    hass: HomeAssistant,
    linked: MockConfigEntry,
    companion: FakeCompanion,
    until: Until,
    hass_storage: dict[str, Any],
) -> None:
    key = f"alarm_broker.panel.{linked.entry_id}"
    await until(lambda: key in hass_storage and len(linked.runtime_data.outbox) == 0)
    backup = dict(hass_storage[key])
    companion.raise_alarm("key")
    companion.close("key", "Ben Example")
    await until(lambda: not companion.unconfirmed)

    await hass.config_entries.async_unload(linked.entry_id)
    hass_storage[key] = backup
    companion.raise_alarm("tag")
    await hass.config_entries.async_setup(linked.entry_id)

    await until(lambda: linked.runtime_data.alarms.find("tag"))
    await until(lambda: not companion.unconfirmed)
    assert [alarm.id for alarm in linked.runtime_data.alarms.open_alarms] == ["tag"]


async def test_unloading_lets_the_event_in_hand_be_stored_and_told(
    hass: HomeAssistant,
    linked: MockConfigEntry,
    companion: FakeCompanion,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watcher = Watcher(hass)
    writing, disk = asyncio.Event(), asyncio.Event()

    async def slow_write(write: Write, store: Store[Any], data: dict[str, Any]) -> None:
        writing.set()
        await disk.wait()
        await write(store, data)

    with written_by(slow_write):
        companion.raise_alarm("key")
        await writing.wait()
        reload = hass.async_create_task(hass.config_entries.async_reload(linked.entry_id))
        while linked.state is ConfigEntryState.LOADED:  # noqa: ASYNC110 # nobody says when it begins
            await asyncio.sleep(0)
        disk.set()
        await reload

    await until(lambda: settled_stream(linked, companion))
    assert watcher.changes == {"key": ["raised"]}


async def test_what_the_disk_refuses_is_shown_and_said_again_until_it_is_kept(
    hass: HomeAssistant,
    linked: MockConfigEntry,
    companion: FakeCompanion,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    watcher = Watcher(hass)
    hellos = len(companion.hellos)

    async def full(*_args: Any) -> None:
        raise WriteError("No space left on device")

    with written_by(full):
        companion.raise_alarm("key")
        await until(lambda: len(companion.hellos) > hellos + 1)
        shown_with_a_full_disk = dict(watcher.changes)
        unconfirmed = [body["alarm_id"] for body in companion.unconfirmed]

    assert shown_with_a_full_disk == {"key": ["raised"]}
    assert unconfirmed == ["key"]
    await until(lambda: settled_stream(linked, companion))
    assert watcher.changes == {"key": ["raised"]}
    caplog.clear()


def settled_stream(entry: MockConfigEntry, companion: FakeCompanion) -> bool:
    return _loaded(entry) and entry.runtime_data.link.connected and not companion.unconfirmed
