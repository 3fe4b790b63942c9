"""What all entities of one config entry share: identity, device and availability."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, override

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import EntityPlatform

from .const import DOMAIN
from .core.panel.state import AreaState
from .link.alarm import PANEL_SOURCE, Alarm, AlarmChange
from .link.wording import alarm_title, remarks
from .system.callers import async_caller
from .texts.language import texts_for
from .texts.model import Texts
from .types import AlarmBrokerConfigEntry, RuntimeData

MANUFACTURER = "Alarm Broker"

type Subscribe = Callable[[Callable[..., None]], CALLBACK_TYPE]


def hub_device(entry: AlarmBrokerConfigEntry) -> DeviceInfo:
    """Return the device of a config entry."""
    return DeviceInfo(
        identifiers={(DOMAIN, entry.entry_id)},
        name=entry.title,
        manufacturer=MANUFACTURER,
        model="Alarm system",
        entry_type=DeviceEntryType.SERVICE,
    )


def area_device(entry: AlarmBrokerConfigEntry, area_id: str) -> DeviceInfo:
    """Return the device of one area."""
    areas = entry.runtime_data.system.panel_config.areas
    return _part_device(entry, area_id, name=areas[area_id].name, model="Area")


def zone_device(entry: AlarmBrokerConfigEntry, zone_id: str) -> DeviceInfo:
    """Return the device of one zone: Home Assistant keeps a device for each subentry."""
    return _part_device(entry, zone_id, name=entry.runtime_data.system.zone_name(zone_id), model="Zone")


def person_device(entry: AlarmBrokerConfigEntry, person_id: str) -> DeviceInfo:
    """Return the device of somebody who lives here."""
    return _part_device(entry, person_id, name=entry.runtime_data.household.name(person_id), model="Person")


def _part_device(entry: AlarmBrokerConfigEntry, part_id: str, *, name: str, model: str) -> DeviceInfo:
    return DeviceInfo(
        identifiers={(DOMAIN, f"{entry.entry_id}_{part_id}")},
        name=name,
        manufacturer=MANUFACTURER,
        model=model,
        entry_type=DeviceEntryType.SERVICE,
        via_device_id=entry.runtime_data.hub_device_id,
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
        self._offered = entry.runtime_data.offered

    @override
    @callback
    def add_to_platform_start(
        self, hass: HomeAssistant, platform: EntityPlatform, parallel_updates: asyncio.Semaphore | None
    ) -> None:
        super().add_to_platform_start(hass, platform, parallel_updates)
        # Here and not when it is added: one that is disabled never is, and must be remembered too.
        self._offered.add((platform.domain, str(self.unique_id)))

    async def async_caller(self) -> str | None:
        """Return the name of the Home Assistant user who calls, None for an automation."""
        return await async_caller(self.hass, self._context)


@dataclass(frozen=True, kw_only=True)
class HubDescription(EntityDescription):
    """What an entity of the hub shows, and what it follows."""

    follows_fn: Callable[[RuntimeData], Subscribe]
    """After these changes it looks again."""
    value_fn: Callable[[RuntimeData], Any]
    attributes_fn: Callable[[RuntimeData], dict[str, Any]] = lambda _data: {}


class ShownEntity(AlarmBrokerEntity):
    """An entity that is written only when what it shows has changed."""

    _written: object = None

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._async_follow())
        # Home Assistant writes it right behind this.
        self._written = self._shows()

    @callback
    def _async_follow(self) -> CALLBACK_TYPE:
        """Have `_async_changed` called when it may show something else; return what ends that."""
        raise NotImplementedError

    def _shows(self) -> object:
        """Return everything that the entity's state depends on; while it is the same nothing is written."""
        return object()

    @callback
    def _async_changed(self, *_news: object) -> None:
        shows = self._shows()
        if shows != self._written:
            self._written = shows
            self.async_write_ha_state()


class HubEntity(ShownEntity):
    """An entity of the hub that shows what its description finds."""

    entity_description: HubDescription

    def __init__(self, entry: AlarmBrokerConfigEntry, description: HubDescription) -> None:
        super().__init__(entry, description.key)
        self.entity_description = description
        self.data = entry.runtime_data

    @override
    def _async_follow(self) -> CALLBACK_TYPE:
        return self.entity_description.follows_fn(self.data)(self._async_changed)

    @override
    def _shows(self) -> object:
        return self.entity_description.value_fn(self.data), self.extra_state_attributes

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        return self.entity_description.attributes_fn(self.data)


class AreaEntity(ShownEntity):
    """An entity of one area: it hears only of what concerns that area.

    It is always available, with or without the companion.
    """

    def __init__(self, entry: AlarmBrokerConfigEntry, area_id: str, key: str) -> None:
        super().__init__(entry, key)
        self.system = entry.runtime_data.system
        self._attr_unique_id = f"{entry.entry_id}_{area_id}_{key}"
        self._attr_device_info = area_device(entry, area_id)
        self._area_id = area_id

    @override
    def _async_follow(self) -> CALLBACK_TYPE:
        return self.system.subscriptions.subscribe(self._async_changed, area_id=self._area_id)

    @property
    def _area(self) -> AreaState:
        return self.system.state.areas[self._area_id]

    def _names(self, zone_ids: Collection[str]) -> list[str]:
        """Return the names of those of the zones that are the area's."""
        if not zone_ids:
            return []
        config = self.system.config
        zones, names = config.panel.zones, config.zone_names
        # A stored zone may have left the configuration since.
        own = [
            zone_id for zone_id in zone_ids if zone_id in zones and zones[zone_id].area_id == self._area_id
        ]
        return sorted([names[zone_id] for zone_id in own])


class AlarmEntity(AlarmBrokerEntity):
    """An entity that shows something of the alarms, whoever raised them."""

    def __init__(self, entry: AlarmBrokerConfigEntry, key: str) -> None:
        super().__init__(entry, key)
        self._alarms = entry.runtime_data.alarms
        self._watch = entry.runtime_data.watch
        self._names_zones = not entry.runtime_data.system.config.hides_status

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._alarms.changes.subscribe(self._alarm_changed))
        if self._watch is not None:
            self.async_on_remove(self._watch.changes.subscribe(self.async_write_ha_state))

    @property
    @override
    def available(self) -> bool:
        """Not while the companion may know better: its alarms may have moved on.

        An alarm that the panel of this Home Assistant raised is certain either way.
        """
        if self._watch is None or self._watch.trusted:
            return True
        return any(alarm.local for alarm in self._alarms.open_alarms)

    def _described(self, alarm: Alarm) -> dict[str, Any]:
        texts = texts_for(self.hass.config.language)
        return _alarm_attributes(alarm, texts, names_zones=self._names_zones)

    @callback
    def _alarm_changed(self, _change: AlarmChange) -> None:
        self.async_write_ha_state()


def _alarm_attributes(alarm: Alarm, texts: Texts, *, names_zones: bool) -> dict[str, Any]:
    """Return an alarm as automations and dashboards read it; one of the panel perhaps without its zones."""
    names_all = names_zones or alarm.source != PANEL_SOURCE
    return {
        "alarm_id": alarm.alarm_id or alarm.id,
        "uid": alarm.id,  # stays the same when the companion gives the alarm its own id
        "title": alarm_title(alarm, texts) if names_all else alarm.site,
        "message": remarks(alarm, texts) or None,
        "status": alarm.status.value,
        "alarm_kind": alarm.alarm_kind,
        "severity": alarm.severity,
        "source": alarm.source,
        "where": alarm.where if names_all else alarm.site,
        "who": alarm.person,
        "test": alarm.test,
        "raised_at": alarm.raised_at.isoformat(),
        "acknowledged_by": alarm.acknowledged_by,
        "acknowledged_at": alarm.acknowledged_at.isoformat() if alarm.acknowledged_at else None,
        "closed_by": alarm.closed_by,
        "closed_at": alarm.closed_at.isoformat() if alarm.closed_at else None,
        "step": alarm.step,
        "delivery_trouble": alarm.trouble,
    }
