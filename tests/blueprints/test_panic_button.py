"""A panic button: an alarm in any state, and a loud word when the panel is not there."""

from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import async_mock_service

from tests.blueprints.houses import TAB, messages, use
from tests.integration.house import PANEL, attributes, house_entry, move_in, shown
from tests.integration.phones import Target

BUTTON = "input_button.panic"
PRESS = [{"trigger": "state", "entity_id": BUTTON}]


async def press(hass: HomeAssistant, moment: str = "2026-11-20T22:00:00+00:00") -> None:
    hass.states.async_set(BUTTON, moment)
    await hass.async_block_till_done()


async def carry(hass: HomeAssistant, **inputs: Any) -> None:
    """Carry a button about."""
    hass.states.async_set(BUTTON, "unknown")
    after = [{"action": "light.turn_on", "target": {"entity_id": "light.hall"}}]
    await use(hass, "panic_button", panel=PANEL, press=PRESS, phones=[TAB], after=after, **inputs)


@pytest.mark.parametrize("kind", ["panic", "medical", "fire"])
async def test_a_press_raises_the_alarm_and_shows_that_it_did(hass: HomeAssistant, kind: str) -> None:
    await move_in(hass)
    lights = async_mock_service(hass, "light", "turn_on")
    await carry(hass, kind=kind)

    await press(hass)

    assert shown(hass) == "triggered"
    assert attributes(hass)["alarm_kind"] == kind
    assert len(lights) == 1


async def test_a_silent_press_changes_nothing_that_can_be_seen(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    lights = async_mock_service(hass, "light", "turn_on")
    silent: list[Any] = []
    entry.runtime_data.alarms.silent_changes.subscribe(silent.append)
    await carry(hass, silent=True)

    await press(hass)

    assert shown(hass) == "disarmed"
    assert [change.alarm.alarm_kind for change in silent] == ["panic"]
    assert not lights


async def test_a_press_while_the_panel_is_away_is_told_loudly(hass: HomeAssistant) -> None:
    tab = Target(hass, "mobile_app_tab")
    entry = await move_in(hass)
    await carry(hass)
    await hass.config_entries.async_unload(entry.entry_id)

    await press(hass)

    assert messages(tab) == ["The alarm panel is not there and could not take it. Nobody else knows."]
    assert tab.last["data"]["push"]["sound"]["critical"] == 1


async def test_a_panel_that_does_not_know_whether_it_was_armed_takes_a_press(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    tab = Target(hass, "mobile_app_tab")
    entry = await move_in(hass)
    await carry(hass)
    await hass.config_entries.async_unload(entry.entry_id)
    for key in [key for key in hass_storage if key.startswith("alarm_broker.panel.")]:
        del hass_storage[key]
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    before = shown(hass)

    await press(hass)

    assert (before, shown(hass)) == ("unknown", "triggered")
    assert not tab.came


async def test_a_silent_press_while_the_panel_is_away_makes_no_sound(hass: HomeAssistant) -> None:
    tab = Target(hass, "mobile_app_tab")
    entry = house_entry()
    entry.add_to_hass(hass)
    await carry(hass, silent=True)

    await press(hass)

    assert not tab.came
