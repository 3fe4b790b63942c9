"""One switch a zone: on leaves it out until the next disarming."""

import asyncio
from itertools import batched
from typing import Any, override

from homeassistant.components.switch import SwitchEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .core.panel.state import Bypass
from .entity import AlarmBrokerEntity, zone_device
from .types import AlarmBrokerConfigEntry

PARALLEL_UPDATES = 0

AT_ONCE = 50
"""Switches that are added in one turn of the loop: the panel guards already, and an alarm waits for none of them."""


async def async_setup_entry(
    _hass: HomeAssistant, entry: AlarmBrokerConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add a switch for each zone that may be left out, where it may be seen."""
    if entry.runtime_data.system.config.hides_status:
        return
    zones = entry.runtime_data.system.panel_config.zones.values()
    for batch in batched((zone.zone_id for zone in zones if zone.bypassable), AT_ONCE, strict=False):
        for zone_id in batch:
            async_add_entities([ZoneBypass(entry, zone_id)], config_subentry_id=zone_id)
        await asyncio.sleep(0)


class ZoneBypass(AlarmBrokerEntity, SwitchEntity):
    """Whether a zone is left out, for whatever reason; it hears of nothing but its own zone."""

    _attr_entity_category = EntityCategory.CONFIG

    def __init__(self, entry: AlarmBrokerConfigEntry, zone_id: str) -> None:
        super().__init__(entry, "bypass")
        system = entry.runtime_data.system
        zone = system.panel_config.zones[zone_id]
        self._attr_unique_id = system.bypass_switch_id(zone_id)
        self._attr_device_info = zone_device(entry, zone_id)
        self.system = system
        self._zone_id = zone_id
        self._area_id = zone.area_id
        self._written: Bypass | None = None

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self.system.subscriptions.subscribe_zone(self._zone_id, self._changed))
        self._written = self._reason

    @property
    @override
    def is_on(self) -> bool:
        return self._reason is not None

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        return {"reason": self._reason}

    @property
    def _reason(self) -> Bypass | None:
        return self.system.state.areas[self._area_id].bypassed.get(self._zone_id)

    @override
    async def async_turn_on(self, **_kwargs: Any) -> None:
        await self._async_bypass(bypass=True)

    @override
    async def async_turn_off(self, **_kwargs: Any) -> None:
        await self._async_bypass(bypass=False)

    async def _async_bypass(self, *, bypass: bool) -> None:
        await self.system.async_bypass(
            (self._zone_id,), bypass=bypass, code=None, by=await self.async_caller()
        )

    def _changed(self) -> None:
        if self._reason is not self._written:
            self._written = self._reason
            self.async_write_ha_state()
