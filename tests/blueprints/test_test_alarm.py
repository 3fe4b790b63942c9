"""The test alarm from end to end: who answered, after how long, or that nobody did."""

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant

from tests.blueprints.houses import ALARM, NOW, TAB, messages, use
from tests.integration.family import live_in
from tests.integration.house import CODE, PANEL, WINDOW, attributes, panel, sense, shown, wait
from tests.integration.phones import Target

LATEST = "sensor.home_alarm_latest_alarm"


@pytest.fixture(autouse=True)
async def script(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    freezer.move_to(NOW)
    await live_in(hass)
    await use(hass, "test_alarm", domain="script", panel=PANEL, alarm=ALARM, phones=[TAB], patience=5)


async def start(hass: HomeAssistant) -> None:
    await hass.services.async_call("script", "turn_on", {"entity_id": "script.it"})
    await hass.async_block_till_done()


async def acknowledge(hass: HomeAssistant) -> None:
    await hass.services.async_call("alarm_broker", "acknowledge", blocking=True)
    await hass.async_block_till_done()


async def test_it_raises_an_alarm_that_says_that_it_is_a_test(hass: HomeAssistant, tab: Target) -> None:
    await start(hass)

    assert attributes(hass, ALARM)["test"] is True
    assert shown(hass, LATEST) == "triggered"
    assert shown(hass) == "disarmed"
    assert not tab.came


async def test_an_answer_is_reported_with_its_time_and_the_alarm_is_over(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tab: Target
) -> None:
    await start(hass)
    await wait(hass, freezer, 83)

    await acknowledge(hass)

    assert tab.titles == ["Test alarm: answered"]
    assert messages(tab) == ["Home Assistant answered after 1:23 minutes."]
    assert attributes(hass, ALARM)["status"] == "resolved"


async def test_silence_is_reported_loud_and_clear(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tab: Target
) -> None:
    await start(hass)

    await wait(hass, freezer, 301)

    assert tab.titles == ["Test alarm: NOBODY ANSWERED"]
    assert messages(tab) == [
        "Nobody acknowledged it within 5 minutes. Check the phones, the channels and the people."
    ]
    assert attributes(hass, ALARM)["status"] == "resolved"


async def test_a_real_alarm_meanwhile_is_not_taken_for_the_answer(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tab: Target
) -> None:
    await panel(hass, "alarm_arm_home", code=CODE)
    await start(hass)
    await wait(hass, freezer, 5)

    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()
    await acknowledge(hass)
    unanswered = list(tab.came)
    await wait(hass, freezer, 301)

    assert not unanswered
    assert tab.titles == ["Test alarm: NOBODY ANSWERED"]
    assert shown(hass) == "armed_home"


async def test_it_can_be_run_again_the_next_month(hass: HomeAssistant, tab: Target) -> None:
    await start(hass)
    await acknowledge(hass)

    await start(hass)
    running = list(tab.titles)
    await acknowledge(hass)

    assert running == ["Test alarm: answered"]
    assert tab.titles == ["Test alarm: answered"] * 2
