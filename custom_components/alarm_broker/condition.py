"""Conditions in plain words, about the panel and what it knows. That it is armed or triggered, Home Assistant has itself."""

from collections.abc import Mapping
from typing import override

from homeassistant.components.alarm_control_panel.const import (
    DOMAIN as ALARM_CONTROL_PANEL_DOMAIN,
    AlarmControlPanelState,
)
from homeassistant.const import STATE_ON, Platform
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.condition import (
    Condition,
    EntityStateConditionBase,
    make_entity_state_condition,
)

from .const import DOMAIN
from .core.panel.config import ArmMode

BINARY_SENSORS: Mapping[str, DomainSpec] = {Platform.BINARY_SENSOR: DomainSpec()}
ON: set[str | bool] = {STATE_ON}


class OwnSensorCondition(EntityStateConditionBase):
    """Holds while some of our own binary sensors are on; whatever else is on a device says nothing about it."""

    _domain_specs = BINARY_SENSORS
    _states = ON
    translation_keys: frozenset[str]

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        """Leave only those of ours that tell what is asked."""
        registry = er.async_get(self._hass)
        return {
            entity_id
            for entity_id in super().entity_filter(entities)
            if (registered := registry.async_get(entity_id)) is not None
            and registered.platform == DOMAIN
            and registered.translation_key in self.translation_keys
        }

    @override
    def _check_all_match_state(self, states: list[State]) -> bool:
        # Where nobody says it, it is not so: "all of none" must not let anything be armed.
        return bool(states) and super()._check_all_match_state(states)


class IsReady(OwnSensorCondition):
    """An area could be armed."""

    translation_keys = frozenset(f"ready_{mode.value}" for mode in ArmMode)


class HasAlarmMemory(OwnSensorCondition):
    """An alarm is in the memory."""

    translation_keys = frozenset({"alarm_memory"})


class HasTrouble(OwnSensorCondition):
    """Something is wrong; the sensor that says so is a diagnostic one."""

    _primary_entities_only = False
    translation_keys = frozenset({"trouble"})


CONDITIONS: dict[str, type[Condition]] = {
    "is_arming": make_entity_state_condition(ALARM_CONTROL_PANEL_DOMAIN, AlarmControlPanelState.ARMING),
    "is_pending": make_entity_state_condition(ALARM_CONTROL_PANEL_DOMAIN, AlarmControlPanelState.PENDING),
    "is_ready": IsReady,
    "has_alarm_memory": HasAlarmMemory,
    "has_trouble": HasTrouble,
}


async def async_get_conditions(_hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return them all."""
    return CONDITIONS
