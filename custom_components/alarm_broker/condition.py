"""Conditions in plain words, about the panel and what it knows. That it is armed or triggered, Home Assistant has itself."""

from homeassistant.components.alarm_control_panel.const import (
    DOMAIN as ALARM_CONTROL_PANEL_DOMAIN,
    AlarmControlPanelState,
)
from homeassistant.const import STATE_ON, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.condition import Condition, make_entity_state_condition

CONDITIONS: dict[str, type[Condition]] = {
    "is_arming": make_entity_state_condition(ALARM_CONTROL_PANEL_DOMAIN, AlarmControlPanelState.ARMING),
    "is_pending": make_entity_state_condition(ALARM_CONTROL_PANEL_DOMAIN, AlarmControlPanelState.PENDING),
    "is_ready": make_entity_state_condition(Platform.BINARY_SENSOR, STATE_ON),
    "has_alarm_memory": make_entity_state_condition(Platform.BINARY_SENSOR, STATE_ON),
    "has_trouble": make_entity_state_condition(Platform.BINARY_SENSOR, STATE_ON, primary_entities_only=False),
}


async def async_get_conditions(_hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return them all."""
    return CONDITIONS
