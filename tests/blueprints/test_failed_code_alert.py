"""Wrong codes: a few are told, a lockout at once, and never the code."""

from contextlib import suppress
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from pytest_homeassistant_custom_component.common import async_mock_service

from tests.blueprints.houses import TAB, kept_traces, messages, use
from tests.integration.house import act, wait
from tests.integration.phones import Target

pytestmark = pytest.mark.usefixtures("evening")


async def guess(hass: HomeAssistant, times: int = 1) -> None:
    for _ in range(times):
        with suppress(ServiceValidationError):
            await act(hass, "disarm", code="9131")
        await hass.async_block_till_done()


async def alert(hass: HomeAssistant, **inputs: Any) -> None:
    await use(hass, "failed_code_alert", phones=[TAB], **inputs)


async def test_a_slip_of_the_finger_is_nobodys_business(hass: HomeAssistant, tab: Target) -> None:
    await alert(hass)

    await guess(hass, 2)

    assert not tab.came


async def test_the_third_wrong_code_is_told_without_the_code(hass: HomeAssistant, tab: Target) -> None:
    await alert(hass)

    await guess(hass, 3)

    assert messages(tab) == ["3 wrong codes at Home."]
    assert "9131" not in repr(tab.came) + kept_traces(hass)


async def test_wrong_codes_long_apart_are_not_counted_together(
    hass: HomeAssistant, tab: Target, freezer: FrozenDateTimeFactory
) -> None:
    await alert(hass, within={"minutes": 10})

    await guess(hass, 2)
    await wait(hass, freezer, 601)
    await guess(hass, 1)

    assert not tab.came


async def test_a_lockout_is_told_at_once_and_until_when(hass: HomeAssistant, tab: Target) -> None:
    await alert(hass, attempts=10)

    await guess(hass, 5)

    assert tab.titles == ["Keypads are blocked"]
    assert messages(tab) == ["Too many wrong codes. None is taken until 22:01."]


async def test_the_camera_at_the_keypad_shows_who_it_is_and_the_light_goes_on(
    hass: HomeAssistant, tab: Target
) -> None:
    hass.states.async_set("camera.hall", "idle", {"entity_picture": "/api/camera_proxy/camera.hall?token=1"})
    lights = async_mock_service(hass, "light", "turn_on")
    light = [{"action": "light.turn_on", "target": {"entity_id": "light.hall"}}]
    await alert(hass, attempts=1, camera=["camera.hall"], also=light)

    await guess(hass)

    assert tab.last["message"] == "1 wrong code at Home."
    assert tab.last["data"]["image"] == "/api/camera_proxy/camera.hall?token=1"
    assert len(lights) == 1
