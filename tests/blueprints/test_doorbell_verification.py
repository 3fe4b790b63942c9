"""Somebody rings: the phone shows who, and the panel stays as it is."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from homeassistant.core import HomeAssistant

from tests.blueprints.houses import TAB, messages, use
from tests.fakes.frigate import FakeFrigate
from tests.integration.house import PANEL, move_in, shown, wait
from tests.integration.phones import Target
from tests.integration.watched import kept, somebody, watched

BELL = "event.bell"
RING = [{"trigger": "state", "entity_id": BELL}]


@pytest.fixture
async def frigate(socket_enabled: None) -> AsyncIterator[FakeFrigate]:
    fake = FakeFrigate()
    await fake.start()
    yield fake
    await fake.stop()


async def at_the_door(hass: HomeAssistant, **inputs: Any) -> None:
    hass.states.async_set(BELL, "unknown")
    given = {"panel": PANEL, "ring": RING, "phones": [TAB], "patience": {"seconds": 0}, **inputs}
    await use(hass, "doorbell_verification", **given)


async def ring(hass: HomeAssistant, second: int = 0) -> None:
    hass.states.async_set(BELL, f"2026-11-20T22:00:{second:02d}+00:00")
    await hass.async_block_till_done()


async def test_the_phone_shows_who_is_there(hass: HomeAssistant, tab: Target, frigate: FakeFrigate) -> None:
    await move_in(hass, *watched(frigate))
    somebody(frigate)
    await at_the_door(hass)

    await ring(hass)

    assert tab.titles == ["Somebody is at the door"]
    assert "Garden" in tab.last["message"]
    assert "%" in tab.last["message"]
    assert tab.last["data"]["image"].startswith("/api/alarm_broker/")
    assert len(kept(hass)) == 1
    assert shown(hass) == "disarmed"


async def test_whom_no_camera_shows_is_announced_all_the_same(hass: HomeAssistant, tab: Target) -> None:
    await move_in(hass)
    await at_the_door(hass, title="The bell")

    await ring(hass)

    assert tab.titles == ["The bell"]
    assert messages(tab) == ["No camera could show it."]
    assert "image" not in tab.last["data"]


async def test_a_zone_that_is_unknown_does_not_keep_the_ring_back(hass: HomeAssistant, tab: Target) -> None:
    await move_in(hass)
    await at_the_door(hass, zones=["Attic"])

    await ring(hass)

    assert messages(tab) == ["No camera could show it."]


async def test_ringing_ten_times_is_one_visit(hass: HomeAssistant, tab: Target, freezer: Any) -> None:
    await move_in(hass)
    await at_the_door(hass)
    for second in range(10):
        await ring(hass, second)
    first = len(tab.came)

    await wait(hass, freezer, 21)
    await ring(hass, 30)

    assert first == 1
    assert len(tab.came) == 2
