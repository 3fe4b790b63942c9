"""Arming at night: by itself when all is well, and with reasons when not."""

from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant

from tests.blueprints.houses import TAB, kept_traces, messages, use
from tests.integration.house import CODE, HALL, PANEL, WINDOW, attributes, panel, sense, shown, wait
from tests.integration.phones import Target

pytestmark = pytest.mark.usefixtures("evening")

ANNA = "person.anna"


async def night(hass: HomeAssistant, freezer: FrozenDateTimeFactory, **inputs: Any) -> None:
    """Let eleven o'clock pass."""
    await use(
        hass, "arm_at_night", **{"panel": PANEL, "phones": [TAB], "mode": "home", "code": CODE, **inputs}
    )
    await wait(hass, freezer, 3601)


async def test_a_closed_house_is_armed_and_nobody_is_woken(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tab: Target
) -> None:
    await night(hass, freezer)

    assert shown(hass) == "armed_home"
    assert not tab.came
    assert CODE not in kept_traces(hass)


async def test_an_open_window_is_named_and_nothing_is_armed(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tab: Target
) -> None:
    sense(hass, WINDOW, "on")

    await night(hass, freezer)

    assert shown(hass) == "disarmed"
    assert messages(tab) == ["Not armed. Open: Kitchen window."]


async def test_with_force_the_rest_is_armed_and_what_is_left_out_is_told(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tab: Target
) -> None:
    sense(hass, WINDOW, "on")

    await night(hass, freezer, force=True)

    assert shown(hass) == "armed_home"
    assert attributes(hass)["bypassed_zones"] == ["Kitchen window"]
    assert messages(tab) == ["Armed. Left out: Kitchen window."]


async def test_a_sensor_without_a_signal_is_a_reason_too(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tab: Target
) -> None:
    sense(hass, HALL, "unavailable")

    await night(hass, freezer, mode="away")

    assert shown(hass) == "disarmed"
    assert messages(tab) == ["Not armed. No signal: Hall motion."]


async def test_a_code_that_is_not_taken_is_told_and_not_shown(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tab: Target
) -> None:
    await night(hass, freezer, code="7313")

    assert shown(hass) == "disarmed"
    assert messages(tab) == [
        "Not armed. The panel refused: look at its log, and at the code in this automation."
    ]
    assert "7313" not in repr(tab.came) + kept_traces(hass)


@pytest.mark.parametrize(("where", "state"), [("home", "armed_home"), ("not_home", "disarmed")])
async def test_an_empty_house_is_not_armed_for_the_night(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tab: Target, where: str, state: str
) -> None:
    hass.states.async_set(ANNA, where)

    await night(hass, freezer, people=[ANNA])

    assert shown(hass) == state


@pytest.mark.parametrize(("guests", "state"), [("off", "armed_home"), ("on", "disarmed")])
async def test_conditions_of_ones_own_hold_it_back(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tab: Target, guests: str, state: str
) -> None:
    hass.states.async_set("input_boolean.guests", guests)
    no_guests = {"condition": "state", "entity_id": "input_boolean.guests", "state": "off"}

    await night(hass, freezer, only_if=[no_guests])

    assert shown(hass) == state


async def test_what_is_armed_already_stays_as_it_is(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tab: Target
) -> None:
    await panel(hass, "alarm_arm_away", code=CODE)

    await night(hass, freezer, tell=True)

    assert shown(hass) == "armed_away"
    assert not tab.came


async def test_who_wants_to_know_is_told_that_it_is_armed(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tab: Target
) -> None:
    await night(hass, freezer, tell=True)

    assert messages(tab) == ["Armed."]
