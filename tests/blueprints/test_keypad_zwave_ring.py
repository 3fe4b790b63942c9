"""A Ring keypad on Z-Wave works the panel, and says what the panel does."""

from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall
from pytest_homeassistant_custom_component.common import async_mock_service

from tests.blueprints.houses import NOW, kept_traces, use
from tests.integration.house import (
    CODE,
    DOOR,
    GATE,
    HOUSE,
    PANEL,
    SMOKE,
    WINDOW,
    attributes,
    move_in,
    panel,
    sense,
    shown,
    wait,
    zone,
)

KEYPAD = "d3b1a89bf6937f9ed9c385839e792025"
ENTER, DISARM, AWAY, HOME, FIRE, POLICE, MEDICAL, CANCEL = 2, 3, 5, 6, 16, 17, 19, 25
SAYS = {
    (2, 1): "disarmed",
    (9, 1): "code not accepted",
    (10, 1): "home and armed",
    (11, 1): "away and armed",
    (13, 1): "burglar alarm",
    (14, 1): "smoke alarm",
    (16, 1): "sensors require bypass",
    (17, 7): "entry delay",
    (18, 7): "exit delay",
    (19, 1): "medical alarm",
}


class Keypad:
    """A keypad at the door."""

    def __init__(self, hass: HomeAssistant, sent: list[ServiceCall]) -> None:
        self.hass = hass
        self.sent = sent

    async def key(self, key: int, code: str | None = None, *, device: str = KEYPAD) -> list[str]:
        """Press a key after a code; return what the keypad says."""
        self.sent.clear()
        event = {"command_class": 111, "event_type": key, "data_type": 2, "event_data": code}
        self.hass.bus.async_fire("zwave_js_notification", {"device_id": device, **event})
        await self.hass.async_block_till_done()
        return self.said()

    def said(self) -> list[str]:
        """Return what it says and shows; a delay with its seconds."""
        said = []
        for call in self.sent:
            data = call.data
            assert (data["command_class"], data["endpoint"]) == ("135", "0")
            assert data["device_id"] == [KEYPAD]
            words = SAYS[int(data["property"]), int(data["property_key"])]
            said.append(f"{words} {data['value']}" if "delay" in words else words)
        return said


@pytest.fixture
async def keypad(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Keypad:
    freezer.move_to(NOW)
    await move_in(hass, *HOUSE, zone(GATE, "instant", "home", bypassable=False))
    keypad = Keypad(hass, async_mock_service(hass, "zwave_js", "set_value"))
    await use(hass, "keypad_zwave_ring", panel=PANEL, keypad=KEYPAD)
    return keypad


async def test_leaving_is_said_with_its_seconds_and_then_that_it_is_armed(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, keypad: Keypad
) -> None:
    leaving = await keypad.key(AWAY, CODE)
    keypad.sent.clear()
    await wait(hass, freezer, 60)

    assert leaving == ["exit delay 60"]
    assert keypad.said() == ["away and armed"]
    assert shown(hass) == "armed_away"


@pytest.mark.parametrize("key", [DISARM, ENTER])
async def test_coming_home_the_entry_delay_is_said_and_a_code_disarms(
    hass: HomeAssistant, keypad: Keypad, key: int
) -> None:
    armed = await keypad.key(HOME, CODE)
    keypad.sent.clear()
    sense(hass, DOOR, "on")
    await hass.async_block_till_done()
    coming = keypad.said()

    disarmed = await keypad.key(key, CODE)

    assert (armed, coming, disarmed) == (["home and armed"], ["entry delay 30"], ["disarmed"])
    assert shown(hass) == "disarmed"


@pytest.mark.parametrize(("key", "code"), [(DISARM, "0000"), (DISARM, None), (ENTER, "0000")])
async def test_a_wrong_code_or_none_is_not_accepted(
    hass: HomeAssistant, keypad: Keypad, key: int, code: str | None
) -> None:
    await keypad.key(HOME, CODE)

    said = await keypad.key(key, code)

    assert said == ["code not accepted"]
    assert shown(hass) == "armed_home"


async def test_arming_with_a_wrong_code_is_not_accepted(hass: HomeAssistant, keypad: Keypad) -> None:
    assert await keypad.key(HOME, "0000") == ["code not accepted"]
    assert shown(hass) == "disarmed"


async def test_what_stands_open_takes_the_check_key(hass: HomeAssistant, keypad: Keypad) -> None:
    sense(hass, WINDOW, "on")

    asked = await keypad.key(HOME, CODE)
    done = await keypad.key(ENTER)

    assert (asked, done) == (["sensors require bypass"], ["home and armed"])
    assert attributes(hass)["bypassed_zones"] == ["Kitchen window"]


@pytest.mark.parametrize(("key", "code"), [(CANCEL, None), (ENTER, "0000")])
async def test_anything_but_the_check_key_leaves_it_disarmed(
    hass: HomeAssistant, keypad: Keypad, key: int, code: str | None
) -> None:
    sense(hass, WINDOW, "on")
    await keypad.key(HOME, CODE)

    await keypad.key(key, code)
    await keypad.key(ENTER)

    assert shown(hass) == "disarmed"


async def test_the_check_key_comes_too_late_after_half_a_minute(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, keypad: Keypad
) -> None:
    sense(hass, WINDOW, "on")
    await keypad.key(HOME, CODE)
    await wait(hass, freezer, 31)

    await keypad.key(ENTER)

    assert shown(hass) == "disarmed"


async def test_what_may_not_be_left_out_cannot_be_forced(hass: HomeAssistant, keypad: Keypad) -> None:
    sense(hass, GATE, "on")

    asked = await keypad.key(HOME, CODE)
    await keypad.key(ENTER)

    assert asked == ["sensors require bypass"]
    assert shown(hass) == "disarmed"


@pytest.mark.parametrize(
    ("key", "kind", "says"),
    [
        (FIRE, "fire", "smoke alarm"),
        (POLICE, "panic", "burglar alarm"),
        (MEDICAL, "medical", "medical alarm"),
    ],
)
async def test_an_emergency_key_needs_no_code(
    hass: HomeAssistant, keypad: Keypad, key: int, kind: str, says: str
) -> None:
    said = await keypad.key(key)

    assert shown(hass) == "triggered"
    assert attributes(hass)["alarm_kind"] == kind
    assert said == [says]


async def test_a_silent_police_key_says_nothing_at_all(hass: HomeAssistant) -> None:
    await move_in(hass)
    keypad = Keypad(hass, async_mock_service(hass, "zwave_js", "set_value"))
    await use(hass, "keypad_zwave_ring", panel=PANEL, keypad=KEYPAD, silent=True)

    said = await keypad.key(POLICE)

    assert said == []
    assert shown(hass) == "disarmed"


async def test_an_alarm_sounds_at_the_keypad_as_what_it_is(hass: HomeAssistant, keypad: Keypad) -> None:
    await keypad.key(HOME, CODE)
    keypad.sent.clear()

    sense(hass, SMOKE, "on")
    await hass.async_block_till_done()

    assert keypad.said() == ["smoke alarm"]


async def test_what_somebody_does_elsewhere_is_said_too(hass: HomeAssistant, keypad: Keypad) -> None:
    await panel(hass, "alarm_arm_home", code=CODE)

    assert keypad.said() == ["home and armed"]


@pytest.mark.parametrize("key", [0, 1, CANCEL])
async def test_other_keys_do_nothing(hass: HomeAssistant, keypad: Keypad, key: int) -> None:
    assert await keypad.key(key, CODE) == []
    assert shown(hass) == "disarmed"


async def test_another_keypad_is_not_listened_to(hass: HomeAssistant, keypad: Keypad) -> None:
    assert await keypad.key(HOME, CODE, device="another") == []
    assert shown(hass) == "disarmed"


async def test_no_code_is_kept_or_logged(
    hass: HomeAssistant, keypad: Keypad, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    sense(hass, WINDOW, "on")

    await keypad.key(HOME, CODE)
    await keypad.key(DISARM, "60713")

    kept: Any = kept_traces(hass) + caplog.text + repr(keypad.sent)
    assert CODE not in kept
    assert "60713" not in kept
