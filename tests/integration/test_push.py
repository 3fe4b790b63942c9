"""Phones hear of alarms, and their Acknowledge button cannot be forged."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Context, HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.alarm_broker import push as push_module
from tests.fakes.companion import FakeCompanion
from tests.integration.conftest import Until
from tests.integration.house import CODE, move_in, panel

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf")

NOW = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
TAB = "notify.mobile_app_tab"
LATEST = "sensor.home_alarm_latest_alarm"


class Phone:
    """A phone as its notify service sees it: what it shows, by tag, and everything that ever came."""

    def __init__(self, hass: HomeAssistant, name: str = "mobile_app_tab") -> None:
        self.came: list[dict[str, Any]] = []
        self.fails = 0
        hass.services.async_register("notify", name, self._notify)

    async def _notify(self, call: ServiceCall) -> None:
        if self.fails:
            self.fails -= 1
            raise HomeAssistantError("the push server is away")
        self.came.append(dict(call.data))

    @property
    def last(self) -> dict[str, Any]:
        return self.came[-1]

    @property
    def button(self) -> str:
        return str(self.last["data"]["actions"][0]["action"])


@pytest.fixture
def phone(hass: HomeAssistant) -> Phone:
    return Phone(hass)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push_module, "RETRY_AFTER_S", 0)
    monkeypatch.setattr(push_module, "RETRY_ALL_AFTER_S", 0.001)


@pytest.fixture
async def alone(hass: HomeAssistant, phone: Phone) -> AsyncIterator[MockConfigEntry]:
    """A panel without a companion that notifies the phone."""
    entry = await move_in(hass, notify_targets=[TAB])
    yield entry
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.fixture
async def alarmed(hass: HomeAssistant, alone: MockConfigEntry, phone: Phone, until: Until) -> MockConfigEntry:
    """The same, with an alarm that the phone shows."""
    await panel(hass, "alarm_trigger")
    await until(lambda: phone.came)
    return alone


@pytest.fixture
def anna(hass: HomeAssistant) -> MockUser:
    return MockUser(name="Anna", id="anna").add_to_hass(hass)


async def press(hass: HomeAssistant, action: Any, user_id: str | None) -> None:
    hass.bus.async_fire(
        "mobile_app_notification_action", {"action": action}, context=Context(user_id=user_id)
    )
    await hass.async_block_till_done()


def status(hass: HomeAssistant) -> str:
    found = hass.states.get(LATEST)
    assert found is not None
    return found.state


async def test_an_alarm_of_the_panel_wakes_the_phone(
    hass: HomeAssistant, alarmed: MockConfigEntry, phone: Phone
) -> None:
    [shown] = phone.came
    [alarm] = alarmed.runtime_data.alarms.open_alarms

    assert shown["title"] == "Alarm: Panic"
    assert shown["message"] == "Home\nRaised by hand."
    assert shown["data"]["tag"] == alarm.id
    assert shown["data"]["push"]["sound"] == {"name": "default", "critical": 1, "volume": 1.0}
    assert shown["data"]["channel"] == "alarm_stream"
    assert (shown["data"]["ttl"], shown["data"]["priority"]) == (0, "high")
    assert shown["data"]["actions"] == [{"action": phone.button, "title": "Acknowledge"}]
    assert phone.button.startswith("ALARM_BROKER_ACK_")


async def test_the_phone_speaks_german_where_home_assistant_does(
    hass: HomeAssistant, alone: MockConfigEntry, phone: Phone, until: Until
) -> None:
    hass.config.language = "de-CH"

    await panel(hass, "alarm_trigger")

    await until(lambda: phone.came)
    assert phone.last["data"]["actions"][0]["title"] == "Bestätigen"


async def test_the_button_acknowledges_in_the_owners_name_and_the_phone_says_so(
    hass: HomeAssistant, alarmed: MockConfigEntry, phone: Phone, anna: MockUser, until: Until
) -> None:
    await press(hass, phone.button, anna.id)

    await until(lambda: len(phone.came) == 2)
    assert status(hass) == "acknowledged"
    assert phone.last["title"] == "Acknowledged: Panic"
    assert phone.last["message"] == "Home\nRaised by hand.\nBy: Anna"
    assert phone.last["data"]["tag"] == phone.came[0]["data"]["tag"]
    assert "actions" not in phone.last["data"]
    assert "push" not in phone.last["data"]


async def test_the_end_of_an_alarm_reaches_the_phone(
    hass: HomeAssistant, alarmed: MockConfigEntry, phone: Phone, until: Until
) -> None:
    await panel(hass, "alarm_disarm", code=CODE)

    await until(lambda: len(phone.came) == 2)
    assert phone.last["title"] == "Resolved: Panic"
    assert phone.last["message"] == "Home\nRaised by hand.\nBy: Anna"


@pytest.mark.parametrize("user_id", [None, "nobody"], ids=["no user", "unknown user"])
async def test_a_button_pressed_by_nobody_known_changes_nothing(
    hass: HomeAssistant,
    alarmed: MockConfigEntry,
    phone: Phone,
    caplog: pytest.LogCaptureFixture,
    user_id: str | None,
) -> None:
    await press(hass, phone.button, user_id)

    assert status(hass) == "triggered"
    assert "nobody whom Home Assistant knows" in caplog.text
    assert phone.button not in caplog.text


@pytest.mark.parametrize(
    "traits", [{"is_active": False}, {"system_generated": True}], ids=["inactive", "system"]
)
async def test_a_button_pressed_by_a_user_who_may_not_log_in_changes_nothing(
    hass: HomeAssistant, alarmed: MockConfigEntry, phone: Phone, traits: dict[str, bool]
) -> None:
    user = MockUser(name="Old", **traits).add_to_hass(hass)

    await press(hass, phone.button, user.id)

    assert status(hass) == "triggered"


@pytest.mark.parametrize(
    "action", ["ALARM_BROKER_ACK_", "ALARM_BROKER_ACK_guess", "ALARM_BROKER_ACK", "ALARMO_DISARM", 7, None]
)
async def test_a_forged_button_changes_nothing(
    hass: HomeAssistant, alarmed: MockConfigEntry, anna: MockUser, action: Any
) -> None:
    await press(hass, action, anna.id)

    assert status(hass) == "triggered"


async def test_a_button_works_once(
    hass: HomeAssistant,
    alarmed: MockConfigEntry,
    phone: Phone,
    anna: MockUser,
    until: Until,
    caplog: pytest.LogCaptureFixture,
) -> None:
    ben = MockUser(name="Ben").add_to_hass(hass)
    button = phone.button
    await press(hass, button, anna.id)
    await until(lambda: status(hass) == "acknowledged")

    await press(hass, button, ben.id)

    latest = hass.states.get(LATEST)
    assert latest is not None
    assert latest.attributes["acknowledged_by"] == "Anna"
    assert "used, too late or forged" in caplog.text


async def test_the_button_of_one_alarm_does_not_answer_the_next(
    hass: HomeAssistant, alarmed: MockConfigEntry, phone: Phone, anna: MockUser, until: Until
) -> None:
    old = phone.button
    await panel(hass, "alarm_disarm", code=CODE)
    await panel(hass, "alarm_trigger")
    await until(lambda: status(hass) == "triggered" and phone.last["title"] == "Alarm: Panic")

    await press(hass, old, anna.id)

    assert status(hass) == "triggered"


async def test_a_button_is_too_late_after_a_day(
    hass: HomeAssistant,
    alarmed: MockConfigEntry,
    phone: Phone,
    anna: MockUser,
    freezer: FrozenDateTimeFactory,
) -> None:
    freezer.tick(timedelta(hours=25))

    await press(hass, phone.button, anna.id)

    assert status(hass) == "triggered"


async def test_a_button_outlives_a_restart_and_the_phone_is_not_told_twice(
    hass: HomeAssistant, alarmed: MockConfigEntry, phone: Phone, anna: MockUser, until: Until
) -> None:
    await hass.config_entries.async_reload(alarmed.entry_id)
    await hass.async_block_till_done()
    assert len(phone.came) == 1

    await press(hass, phone.button, anna.id)

    await until(lambda: status(hass) == "acknowledged")


async def test_only_a_hash_of_the_button_is_stored(
    hass: HomeAssistant, alarmed: MockConfigEntry, phone: Phone, hass_storage: dict[str, Any]
) -> None:
    nonce = phone.button.removeprefix("ALARM_BROKER_ACK_")
    stored = hass_storage[f"alarm_broker.link.{alarmed.entry_id}"]

    assert len(stored["data"]["nonces"]) == 1
    assert nonce not in str(stored)


async def test_a_restart_between_alarm_and_notification_still_notifies(
    hass: HomeAssistant, alone: MockConfigEntry, phone: Phone, until: Until
) -> None:
    phone.fails = 10_000
    await panel(hass, "alarm_trigger")
    await hass.config_entries.async_unload(alone.entry_id)
    phone.fails = 0

    await hass.config_entries.async_setup(alone.entry_id)

    await until(lambda: phone.came)
    assert phone.last["title"] == "Alarm: Panic"


async def test_a_phone_that_cannot_be_reached_is_tried_again(
    hass: HomeAssistant, alone: MockConfigEntry, phone: Phone, until: Until
) -> None:
    phone.fails = 5

    await panel(hass, "alarm_trigger")

    await until(lambda: phone.came)
    assert len(phone.came) == 1


async def test_a_broken_target_does_not_keep_another_from_hearing(
    hass: HomeAssistant, phone: Phone, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    entry = await move_in(hass, notify_targets=["notify.mobile_app_gone", TAB])

    await panel(hass, "alarm_trigger")

    await until(lambda: phone.came)
    assert "notify.mobile_app_gone was not notified" in caplog.text
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_target_with_a_bug_does_not_keep_another_from_hearing(
    hass: HomeAssistant, phone: Phone, until: Until
) -> None:
    async def broken(_call: ServiceCall) -> None:
        raise RuntimeError("a bug")

    hass.services.async_register("notify", "mobile_app_odd", broken)
    entry = await move_in(hass, notify_targets=["notify.mobile_app_odd", TAB])

    await panel(hass, "alarm_trigger")

    await until(lambda: phone.came)
    await hass.config_entries.async_unload(entry.entry_id)


def test_a_button_is_redeemed_once() -> None:
    nonces = push_module.AckNonces(None)
    nonce = nonces.issue("a1", NOW)

    assert [nonces.redeem(nonce, NOW), nonces.redeem(nonce, NOW)] == ["a1", None]


def test_buttons_do_not_grow_without_end() -> None:
    nonces = push_module.AckNonces(None)
    issued = [nonces.issue("a1", NOW) for _ in range(push_module.NONCES_KEPT + 1)]

    assert nonces.redeem(issued[0], NOW) is None
    assert nonces.redeem(issued[1], NOW) == "a1"


async def test_a_notify_entity_gets_title_and_message(hass: HomeAssistant, until: Until) -> None:
    messages = Phone(hass, "send_message")
    entry = await move_in(hass, notify_targets=["notify.kitchen_display"])

    await panel(hass, "alarm_trigger")

    await until(lambda: messages.came)
    assert messages.came == [
        {"title": "Alarm: Panic", "message": "Home\nRaised by hand.", "entity_id": "notify.kitchen_display"}
    ]
    await hass.config_entries.async_unload(entry.entry_id)


async def notifying(hass: HomeAssistant, linked: MockConfigEntry, until: Until) -> None:
    hass.config_entries.async_update_entry(linked, options={**linked.options, "notify_targets": [TAB]})
    await hass.async_block_till_done()
    await until(lambda: linked.state.name == "LOADED" and linked.runtime_data.link.connected)


async def test_a_panic_key_at_the_companion_is_told_and_answered_from_the_phone(
    hass: HomeAssistant,
    linked: MockConfigEntry,
    companion: FakeCompanion,
    phone: Phone,
    anna: MockUser,
    until: Until,
) -> None:
    await notifying(hass, linked, until)
    companion.raise_alarm("a1")
    await until(lambda: phone.came)
    assert phone.last["message"] == "Panic key: Reception\nWhere: Head office, Reception\nWho: Anna Example"

    await press(hass, phone.button, anna.id)

    await until(lambda: companion.alarms["a1"]["acknowledged_by"] == "Anna")
    await until(lambda: len(phone.came) == 2)
    assert companion.heard[-1]["via"] == "push"
    assert phone.last["title"] == "Acknowledged: Panic"


async def test_when_nobody_has_answered_the_phone_sounds_again(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, phone: Phone, until: Until
) -> None:
    await notifying(hass, linked, until)
    companion.raise_alarm("a1")
    await until(lambda: phone.came)

    companion.change("a1", "exhausted")

    await until(lambda: len(phone.came) == 2)
    assert phone.last["title"] == "Nobody has answered: Panic"
    assert phone.last["data"]["channel"] == "alarm_stream"


async def test_a_test_alarm_says_that_it_is_one(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, phone: Phone, until: Until
) -> None:
    await notifying(hass, linked, until)

    companion.raise_alarm("a1", test=True)

    await until(lambda: phone.came)
    assert phone.last["title"] == "TEST: Alarm: Panic"


async def test_an_alarm_that_was_over_before_we_heard_of_it_wakes_nobody(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, phone: Phone, until: Until
) -> None:
    await notifying(hass, linked, until)

    companion.raise_alarm("a1", status="resolved", change="resolved")

    await until(lambda: not companion.unconfirmed)
    assert phone.came == []


async def test_a_panel_alarm_wakes_the_phone_while_the_companion_is_away(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, phone: Phone, until: Until
) -> None:
    await notifying(hass, linked, until)
    await companion.stop()
    await until(lambda: not linked.runtime_data.link.connected)

    await panel(hass, "alarm_trigger")

    await until(lambda: phone.came)
    assert phone.last["title"] == "Alarm: Panic"


async def test_an_answer_that_must_wait_for_the_companion_is_said_to_be_kept(
    hass: HomeAssistant,
    linked: MockConfigEntry,
    companion: FakeCompanion,
    phone: Phone,
    anna: MockUser,
    until: Until,
) -> None:
    await notifying(hass, linked, until)
    companion.raise_alarm("a1")
    await until(lambda: phone.came)
    await companion.stop()
    await until(lambda: not linked.runtime_data.link.connected)

    await press(hass, phone.button, anna.id)

    await until(lambda: len(phone.came) == 2)
    assert "passed on as soon as the companion is back" in phone.last["message"]
    await companion.start()
    await until(lambda: companion.alarms["a1"]["status"] == "acknowledged")
    await until(lambda: phone.last["title"] == "Acknowledged: Panic")
