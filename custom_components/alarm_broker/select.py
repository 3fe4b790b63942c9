"""When the chime sounds."""

from typing import override

from homeassistant.components.select import SelectEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .core.panel.state import ChimeMode
from .entity import AreaEntity
from .types import AlarmBrokerConfigEntry

PARALLEL_UPDATES = 0


async def async_setup_entry(
    _hass: HomeAssistant, entry: AlarmBrokerConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add one for each area."""
    for area_id in entry.runtime_data.system.panel_config.areas:
        async_add_entities([Chime(entry, area_id)], config_subentry_id=area_id)


class Chime(AreaEntity, SelectEntity):
    """When a chime zone that opens is announced: an event `chime` of the panel, for a speaker or a bell."""

    _attr_entity_category = EntityCategory.CONFIG

    def __init__(self, entry: AlarmBrokerConfigEntry, area_id: str) -> None:
        super().__init__(entry, area_id, "chime")
        self._attr_options = [mode.value for mode in ChimeMode]

    @property
    @override
    def current_option(self) -> str:
        return self._area.chime.value

    @override
    def _shows(self) -> object:
        return self._area.chime

    @override
    async def async_select_option(self, option: str) -> None:
        await self.system.async_set_chime(self._area_id, ChimeMode(option))
