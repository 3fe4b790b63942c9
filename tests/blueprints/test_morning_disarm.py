"""Disarming in the morning: what is armed for people inside, and nothing else."""

from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant

from tests.blueprints.houses import TAB, kept_traces, messages, use
from tests.integration.house import (
    CODE,
    DOOR,
    PANEL,
    WINDOW,
    ZONES,
    area,
    mode,
    move_in,
    panel,
    sense,
    shown,
    user,
    wait,
)
from tests.integration.phones import Target

MORNING_CODE = "5829"
HOUSE = (
    area("area_home", "Home", away=mode(exit_delay=0), home=mode(exit_delay=0), night=mode(exit_delay=0)),
    *ZONES,
    user(),
    user("Morning", MORNING_CODE, actions=["disarm"]),
)


@pytest.fixture(autouse=True)
async def saturday_morning(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """It is a Saturday, ten to seven."""
    await hass.config.async_set_time_zone("UTC")
    freezer.move_to("2026-11-21T06:50:00+00:00")
    await move_in(hass, *HOUSE)


async def morning(hass: HomeAssistant, freezer: FrozenDateTimeFactory, **inputs: Any) -> None:
    """Let seven o'clock pass."""
    given = {"panel": PANEL, "code": MORNING_CODE, "modes": ["armed_night", "armed_home"], **inputs}
    await use(hass, "morning_disarm", **given)
    await wait(hass, freezer, 601)


@pytest.mark.parametrize("armed", ["night", "home"])
async def test_it_disarms_what_was_armed_for_people_inside(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, armed: str
) -> None:
    await panel(hass, f"alarm_arm_{armed}", code=CODE)

    await morning(hass, freezer)

    assert shown(hass) == "disarmed"


async def test_an_empty_house_stays_armed(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    await panel(hass, "alarm_arm_away", code=CODE)

    await morning(hass, freezer)

    assert shown(hass) == "armed_away"


async def test_a_mode_that_was_not_chosen_stays_armed(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    await panel(hass, "alarm_arm_home", code=CODE)

    await morning(hass, freezer, modes=["armed_night"])

    assert shown(hass) == "armed_home"


@pytest.mark.parametrize(("sensor", "state"), [(WINDOW, "triggered"), (DOOR, "pending")])
async def test_it_never_ends_an_alarm_or_an_entry_delay(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, sensor: str, state: str
) -> None:
    await use(hass, "morning_disarm", panel=PANEL, code=MORNING_CODE, modes=["armed_home"])
    await panel(hass, "alarm_arm_home", code=CODE)
    freezer.move_to("2026-11-21T06:59:50+00:00")
    sense(hass, sensor, "on")
    await hass.async_block_till_done()

    await wait(hass, freezer, 11)

    assert shown(hass) == state


async def test_it_keeps_to_the_chosen_days(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    await panel(hass, "alarm_arm_night", code=CODE)

    await morning(hass, freezer, days=["mon", "sun"])

    assert shown(hass) == "armed_night"


@pytest.mark.parametrize(
    ("workday", "state"), [("on", "disarmed"), ("off", "armed_night"), ("unknown", "armed_night")]
)
async def test_it_asks_the_workday_sensor(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, workday: str, state: str
) -> None:
    hass.states.async_set("binary_sensor.workday", workday)
    await panel(hass, "alarm_arm_night", code=CODE)

    await morning(hass, freezer, workday=["binary_sensor.workday"])

    assert shown(hass) == state


async def test_a_code_that_is_not_taken_is_told_and_shown_nowhere(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, caplog: pytest.LogCaptureFixture
) -> None:
    tab = Target(hass, "mobile_app_tab")
    await panel(hass, "alarm_arm_night", code=CODE)

    await morning(hass, freezer, code="7313", phones=[TAB])

    assert shown(hass) == "armed_night"
    assert messages(tab) == ["Still armed. The panel did not take the code of the morning."]
    assert "7313" not in kept_traces(hass) + caplog.text
