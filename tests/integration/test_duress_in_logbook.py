"""The duress sensor and the logbook, which everybody in the house may open: a real recorder and a real logbook."""

from datetime import timedelta

import pytest
from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from tests.integration.house import DURESS_CODE, HOUSE, act, move_in, shown, under_duress

SENSOR = "binary_sensor.home_alarm_duress"


@pytest.mark.parametrize("excluded", [[], [SENSOR]])
async def test_a_duress_sensor_that_the_logbook_shows_is_a_repair_until_it_is_excluded(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    enable_custom_integrations: None,
    mock_async_zeroconf: None,
    excluded: list[str],
) -> None:
    assert await async_setup_component(hass, "logbook", {"logbook": {"exclude": {"entities": excluded}}})
    entry = await move_in(hass, *HOUSE, under_duress())
    while_disabled = dict(ir.async_get(hass).issues)
    er.async_get(hass).async_update_entity(SENSOR, disabled_by=None)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()

    await act(hass, "disarm", code=DURESS_CODE)
    await async_wait_recording_done(hass)
    client = await hass_ws_client()
    since = (dt_util.utcnow() - timedelta(minutes=1)).isoformat()
    await client.send_json_auto_id({"type": "logbook/get_events", "start_time": since})
    lines = (await client.receive_json())["result"]
    issues = [key[1] for key in ir.async_get(hass).issues]

    assert shown(hass, SENSOR) == "on"
    assert not while_disabled
    assert issues == ([] if excluded else [f"duress_in_logbook_{entry.entry_id}"])
    assert any(one.get("entity_id") == SENSOR for one in lines) is not bool(excluded)
    await hass.config_entries.async_unload(entry.entry_id)
    assert not ir.async_get(hass).issues
