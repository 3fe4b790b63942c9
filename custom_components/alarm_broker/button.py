"""Buttons: begin and end the walk test, clear the alarm memory."""

from typing import override

from homeassistant.components.button import ButtonEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .entity import AreaEntity
from .types import AlarmBrokerConfigEntry

PARALLEL_UPDATES = 0


async def async_setup_entry(
    _hass: HomeAssistant, entry: AlarmBrokerConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add them for each area."""
    for area_id in entry.runtime_data.system.panel_config.areas:
        async_add_entities(
            [WalkTestButton(entry, area_id), ClearMemoryButton(entry, area_id)], config_subentry_id=area_id
        )


class AreaButton(AreaEntity, ButtonEntity):
    """A button that looks the same whatever happens."""

    @override
    def _shows(self) -> object:
        return None


class WalkTestButton(AreaButton):
    """Begins the walk test, and ends it when it runs."""

    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(self, entry: AlarmBrokerConfigEntry, area_id: str) -> None:
        """Work the area."""
        super().__init__(entry, area_id, "walk_test")

    @override
    async def async_press(self) -> None:
        await self.system.async_walk_test(
            (self._area_id,),
            start=self._area.walk_test is None,
            code=None,
            by=await self.async_caller(),
        )


class ClearMemoryButton(AreaButton):
    """Says that the alarm memory has been seen."""

    def __init__(self, entry: AlarmBrokerConfigEntry, area_id: str) -> None:
        """Work the area."""
        super().__init__(entry, area_id, "clear_memory")

    @override
    async def async_press(self) -> None:
        await self.system.async_clear_memory((self._area_id,), code=None, by=await self.async_caller())
