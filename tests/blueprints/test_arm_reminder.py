"""The reminder to arm: when everyone has left, with what stands open and a button, and off the phone when it is over."""

from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant

from tests.blueprints.houses import TAB, annas_tab, kept_traces, messages, use
from tests.integration.family import come_home, everyone_leaves, live_in
from tests.integration.house import CODE, HALL, PANEL, WINDOW, attributes, panel, sense, shown, wait
from tests.integration.phones import Phone, press

DAYTIME = "2026-11-20T12:00:00+00:00"


@pytest.fixture
async def tab(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Phone:
    """Anna's phone; she and Ben are at home."""
    await hass.config.async_set_time_zone("UTC")
    freezer.move_to(DAYTIME)
    await live_in(hass, remind=False)
    return await annas_tab(hass)


async def remind(hass: HomeAssistant, **inputs: Any) -> None:
    given = {"panel": PANEL, "phones": [TAB], "mode": "away", "code": CODE, **inputs}
    await use(hass, "arm_reminder", **given)


async def test_after_a_while_the_phone_says_what_stands_open(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tab: Phone
) -> None:
    sense(hass, WINDOW, "on")
    sense(hass, HALL, "unavailable")
    await remind(hass)

    await everyone_leaves(hass, freezer)
    early = list(tab.came)
    await wait(hass, freezer, 300)

    assert not early
    assert messages(tab) == [
        "Nobody is home, and it is not armed.\nOpen: Kitchen window\nNot all right: Hall motion"
    ]
    assert tab.buttons() == ["Arm anyway"]


async def test_the_button_arms_and_takes_the_reminder_away(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tab: Phone
) -> None:
    await remind(hass)
    await everyone_leaves(hass, freezer)
    await wait(hass, freezer, 300)

    await tab.press("Arm")

    assert shown(hass) == "arming"
    assert tab.screen == {}
    assert CODE not in kept_traces(hass)


async def test_arming_anyway_leaves_out_what_stands_open(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tab: Phone
) -> None:
    sense(hass, WINDOW, "on")
    await remind(hass)
    await everyone_leaves(hass, freezer)
    await wait(hass, freezer, 300)

    await tab.press("Arm anyway")

    assert shown(hass) == "arming"
    assert attributes(hass)["bypassed_zones"] == ["Kitchen window"]


async def test_coming_home_takes_the_reminder_away_and_its_button_is_dead(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tab: Phone
) -> None:
    await remind(hass)
    await everyone_leaves(hass, freezer)
    await wait(hass, freezer, 300)
    button = tab.button("Arm")

    await come_home(hass, freezer)
    await press(hass, button, "anna")

    assert tab.screen == {}
    assert shown(hass) == "disarmed"


async def test_coming_home_in_time_is_not_followed_by_a_reminder(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tab: Phone
) -> None:
    await remind(hass)
    await everyone_leaves(hass, freezer)
    await come_home(hass, freezer)
    await wait(hass, freezer, 600)

    assert tab.screen == {}


async def test_whoever_arms_is_not_reminded(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tab: Phone
) -> None:
    await remind(hass)
    await panel(hass, "alarm_arm_away", code=CODE)

    await everyone_leaves(hass, freezer)
    await wait(hass, freezer, 600)

    assert tab.screen == {}


@pytest.mark.parametrize("user", ["ben", None])
async def test_only_chosen_people_may_arm(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tab: Phone, user: str | None
) -> None:
    await remind(hass, people=["person.anna"])
    await everyone_leaves(hass, freezer)
    await wait(hass, freezer, 300)

    word = tab.button("Arm")
    await press(hass, word, user)
    refused = shown(hass)
    await press(hass, word, "anna")

    assert (refused, shown(hass)) == ("disarmed", "arming")


async def test_the_button_dies_after_its_time(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tab: Phone
) -> None:
    await remind(hass, answer={"minutes": 10})
    await everyone_leaves(hass, freezer)
    await wait(hass, freezer, 300)
    await wait(hass, freezer, 601)

    await tab.press("Arm")

    assert shown(hass) == "disarmed"


async def test_a_code_that_is_not_taken_is_told_without_it(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tab: Phone
) -> None:
    await remind(hass, code="7313")
    await everyone_leaves(hass, freezer)
    await wait(hass, freezer, 300)

    await tab.press("Arm")

    assert tab.last["message"] == "It could not be armed. Look at the panel."
    assert "7313" not in repr(tab.came) + kept_traces(hass)


@pytest.mark.parametrize(("quiet_from", "quiet_to"), [("22:00:00", "07:00:00"), ("11:00:00", "19:00:00")])
async def test_quiet_hours_put_it_off_until_their_end(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tab: Phone, quiet_from: str, quiet_to: str
) -> None:
    hour = 23 if quiet_from == "22:00:00" else 12
    freezer.move_to(f"2026-11-20T{hour}:00:00+00:00")
    await remind(hass, quiet_from=quiet_from, quiet_to=quiet_to)
    await everyone_leaves(hass, freezer)
    await wait(hass, freezer, 300)
    in_the_quiet = list(tab.came)

    freezer.move_to(f"2026-11-{21 if hour == 23 else 20}T{quiet_to}+00:00")
    await wait(hass, freezer, 1)

    assert not in_the_quiet
    assert messages(tab) == ["Nobody is home, and it is not armed."]
