"""Assist in both languages, through Home Assistant's own conversation agent and our sentences."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from homeassistant.components import conversation
from homeassistant.core import Context, HomeAssistant
from homeassistant.setup import async_setup_component

from tests.integration.house import (
    CODE,
    GARAGE_PANEL,
    GARAGE_PARTS,
    HOUSE,
    WINDOW,
    move_in,
    panel,
    sense,
    shown,
)
from tests.integration.test_translations import INTEGRATION

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf")


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """A configuration folder with our sentences, copied as the documentation says."""
    shutil.copytree(INTEGRATION / "sentences", Path(hass_tmp_config_dir) / "custom_sentences")
    return hass_tmp_config_dir


async def ready(hass: HomeAssistant, *parts: Any) -> None:
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "conversation", {})
    assert await async_setup_component(hass, "intent", {})
    await move_in(hass, *parts)


async def say(hass: HomeAssistant, text: str, language: str = "en") -> str:
    """Return what is answered."""
    result = await conversation.async_converse(hass, text, None, Context(), language=language)
    await hass.async_block_till_done()
    speech: str = result.response.speech["plain"]["speech"]
    return speech


@pytest.mark.parametrize(
    ("language", "arm", "disarm", "answers"),
    [
        (
            "en",
            f"arm the alarm home with code {CODE}",
            "disarm the alarm with code 4 7 1 1",
            ["Home is armed.", "Home is disarmed."],
        ),
        (
            "de",
            f"schalte die Alarmanlage anwesend scharf mit dem Code {CODE}",
            "schalte die Alarmanlage unscharf mit dem Code 4 7 1 1",
            ["Home ist scharf.", "Home ist unscharf."],
        ),
    ],
)
async def test_the_panel_is_armed_and_disarmed_by_voice(
    hass: HomeAssistant, language: str, arm: str, disarm: str, answers: list[str]
) -> None:
    await ready(hass)

    first = await say(hass, arm, language)
    armed = shown(hass)
    second = await say(hass, disarm, language)

    assert [first, second] == answers
    assert (armed, shown(hass)) == ("armed_home", "disarmed")


async def test_without_a_code_nothing_is_disarmed_by_voice(hass: HomeAssistant) -> None:
    await ready(hass)
    await panel(hass, "alarm_arm_home", code=CODE)

    english = await say(hass, "disarm the alarm")
    german = await say(hass, "schalte den Alarm unscharf", "de")

    assert english.startswith("I need the code")
    assert german.startswith("Dafür brauche ich den Code")
    assert shown(hass) == "armed_home"


async def test_a_wrong_code_is_refused_and_never_spoken_back(hass: HomeAssistant) -> None:
    await ready(hass)
    await panel(hass, "alarm_arm_home", code=CODE)

    answer = await say(hass, "disarm the alarm with code 9999")

    assert answer == "Wrong code"
    assert shown(hass) == "armed_home"


async def test_the_panel_says_how_it_is_and_what_is_open(hass: HomeAssistant) -> None:
    await ready(hass, *HOUSE, *GARAGE_PARTS)
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()

    answer = await say(hass, "how is the alarm")

    assert answer == "Home and Garage is disarmed. Open: Kitchen window."


async def test_one_area_is_meant_by_its_name(hass: HomeAssistant) -> None:
    await ready(hass, *HOUSE, *GARAGE_PARTS)

    await say(hass, f"arm the garage area away with code {CODE}")

    assert (shown(hass), shown(hass, GARAGE_PANEL)) == ("disarmed", "armed_away")
    assert await say(hass, "how is the attic area") == "There is no area of that name."
