"""Device triggers: the same activity, for who starts an automation from a device."""

import probatio as vol
from homeassistant.components.device_automation import DEVICE_TRIGGER_BASE_SCHEMA
from homeassistant.const import CONF_DEVICE_ID, CONF_DOMAIN, CONF_PLATFORM, CONF_TYPE
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.trigger import TriggerActionType, TriggerInfo
from homeassistant.helpers.typing import ConfigType

from .const import DOMAIN, SIGNAL_ACTIVITY, SUBENTRY_AREA
from .system.activity import Activity, ActivityKind

TYPES = [kind.value for kind in ActivityKind]
TRIGGER_SCHEMA = DEVICE_TRIGGER_BASE_SCHEMA.extend({vol.Required(CONF_TYPE): vol.In(TYPES)})


async def async_get_triggers(hass: HomeAssistant, device_id: str) -> list[dict[str, str]]:
    """Return the triggers of an area's device; other devices have none."""
    if _area_id(hass, device_id) is None:
        return []
    return [
        {CONF_PLATFORM: "device", CONF_DOMAIN: DOMAIN, CONF_DEVICE_ID: device_id, CONF_TYPE: kind}
        for kind in TYPES
    ]


async def async_attach_trigger(
    hass: HomeAssistant, config: ConfigType, action: TriggerActionType, trigger_info: TriggerInfo
) -> CALLBACK_TYPE:
    """Run the action when it happens in the device's area or to the whole panel; for the hub, wherever it happens."""
    area_id = _area_id(hass, config[CONF_DEVICE_ID])

    @callback
    def happened(activity: Activity) -> None:
        meant = area_id is None or not activity.areas or area_id in activity.areas
        if meant and activity.kind.value == config[CONF_TYPE]:
            payload = {
                **trigger_info["trigger_data"],
                **activity.as_dict(),
                "description": f"{activity.kind.value} at the alarm panel",
            }
            hass.async_run_hass_job(HassJob(action), {"trigger": payload})

    return async_dispatcher_connect(hass, SIGNAL_ACTIVITY, happened)


def _area_id(hass: HomeAssistant, device_id: str) -> str | None:
    """Return the area whose device it is, or None."""
    device = dr.async_get(hass).async_get(device_id)
    entry = None if device is None else hass.config_entries.async_get_entry(device.config_entry_id)
    if device is None or entry is None or entry.domain != DOMAIN:
        return None
    for subentry in entry.subentries.values():
        wanted = (DOMAIN, f"{entry.entry_id}_{subentry.subentry_id}")
        if subentry.subentry_type == SUBENTRY_AREA and wanted in device.identifiers:
            return subentry.subentry_id
    return None
