"""A Ring keypad on Z-Wave works the panel, and says what the panel does."""

import re
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service

from tests.blueprints.houses import NOW, kept_traces, use
from tests.integration.house import (
    CODE,
    DOOR,
    GATE,
    HOUSE,
    PANEL,
    SMOKE,
    WINDOW,
    area,
    attributes,
    mode,
    move_in,
    panel,
    sense,
    shown,
    user,
    wait,
    zone,
)

KEYPAD = "d3b1a89bf6937f9ed9c385839e792025"
ENTER, DISARM, AWAY, HOME, FIRE, POLICE, MEDICAL, CANCEL = 2, 3, 5, 6, 16, 17, 19, 25
BACK_DOOR = "0a4b9cf1a2f5e7d0c6b3a8e9f1d2c3b4"
LABELS = {
    2: "Enter",
    3: "Disarm all",
    5: "Arm away",
    6: "Arm home",
    16: "Fire",
    17: "Police",
    19: "Alert medical",
}
SAYS = {
    2: "disarmed",
    9: "code not accepted",
    10: "home and armed",
    11: "away and armed",
    13: "burglar alarm",
    14: "smoke alarm",
    16: "sensors require bypass",
    17: "entry delay",
    18: "exit delay",
    19: "medical alarm",
}
SAYS_FIRST = {
    3: "disarmed",
    8: "code not accepted",
    1: "home and armed",
    2: "away and armed",
    13: "burglar alarm",
    5: "sensors require bypass",
    22: "entry delay",
    23: "exit delay",
}


class Keypad:
    """A keypad at the door, in the words of Z-Wave JS; another may hang at the back."""

    def __init__(
        self, hass: HomeAssistant, *, says: dict[int, str] = SAYS, takes_timeout: bool = True
    ) -> None:
        self.hass = hass
        self.says = says
        self.takes_timeout = takes_timeout
        self.sent: list[ServiceCall] = async_mock_service(hass, "zwave_js", "set_value")

    async def key(self, key: int, code: str | None = None, *, device: str = KEYPAD) -> list[str]:
        """Press a key after a code; return what the keypad says."""
        self.sent.clear()
        event = {
            "domain": "zwave_js",
            "node_id": 60,
            "home_id": 4242424242,
            "endpoint": 0,
            "command_class": 111,
            "command_class_name": "Entry Control",
            "event_type": key,
            "event_type_label": LABELS.get(key, "Cancel"),
            "data_type": 2,
            "data_type_label": "ASCII",
            "event_data": code,
        }
        self.hass.bus.async_fire("zwave_js_notification", {"device_id": device, **event})
        await self.hass.async_block_till_done()
        return self.said(device)

    def said(self, device: str = KEYPAD) -> list[str]:
        """Return what it says and shows; a delay with its seconds."""
        return [self._words(call) for call in self.sent if device in call.data["device_id"]]

    def _words(self, call: ServiceCall) -> str:
        data = call.data
        assert (data["command_class"], data["endpoint"]) == ("135", "0")
        words = self.says[int(data["property"])]
        if "delay" not in words:
            assert data["property_key"] in (1, "1")
            assert 1 <= data["value"] <= 99
            return words
        return f"{words} {self._seconds(data['property_key'], data['value'])}"

    def _seconds(self, key: str | int, value: Any) -> int:
        """Return a delay; the one key is gone with zwave-js 15.10, the other is new in it (zwave-js#7980)."""
        if not self.takes_timeout:
            assert key == 7
            return int(value)
        assert key == "timeout"
        taken = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", value)
        assert taken is not None
        hours, minutes, seconds = (int(one or 0) for one in taken.groups())
        return hours * 3600 + minutes * 60 + seconds


@pytest.fixture
async def house_with_garage(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> MockConfigEntry:
    freezer.move_to(NOW)
    return await move_in(hass, *HOUSE, zone(GATE, "instant", "home", bypassable=False))


@pytest.fixture
async def keypad(hass: HomeAssistant, house_with_garage: MockConfigEntry) -> Keypad:
    keypad = Keypad(hass)
    await use(hass, "keypad_zwave_ring", panel=PANEL, keypad=[KEYPAD])
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
    keypad = Keypad(hass)
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


@pytest.mark.usefixtures("house_with_garage")
async def test_a_long_delay_has_its_minutes(hass: HomeAssistant) -> None:
    await move_in(hass, area("area_shed", "Shed", away=mode(exit_delay=90)), user(), unique_id="shed")
    keypad = Keypad(hass)
    await use(hass, "keypad_zwave_ring", panel="alarm_control_panel.shed", keypad=[KEYPAD])

    assert await keypad.key(AWAY, CODE) == ["exit delay 90"]
    assert keypad.sent[-1].data["value"] == "1m30s"


@pytest.mark.usefixtures("house_with_garage")
async def test_a_z_wave_js_of_before_takes_seconds(hass: HomeAssistant) -> None:
    keypad = Keypad(hass, takes_timeout=False)
    await use(hass, "keypad_zwave_ring", panel=PANEL, keypad=[KEYPAD], delays="seconds")

    assert await keypad.key(AWAY, CODE) == ["exit delay 60"]


@pytest.mark.usefixtures("house_with_garage")
async def test_the_first_generation_says_it_by_its_own_indicators(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    keypad = Keypad(hass, says=SAYS_FIRST)
    await use(hass, "keypad_zwave_ring", panel=PANEL, keypad=[KEYPAD], generation="first")

    refused = await keypad.key(AWAY, "0000")
    leaving = await keypad.key(AWAY, CODE)
    keypad.sent.clear()
    await wait(hass, freezer, 60)
    armed = keypad.said()
    disarmed = await keypad.key(DISARM, CODE)
    sense(hass, WINDOW, "on")
    open_window = await keypad.key(HOME, CODE)

    assert (refused, leaving) == (["code not accepted"], ["exit delay 60"])
    assert (armed, disarmed) == (["away and armed"], ["disarmed"])
    assert open_window == ["sensors require bypass"]


@pytest.mark.usefixtures("house_with_garage")
async def test_of_two_keypads_both_say_what_happens_and_one_answers(hass: HomeAssistant) -> None:
    keypad = Keypad(hass)
    await use(hass, "keypad_zwave_ring", panel=PANEL, keypad=[KEYPAD, BACK_DOOR])

    at_the_back = await keypad.key(HOME, CODE, device=BACK_DOOR)
    in_front = keypad.said(KEYPAD)
    refused_at_the_back = await keypad.key(DISARM, "0000", device=BACK_DOOR)

    assert (at_the_back, in_front) == (["home and armed"], ["home and armed"])
    assert (refused_at_the_back, keypad.said(KEYPAD)) == (["code not accepted"], [])


@pytest.mark.usefixtures("house_with_garage")
async def test_the_check_key_of_another_keypad_forces_nothing(hass: HomeAssistant) -> None:
    keypad = Keypad(hass)
    await use(hass, "keypad_zwave_ring", panel=PANEL, keypad=[KEYPAD, BACK_DOOR])
    sense(hass, WINDOW, "on")
    await keypad.key(HOME, CODE)

    await keypad.key(ENTER, device=BACK_DOOR)

    assert shown(hass) == "disarmed"


@pytest.mark.parametrize("armed", [False, True], ids=["disarmed", "armed"])
async def test_a_reload_says_nothing(
    hass: HomeAssistant,
    house_with_garage: MockConfigEntry,
    keypad: Keypad,
    armed: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    if armed:
        await keypad.key(HOME, CODE)
    keypad.sent.clear()

    await hass.config_entries.async_reload(house_with_garage.entry_id)
    await hass.async_block_till_done()

    assert shown(hass) == ("armed_home" if armed else "disarmed")
    assert keypad.said() == []


async def test_an_alarm_goes_on_sounding_after_a_reload(
    hass: HomeAssistant, house_with_garage: MockConfigEntry, keypad: Keypad
) -> None:
    await keypad.key(POLICE)
    keypad.sent.clear()

    await hass.config_entries.async_reload(house_with_garage.entry_id)
    await hass.async_block_till_done()

    assert keypad.said() == ["burglar alarm"]


async def test_a_mode_key_after_a_code_with_the_check_key_has_no_code(
    hass: HomeAssistant, keypad: Keypad
) -> None:
    await keypad.key(ENTER, CODE)

    assert await keypad.key(AWAY) == ["code not accepted"]
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
