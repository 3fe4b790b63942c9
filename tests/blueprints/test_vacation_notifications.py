"""During a vacation the phones hear more: and outside of one, nothing."""

from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse

from tests.blueprints.houses import TAB, messages, use
from tests.integration.family import ANNA, FAMILY, come_home, everyone_leaves, live_in
from tests.integration.house import CODE, PANEL, act, panel, subentry, wait
from tests.integration.phones import Target

BEGINS, ENDS = "2026-11-20T12:00:00+00:00", "2026-11-22T12:00:00+00:00"
CALENDAR = "calendar.family"


@pytest.fixture(autouse=True)
async def soon(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Two minutes to a vacation of two days."""

    async def events(_call: ServiceCall) -> Any:
        return {CALENDAR: {"events": [{"start": BEGINS, "end": ENDS, "summary": "Sardinia"}]}}

    await hass.config.async_set_time_zone("UTC")
    freezer.move_to("2026-11-20T11:58:00+00:00")
    hass.states.async_set(CALENDAR, "off")
    rule = subentry("calendar", "rule", name="Family", kind="vacation", calendar=CALENDAR, words=[])
    await live_in(hass, *FAMILY, rule, remind=False)
    # In the place of Home Assistant's own, which came with the panel's calendar.
    hass.services.async_register("calendar", "get_events", events, supports_response=SupportsResponse.ONLY)
    await hass.services.async_call("alarm_broker", "refresh_calendars", blocking=True)


async def notices(hass: HomeAssistant, **inputs: Any) -> None:
    await use(hass, "vacation_notifications", panel=PANEL, phones=[TAB], **inputs)


async def test_the_vacation_begins_and_ends(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tab: Target
) -> None:
    await notices(hass, told=["window"])

    await wait(hass, freezer, 180)
    await wait(hass, freezer, 2 * 86_400)

    assert messages(tab) == ["The vacation has begun: Sardinia.", "The vacation is over."]


async def test_a_house_that_is_still_not_armed_is_told_after_an_hour_and_every_evening(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tab: Target
) -> None:
    await notices(hass, told=["not_armed"])

    await wait(hass, freezer, 180)
    at_once = messages(tab)
    await wait(hass, freezer, 3600)
    after_an_hour = messages(tab)
    freezer.move_to("2026-11-20T20:59:59+00:00")
    await wait(hass, freezer, 2)

    assert at_once == []
    assert after_an_hour == ["It is not armed."]
    assert messages(tab) == ["It is not armed."] * 2


async def test_an_armed_house_is_no_news(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tab: Target
) -> None:
    await panel(hass, "alarm_arm_home", code=CODE)
    await notices(hass, told=["not_armed"])

    await wait(hass, freezer, 180)
    await wait(hass, freezer, 3600)
    freezer.move_to("2026-11-20T20:59:59+00:00")
    await wait(hass, freezer, 2)

    assert messages(tab) == []


async def test_a_code_and_whoever_comes_home_are_told(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tab: Target
) -> None:
    await notices(hass, told=["code_used", "arrived"])
    await everyone_leaves(hass, freezer)
    await wait(hass, freezer, 180)

    await act(hass, "arm", mode="home", code=CODE)
    await come_home(hass, freezer, ANNA)

    assert messages(tab) == ["The code of Anna was used at Home.", "Anna has come home."]


async def test_before_the_vacation_nothing_is_told(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tab: Target
) -> None:
    freezer.move_to("2026-11-18T20:59:00+00:00")
    await notices(hass)
    await act(hass, "arm", mode="home", code=CODE)
    await act(hass, "disarm", code=CODE)
    await everyone_leaves(hass, freezer)
    await come_home(hass, freezer, ANNA)

    assert messages(tab) == []
