"""What all entities of one config entry share: identity, device and availability."""

from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import Entity

from .const import DOMAIN
from .types import AlarmBrokerConfigEntry


def hub_device(entry: AlarmBrokerConfigEntry) -> DeviceInfo:
    """Return the one device of a config entry."""
    return DeviceInfo(
        identifiers={(DOMAIN, entry.entry_id)},
        name=entry.title,
        manufacturer="Alarm Broker",
        entry_type=DeviceEntryType.SERVICE,
    )


class AlarmBrokerEntity(Entity):
    """An entity of the hub device, named by its key."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, entry: AlarmBrokerConfigEntry, key: str) -> None:
        """`key` is the translation key and, within the entry, the unique id."""
        self._attr_unique_id = f"{entry.entry_id}_{key}"
        self._attr_translation_key = key
        self._attr_device_info = hub_device(entry)
