"""The event entity: each change of an alarm, for automations."""

from typing import override

from homeassistant.components.event import EventEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .alarm_entity import AlarmEntity, alarm_attributes
from .const import CHANGES
from .link.book import AlarmChange
from .types import AlarmBrokerConfigEntry

PARALLEL_UPDATES = 0


async def async_setup_entry(
    _hass: HomeAssistant, entry: AlarmBrokerConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the one event entity."""
    async_add_entities([AlarmEvent(entry)])


class AlarmEvent(AlarmEntity, EventEntity):
    """What happened to an alarm last."""

    def __init__(self, entry: AlarmBrokerConfigEntry) -> None:
        """Follow the alarms of the entry."""
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
            self._trigger_event(_change.change, alarm_attributes(_change.alarm))
            self.async_write_ha_state()
