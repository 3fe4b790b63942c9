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
HOUSE = (
    area("area_home", "Home", away=mode(), home=mode(exit_delay=0), night=mode(exit_delay=0)),
    *ZONES,
    user(),
)


class Keypad:
    """A keypad at the door."""

    def __init__(self, hass: HomeAssistant, mqtt: MqttMockHAClient) -> None:
        self.hass = hass
        self.published = mqtt.async_publish
        self.transactions = 0

    async def key(self, action: str, code: str | None = None) -> list[str]:
        """Press a key after a code; return what the keypad is answered and shown."""
        self.published.reset_mock()
        self.transactions += 1
        message = {"action": action, "action_code": code, "action_transaction": self.transactions}
        async_fire_mqtt_message(self.hass, TOPIC, json.dumps({**message, "action_zone": 23, "battery": 90}))
        await self.hass.async_block_till_done()
        return self.heard()

    def heard(self) -> list[str]:
        """Return what it was sent: answers to its last request, with a `!`, and what it shows."""
        sent = [call.args[:2] for call in self.published.call_args_list]
        assert {topic for topic, _ in sent} <= {f"{TOPIC}/set"}
        modes = [json.loads(payload)["arm_mode"] for _, payload in sent]
        assert {one["transaction"] for one in modes if "transaction" in one} <= {self.transactions}
        return [f"{one['mode']}!" if "transaction" in one else one["mode"] for one in modes]


@pytest.fixture
async def keypad(hass: HomeAssistant, mqtt_mock: MqttMockHAClient) -> AsyncIterator[Keypad]:
    await move_in(hass, *HOUSE)
    keypad = Keypad(hass, mqtt_mock)
    await use(hass, "keypad_zigbee2mqtt", panel=PANEL, topic=TOPIC)
    mqtt_mock.async_publish.reset_mock()
    yield keypad
    await hass.services.async_call("automation", "turn_off", {"entity_id": "all"}, blocking=True)
    for entry in hass.config_entries.async_loaded_entries("mqtt"):
        await hass.config_entries.async_unload(entry.entry_id)
    # What the client has put off for some seconds.
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=1))
    await hass.async_block_till_done()


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

    assert "arm_all_zones!" in leaving
    assert leaving[-1] == "exit_delay"
    assert keypad.heard() == ["arm_all_zones"]
    assert shown(hass) == "armed_away"


async def test_coming_home_and_disarming(hass: HomeAssistant, keypad: Keypad) -> None:
    await panel(hass, "alarm_arm_home", code=CODE)
    keypad.published.reset_mock()
    sense(hass, DOOR, "on")
    await hass.async_block_till_done()
    coming = keypad.heard()

    heard = await keypad.key("disarm", CODE)

    assert coming == ["entry_delay"]
    assert shown(hass) == "disarmed"
    assert "disarm!" in heard
    assert heard[-1] == "disarm"


async def test_a_wrong_code_is_said_and_changes_nothing(hass: HomeAssistant, keypad: Keypad) -> None:
    await panel(hass, "alarm_arm_home", code=CODE)

    heard = await keypad.key("disarm", "0000")

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


async def test_no_code_is_kept_or_logged(
    hass: HomeAssistant, keypad: Keypad, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    await keypad.key("arm_day_zones", CODE)
    await keypad.key("disarm", "60713")

    kept: Any = kept_traces(hass) + caplog.text + repr(keypad.published.call_args_list)
    assert CODE not in kept
    assert "60713" not in kept
