"""The latest alarm, which zones are open, and when a delay ends."""

from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .alarm_entity import AlarmEntity, alarm_attributes
from .entity import AreaEntity
from .link.protocol import Status
from .types import AlarmBrokerConfigEntry

PARALLEL_UPDATES = 0

NO_ALARM = "none"


async def async_setup_entry(
    _hass: HomeAssistant, entry: AlarmBrokerConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add them."""
    async_add_entities([LatestAlarm(entry)])
    for area_id in entry.runtime_data.system.panel_config.areas:
        async_add_entities([OpenZones(entry, area_id), DelayEnd(entry, area_id)], config_subentry_id=area_id)


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


class OpenZones(AreaEntity, SensorEntity):
    """How many zones of an area are open, and which."""

    _unrecorded_attributes = frozenset({"zones"})

    def __init__(self, entry: AlarmBrokerConfigEntry, area_id: str) -> None:
        """Follow the area."""
        super().__init__(entry, area_id, "open_zones")

    @property
    @override
    def native_value(self) -> int:
        return len(self._shows())

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        return {"zones": self._shows()}

    @override
    def _shows(self) -> list[str]:
        return self._names(self.system.state.open_zones)


class DelayEnd(AreaEntity, SensorEntity):
    """When the exit delay, the entry delay or the siren ends, for a countdown."""

    _attr_device_class = SensorDeviceClass.TIMESTAMP
    _attr_entity_registry_enabled_default = False

    def __init__(self, entry: AlarmBrokerConfigEntry, area_id: str) -> None:
        """Follow the area."""
        super().__init__(entry, area_id, "delay_end")

    @property
    @override
    def native_value(self) -> datetime | None:
        return self._shows()

    @override
    def _shows(self) -> datetime | None:
        return self._area.delay_end
