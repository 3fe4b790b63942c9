"""A keypad on ZHA works the panel as far as ZHA lets it, and is shown what the panel does."""

from collections.abc import Mapping
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service

from tests.blueprints.houses import NOW, kept_traces, use
from tests.integration.house import (
    CODE,
    DOOR,
    HOUSE,
    PANEL,
    SMOKE,
    WINDOW,
    attributes,
    move_in,
    panel,
    sense,
    shown,
    user,
    wait,
)

IEEE = "00:15:bc:00:43:00:07:1c"
OTHER_IEEE = "00:15:bc:00:43:00:07:1d"
OWN_PANEL = "alarm_control_panel.keypad"
DISARM, DAY, NIGHT, ALL = 0, 1, 2, 3
SHOWS = ["disarmed", "stay", "night", "away", "exit delay", "entry delay", "not ready", "in alarm"]


class Keypad:
    """A keypad at the door."""

    def __init__(self, hass: HomeAssistant, device_id: str) -> None:
        self.hass = hass
        self.device_id = device_id
        self.sent: list[ServiceCall] = async_mock_service(hass, "zha", "issue_zigbee_cluster_command")

    async def key(self, mode: int, code: str, *, old: bool = False, device: str | None = None) -> list[str]:
        """Press a key after a code; return what the keypad shows. An `old` ZHA says it in other words."""
        self.sent.clear()
        said: dict[str, Any] = (
            {"args": {"arm_mode": mode, "arm_mode_description": "", "code": code, "zone_id": 0}, "params": {}}
            if old
            else {
                "args": [mode, code, 0],
                "params": {"arm_mode": mode, "arm_disarm_code": code, "zone_id": 0},
            }
        )
        event = {
            "device_ieee": IEEE,
            "unique_id": f"{IEEE}:44:0x0501",
            "device_id": device or self.device_id,
            "endpoint_id": 44,
            "cluster_id": 1281,
            "command": "arm",
            **said,
        }
        self.hass.bus.async_fire("zha_event", event)
        await self.hass.async_block_till_done()
        return self.shows()

    def shows(self, ieee: str = IEEE) -> list[str]:
        """Return what it was told to show; a delay with its seconds."""
        return [self._words(call.data) for call in self.sent if call.data["ieee"] == ieee]

    def _words(self, data: Mapping[str, Any]) -> str:
        params = data["params"]
        assert (data["cluster_id"], data["command"]) == (1281, 4)
        assert (data["endpoint_id"], data["cluster_type"], data["command_type"]) == (44, "in", "client")
        words = SHOWS[params["panel_status"]]
        return f"{words} {params['seconds_remaining']}" if "delay" in words else words


@pytest.fixture
async def keypads(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Keypad:
    """The keypad at the door; another hangs at the back."""
    freezer.move_to(NOW)
    await move_in(hass, *HOUSE, user("Tag", "+12345678"), user("Zero", "0815"), code_format="text")
    entry = MockConfigEntry(domain="zha")
    entry.add_to_hass(hass)
    registry = dr.async_get(hass)
    device, other = (
        registry.async_get_or_create(
            config_entry_id=entry.entry_id, connections={("zigbee", ieee)}, identifiers={("zha", ieee)}
        )
        for ieee in (IEEE, OTHER_IEEE)
    )
    keypad = Keypad(hass, device.id)
    hass.states.async_set(OWN_PANEL, "disarmed")
    inputs: dict[str, Any] = {"panel": PANEL, "keypad": [device.id, other.id], "own_panel": [OWN_PANEL]}
    await use(hass, "keypad_zha", **inputs, night_mode="home", endpoint=44)
    return keypad


@pytest.fixture
async def keypad(keypads: Keypad) -> Keypad:
    return keypads


@pytest.mark.parametrize("old", [False, True], ids=["ZHA now", "ZHA before"])
async def test_a_code_arms_and_disarms(hass: HomeAssistant, keypad: Keypad, old: bool) -> None:  # noqa: FBT001 - a parameter of the test
    armed = await keypad.key(DAY, CODE, old=old)
    state = shown(hass)
    disarmed = await keypad.key(DISARM, CODE, old=old)

    assert state == "armed_home"
    assert (armed[-1], disarmed[-1]) == ("stay", "disarmed")
    assert shown(hass) == "disarmed"


async def test_the_night_key_arms_what_was_chosen_for_it(hass: HomeAssistant, keypad: Keypad) -> None:
    await keypad.key(NIGHT, CODE)

    assert shown(hass) == "armed_home"


async def test_leaving_and_coming_home_are_counted_down(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, keypad: Keypad
) -> None:
    leaving = await keypad.key(ALL, CODE)
    keypad.sent.clear()
    await wait(hass, freezer, 60)
    gone = keypad.shows()
    keypad.sent.clear()
    sense(hass, DOOR, "on")
    await hass.async_block_till_done()

    assert leaving[-1] == "exit delay 60"
    assert gone == ["away"]
    assert keypad.shows() == ["entry delay 30"]


async def test_after_a_wrong_code_it_shows_what_still_is(hass: HomeAssistant, keypad: Keypad) -> None:
    await panel(hass, "alarm_arm_home", code=CODE)

    assert await keypad.key(DISARM, "0000") == ["stay"]
    assert shown(hass) == "armed_home"


async def test_an_open_window_is_not_ready(hass: HomeAssistant, keypad: Keypad) -> None:
    sense(hass, WINDOW, "on")

    assert await keypad.key(DAY, CODE) == ["not ready"]
    assert shown(hass) == "disarmed"


async def test_an_alarm_shows_as_what_it_is(hass: HomeAssistant, keypad: Keypad) -> None:
    sense(hass, SMOKE, "on")
    await hass.async_block_till_done()

    assert keypad.shows() == ["in alarm"]
    assert keypad.sent[0].data["params"]["alarm_status"] == 2


async def test_the_emergency_key_raises_a_panic_alarm(hass: HomeAssistant, keypad: Keypad) -> None:
    hass.states.async_set(OWN_PANEL, "triggered")
    await hass.async_block_till_done()

    assert shown(hass) == "triggered"
    assert attributes(hass)["alarm_kind"] == "panic"


async def test_zhas_own_alarm_after_codes_that_it_does_not_know_is_none(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, keypad: Keypad
) -> None:
    await keypad.key(DAY, CODE)
    await wait(hass, freezer, 60)

    await keypad.key(DISARM, CODE)
    hass.states.async_set(OWN_PANEL, "triggered")
    await hass.async_block_till_done()

    assert shown(hass) == "disarmed"


async def test_another_keypad_is_not_listened_to(hass: HomeAssistant, keypad: Keypad) -> None:
    assert await keypad.key(DAY, CODE, device="another") == []
    assert shown(hass) == "disarmed"


@pytest.mark.parametrize("code", ["+12345678", "0815"])
@pytest.mark.parametrize("old", [False, True], ids=["ZHA now", "ZHA before"])
async def test_a_code_is_text_whatever_it_looks_like(
    hass: HomeAssistant,
    keypad: Keypad,
    code: str,
    old: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    await keypad.key(DAY, code, old=old)
    armed = shown(hass)
    await keypad.key(DISARM, code, old=old)

    assert (armed, shown(hass)) == ("armed_home", "disarmed")


async def test_of_two_keypads_both_show_what_is_and_only_one_that_it_was_not_ready(
    hass: HomeAssistant, keypads: Keypad
) -> None:
    sense(hass, WINDOW, "on")
    not_ready, meanwhile = await keypads.key(DAY, CODE), keypads.shows(OTHER_IEEE)
    sense(hass, WINDOW, "off")

    armed = await keypads.key(DAY, CODE)

    assert (not_ready, meanwhile) == (["not ready"], ["disarmed"])
    assert (armed[-1], keypads.shows(OTHER_IEEE)[-1]) == ("stay", "stay")


async def test_a_keypad_that_is_available_again_is_told_the_state(
    hass: HomeAssistant, keypad: Keypad
) -> None:
    await keypad.key(DAY, CODE)
    keypad.sent.clear()

    hass.states.async_set(OWN_PANEL, "unavailable")
    hass.states.async_set(OWN_PANEL, "disarmed")
    await hass.async_block_till_done()

    assert keypad.shows() == ["stay"]


async def test_a_panel_that_is_not_there_is_not_shown_as_armed(hass: HomeAssistant, keypad: Keypad) -> None:
    (entry,) = hass.config_entries.async_loaded_entries("alarm_broker")
    await hass.config_entries.async_unload(entry.entry_id)

    hass.states.async_set(OWN_PANEL, "unavailable")
    hass.states.async_set(OWN_PANEL, "disarmed")
    await hass.async_block_till_done()

    assert keypad.shows() == []


async def test_no_code_is_kept_or_logged(
    hass: HomeAssistant, keypad: Keypad, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    await keypad.key(DAY, CODE)
    await keypad.key(DISARM, "60713")

    kept = kept_traces(hass) + caplog.text + repr(keypad.sent)
    assert CODE not in kept
    assert "60713" not in kept
