"""The latest alarm: how it stands, and what is known about it."""

from typing import Any, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .alarm_entity import AlarmEntity, alarm_attributes
from .link.protocol import Status
from .types import AlarmBrokerConfigEntry

PARALLEL_UPDATES = 0

NO_ALARM = "none"


async def async_setup_entry(
    _hass: HomeAssistant, entry: AlarmBrokerConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the one sensor."""
    async_add_entities([LatestAlarm(entry)])


class LatestAlarm(AlarmEntity, SensorEntity):
    """The status of the alarm that was raised last."""

    _attr_device_class = SensorDeviceClass.ENUM

    def __init__(self, entry: AlarmBrokerConfigEntry) -> None:
        """Follow the alarms of the entry."""
        super().__init__(entry, "latest_alarm")
        self._attr_options = [NO_ALARM, *(status.value for status in Status)]

    @property
    @override
    def native_value(self) -> str:
        latest = next(iter(self._alarms.visible), None)
        return NO_ALARM if latest is None else latest.status.value

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        latest = next(iter(self._alarms.visible), None)
        return {} if latest is None else alarm_attributes(latest)
