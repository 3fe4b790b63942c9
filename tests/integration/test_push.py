"""One notification an alarm on every phone, from the entry delay to its end; whatever a phone or the companion does."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.alarm_broker.core.verification import Level
from custom_components.alarm_broker.link import client as link_client
from custom_components.alarm_broker.push import delivery as push_delivery, targets as push_targets
from tests.fakes.companion import FakeCompanion
from tests.fakes.frigate import FakeFrigate
from tests.integration.conftest import Until
from tests.integration.house import (
    CODE,
    DOOR,
    DURESS_CODE,
    GARAGE_PANEL,
    GARAGE_PARTS,
    HOUSE,
    WINDOW,
    act,
    move_in,
    panel,
    sense,
    under_duress,
    wait,
    zone,
)
from tests.integration.phones import Phone, Target, burglary, notified, settle
from tests.integration.watched import somebody, watched

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf", "prompt_retries")


INTEGRATION = "custom_components.alarm_broker"


@pytest.fixture
async def home(hass: HomeAssistant, phone: Phone, other: Phone) -> AsyncIterator[MockConfigEntry]:
    """A house without a companion: Anna disarms with her phone, Ben with a code."""
    entry = await move_in(
        hass,
        *HOUSE,
        *GARAGE_PARTS,
        notified("Anna", phone.target),
        notified("Ben", other.target, disarm="code", language="de"),
        push_confirm=0,
    )
    yield entry
    await hass.config_entries.async_unload(entry.entry_id)


async def come_home(hass: HomeAssistant) -> None:
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, DOOR, "on")
    await settle(hass)


async def test_an_alarm_reaches_every_phone_at_once_each_in_its_language(
    hass: HomeAssistant, home: MockConfigEntry, phone: Phone, other: Phone
) -> None:
    await burglary(hass)

    assert phone.titles == ["Alarm: Burglary"]
    assert other.titles == ["Alarm: Einbruch"]
    assert phone.last["message"].startswith("Home: Kitchen window\n")
    assert phone.last["data"]["tag"] == home.runtime_data.alarms.open_alarms[0].id


async def test_each_phone_has_the_buttons_that_its_owner_may_press(
    hass: HomeAssistant, home: MockConfigEntry, phone: Phone, other: Phone
) -> None:
    await burglary(hass)

    assert phone.buttons() == ["Acknowledge", "Disarm", "False alarm", "Silence siren"]
    assert other.buttons() == ["Bestätigen", "Unscharf mit Code", "Fehlalarm"]


async def test_a_thread_from_the_entry_delay_to_the_end_is_one_notification(
    hass: HomeAssistant, home: MockConfigEntry, phone: Phone, freezer: FrozenDateTimeFactory
) -> None:
    await come_home(hass)
    await wait(hass, freezer, 31)
    await settle(hass)
    await phone.press("Acknowledge")
    await panel(hass, "alarm_disarm", code=CODE)
    await settle(hass)

    assert phone.titles == [
        "Entry delay",
        "Alarm: Burglary",
        "-",
        "Acknowledged: Burglary",
        "-",
        "False alarm: Burglary",
    ]
    assert len({one["data"]["tag"] for one in phone.came}) == 1
    assert [one["title"] for one in phone.screen.values()] == ["False alarm: Burglary"]
    assert "By: Anna" in phone.last["message"]


async def test_an_answer_takes_the_loud_notification_off_every_phone_and_says_who_gave_it(
    hass: HomeAssistant, home: MockConfigEntry, phone: Phone, other: Phone
) -> None:
    await burglary(hass)

    await phone.press("Acknowledge")

    assert other.titles == ["Alarm: Einbruch", "-", "Bestätigt: Einbruch"]
    assert "Von: Anna" in other.last["message"]
    assert "push" not in other.last["data"]


async def test_after_the_answer_there_is_still_what_can_be_done(
    hass: HomeAssistant, home: MockConfigEntry, phone: Phone, other: Phone
) -> None:
    await burglary(hass)

    await phone.press("Acknowledge")

    assert phone.buttons() == ["Disarm", "Silence siren", "False alarm"]
    assert other.buttons() == ["Unscharf mit Code", "Fehlalarm"]


async def test_a_false_alarm_still_offers_to_end_the_siren(
    hass: HomeAssistant, home: MockConfigEntry, phone: Phone
) -> None:
    await burglary(hass)

    await phone.press("False alarm")

    assert phone.last["title"] == "False alarm: Burglary"
    assert phone.buttons() == ["Disarm", "Silence siren"]


async def test_an_entry_delay_that_is_disarmed_in_time_is_taken_off_the_phones(
    hass: HomeAssistant, home: MockConfigEntry, phone: Phone, other: Phone
) -> None:
    await come_home(hass)
    assert phone.buttons() == ["Disarm"]
    assert other.buttons() == ["Unscharf mit Code"]

    await panel(hass, "alarm_disarm", code=CODE)
    await settle(hass)

    assert phone.titles == ["Entry delay", "-"]
    assert (phone.screen, other.screen) == ({}, {})


async def test_an_entry_delay_that_is_an_alarm_before_it_could_be_told_is_not_told(
    hass: HomeAssistant, home: MockConfigEntry, phone: Phone
) -> None:
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, DOOR, "on")
    sense(hass, WINDOW, "on")
    await settle(hass)

    assert phone.titles == ["Alarm: Burglary"]


async def test_an_alarm_disarmed_in_the_abort_window_says_that_nobody_outside_knows(
    hass: HomeAssistant, home: MockConfigEntry, phone: Phone
) -> None:
    await burglary(hass)

    await panel(hass, "alarm_disarm", code=CODE)
    await settle(hass)

    assert phone.last["title"] == "False alarm: Burglary"
    assert phone.last["message"].endswith("Nobody outside was told.")


async def test_what_is_found_out_follows_without_a_sound(
    hass: HomeAssistant, home: MockConfigEntry, phone: Phone
) -> None:
    await burglary(hass)
    alarm = home.runtime_data.alarms.open_alarms[0].id

    await home.runtime_data.verification.async_validate(alarm, Level.HUMAN, by="Anna", note=None)
    await settle(hass)

    assert phone.titles == ["Alarm: Burglary", "Verified alarm: Burglary"]
    assert phone.last["data"]["alert_once"] is True
    assert phone.last["data"]["push"] == {"interruption-level": "passive", "sound": "none"}
    assert phone.last["data"]["actions"] == phone.came[0]["data"]["actions"]


async def test_two_alarms_at_once_are_two_threads(
    hass: HomeAssistant, home: MockConfigEntry, phone: Phone
) -> None:
    await burglary(hass)
    await act(hass, "trigger", kind="panic", entity_id=GARAGE_PANEL)
    await settle(hass)

    await phone.press("Acknowledge", title="Alarm: Burglary")

    assert sorted(one["title"] for one in phone.screen.values()) == [
        "Acknowledged: Burglary",
        "Alarm: Panic",
    ]
    await phone.press("Acknowledge", title="Alarm: Panic")
    assert sorted(one["title"] for one in phone.screen.values()) == [
        "Acknowledged: Burglary",
        "Acknowledged: Panic",
    ]


async def test_a_phone_that_hangs_keeps_nobody_else_waiting_and_never_shows_old_news_last(
    hass: HomeAssistant, home: MockConfigEntry, phone: Phone, other: Phone, until: Until
) -> None:
    other.hangs = asyncio.Event()
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, DOOR, "on")
    await until(lambda: phone.titles == ["Entry delay"])
    sense(hass, WINDOW, "on")
    await until(lambda: phone.titles == ["Entry delay", "Alarm: Burglary"])
    await panel(hass, "alarm_disarm", code=CODE)
    await until(lambda: phone.titles[2:] == ["-", "False alarm: Burglary"])
    other.hangs.set()
    await settle(hass)

    assert other.titles == ["Eingangsverzögerung", "-", "Fehlalarm: Einbruch"]


async def test_a_phone_that_missed_the_alarm_hears_it_loud_with_the_next_news(
    hass: HomeAssistant,
    home: MockConfigEntry,
    phone: Phone,
    other: Phone,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(push_targets, "RETRY_UNTOLD_AFTER_S", 600)
    other.fails = 2
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, WINDOW, "on")
    await until(lambda: phone.came and not other.fails)
    alarm = home.runtime_data.alarms.open_alarms[0].id

    await home.runtime_data.verification.async_validate(alarm, Level.HUMAN, by="Anna", note=None)
    await until(lambda: other.came)

    assert other.titles == ["Verifizierter Alarm: Einbruch"]
    loudness = [one.last["data"]["push"]["interruption-level"] for one in (phone, other)]
    assert loudness == ["passive", "critical"]


async def test_a_phone_that_cannot_be_reached_is_tried_until_it_can_and_the_log_says_it_once(
    hass: HomeAssistant,
    home: MockConfigEntry,
    phone: Phone,
    other: Phone,
    until: Until,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    other.fails = 25
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, WINDOW, "on")

    await until(lambda: other.came)

    assert (phone.titles, other.titles) == (["Alarm: Burglary"], ["Alarm: Einbruch"])
    assert caplog.text.count(f"{other.target} was not notified") == 1
    assert f"{other.target} is notified again" in caplog.text


async def test_nobody_is_told_of_an_alarm_that_is_over_before_they_could_be(
    hass: HomeAssistant, home: MockConfigEntry, phone: Phone, other: Phone, until: Until
) -> None:
    phone.fails = 10_000
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, WINDOW, "on")
    await until(lambda: phone.fails < 9_990)
    await until(lambda: other.came)

    await panel(hass, "alarm_disarm", code=CODE)
    phone.fails = 0
    await settle(hass)

    assert "Alarm: Burglary" not in phone.titles


@pytest.mark.parametrize("error", [RuntimeError("a bug"), ValueError("odd data"), TimeoutError()])
async def test_a_broken_target_does_not_keep_another_from_hearing(
    hass: HomeAssistant, home: MockConfigEntry, phone: Phone, other: Phone, error: Exception
) -> None:
    phone.fails, phone.error = 2, error

    await act(hass, "trigger", kind="panic")
    await settle(hass)

    assert other.titles == ["Alarm: Überfall"]
    assert phone.titles == ["Alarm: Panic"]


async def test_a_target_that_is_gone_does_not_either(
    hass: HomeAssistant, phone: Phone, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    entry = await move_in(hass, notify_targets=["notify.mobile_app_gone", phone.target])

    await act(hass, "trigger", kind="panic")

    await until(lambda: phone.came)
    await until(lambda: "notify.mobile_app_gone was not notified" in caplog.text)
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_target_that_does_not_answer_in_time_is_given_up(
    hass: HomeAssistant, home: MockConfigEntry, phone: Phone, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push_delivery, "SEND_TIMEOUT_S", 0.01)
    phone.hangs = asyncio.Event()
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, WINDOW, "on")
    await panel(hass, "alarm_disarm", code=CODE)

    await settle(hass)

    assert phone.came == []


async def test_a_restart_does_not_tell_again_what_phones_know(
    hass: HomeAssistant, home: MockConfigEntry, phone: Phone
) -> None:
    await burglary(hass)

    await hass.config_entries.async_reload(home.entry_id)
    await settle(hass)

    assert phone.titles == ["Alarm: Burglary"]


async def test_a_button_outlives_a_restart(hass: HomeAssistant, home: MockConfigEntry, phone: Phone) -> None:
    await burglary(hass)
    await hass.config_entries.async_reload(home.entry_id)
    await settle(hass)

    await phone.press("Acknowledge")

    assert phone.last["title"] == "Acknowledged: Burglary"


async def test_after_a_restart_the_phones_catch_up(
    hass: HomeAssistant, home: MockConfigEntry, phone: Phone, other: Phone, until: Until
) -> None:
    phone.fails = other.fails = 10_000
    await act(hass, "trigger", kind="panic")
    await until(lambda: phone.fails < 10_000)
    await hass.config_entries.async_unload(home.entry_id)
    phone.fails = other.fails = 0

    await hass.config_entries.async_setup(home.entry_id)
    await settle(hass)

    assert (phone.titles, other.titles) == (["Alarm: Panic"], ["Alarm: Überfall"])


async def test_after_a_restart_the_phones_learn_what_became_of_an_alarm(
    hass: HomeAssistant, home: MockConfigEntry, phone: Phone, other: Phone
) -> None:
    await burglary(hass)
    phone.hangs = other.hangs = asyncio.Event()
    await panel(hass, "alarm_disarm", code=CODE)
    await hass.config_entries.async_unload(home.entry_id)
    phone.hangs = other.hangs = None

    await hass.config_entries.async_setup(home.entry_id)
    await settle(hass)

    assert phone.titles[-1] == "False alarm: Burglary"


async def test_targets_that_are_no_phones_get_words_without_buttons_and_nothing_is_cleared_there(
    hass: HomeAssistant, until: Until
) -> None:
    display, siren = Target(hass, "send_message"), Target(hass, "speaker")
    hass.states.async_set("notify.kitchen_display", "unknown")
    entry = await move_in(hass, notify_targets=["notify.kitchen_display", siren.target])

    await act(hass, "trigger", kind="panic")
    await settle(hass)
    await panel(hass, "alarm_disarm", code=CODE)
    await settle(hass)

    assert display.came == [
        {"title": "Alarm: Panic", "message": "Home\nRaised by hand.", "entity_id": "notify.kitchen_display"},
        {
            "title": "Resolved: Panic",
            "message": "Home\nRaised by hand.\nBy: Anna",
            "entity_id": "notify.kitchen_display",
        },
    ]
    assert siren.titles == ["Alarm: Panic", "Resolved: Panic"]
    assert "actions" not in siren.came[0]["data"]
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_notify_service_that_cannot_take_our_data_gets_the_words_alone(hass: HomeAssistant) -> None:
    strict = Target(hass, "strict")
    strict.fails, strict.error = 1, ValueError("priority is not a number")
    entry = await move_in(hass, notify_targets=[strict.target])

    await act(hass, "trigger", kind="panic")
    await settle(hass)

    assert strict.came == [{"title": "Alarm: Panic", "message": "Home\nRaised by hand."}]
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_target_of_two_is_told_once_with_the_persons_rights(
    hass: HomeAssistant, phone: Phone
) -> None:
    entry = await move_in(hass, *HOUSE, notified("Anna", phone.target), notify_targets=[phone.target])

    await act(hass, "trigger", kind="panic")
    await settle(hass)

    assert len(phone.came) == 1
    assert "Disarm" in phone.buttons()
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_phone_that_belongs_to_nobody_known_has_no_buttons(hass: HomeAssistant) -> None:
    stray = Target(hass, "mobile_app_stray")
    entry = await move_in(hass, notify_targets=[stray.target], call_number="110")

    await act(hass, "trigger", kind="panic")
    await settle(hass)

    assert [one["title"] for one in stray.last["data"]["actions"]] == ["Call 110"]
    await hass.config_entries.async_unload(entry.entry_id)


async def test_calling_goes_by_each_phones_own_address(
    hass: HomeAssistant, phone: Phone, other: Phone
) -> None:
    entry = await move_in(hass, notify_targets=[phone.target, other.target], call_number="+49 30 110")

    await act(hass, "trigger", kind="panic")
    await settle(hass)

    addresses = [one.last["data"]["actions"][-1]["uri"] for one in (phone, other)]
    assert addresses == ["deep-link://tel:+4930110", "tel:+4930110"]
    await hass.config_entries.async_unload(entry.entry_id)


async def test_nobody_to_notify_is_no_mistake(hass: HomeAssistant) -> None:
    entry = await move_in(hass)

    await act(hass, "trigger", kind="panic")
    await panel(hass, "alarm_disarm", code=CODE)

    assert entry.runtime_data.alarms.open_alarms == []
    await hass.config_entries.async_unload(entry.entry_id)


async def test_the_log_does_not_tell_that_a_silent_alarm_could_not_be_told(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    neighbour = Target(hass, "neighbour")
    neighbour.fails = 2
    entry = await move_in(hass, *HOUSE, under_duress(), duress_targets=[neighbour.target])
    await panel(hass, "alarm_arm_home", code=CODE)

    await panel(hass, "alarm_disarm", code=DURESS_CODE)
    await settle(hass)

    written = [one.getMessage().lower() for one in caplog.records if one.name.startswith(INTEGRATION)]
    assert any("notify.neighbour was not notified" in line for line in written)
    assert not any(word in line for word in ("silent", "duress") for line in written)
    await hass.config_entries.async_unload(entry.entry_id)


async def test_pictures_are_for_who_has_their_signed_address(
    hass: HomeAssistant,
    frigate: FakeFrigate,
    quick_looks: None,
    phone: Phone,
    hass_client_no_auth: Any,
    until: Until,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG", INTEGRATION)
    somebody(frigate)
    entry = await move_in(hass, *watched(frigate), notified("Anna", phone.target))
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, WINDOW, "on")
    await until(lambda: phone.came and "image" in phone.last["data"])
    address = phone.last["data"]["image"]
    client = await hass_client_no_auth()

    assert (await client.get(address)).status == 200
    assert (await client.get(address.partition("?")[0])).status == 401
    assert address.startswith("/api/alarm_broker/evidence/")
    assert not any(
        address.partition("?")[2] in one.getMessage()
        for one in caplog.records
        if one.name.startswith(INTEGRATION)
    )
    await hass.config_entries.async_unload(entry.entry_id)


async def test_what_cannot_replace_its_words_hears_only_how_sure_the_alarm_is(
    hass: HomeAssistant, frigate: FakeFrigate, quick_looks: None, phone: Phone, until: Until
) -> None:
    speaker = Target(hass, "speaker")
    somebody(frigate)
    entry = await move_in(hass, *watched(frigate), notified("Anna", phone.target, speaker.target))
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, WINDOW, "on")

    await until(lambda: phone.came and "image" in phone.last["data"])

    assert speaker.titles == ["Alarm: Burglary", "Verified alarm: Burglary"]
    assert len(phone.came) > len(speaker.came)
    await hass.config_entries.async_unload(entry.entry_id)


# Further zones


async def test_further_zones_follow_on_the_same_notification_with_their_count(
    hass: HomeAssistant, home: MockConfigEntry, phone: Phone, other: Phone
) -> None:
    await burglary(hass)
    await home.runtime_data.alarms.async_answer(
        home.runtime_data.alarms.open_alarms[0], "acknowledge", by="Anna", via="push"
    )
    await settle(hass)
    heard = len(phone.came)

    sense(hass, DOOR, "on")
    await settle(hass)

    assert phone.last["message"].splitlines()[:2] == [
        "Home: Kitchen window",
        "2 zones: Kitchen window, Front door",
    ]
    assert other.last["message"].splitlines()[1] == "2 Zonen: Kitchen window, Front door"
    assert len(phone.came) > heard
    assert len(phone.screen) == len(other.screen) == 1


async def test_a_confirmed_alarm_is_heard_once_more_by_everybody(
    hass: HomeAssistant, phone: Phone, other: Phone
) -> None:
    speaker = Target(hass, "speaker")
    people = (notified("Anna", phone.target, speaker.target), notified("Ben", other.target, language="de"))
    entry = await move_in(hass, *HOUSE, *people, push_confirm=0)
    await burglary(hass)

    sense(hass, DOOR, "on")
    await settle(hass)

    assert phone.titles == speaker.titles == ["Alarm: Burglary", "Alarm: Burglary"]
    assert phone.last["data"]["push"]["interruption-level"] == "critical"
    assert "Confirmed: more than one zone." in phone.last["message"]
    assert "Confirmed: more than one zone." in speaker.last["message"]
    assert "Bestätigt: mehr als eine Zone." in other.last["message"]
    assert len(phone.screen) == 1
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_further_zone_is_told_though_the_alarm_was_answered_as_false(
    hass: HomeAssistant, home: MockConfigEntry, phone: Phone
) -> None:
    await burglary(hass)
    await phone.press("False alarm")

    sense(hass, DOOR, "on")
    await settle(hass)
    further = phone.last
    await panel(hass, "alarm_disarm", code=CODE)
    await settle(hass)

    assert further["title"] == "False alarm: Burglary"
    assert "2 zones: Kitchen window, Front door" in further["message"]
    assert "push" not in further["data"]  # heard, and not hidden behind the older one
    assert phone.last is further


async def test_many_zones_in_a_short_time_are_few_messages(
    hass: HomeAssistant, phone: Phone, freezer: FrozenDateTimeFactory
) -> None:
    speaker = Target(hass, "speaker")
    rooms = [f"binary_sensor.room_{number}" for number in range(15)]
    for room in rooms:
        hass.states.async_set(room, "off")
    entry = await move_in(
        hass,
        *HOUSE,
        *(zone(room, "instant", "home") for room in rooms),
        notified("Anna", phone.target, speaker.target),
        push_confirm=0,
    )
    await burglary(hass)
    for room in rooms:
        hass.states.async_set(room, "on")
        await settle(hass)
        await wait(hass, freezer, 1)
    await wait(hass, freezer, 31)
    await settle(hass)

    assert len(phone.came) == len(speaker.came) == 3
    for one in (phone, speaker):
        assert "16 zones: Kitchen window, binary_sensor.room_0, " in one.last["message"]
    assert phone.last["data"]["push"]["interruption-level"] == "passive"
    await hass.config_entries.async_unload(entry.entry_id)


async def test_what_was_told_of_the_zones_before_a_reload_is_not_told_again(
    hass: HomeAssistant, home: MockConfigEntry, phone: Phone
) -> None:
    await burglary(hass)
    sense(hass, DOOR, "on")
    await settle(hass)
    heard = len(phone.came)

    await hass.config_entries.async_reload(home.entry_id)
    await settle(hass)

    assert len(phone.came) == heard


# Troubles


WORN = [f"sensor.battery_{number}" for number in range(15)]


def worn_out(number: int) -> Any:
    """A window with a battery of its own."""
    window = f"binary_sensor.window_{number}"
    return zone(window, "instant", "home", battery_entities=[WORN[number]])


async def many_windows(hass: HomeAssistant, *people: Any) -> MockConfigEntry:
    for number, battery in enumerate(WORN):
        hass.states.async_set(battery, "90")
        hass.states.async_set(f"binary_sensor.window_{number}", "off")
    return await move_in(hass, *HOUSE, *(worn_out(number) for number in range(15)), *people, push_confirm=0)


async def test_fifteen_troubles_within_seconds_are_one_notice_that_counts_them(
    hass: HomeAssistant, phone: Phone, other: Phone, freezer: FrozenDateTimeFactory
) -> None:
    speaker = Target(hass, "speaker")
    people = (notified("Anna", phone.target, speaker.target), notified("Ben", other.target, language="de"))
    entry = await many_windows(hass, *people)
    for battery in WORN:
        hass.states.async_set(battery, "5")
        await settle(hass)
        await wait(hass, freezer, 0.3)
    first = phone.last["message"]
    await wait(hass, freezer, 31)
    await settle(hass)

    assert first == "Trouble: binary_sensor.window_0: battery low"
    assert len(phone.came) == len(speaker.came) == 2
    for one in (phone, speaker):
        assert one.last["message"].startswith("Trouble: battery low (15): binary_sensor.window_0, ")
    assert other.last["message"].startswith("Störung: Batterie schwach (15): binary_sensor.window_0, ")
    assert len(phone.screen) == 1
    await hass.config_entries.async_unload(entry.entry_id)


async def test_troubles_of_one_moment_are_one_notice_from_the_first(
    hass: HomeAssistant, phone: Phone
) -> None:
    entry = await many_windows(hass, notified("Anna", phone.target))
    for battery in WORN:
        hass.states.async_set(battery, "5")
    await settle(hass)
    for battery in WORN:
        hass.states.async_set(battery, "95")
    await settle(hass)

    assert [one["message"].partition(" binary")[0] for one in phone.came] == [
        "Trouble: battery low (15):",
        "All right again: battery low (15):",
    ]
    assert len(phone.screen) == 1
    await hass.config_entries.async_unload(entry.entry_id)


async def test_what_is_still_wrong_stays_on_the_phone_and_says_no_more_to_a_speaker(
    hass: HomeAssistant, phone: Phone, freezer: FrozenDateTimeFactory
) -> None:
    speaker = Target(hass, "speaker")
    entry = await many_windows(hass, notified("Anna", phone.target, speaker.target))
    for battery in WORN[:3]:
        hass.states.async_set(battery, "5")
    await settle(hass)
    hass.states.async_set(WORN[0], "95")
    await settle(hass)
    await wait(hass, freezer, 31)
    await settle(hass)

    assert phone.last["message"] == "Trouble: battery low (2): binary_sensor.window_1, binary_sensor.window_2"
    assert phone.last["data"]["push"]["interruption-level"] == "passive"
    assert len(speaker.came) == 1
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_low_battery_stays_on_the_phone_when_another_trouble_of_the_area_comes_and_goes(
    hass: HomeAssistant, phone: Phone
) -> None:
    hass.states.async_set("binary_sensor.housing", "off")
    hass.states.async_set(WORN[0], "90")
    hass.states.async_set("binary_sensor.window_0", "off")
    window = worn_out(0)
    window["data"]["tamper_entities"] = ["binary_sensor.housing"]
    entry = await move_in(hass, *HOUSE, window, notified("Anna", phone.target), push_confirm=0)
    hass.states.async_set(WORN[0], "5")
    await settle(hass)
    for opened in ("on", "off"):
        hass.states.async_set("binary_sensor.housing", opened)
        await settle(hass)

    assert [one["message"] for one in phone.screen.values()] == [
        "Trouble: binary_sensor.window_0: battery low",
        "All right again: binary_sensor.window_0: housing opened",
    ]
    await hass.config_entries.async_unload(entry.entry_id)


# With a companion


@pytest.fixture
async def at_work(
    hass: HomeAssistant, linked: MockConfigEntry, phone: Phone, until: Until
) -> MockConfigEntry:
    """A house with a companion that notifies Anna's phone."""
    hass.config_entries.async_update_entry(
        linked, options={**linked.options, "notify_targets": [phone.target], "push_confirm": 0}
    )
    await hass.async_block_till_done()
    await until(lambda: linked.state.name == "LOADED" and linked.runtime_data.link.connected)
    return linked


async def test_a_panic_key_at_the_companion_is_told_and_answered_from_the_phone(
    at_work: MockConfigEntry, companion: FakeCompanion, phone: Phone, until: Until
) -> None:
    companion.raise_alarm("a1")
    await until(lambda: phone.came)
    assert phone.last["message"] == "Panic key: Reception\nWhere: Head office, Reception\nWho: Anna Example"
    assert phone.buttons() == ["Acknowledge", "False alarm", "Escalate now"]

    await phone.press("Acknowledge")

    await until(lambda: companion.alarms["a1"]["acknowledged_by"] == "Anna")
    await until(lambda: phone.titles == ["Alarm: Panic", "-", "Acknowledged: Panic"])
    assert companion.heard[-1]["via"] == "push"


async def test_when_nobody_has_answered_the_phone_sounds_again(
    at_work: MockConfigEntry, companion: FakeCompanion, phone: Phone, until: Until
) -> None:
    companion.raise_alarm("a1")
    await until(lambda: phone.came)

    companion.change("a1", "exhausted")

    await until(lambda: len(phone.came) == 2)
    assert phone.last["title"] == "Nobody has answered: Panic"
    assert phone.last["data"]["channel"] == "alarm_stream"


async def test_that_it_escalated_does_not_sound_again(
    at_work: MockConfigEntry, companion: FakeCompanion, phone: Phone, until: Until
) -> None:
    companion.raise_alarm("a1")
    await until(lambda: phone.came)

    companion.change("a1", "escalated", step=2)

    await until(lambda: not companion.unconfirmed)
    assert len(phone.came) == 1


async def test_an_alarm_that_was_over_before_we_heard_of_it_wakes_nobody(
    at_work: MockConfigEntry, companion: FakeCompanion, phone: Phone, until: Until
) -> None:
    companion.raise_alarm("a1", status="resolved", change="resolved")

    await until(lambda: not companion.unconfirmed)
    assert phone.came == []


async def test_an_alarm_that_the_companion_has_lost_is_taken_off_the_phones(
    at_work: MockConfigEntry,
    companion: FakeCompanion,
    phone: Phone,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(link_client, "SETTLE_S", 0.01)
    companion.raise_alarm("a1")
    await until(lambda: phone.came)

    companion.alarms.clear()
    companion.forget()

    await until(lambda: phone.titles == ["Alarm: Panic", "-"])


async def test_nobody_is_told_of_an_alarm_that_the_companion_has_lost(
    at_work: MockConfigEntry,
    companion: FakeCompanion,
    phone: Phone,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(link_client, "SETTLE_S", 0.01)
    phone.fails = 10_000
    companion.raise_alarm("a1")
    await until(lambda: phone.fails < 10_000)
    companion.alarms.clear()
    companion.forget()
    await until(lambda: not at_work.runtime_data.alarms.visible)

    phone.fails = 0
    await settle(phone.hass)

    assert "Alarm: Panic" not in phone.titles


async def test_an_alarm_of_the_panel_wakes_the_phone_while_the_companion_is_away(
    hass: HomeAssistant, at_work: MockConfigEntry, companion: FakeCompanion, phone: Phone, until: Until
) -> None:
    await companion.stop()
    await until(lambda: not at_work.runtime_data.link.connected)

    await act(hass, "trigger", kind="panic")

    await until(lambda: phone.came)
    assert phone.last["title"] == "Alarm: Panic"


async def test_an_answer_that_must_wait_for_the_companion_is_said_to_be_kept(
    at_work: MockConfigEntry, companion: FakeCompanion, phone: Phone, until: Until
) -> None:
    companion.raise_alarm("a1")
    await until(lambda: phone.came)
    await companion.stop()
    await until(lambda: not at_work.runtime_data.link.connected)

    await phone.press("Acknowledge")

    await until(lambda: len(phone.came) == 3)
    assert phone.titles == ["Alarm: Panic", "-", "Alarm: Panic"]
    assert "passed on as soon as the companion is back" in phone.last["message"]
    assert phone.buttons() == []
    await companion.start()
    await until(lambda: phone.last["title"] == "Acknowledged: Panic")
