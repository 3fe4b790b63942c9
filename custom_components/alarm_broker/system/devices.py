"""Where something happened, as Home Assistant knows it: the logbook of a panel or a device asks for that."""

from collections.abc import Collection

from homeassistant.components.alarm_control_panel.const import DOMAIN as ALARM_CONTROL_PANEL_DOMAIN
from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er

from ..const import DOMAIN


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
