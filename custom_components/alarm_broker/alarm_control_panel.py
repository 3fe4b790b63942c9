"""The panels as Home Assistant shows them, one an area and a master over all; every decision is the core's."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, override

from homeassistant.components.alarm_control_panel import AlarmControlPanelEntity
from homeassistant.components.alarm_control_panel.const import (
    AlarmControlPanelEntityFeature,
    AlarmControlPanelState,
    CodeFormat,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .core.panel.config import ArmMode
from .core.panel.master import MasterView, master_modes, master_view
from .core.panel.state import Alarm, AreaState, AreaStatus, Pending
from .entity import AlarmBrokerEntity, AreaEntity
from .link.alarm import AlarmChange
from .system.tripped import URGENCY, Tripped, tripped
from .types import AlarmBrokerConfigEntry

PARALLEL_UPDATES = 0

STATES: Mapping[AreaStatus, AlarmControlPanelState | None] = {
    AreaStatus.DISARMED: AlarmControlPanelState.DISARMED,
    AreaStatus.ARMING: AlarmControlPanelState.ARMING,
    AreaStatus.PENDING: AlarmControlPanelState.PENDING,
    AreaStatus.TRIGGERED: AlarmControlPanelState.TRIGGERED,
    AreaStatus.UNKNOWN: None,
}
ARMED_STATES: Mapping[ArmMode | None, AlarmControlPanelState] = {
    ArmMode.AWAY: AlarmControlPanelState.ARMED_AWAY,
    ArmMode.HOME: AlarmControlPanelState.ARMED_HOME,
    ArmMode.NIGHT: AlarmControlPanelState.ARMED_NIGHT,
    ArmMode.VACATION: AlarmControlPanelState.ARMED_VACATION,
    ArmMode.CUSTOM_BYPASS: AlarmControlPanelState.ARMED_CUSTOM_BYPASS,
    # Several areas, armed differently or only some of them: neither armed nor disarmed would be true.
    None: AlarmControlPanelState.ARMED_CUSTOM_BYPASS,
}
FEATURES: Mapping[ArmMode, AlarmControlPanelEntityFeature] = {
    ArmMode.AWAY: AlarmControlPanelEntityFeature.ARM_AWAY,
    ArmMode.HOME: AlarmControlPanelEntityFeature.ARM_HOME,
    ArmMode.NIGHT: AlarmControlPanelEntityFeature.ARM_NIGHT,
    ArmMode.VACATION: AlarmControlPanelEntityFeature.ARM_VACATION,
    ArmMode.CUSTOM_BYPASS: AlarmControlPanelEntityFeature.ARM_CUSTOM_BYPASS,
}


async def async_setup_entry(
    _hass: HomeAssistant, entry: AlarmBrokerConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add one panel for each area, and the master."""
    system = entry.runtime_data.system
    for area_id in system.panel_config.areas:
        async_add_entities([AreaPanel(entry, area_id)], config_subentry_id=area_id)
    if system.config.master and len(system.panel_config.areas) > 1:
        async_add_entities([MasterPanel(entry)])


class Panel(AlarmBrokerEntity, AlarmControlPanelEntity):
    """What an area's panel and the master do alike: ask the system, on behalf of whoever calls."""

    _unrecorded_attributes = frozenset({"open_zones", "blind_zones", "delay_end"})

    area_ids: tuple[str, ...]
    """The areas that it works."""

    def _offer(self, entry: AlarmBrokerConfigEntry, modes: Sequence[ArmMode]) -> None:
        """Offer the modes, and ask for a code wherever one of them takes it."""
        self.system = entry.runtime_data.system
        self.alarms = entry.runtime_data.alarms
        self.verification = entry.runtime_data.verification
        self.journal = entry.runtime_data.journal
        config = self.system.panel_config
        settings = [config.areas[area_id].modes[mode] for area_id in self.area_ids for mode in modes]
        self._attr_code_arm_required = config.codes.disarm_required and any(
            one.code_to_arm for one in settings
        )
        if config.codes.disarm_required:
            self._attr_code_format = CodeFormat(self.system.config.code_format)
        self._attr_supported_features = AlarmControlPanelEntityFeature.TRIGGER
        for mode in modes:
            self._attr_supported_features |= FEATURES[mode]

    def _answered_by(self, now: Tripped) -> str | None:
        """Return who sees to one of the alarms that sound."""
        known = [self.alarms.find(uid) for uid in now.uids]
        return next((alarm.acknowledged_by for alarm in known if alarm and alarm.acknowledged_by), None)

    @override
    async def async_alarm_disarm(self, code: str | None = None) -> None:
        await self.system.async_disarm(self.area_ids, code=code, by=await self.async_caller())

    @override
    async def async_alarm_arm_away(self, code: str | None = None) -> None:
        await self._async_arm(ArmMode.AWAY, code)

    @override
    async def async_alarm_arm_home(self, code: str | None = None) -> None:
        await self._async_arm(ArmMode.HOME, code)

    @override
    async def async_alarm_arm_night(self, code: str | None = None) -> None:
        await self._async_arm(ArmMode.NIGHT, code)

    @override
    async def async_alarm_arm_vacation(self, code: str | None = None) -> None:
        await self._async_arm(ArmMode.VACATION, code)

    @override
    async def async_alarm_arm_custom_bypass(self, code: str | None = None) -> None:
        await self._async_arm(ArmMode.CUSTOM_BYPASS, code)

    @override
    async def async_alarm_trigger(self, code: str | None = None) -> None:
        # Thousands of automations call it for a broken window: not a panic, unless it was set so.
        kind = self.system.panel_config.rules.trigger_kind
        await self.system.async_trigger(self.area_ids[0], by=await self.async_caller(), kind=kind)

    async def _async_arm(self, mode: ArmMode, code: str | None) -> None:
        await self.system.async_arm(self.area_ids, mode, code=code, by=await self.async_caller())


class View(NamedTuple):
    """What an area's panel shows."""

    alarm_state: AlarmControlPanelState | None
    changed_by: str | None
    attributes: dict[str, Any]


class AreaPanel(AreaEntity, Panel):
    """One area's panel; available as long as the entry is, with or without the companion."""

    _attr_name = None

    _view: View

    def __init__(self, entry: AlarmBrokerConfigEntry, area_id: str) -> None:
        super().__init__(entry, area_id, "panel")
        self.area_ids = (area_id,)
        self._offer(entry, list(self.system.panel_config.areas[area_id].modes))

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self.system.subscriptions.subscribe_panel(self._area_id, self._async_changed))
        self.async_on_remove(self.alarms.changes.subscribe(self._async_alarm_changed))

    @callback
    def _async_alarm_changed(self, _change: AlarmChange) -> None:
        # Of all that it shows only this is the alarm's.
        if self._view.attributes["answered_by"] != self._answered_by(tripped((self._area,))):
            self._async_changed()

    @override
    def _shows(self) -> View:
        area, state = self._area, self.system.state
        status, mode = area.status, area.mode
        hides = self.system.config.hides_status
        alarms = self._alarms_now(area, hides=hides)
        now = tripped((area,))
        # Comprehensions, not generators: this is on the way of an alarm.
        attributes: dict[str, Any] = {
            "arm_mode": mode,
            "delay_end": area.delay_end,
            "alarm_kind": min([alarm.kind for alarm in alarms], key=URGENCY.index, default=None),
            "confirmed": True in [alarm.confirmed for alarm in alarms],
            "exit_error": isinstance(area.guard, Pending) and area.guard.exit_error,
            "tripped_since": now.since,
            "answered_by": self._answered_by(now),
        }
        if not hides:
            attributes["open_zones"] = self._names(state.open_zones)
            attributes["blind_zones"] = self._names(state.unavailable_zones)
            attributes["bypassed_zones"] = self._names(area.bypassed.keys())
            attributes["alarm_zones"] = self._names_in_order(alarms)
            attributes["tripped_zones"] = list(self.system.wording.zone_names(now.zone_ids))
        alarm_state = ARMED_STATES[mode] if status is AreaStatus.ARMED else STATES[status]
        self._view = View(alarm_state, area.changed_by, attributes)
        return self._view

    @staticmethod
    def _alarms_now(area: AreaState, *, hides: bool) -> tuple[Alarm, ...]:
        """Return what sounds, or has sounded and was not answered; what was is in the alarm memory."""
        if area.siren is not None:
            return area.siren.alarms
        return () if hides else tuple([alarm for alarm in area.memory if not alarm.disarmed])

    def _names_in_order(self, alarms: tuple[Alarm, ...]) -> list[str]:
        zone_ids = dict.fromkeys([zone_id for alarm in alarms for zone_id in alarm.zones])
        return [self.system.zone_name(zone_id) for zone_id in zone_ids]

    @property
    @override
    def alarm_state(self) -> AlarmControlPanelState | None:
        return self._view.alarm_state

    @property
    @override
    def changed_by(self) -> str | None:
        return self._view.changed_by

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        return self._view.attributes


class MasterPanel(Panel):
    """All areas as one panel: all of them or none."""

    def __init__(self, entry: AlarmBrokerConfigEntry) -> None:
        super().__init__(entry, "master")
        areas = entry.runtime_data.system.panel_config.areas
        self.area_ids = tuple(areas)
        self._offer(entry, master_modes(list(areas.values())))
        self._view: MasterView | None = None
        self._zones: dict[str, list[str]] = {}
        self._told: dict[str, Any] = {}

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self._async_look()
        for area_id in self.area_ids:
            self.async_on_remove(self.system.subscriptions.subscribe_panel(area_id, self._async_changed))
        # An opened zone leaves the areas as they are.
        self.async_on_remove(self.system.subscriptions.subscribe(self._async_changed))
        self.async_on_remove(self.alarms.changes.subscribe(lambda _change: self._async_changed()))

    @property
    @override
    def available(self) -> bool:
        """Always, once the panel has started."""
        return self._view is not None

    @property
    @override
    def alarm_state(self) -> AlarmControlPanelState | None:
        if self._view is None:
            return None
        if self._view.status is AreaStatus.ARMED:
            return ARMED_STATES[self._view.mode]
        return STATES[self._view.status]

    @property
    @override
    def changed_by(self) -> str | None:
        return None if self._view is None else self._view.changed_by

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        if self._view is None:
            return {}
        areas = self.system.panel_config.areas
        names = [
            (areas[area_id].name, armed)
            for area_id, armed in zip(self.area_ids, self._view.armed, strict=True)
        ]
        return {
            "arm_mode": self._view.mode,
            "delay_end": self._view.delay_end,
            "partly_armed": self._view.partly_armed,
            "armed_areas": [name for name, armed in names if armed],
            "disarmed_areas": [name for name, armed in names if not armed],
            **self._told,
            **self._zones,
        }

    @callback
    def _async_changed(self) -> None:
        before = self._view, self._zones, self._told
        self._async_look()
        if (self._view, self._zones, self._told) != before:
            self.async_write_ha_state()

    @callback
    def _async_look(self) -> None:
        areas = [self.system.state.areas.get(area_id) for area_id in self.area_ids]
        known = [area for area in areas if area is not None]
        self._view = master_view(known) if len(known) == len(areas) else None
        now = tripped(known)
        self._told = {
            "alarm_kind": now.kind,
            "tripped_since": now.since,
            "answered_by": self._answered_by(now),
        }
        if not self.system.config.hides_status:
            self._zones = {
                "tripped_zones": list(self.system.wording.zone_names(now.zone_ids)),
                "open_zones": self._names(self.system.state.open_zones),
                "bypassed_zones": self._names({zone_id for area in known for zone_id in area.bypassed}),
            }

    def _names(self, zone_ids: Collection[str]) -> list[str]:
        zones = self.system.panel_config.zones
        # A stored zone may have left the configuration since.
        return sorted([self.system.zone_name(zone_id) for zone_id in zone_ids if zone_id in zones])
