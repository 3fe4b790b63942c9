"""A Zigbee2MQTT keypad works the panel, and hears what the panel says to it."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_mqtt_message, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import MqttMockHAClient

from tests.blueprints.houses import kept_traces, use
from tests.integration.house import (
    CODE,
    DOOR,
    PANEL,
    WINDOW,
    ZONES,
    area,
    attributes,
    mode,
    move_in,
    panel,
    sense,
    shown,
    user,
    wait,
)

TOPIC = "zigbee2mqtt/Keypad"
BACK_DOOR = "zigbee2mqtt/Back door/Keypad"
CODES = {
    "Zero": "0815",
    "Nought": "0000",
    "Tag": "+79E2A3F1",
    "Digits": "+12345678",
    "Exp": "1E234567",
    "Dot": "12.50",
}
FRIENT = {
    "action_zone": 0,
    "battery": 100,
    "battery_low": False,
    "linkquality": 120,
    "tamper": False,
    "voltage": 5900,
}
"""What else a frient keypad reports with each key."""
HOUSE = (
    area("area_home", "Home", away=mode(), home=mode(exit_delay=0), night=mode(exit_delay=0)),
    *ZONES,
    user(),
)


class Keypad:
    """A keypad at the door; another may hang at the back."""

    def __init__(self, hass: HomeAssistant, mqtt: MqttMockHAClient) -> None:
        self.hass = hass
        self.published = mqtt.async_publish
        self.transactions = 0

    async def key(self, action: str, code: str | None = None, *, topic: str = TOPIC) -> list[str]:
        """Press a key after a code; return what the keypad is answered and shown."""
        self.transactions += 1
        message = {"action": action, "action_code": code, "action_transaction": self.transactions, **FRIENT}
        await self.comes(topic, json.dumps(message))
        return self.heard(topic)

    async def comes(self, topic: str, message: str) -> None:
        """Let the broker bring something."""
        self.published.reset_mock()
        async_fire_mqtt_message(self.hass, topic, message)
        await self.hass.async_block_till_done()

    def heard(self, topic: str = TOPIC) -> list[str]:
        """Return what it was sent: answers to its last request, with a `!`, and what it shows, a delay with its seconds."""
        sent = [call.args[:2] for call in self.published.call_args_list]
        assert {to for to, _ in sent} <= {f"{TOPIC}/set", f"{BACK_DOOR}/set"}
        modes = [json.loads(payload)["arm_mode"] for to, payload in sent if to == f"{topic}/set"]
        assert {one["transaction"] for one in modes if "transaction" in one} <= {self.transactions}
        return [self._words(one) for one in modes]

    def _words(self, told: dict[str, Any]) -> str:
        if "transaction" in told:
            return f"{told['mode']}!"
        return f"{told['mode']} {told['delay']}" if "delay" in told else str(told["mode"])


@pytest.fixture
async def house_with_codes(hass: HomeAssistant) -> None:
    await move_in(hass, *HOUSE, *(user(name, code) for name, code in CODES.items()), code_format="text")


@pytest.fixture
async def mqtt(hass: HomeAssistant, mqtt_mock: MqttMockHAClient) -> AsyncIterator[MqttMockHAClient]:
    yield mqtt_mock
    await hass.services.async_call("automation", "turn_off", {"entity_id": "all"}, blocking=True)
    for entry in hass.config_entries.async_loaded_entries("mqtt"):
        await hass.config_entries.async_unload(entry.entry_id)
    # What the client has put off for some seconds.
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=1))
    await hass.async_block_till_done()


@pytest.fixture
async def keypad(hass: HomeAssistant, house_with_codes: None, mqtt: MqttMockHAClient) -> Keypad:
    keypad = Keypad(hass, mqtt)
    await use(hass, "keypad_zigbee2mqtt", panel=PANEL, topic=TOPIC)
    keypad.published.reset_mock()
    return keypad


@pytest.fixture
async def keypads(hass: HomeAssistant, house_with_codes: None, mqtt: MqttMockHAClient) -> Keypad:
    """The keypad at the door, with a second at the back."""
    keypad = Keypad(hass, mqtt)
    await use(hass, "keypad_zigbee2mqtt", panel=PANEL, topic=[TOPIC, BACK_DOOR])
    keypad.published.reset_mock()
    return keypad


@pytest.mark.parametrize(
    ("key", "state"), [("arm_day_zones", "armed_home"), ("arm_night_zones", "armed_night")]
)
async def test_a_code_and_a_key_arm_and_the_keypad_is_told_so(
    hass: HomeAssistant, keypad: Keypad, key: str, state: str
) -> None:
    heard = await keypad.key(key, CODE)

    assert shown(hass) == state
    assert f"{key}!" in heard
    assert heard[-1] == key


async def test_leaving_is_counted_down_on_the_keypad(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, keypad: Keypad
) -> None:
    leaving = await keypad.key("arm_all_zones", CODE)
    keypad.published.reset_mock()
    await wait(hass, freezer, 60)

    assert leaving == ["arm_all_zones!", "exit_delay 60"]
    assert keypad.heard() == ["arm_all_zones"]
    assert shown(hass) == "armed_away"


async def test_coming_home_and_disarming(hass: HomeAssistant, keypad: Keypad) -> None:
    await panel(hass, "alarm_arm_home", code=CODE)
    keypad.published.reset_mock()
    sense(hass, DOOR, "on")
    await hass.async_block_till_done()
    coming = keypad.heard()

    heard = await keypad.key("disarm", CODE)

    assert coming == ["entry_delay 30"]
    assert shown(hass) == "disarmed"
    assert "disarm!" in heard
    assert heard[-1] == "disarm"


async def test_a_wrong_code_is_said_and_changes_nothing(hass: HomeAssistant, keypad: Keypad) -> None:
    await panel(hass, "alarm_arm_home", code=CODE)

    heard = await keypad.key("disarm", "9999")

    assert shown(hass) == "armed_home"
    assert heard == ["invalid_code!", "arm_day_zones"]


async def test_an_alarm_shows_on_the_keypad(hass: HomeAssistant, keypad: Keypad) -> None:
    await panel(hass, "alarm_arm_home", code=CODE)
    keypad.published.reset_mock()

    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()

    assert keypad.heard() == ["in_alarm"]


async def test_an_open_window_is_not_ready(hass: HomeAssistant, keypad: Keypad) -> None:
    sense(hass, WINDOW, "on")

    heard = await keypad.key("arm_day_zones", CODE)

    assert shown(hass) == "disarmed"
    assert heard == ["not_ready!", "disarm"]


async def test_disarming_what_is_disarmed_says_so(hass: HomeAssistant, keypad: Keypad) -> None:
    assert await keypad.key("disarm", CODE) == ["already_disarmed!", "disarm"]


@pytest.mark.parametrize("key", ["emergency", "panic"])
async def test_the_emergency_key_needs_no_code(hass: HomeAssistant, keypad: Keypad, key: str) -> None:
    heard = await keypad.key(key)

    assert shown(hass) == "triggered"
    assert attributes(hass)["alarm_kind"] == "panic"
    assert heard == ["in_alarm"]


@pytest.mark.parametrize(
    "message", ['{"battery": 88}', '{"action": null}', '{"action": ""}', "[]", "offline"]
)
async def test_whatever_else_the_keypad_reports_is_no_request(
    hass: HomeAssistant, keypad: Keypad, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    async_fire_mqtt_message(hass, TOPIC, message)
    await hass.async_block_till_done()

    assert shown(hass) == "disarmed"
    assert keypad.heard() == []
    assert not [one for one in caplog.records if one.levelname in ("WARNING", "ERROR")]


@pytest.mark.parametrize("whose", CODES)
async def test_a_code_is_text_whatever_it_looks_like(hass: HomeAssistant, keypad: Keypad, whose: str) -> None:
    """A tag of a frient keypad comes as a code with a + first; a template makes a number of +12345678."""
    await keypad.key("arm_day_zones", CODES[whose])
    armed = shown(hass)
    await keypad.key("disarm", CODES[whose])

    assert (armed, shown(hass)) == ("armed_home", "disarmed")


async def test_a_message_without_a_transaction_is_a_request_too(hass: HomeAssistant, keypad: Keypad) -> None:
    await keypad.comes(TOPIC, json.dumps({"action": "arm_day_zones", "action_code": CODE, "occupancy": True}))

    assert shown(hass) == "armed_home"


async def test_a_fob_without_a_code_locks_nobody_out(hass: HomeAssistant, keypad: Keypad) -> None:
    await panel(hass, "alarm_arm_home", code=CODE)
    answers = [await keypad.key("disarm") for _ in range(8)]

    await keypad.key("disarm", CODE)

    assert answers == [["invalid_code!", "arm_day_zones"]] * 8
    assert shown(hass) == "disarmed"


async def test_an_alarm_in_the_moment_after_a_key_shows(hass: HomeAssistant, keypad: Keypad) -> None:
    await keypad.key("arm_day_zones", CODE)
    keypad.published.reset_mock()

    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()

    assert keypad.heard() == ["in_alarm"]


@pytest.mark.parametrize("message", ['{"state": "online"}', "online"])
@pytest.mark.parametrize("topic", ["zigbee2mqtt/bridge/state", f"{TOPIC}/availability"])
async def test_after_a_restart_of_zigbee2mqtt_or_the_keypad_it_hears_the_state(
    hass: HomeAssistant, keypad: Keypad, topic: str, message: str
) -> None:
    await panel(hass, "alarm_arm_home", code=CODE)
    await keypad.comes(topic, message.replace("online", "offline"))
    offline = keypad.heard()

    await keypad.comes(topic, message)

    assert (offline, keypad.heard()) == ([], ["arm_day_zones"])


@pytest.mark.parametrize(("name", "heard"), [("Keypad", ["disarm"]), ("Lamp", [])])
async def test_a_keypad_that_announces_itself_hears_the_state(
    keypad: Keypad, name: str, heard: list[str]
) -> None:
    event = {"type": "device_announce", "data": {"friendly_name": name, "ieee_address": "0x0015bc004300071c"}}
    await keypad.comes("zigbee2mqtt/bridge/event", json.dumps(event))

    assert keypad.heard() == heard


async def test_a_panel_that_is_not_there_is_not_shown_as_armed(hass: HomeAssistant, keypad: Keypad) -> None:
    (entry,) = hass.config_entries.async_loaded_entries("alarm_broker")
    await hass.config_entries.async_unload(entry.entry_id)

    await keypad.comes("zigbee2mqtt/bridge/state", "online")

    assert keypad.heard() == []


async def test_of_two_keypads_both_show_what_is_and_one_is_answered(keypads: Keypad) -> None:
    at_the_back = await keypads.key("arm_day_zones", CODE, topic=BACK_DOOR)
    in_front = keypads.heard()
    refused = await keypads.key("disarm", "9999", topic=BACK_DOOR)

    assert (at_the_back, in_front) == (["arm_day_zones!", "arm_day_zones"], ["arm_day_zones"])
    assert (refused, keypads.heard()) == (["invalid_code!", "arm_day_zones"], [])


async def test_a_second_keypad_that_is_back_hears_the_state_alone(keypads: Keypad) -> None:
    await keypads.comes(f"{BACK_DOOR}/availability", "online")

    assert (keypads.heard(), keypads.heard(BACK_DOOR)) == ([], ["disarm"])


async def test_no_code_is_kept_or_logged(
    hass: HomeAssistant, keypad: Keypad, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    await keypad.key("arm_day_zones", CODE)
    await keypad.key("disarm", "60713")

    kept: Any = kept_traces(hass) + caplog.text + repr(keypad.published.call_args_list)
    assert CODE not in kept
    assert "60713" not in kept
