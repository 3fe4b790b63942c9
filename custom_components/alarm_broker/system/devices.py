"""What Home Assistant's registries know of an entry: the device and entity where something happened, areas set up before."""

from collections.abc import Collection
from typing import Any

from homeassistant.components.alarm_control_panel.const import DOMAIN as ALARM_CONTROL_PANEL_DOMAIN
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er

from ..const import DOMAIN, SUBENTRY_AREA


def place(
    hass: HomeAssistant, entry_id: str, area_ids: Collection[str], *, known: Collection[str]
) -> dict[str, str]:
    """Return the panel and the device of the one area that it is about, or those of the whole alarm system.

    The recorder looks for one panel only, never in a list. Where `known` is one area, its panel is the only one.
    """
    panel, device = f"{entry_id}_master", entry_id
    if len(area_ids or known) == 1:
        panel = f"{entry_id}_{next(iter(area_ids or known))}_panel"
    if len(area_ids) == 1:
        device = f"{entry_id}_{next(iter(area_ids))}"
    entity_id = er.async_get(hass).async_get_entity_id(ALARM_CONTROL_PANEL_DOMAIN, DOMAIN, panel)
    registered = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, device), entry_id)
    return {
        **({} if entity_id is None else {ATTR_ENTITY_ID: entity_id}),
        **({} if registered is None else {ATTR_DEVICE_ID: registered.id}),
    }


@callback
def async_known_areas(hass: HomeAssistant, entry: ConfigEntry[Any]) -> list[str]:
    """Return the areas that have been set up before: the state of each was written down then."""
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    known = {name for device in devices for _, name in device.identifiers}
    known |= {one.unique_id.removesuffix("_panel") for one in entities}
    return [
        area_id
        for area_id, one in entry.subentries.items()
        if one.subentry_type == SUBENTRY_AREA and f"{entry.entry_id}_{area_id}" in known
    ]


@callback
def async_forget_taken_away(
    hass: HomeAssistant, entry: ConfigEntry[Any], offered: Collection[tuple[str, str]]
) -> None:
    """Take entities out of the registry that a change of the settings took away: they would stay as unavailable.

    `offered` are platform and unique id of those that there are now.

    Home Assistant remembers their names and ids, should they come back.
    """
    registry = er.async_get(hass)
    for one in er.async_entries_for_config_entry(registry, entry.entry_id):
        if (one.domain, one.unique_id) not in offered:
            registry.async_remove(one.entity_id)
