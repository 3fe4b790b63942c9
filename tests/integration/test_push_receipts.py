"""Whether an alarm arrived: one Android phone's word is enough, and its absence is told to the companion at once."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser, async_fire_time_changed

from tests.fakes.companion import FakeCompanion
from tests.integration.conftest import Until
from tests.integration.family import Told
from tests.integration.house import CODE, DOOR, HOUSE, SMOKE, move_in, panel, sense, wait
from tests.integration.phones import Phone, Target, disarm, notified, settle, while_it_is_written

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf", "prompt_retries")


@pytest.fixture
def iphone(hass: HomeAssistant, anna: MockUser) -> Phone:
    return Phone(hass, anna, name="iPhone", os_name="iOS")


async def alarm_at(hass: HomeAssistant, *targets: Target, **options: Any) -> tuple[MockConfigEntry, str]:
    """Raise an alarm in a house that notifies the targets, and return its id."""
    people = [notified(f"Owner {number}", one.target) for number, one in enumerate(targets)]
    entry = await move_in(hass, *HOUSE, *people, **options)
    await panel(hass, "alarm_trigger")
    await settle(hass)
    return entry, str(entry.runtime_data.alarms.open_alarms[0].id)


async def test_a_phone_that_confirms_ends_the_waiting(
    hass: HomeAssistant, phone: Phone, happened: Told, freezer: FrozenDateTimeFactory
) -> None:
    entry, alarm = await alarm_at(hass, phone)

    await phone.confirm(alarm)
    await wait(hass, freezer, 60)

    assert "push_unconfirmed" not in happened.kinds
    await hass.config_entries.async_unload(entry.entry_id)


async def test_when_no_phone_confirms_it_is_said_after_half_a_minute_and_once(
    hass: HomeAssistant, phone: Phone, happened: Told, freezer: FrozenDateTimeFactory
) -> None:
    entry, _alarm = await alarm_at(hass, phone)

    await wait(hass, freezer, 29)
    before = happened.of("push_unconfirmed")
    await wait(hass, freezer, 2)
    await wait(hass, freezer, 600)

    assert before == []
    [said] = happened.of("push_unconfirmed")
    assert said["people"] == ["Owner 0"]
    await hass.config_entries.async_unload(entry.entry_id)


async def test_how_long_to_wait_is_a_setting(
    hass: HomeAssistant, phone: Phone, happened: Told, freezer: FrozenDateTimeFactory
) -> None:
    entry, _alarm = await alarm_at(hass, phone, push_confirm=90)

    await wait(hass, freezer, 89)
    before = happened.of("push_unconfirmed")
    await wait(hass, freezer, 2)

    assert (len(before), len(happened.of("push_unconfirmed"))) == (0, 1)
    await hass.config_entries.async_unload(entry.entry_id)


async def test_one_phone_of_many_is_enough(
    hass: HomeAssistant, phone: Phone, happened: Told, anna: MockUser, freezer: FrozenDateTimeFactory
) -> None:
    tablet = Phone(hass, MockUser(name="Ben").add_to_hass(hass), name="Tablet")
    entry, alarm = await alarm_at(hass, phone, tablet)

    await tablet.confirm(alarm)
    await wait(hass, freezer, 60)

    assert "push_unconfirmed" not in happened.kinds
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("options", [{"push_confirm": 0}, {}], ids=["turned off", "only an iPhone"])
async def test_where_no_word_can_come_none_is_waited_for(
    hass: HomeAssistant,
    phone: Phone,
    iphone: Phone,
    happened: Told,
    freezer: FrozenDateTimeFactory,
    options: dict[str, int],
) -> None:
    entry, _alarm = await alarm_at(hass, phone if options else iphone, **options)

    await wait(hass, freezer, 600)

    assert "push_unconfirmed" not in happened.kinds
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_strangers_phone_cannot_confirm(
    hass: HomeAssistant, phone: Phone, happened: Told, freezer: FrozenDateTimeFactory
) -> None:
    stranger = MockUser(name="Stranger").add_to_hass(hass)
    entry, alarm = await alarm_at(hass, phone)

    await phone.confirm(alarm, by=stranger)
    await wait(hass, freezer, 31)

    assert "push_unconfirmed" in happened.kinds
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("tag", ["another", None, 7, ["list"]])
async def test_another_notifications_receipt_does_not_count(
    hass: HomeAssistant,
    phone: Phone,
    happened: Told,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    tag: Any,
) -> None:
    entry, _alarm = await alarm_at(hass, phone)

    await phone.confirm(tag)
    await wait(hass, freezer, 31)

    assert "push_unconfirmed" in happened.kinds
    assert "Traceback" not in caplog.text
    await hass.config_entries.async_unload(entry.entry_id)


async def test_the_receipt_of_an_entry_delay_is_not_that_of_the_alarm(
    hass: HomeAssistant, phone: Phone, happened: Told, freezer: FrozenDateTimeFactory
) -> None:
    entry = await move_in(hass, *HOUSE, notified("Anna", phone.target))
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, DOOR, "on")
    await settle(hass)
    await phone.confirm(phone.last["data"]["tag"])

    await wait(hass, freezer, 31)
    await settle(hass)
    await wait(hass, freezer, 31)

    assert phone.titles == ["Entry delay", "Alarm: Burglary"]
    assert "push_unconfirmed" in happened.kinds
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("answer", ["Acknowledge", "Disarm"])
async def test_an_alarm_that_was_answered_needs_no_receipt(
    hass: HomeAssistant, phone: Phone, happened: Told, freezer: FrozenDateTimeFactory, answer: str
) -> None:
    entry, _alarm = await alarm_at(hass, phone)

    await phone.press(answer)
    await wait(hass, freezer, 60)

    assert "push_unconfirmed" not in happened.kinds
    await hass.config_entries.async_unload(entry.entry_id)


async def test_an_alarm_that_is_over_before_it_was_sent_needs_none_either(
    hass: HomeAssistant,
    phone: Phone,
    happened: Told,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entry = await move_in(hass, *HOUSE, notified("Anna", phone.target))
    while_it_is_written(entry, monkeypatch, lambda: disarm(hass))
    await panel(hass, "alarm_trigger")
    await settle(hass)
    await wait(hass, freezer, 60)

    assert "Alarm: Panic" not in phone.titles
    assert "push_unconfirmed" not in happened.kinds
    await hass.config_entries.async_unload(entry.entry_id)


async def test_two_alarms_are_waited_for_apart(
    hass: HomeAssistant, phone: Phone, happened: Told, freezer: FrozenDateTimeFactory
) -> None:
    entry, first = await alarm_at(hass, phone)
    sense(hass, SMOKE, "on")
    await settle(hass)

    await phone.confirm(first)
    await wait(hass, freezer, 31)

    assert len(happened.of("push_unconfirmed")) == 1
    await hass.config_entries.async_unload(entry.entry_id)


async def test_when_every_target_fails_it_is_said_at_once_and_once(
    hass: HomeAssistant, iphone: Phone, happened: Told, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    speaker = Target(hass, "speaker")
    iphone.fails = speaker.fails = 10_000
    entry = await move_in(
        hass, *HOUSE, notified("Anna", iphone.target), notify_targets=[speaker.target], push_confirm=0
    )

    await panel(hass, "alarm_trigger")
    await until(lambda: iphone.fails < 9_990 and speaker.fails < 9_990)

    assert [one["people"] for one in happened.of("push_unconfirmed")] == [["Anna", "notify.speaker"]]
    assert caplog.text.count("no phone has said that its notification arrived") == 1
    await hass.config_entries.async_unload(entry.entry_id)


async def test_while_one_target_can_be_reached_nothing_is_said(
    hass: HomeAssistant, iphone: Phone, happened: Told, until: Until
) -> None:
    speaker = Target(hass, "speaker")
    iphone.fails = 10_000
    entry = await move_in(hass, *HOUSE, notified("Anna", iphone.target), notify_targets=[speaker.target])

    await panel(hass, "alarm_trigger")
    await until(lambda: speaker.came and iphone.fails < 9_990)

    assert "push_unconfirmed" not in happened.kinds
    await hass.config_entries.async_unload(entry.entry_id)


async def test_alarms_leave_no_timer_behind(
    hass: HomeAssistant, phone: Phone, freezer: FrozenDateTimeFactory
) -> None:
    entry, _alarm = await alarm_at(hass, phone)
    with patch.object(entry, "async_on_unload") as left_to_unloading:
        for _ in range(3):
            await panel(hass, "alarm_disarm", code=CODE)
            await panel(hass, "alarm_trigger")
            await settle(hass)

    left_to_unloading.assert_not_called()
    await hass.config_entries.async_unload(entry.entry_id)


# What the companion hears


def unconfirmed(companion: FakeCompanion) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in body.items() if key != "at"}
        for body in companion.heard
        if body["kind"] == "push_unconfirmed"
    ]


async def test_the_companion_learns_that_nobody_at_home_knows(
    hass: HomeAssistant, at_work: MockConfigEntry, companion: FakeCompanion, phone: Phone, until: Until
) -> None:
    await panel(hass, "alarm_trigger")
    await until(lambda: phone.came)

    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=31))

    await until(lambda: unconfirmed(companion))
    tag = phone.last["data"]["tag"]
    assert unconfirmed(companion) == [
        {"kind": "push_unconfirmed", "uid": tag, "people": [phone.target], "after_s": 30.0}
    ]


async def test_the_companion_learns_at_once_that_no_phone_can_be_reached(
    hass: HomeAssistant, at_work: MockConfigEntry, companion: FakeCompanion, phone: Phone, until: Until
) -> None:
    phone.fails = 10_000

    await panel(hass, "alarm_trigger")

    await until(lambda: unconfirmed(companion))
    assert [body["after_s"] for body in unconfirmed(companion)] == [None]


async def test_an_alarm_of_the_companion_itself_is_its_own_business(
    hass: HomeAssistant,
    at_work: MockConfigEntry,
    companion: FakeCompanion,
    phone: Phone,
    happened: Told,
    until: Until,
) -> None:
    companion.raise_alarm("a1")
    await until(lambda: phone.came)

    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=31))
    await settle(hass)

    assert unconfirmed(companion) == []
    assert "push_unconfirmed" not in happened.kinds
