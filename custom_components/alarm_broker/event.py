"""The event entities: each change of an alarm, and each thing that happens at the panel, for automations."""

from typing import override

from homeassistant.components.event import EventEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import CHANGES
from .entity import AlarmBrokerEntity, AlarmEntity
from .link.alarm import AlarmChange
from .system.activity import Activity, ActivityKind
from .types import AlarmBrokerConfigEntry

PARALLEL_UPDATES = 0


async def async_setup_entry(
    _hass: HomeAssistant, entry: AlarmBrokerConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add both."""
    async_add_entities([AlarmEvent(entry), PanelEvent(entry)])


class AlarmEvent(AlarmEntity, EventEntity):
    """What happened to an alarm last."""

    def __init__(self, entry: AlarmBrokerConfigEntry) -> None:
        super().__init__(entry, "alarm")
        self._attr_event_types = list(CHANGES)

    @property
    @override
    def available(self) -> bool:
        """Always: what has happened stays true."""
        return True

    @callback
    @override
    def _alarm_changed(self, _change: AlarmChange) -> None:
        if _change.change is not None:
            self._trigger_event(_change.change, self._described(_change.alarm))
            self.async_write_ha_state()


class PanelEvent(AlarmBrokerEntity, EventEntity):
    """What happened at the panel last."""

    def __init__(self, entry: AlarmBrokerConfigEntry) -> None:
        super().__init__(entry, "panel")
        self._attr_unique_id = f"{entry.entry_id}_panel_event"
        self._attr_event_types = [kind.value for kind in ActivityKind]
        system = entry.runtime_data.system
        self._subscriptions, self._hides = system.subscriptions, system.config.hides_status

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._subscriptions.activity.subscribe(self._async_happened))

    @callback
    def _async_happened(self, activity: Activity) -> None:
        attributes = activity.as_dict()
        kind = attributes.pop("kind")
        if self._hides:
            attributes = {key: attributes[key] for key in ("area_id", "area", "by")}
        self._trigger_event(kind, attributes)
        self.async_write_ha_state()
