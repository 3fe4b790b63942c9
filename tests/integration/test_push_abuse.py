"""What somebody may try with buttons and actions, and what happens to them in bad moments."""

import asyncio
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.auth.const import GROUP_ID_READ_ONLY
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized, UnknownUser
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from tests.integration.conftest import Until
from tests.integration.family import (
    Told,
    come_home,
    left_for_five_minutes,
    live_in,
    resident,
)
from tests.integration.house import (
    CODE,
    DOOR,
    DURESS_CODE,
    HOUSE,
    PANEL,
    WINDOW,
    act,
    house_entry,
    move_in,
    panel,
    sense,
    shown,
    under_duress,
    zone,
)
from tests.integration.phones import Phone, Target, burglary, notified, press, refusals, settle

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf", "prompt_retries")

LATEST = "sensor.home_alarm_latest_alarm"


@pytest.fixture
async def alarmed(hass: HomeAssistant, phone: Phone) -> Any:
    """Anna lives here, and the window has been opened while the home was armed."""
    entry = await move_in(hass, *HOUSE, notified("Anna", phone.target), push_confirm=0)
    await burglary(hass)
    yield entry
    await hass.config_entries.async_unload(entry.entry_id)


# Who may


async def test_a_second_phone_of_the_same_name_does_not_make_its_owner_anna(
    hass: HomeAssistant, phone: Phone
) -> None:
    mallory = MockUser(name="Mallory", id="mallory").add_to_hass(hass)
    entry = await move_in(hass, *HOUSE, notified("Anna", phone.target), push_confirm=0)
    MockConfigEntry(
        domain="mobile_app", data={"user_id": mallory.id, "device_name": "Pixel", "os_name": "Android"}
    ).add_to_hass(hass)
    await burglary(hass)

    assert phone.buttons() == []
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_button_from_before_does_not_work_once_the_right_is_taken_away(
    hass: HomeAssistant, alarmed: MockConfigEntry, phone: Phone, happened: Told
) -> None:
    word = phone.button("Disarm")
    [anna] = [one for one in alarmed.subentries.values() if one.subentry_type == "person"]
    hass.config_entries.async_remove_subentry(alarmed, anna.subentry_id)
    await hass.async_block_till_done()

    await press(hass, word, "anna")

    assert shown(hass) == "triggered"
    assert refusals(happened) == [("not_yours", "Anna")]


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("acknowledge", {}),
        ("cancel", {}),
        ("validate", {"level": 0}),
        ("call_off_arming", {}),
        ("get_windows", {}),
    ],
)
async def test_who_may_only_look_answers_nothing(
    hass: HomeAssistant, alarmed: MockConfigEntry, action: str, data: dict[str, Any]
) -> None:
    group = await hass.auth.async_get_group(GROUP_ID_READ_ONLY)
    assert group is not None
    kiosk = MockUser(name="Kiosk", id="kiosk", groups=[group]).add_to_hass(hass)

    with pytest.raises(Unauthorized):
        await hass.services.async_call(
            "alarm_broker",
            action,
            data,
            blocking=True,
            return_response=action == "get_windows",
            context=Context(user_id=kiosk.id),
        )

    assert shown(hass, LATEST) == "triggered"


async def test_a_user_who_is_gone_answers_nothing(hass: HomeAssistant, alarmed: MockConfigEntry) -> None:
    with pytest.raises(UnknownUser):
        await hass.services.async_call(
            "alarm_broker", "cancel", {}, blocking=True, context=Context(user_id="nobody")
        )


# Bad moments


@pytest.mark.parametrize("turns", [0, 1, 2, 3, 5, 8, 12, 20, 30, 50])
async def test_a_press_while_the_panel_is_set_up_anew_counts(
    hass: HomeAssistant, alarmed: MockConfigEntry, phone: Phone, turns: int
) -> None:
    word = phone.button("Disarm")
    reloading = hass.async_create_task(hass.config_entries.async_reload(alarmed.entry_id))
    for _ in range(turns):
        await asyncio.sleep(0)

    hass.bus.async_fire("mobile_app_notification_action", {"action": word}, context=Context(user_id="anna"))
    await reloading
    await settle(hass)

    assert shown(hass) == "disarmed"


async def test_a_press_from_long_ago_is_not_carried_out_when_the_panel_comes_up(
    hass: HomeAssistant, alarmed: MockConfigEntry, phone: Phone, freezer: FrozenDateTimeFactory
) -> None:
    word = phone.button("Disarm")
    await hass.config_entries.async_unload(alarmed.entry_id)
    await press(hass, word, "anna")
    freezer.tick(150)

    await hass.config_entries.async_setup(alarmed.entry_id)
    await settle(hass)

    assert shown(hass) == "triggered"


async def test_with_two_panels_only_the_one_that_sent_a_button_takes_it(
    hass: HomeAssistant, alarmed: MockConfigEntry, phone: Phone, happened: Told
) -> None:
    second = house_entry(*HOUSE, notified("Anna", phone.target), unique_id="second", push_confirm=0)
    second.add_to_hass(hass)
    assert await hass.config_entries.async_setup(second.entry_id)
    await settle(hass)

    await phone.press("Acknowledge")
    right = refusals(happened)
    await press(hass, "ALARM_BROKER_" + "A" * 43, "anna")

    assert right == []
    assert refusals(happened) == [("forged", "Anna")]
    await hass.config_entries.async_unload(second.entry_id)


async def test_nobody_is_armed_in_by_a_reminder_that_a_phone_still_shows(
    hass: HomeAssistant, phone: Phone, freezer: FrozenDateTimeFactory, happened: Told
) -> None:
    anna = resident("Anna", notify=[phone.target], push_disarm="phone")
    entry = await live_in(hass, anna, push_confirm=0)
    await left_for_five_minutes(hass, freezer)
    await settle(hass)
    word = phone.button("Arm")
    await come_home(hass, freezer)
    await settle(hass)

    await press(hass, word, "anna")

    assert shown(hass) == "disarmed"
    assert refusals(happened) == [("late", "Anna")]
    await hass.config_entries.async_unload(entry.entry_id)


# What does not arrive


@pytest.mark.parametrize("target", ["notify.mobile_app_pixel", "notify.display"])
async def test_a_target_that_is_not_there_is_not_told_and_is_tried_until_it_is(
    hass: HomeAssistant, anna: MockUser, happened: Told, until: Until, target: str
) -> None:
    assert await async_setup_component(hass, "notify", {})
    hass.states.async_set("notify.display", "unavailable")
    entry = await move_in(hass, notify_targets=[target])

    await act(hass, "trigger", kind="panic")

    await until(lambda: "push_unconfirmed" in happened.kinds)
    assert entry.runtime_data.alarms.visible[0].told is None
    there = Phone(hass, anna) if target.endswith("pixel") else Target(hass, "display")
    await until(lambda: there.titles == ["Alarm: Panic"])
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_silent_alarm_is_told_until_its_target_takes_it(hass: HomeAssistant, until: Until) -> None:
    neighbour = Target(hass, "neighbour")
    neighbour.fails = 5
    entry = await move_in(hass, *HOUSE, under_duress(), duress_targets=[neighbour.target])
    await panel(hass, "alarm_arm_home", code=CODE)
    await panel(hass, "alarm_disarm", code=DURESS_CODE)

    await until(lambda: neighbour.titles == ["Silent alarm: Duress code"])
    await hass.config_entries.async_unload(entry.entry_id)


async def test_an_entry_delay_goes_from_the_phone_though_the_first_try_fails(
    hass: HomeAssistant, phone: Phone, until: Until
) -> None:
    entry = await move_in(hass, *HOUSE, notified("Anna", phone.target), push_confirm=0)
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, DOOR, "on")
    await settle(hass)
    phone.fails = 1

    await panel(hass, "alarm_disarm", code=CODE)

    await until(lambda: phone.screen == {})
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_battery_that_comes_and_goes_does_not_use_up_the_phone(
    hass: HomeAssistant, phone: Phone
) -> None:
    others = [one for one in HOUSE if WINDOW not in one["data"].get("entities", ())]
    battery = "binary_sensor.window_battery"
    hass.states.async_set(battery, "off", {"device_class": "battery"})
    window = zone(WINDOW, "instant", "away", "home", battery_entities=[battery])
    entry = await move_in(hass, *others, window, notified("Anna", phone.target), push_confirm=0)

    for _ in range(20):
        for state in ("on", "off"):
            hass.states.async_set(battery, state, {"device_class": "battery"})
            await settle(hass)

    assert 0 < len(phone.came) <= 6
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_test_alarm_offers_nothing_at_the_panel(hass: HomeAssistant, phone: Phone) -> None:
    entry = await move_in(hass, *HOUSE, notified("Anna", phone.target), push_confirm=0)

    await act(hass, "test_alarm", entity_id=PANEL)
    await settle(hass)

    assert "Acknowledge" in phone.buttons()
    assert "Disarm" not in phone.buttons()
    await hass.config_entries.async_unload(entry.entry_id)
