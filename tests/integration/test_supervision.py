"""Troubles: found, listed, told, and in the way of arming where that is chosen."""

from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import ServiceValidationError
from pytest_homeassistant_custom_component.common import async_mock_service

from tests.integration.house import (
    CODE,
    DOOR,
    WINDOW,
    area,
    attributes,
    move_in,
    panel,
    sense,
    shown,
    user,
    wait,
    zone,
)

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf")

TROUBLE, TAMPER = "binary_sensor.home_alarm_trouble", "binary_sensor.home_alarm_tamper"
BATTERY, HOUSING, MAINS, JAMMER = (
    "sensor.window_battery",
    "binary_sensor.window_tamper",
    "binary_sensor.mains",
    "binary_sensor.jammer",
)


@pytest.fixture
async def phone(hass: HomeAssistant) -> list[ServiceCall]:
    calls: list[ServiceCall] = async_mock_service(hass, "notify", "mobile_app_mine")
    return calls


async def live(hass: HomeAssistant, **options: Any) -> Any:
    for entity_id, state in ((BATTERY, "80"), (HOUSING, "off"), (MAINS, "on"), (JAMMER, "off")):
        hass.states.async_set(entity_id, state)
    window = zone(
        WINDOW,
        "instant",
        "away",
        "home",
        battery_entities=[BATTERY],
        tamper_entities=[HOUSING],
        heartbeat_hours=2,
    )
    return await move_in(
        hass,
        area(),
        zone(DOOR, "entry_exit", "away", "home"),
        window,
        user(),
        power_entities=[MAINS],
        jam_entities=[JAMMER],
        notify_targets=["notify.mobile_app_mine"],
        **options,
    )


def kinds(hass: HomeAssistant) -> list[str]:
    return [trouble["kind"] for trouble in attributes(hass, TROUBLE)["troubles"]]


@pytest.mark.parametrize(
    ("entity_id", "wrong", "right", "kind", "said"),
    [
        (BATTERY, "9", "60", "battery", "Trouble: Kitchen window: battery low"),
        (HOUSING, "on", "off", "tamper", "Trouble: Kitchen window: housing opened"),
        (MAINS, "off", "on", "power", "Trouble: binary_sensor.mains: no mains power"),
        (JAMMER, "on", "off", "jam", "Trouble: binary_sensor.jammer: radio jammed"),
    ],
)
async def test_a_trouble_is_listed_and_told_and_ends(
    hass: HomeAssistant,
    phone: list[ServiceCall],
    entity_id: str,
    wrong: str,
    right: str,
    kind: str,
    said: str,
) -> None:
    await live(hass)

    hass.states.async_set(entity_id, wrong)
    await hass.async_block_till_done(wait_background_tasks=True)
    during = (shown(hass, TROUBLE), kinds(hass))
    hass.states.async_set(entity_id, right)
    await hass.async_block_till_done(wait_background_tasks=True)

    assert during == ("on", [kind])
    assert shown(hass, TROUBLE) == "off"
    assert phone[0].data["message"] == said
    assert phone[1].data["message"].startswith("All right again")


async def test_a_battery_that_hovers_is_one_trouble(hass: HomeAssistant, phone: list[ServiceCall]) -> None:
    await live(hass)

    for percent in ("9", "11", "10", "12", "unavailable", "9"):
        hass.states.async_set(BATTERY, percent)
        await hass.async_block_till_done(wait_background_tasks=True)

    assert len(phone) == 1
    assert kinds(hass) == ["battery"]


async def test_a_sensor_that_is_gone_for_long_is_lost_and_a_short_gap_is_none(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    await live(hass)
    sense(hass, WINDOW, "unavailable")
    await wait(hass, freezer, 61)
    after_a_minute = kinds(hass)

    for _ in range(5):
        await wait(hass, freezer, 61)
    after_long = attributes(hass, TROUBLE)["troubles"]
    sense(hass, WINDOW, "off")
    await wait(hass, freezer, 61)

    assert after_a_minute == []
    assert [(one["kind"], one["zone"]) for one in after_long] == [("lost", "Kitchen window")]
    assert kinds(hass) == []


async def test_a_sensor_that_does_not_report_in_time_is_missed(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    await live(hass)

    await wait(hass, freezer, 2 * 3600 + 61)
    missed = kinds(hass)
    sense(hass, WINDOW, "off")
    await wait(hass, freezer, 61)

    assert missed == ["heartbeat"]
    assert kinds(hass) == []


async def test_an_opened_housing_shows_as_tamper_and_must_be_forced(hass: HomeAssistant) -> None:
    await live(hass)
    hass.states.async_set(HOUSING, "on")
    await hass.async_block_till_done()

    with pytest.raises(ServiceValidationError) as refused:
        await panel(hass, "alarm_arm_home", code=CODE)

    assert shown(hass, TAMPER) == "on"
    assert refused.value.translation_key == "not_ready_trouble"
    assert attributes(hass, "binary_sensor.home_ready_to_arm_home")["troubles"] == ["Kitchen window (tamper)"]


async def test_what_was_wrong_before_a_restart_is_listed_and_not_told_again(
    hass: HomeAssistant, phone: list[ServiceCall]
) -> None:
    entry = await live(hass)
    hass.states.async_set(MAINS, "off")
    await hass.async_block_till_done(wait_background_tasks=True)

    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)

    assert kinds(hass) == ["power"]
    assert len(phone) == 1


async def test_a_lockout_is_told(hass: HomeAssistant, phone: list[ServiceCall]) -> None:
    await live(hass)

    for _ in range(5):
        with pytest.raises(ServiceValidationError):
            await panel(hass, "alarm_disarm", code="0000")
    await hass.async_block_till_done(wait_background_tasks=True)

    assert [call.data["message"] for call in phone] == [
        "Too many wrong codes: the panel takes none for a while."
    ]
