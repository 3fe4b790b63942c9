"""The walk test as a script: what has to be seen, and what was never seen."""

from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant

from tests.blueprints.houses import NOW, TAB, kept_traces, messages, use
from tests.integration.house import CODE, DOOR, HALL, PANEL, SMOKE, WINDOW, act, move_in, sense, shown, wait
from tests.integration.phones import Target


@pytest.fixture(autouse=True)
async def script(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    freezer.move_to(NOW)
    await move_in(hass)
    await use(hass, "walk_test", domain="script", panel=PANEL, phones=[TAB], minutes=10)


async def start(hass: HomeAssistant, **fields: Any) -> None:
    await hass.services.async_call("script", "turn_on", {"entity_id": "script.it", "variables": fields})
    await hass.async_block_till_done()


async def walk(hass: HomeAssistant, *sensors: str) -> None:
    for sensor in sensors:
        sense(hass, sensor, "on")
        sense(hass, sensor, "off")
        await hass.async_block_till_done()


async def test_it_says_how_long_it_runs_and_that_nothing_alarms(hass: HomeAssistant, tab: Target) -> None:
    await start(hass)
    await walk(hass, SMOKE)

    [said] = messages(tab)
    assert said.startswith("It runs for 10 minutes. Open every door and window")
    assert said.endswith("Nothing alarms meanwhile, not even smoke.")
    assert shown(hass) == "disarmed"


async def test_after_its_minutes_it_ends_and_names_what_was_never_seen(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tab: Target
) -> None:
    await start(hass)
    await walk(hass, DOOR, HALL, SMOKE)

    await wait(hass, freezer, 601)
    await walk(hass, SMOKE)

    assert messages(tab)[1:] == ["Never seen: Kitchen window."]
    assert shown(hass) == "triggered"


async def test_ending_it_at_the_panel_is_reported_as_well(hass: HomeAssistant, tab: Target) -> None:
    await start(hass)
    await walk(hass, DOOR, WINDOW, HALL, SMOKE)

    await act(hass, "walk_test", run=False)

    assert messages(tab)[1:] == ["Every zone was seen."]
    assert shown(hass, "script.it") == "off"


async def test_a_code_is_passed_on_and_not_kept(hass: HomeAssistant, tab: Target) -> None:
    await start(hass, code=CODE)

    assert len(tab.came) == 1
    assert CODE not in repr(tab.came) + kept_traces(hass)
