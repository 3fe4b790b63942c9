"""A duress code through everything that an onlooker can see: nothing is different, and help is called."""

from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import async_capture_events, async_mock_service

from tests.integration.house import (
    CODE,
    DOOR,
    DURESS_CODE,
    HOUSE,
    act,
    move_in,
    panel,
    sense,
    shown,
    under_duress,
)

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf")

SENSOR = "binary_sensor.home_alarm_duress"
MINE, NEIGHBOUR = "notify.mobile_app_mine", "notify.neighbour"
VARIES = ("entry_id", "device_id", "until")
"""What differs between any two runs."""
TIMES = ("last_changed", "last_updated", "last_reported", "context")


def onlooker(hass: HomeAssistant) -> dict[str, Any]:
    """Return every state without what is different at any two moments."""
    seen = {}
    for state in hass.states.async_all():
        told = {key: value for key, value in state.as_dict().items() if key not in TIMES}
        if state.domain == "event":
            told.pop("state")
        # The address of a picture is new with each start.
        told["attributes"] = {
            key: value
            for key, value in state.attributes.items()
            if key not in ("access_token", "entity_picture")
        }
        seen[state.entity_id] = told
    return seen


async def live_through(hass: HomeAssistant, code: str, caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    """Arm, open the door, disarm with a code; return everything that can be seen or heard."""
    household = async_mock_service(hass, "notify", "mobile_app_mine")
    neighbour = async_mock_service(hass, "notify", "neighbour")
    happened = async_capture_events(hass, "alarm_broker_event")
    changes = async_capture_events(hass, "state_changed")
    entry = await move_in(hass, *HOUSE, under_duress(), notify_targets=[MINE], duress_targets=[NEIGHBOUR])
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, DOOR, "on")
    await hass.async_block_till_done()
    changes.clear()
    caplog.clear()
    caplog.set_level("DEBUG", "custom_components.alarm_broker")

    answer = await act(hass, "disarm", code=code)
    await hass.async_block_till_done(wait_background_tasks=True)

    seen = {
        "answer": answer,
        "states": onlooker(hass),
        "happened": [
            {key: value for key, value in event.data.items() if key not in VARIES} for event in happened
        ],
        # Which entity of a system is first follows from the order in which Home Assistant loaded the platforms.
        "changed": sorted(event.data["entity_id"] for event in changes),
        "log": [record.getMessage() for record in caplog.records if "alarm_broker" in record.name],
        "household": [call.data["title"] for call in household],
        "neighbour": [call.data for call in neighbour],
    }
    await hass.config_entries.async_remove(entry.entry_id)
    return seen


async def test_whoever_watches_sees_no_difference_and_help_is_called(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    normal = await live_through(hass, CODE, caplog)
    forced = await live_through(hass, DURESS_CODE, caplog)

    help_called = forced.pop("neighbour")
    assert normal.pop("neighbour") == []
    assert forced == normal
    (call,) = help_called
    assert call["title"] == "Silent alarm: Duress code"
    assert "Anna" in call["message"]


async def test_a_duress_code_calls_for_help_even_while_codes_are_locked_out(hass: HomeAssistant) -> None:
    neighbour = async_mock_service(hass, "notify", "neighbour")
    await move_in(hass, *HOUSE, under_duress(), duress_targets=[NEIGHBOUR])
    await panel(hass, "alarm_arm_home", code=CODE)
    for _ in range(5):
        with pytest.raises(Exception, match=r"invalid_code|locked_out|code"):
            await panel(hass, "alarm_disarm", code="0000")

    with pytest.raises(Exception, match=r"code"):
        await panel(hass, "alarm_disarm", code=DURESS_CODE)
    await hass.async_block_till_done(wait_background_tasks=True)

    assert shown(hass) == "armed_home"
    assert len(neighbour) == 1


async def test_the_duress_sensor_is_there_only_for_who_wants_it(hass: HomeAssistant) -> None:
    await move_in(hass, *HOUSE, under_duress())
    registered = er.async_get(hass).async_get(SENSOR)

    assert registered is not None
    assert registered.disabled
    assert registered.hidden


async def test_the_duress_sensor_stays_on_until_somebody_free_clears_it(hass: HomeAssistant) -> None:
    entry = await move_in(hass, *HOUSE, under_duress())
    er.async_get(hass).async_update_entity(SENSOR, disabled_by=None)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    before = shown(hass, SENSOR)

    await act(hass, "disarm", code=DURESS_CODE)
    after = shown(hass, SENSOR)
    await act(hass, "clear_memory", code=DURESS_CODE)
    cleared_by_force = shown(hass, SENSOR)
    await act(hass, "clear_memory", code=CODE)

    assert (before, after, cleared_by_force) == ("off", "on", "on")
    assert shown(hass, SENSOR) == "off"
