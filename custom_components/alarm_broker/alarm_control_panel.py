"""The panel as Home Assistant shows it; every decision is the core's."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.components.alarm_control_panel import AlarmControlPanelEntity
from homeassistant.components.alarm_control_panel.const import (
    AlarmControlPanelEntityFeature,
    AlarmControlPanelState,
    CodeFormat,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .entity import AlarmBrokerEntity
from .panel.config import ArmMode
from .panel.state import AreaState, AreaStatus
from .types import AlarmBrokerConfigEntry

PARALLEL_UPDATES = 0

STATES: Mapping[AreaStatus, AlarmControlPanelState] = {
    AreaStatus.DISARMED: AlarmControlPanelState.DISARMED,
    AreaStatus.ARMING: AlarmControlPanelState.ARMING,
    AreaStatus.PENDING: AlarmControlPanelState.PENDING,
    AreaStatus.TRIGGERED: AlarmControlPanelState.TRIGGERED,
}
ARMED_STATES: Mapping[ArmMode | None, AlarmControlPanelState] = {
    ArmMode.AWAY: AlarmControlPanelState.ARMED_AWAY,
    ArmMode.HOME: AlarmControlPanelState.ARMED_HOME,
}
FEATURES: Mapping[ArmMode, AlarmControlPanelEntityFeature] = {
    ArmMode.AWAY: AlarmControlPanelEntityFeature.ARM_AWAY,
    ArmMode.HOME: AlarmControlPanelEntityFeature.ARM_HOME,
}


async def async_setup_entry(
    _hass: HomeAssistant, entry: AlarmBrokerConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add one panel for each area."""
    async_add_entities(AreaPanel(entry, area_id) for area_id in entry.runtime_data.system.panel_config.areas)


class AreaPanel(AlarmBrokerEntity, AlarmControlPanelEntity):
    """One area's panel; available as long as the entry is, with or without the companion."""

    _attr_name = None
    _unrecorded_attributes = frozenset({"open_zones", "blind_zones", "delay_end"})

    def __init__(self, entry: AlarmBrokerConfigEntry, area_id: str) -> None:
        """Show the area and send it what is asked of it."""
        super().__init__(entry, "panel")
        self._attr_unique_id = f"{entry.entry_id}_panel_{area_id}"
        self._system = entry.runtime_data.system
        self._area_id = area_id
        config = self._system.config
        policy = self._system.panel_config.codes
        self._attr_code_arm_required = policy.arm_required
        if policy.disarm_required:
            self._attr_code_format = CodeFormat(config.code_format)
        self._attr_supported_features = AlarmControlPanelEntityFeature.TRIGGER
        for mode in config.modes:
            self._attr_supported_features |= FEATURES[mode]

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._system.async_subscribe(self._async_changed))
        self._async_read()

    @override
    async def async_alarm_disarm(self, code: str | None = None) -> None:
        await self._system.async_disarm(self._area_id, code=code, by=await self._async_caller())

    @override
    async def async_alarm_arm_away(self, code: str | None = None) -> None:
        await self._async_arm(ArmMode.AWAY, code=code)

    @override
    async def async_alarm_arm_home(self, code: str | None = None) -> None:
        await self._async_arm(ArmMode.HOME, code=code)

    @override
    async def async_alarm_trigger(self, code: str | None = None) -> None:
        await self._system.async_trigger(self._area_id, by=await self._async_caller())

    async def async_arm(self, mode: str, force: bool, code: str | None = None) -> None:  # noqa: FBT001 - the service's fields
        """Arm by the integration's own service, which can also bypass what stands in the way."""
        await self._async_arm(ArmMode(mode), code=self.code_or_default_code(code), force=force)

    async def _async_arm(self, mode: ArmMode, *, code: str | None, force: bool = False) -> None:
        await self._system.async_arm(
            self._area_id, mode, code=code, by=await self._async_caller(), force=force
        )

    async def _async_caller(self) -> str | None:
        """Return the name of the Home Assistant user who calls, None for an automation."""
        if self._context is None or self._context.user_id is None:
            return None
        user = await self.hass.auth.async_get_user(self._context.user_id)
        return None if user is None else user.name

    @callback
    def _async_changed(self) -> None:
        self._async_read()
        self.async_write_ha_state()

    @callback
    def _async_read(self) -> None:
        state = self._system.state
        area = state.areas.get(self._area_id)
        # Before the panel's first start there is nothing to show.
        self._attr_available = area is not None
        if area is None:
            return
        self._attr_alarm_state = (
            ARMED_STATES[area.mode] if area.status is AreaStatus.ARMED else STATES[area.status]
        )
        self._attr_changed_by = area.changed_by
        self._attr_extra_state_attributes = {
            "arm_mode": area.mode,
            "delay_end": area.delay_end,
            "open_zones": self._names(state.open_zones),
            "blind_zones": self._names(state.blind_zones),
            "bypassed_zones": self._names(area.bypassed),
            "alarm_zones": [self._system.zone_name(zone_id) for zone_id in _alarm_zones(area)],
        }

    def _names(self, zone_ids: frozenset[str]) -> list[str]:
        zones = self._system.panel_config.zones
        return sorted(
            self._system.zone_name(zone_id)
            for zone_id in zone_ids
            # A stored zone may have left the configuration since.
            if zone_id in zones and zones[zone_id].area_id == self._area_id
        )


def _alarm_zones(area: AreaState) -> list[str]:
    """Return the zones of what sounds now and of the alarm memory, in the order in which they tripped."""
    alarms = (*area.memory, *(area.siren.alarms if area.siren is not None else ()))
    return list(dict[str, Any].fromkeys(zone_id for alarm in alarms for zone_id in alarm.zones))
