"""Whether an alarm is open, and whether the companion is there."""

from typing import Any, override

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .alarm_entity import AlarmEntity, alarm_attributes
from .entity import AlarmBrokerEntity
from .link.client import LinkClient
from .types import AlarmBrokerConfigEntry

PARALLEL_UPDATES = 0


async def async_setup_entry(
    _hass: HomeAssistant, entry: AlarmBrokerConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add them; the companion's only where there is one."""
    entities: list[BinarySensorEntity] = [AlarmActive(entry)]
    if (link := entry.runtime_data.link) is not None:
        entities.append(CompanionConnected(entry, link))
    async_add_entities(entities)


class AlarmActive(AlarmEntity, BinarySensorEntity):
    """On while somebody still has to see to an alarm."""

    _attr_device_class = BinarySensorDeviceClass.SAFETY
    _unrecorded_attributes = frozenset({"alarms"})

    def __init__(self, entry: AlarmBrokerConfigEntry) -> None:
        """Follow the alarms of the entry."""
        super().__init__(entry, "alarm_active")

    @property
    @override
    def is_on(self) -> bool:
        return bool(self._alarms.open_alarms)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        return {"alarms": [alarm_attributes(alarm) for alarm in self._alarms.open_alarms]}


class CompanionConnected(AlarmBrokerEntity, BinarySensorEntity):
    """Whether the companion hears us now."""

    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(self, entry: AlarmBrokerConfigEntry, link: LinkClient) -> None:
        """Follow the link."""
        super().__init__(entry, "companion_connected")
        self._link = link

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._link.async_subscribe(self.async_write_ha_state))

    @property
    @override
    def is_on(self) -> bool:
        return self._link.connected
