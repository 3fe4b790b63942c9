"""What Home Assistant's system information page says about the integration."""

from typing import Any

from homeassistant.components import system_health
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_URL
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN
from .types import RuntimeData


@callback
def async_register(_hass: HomeAssistant, register: system_health.SystemHealthRegistration) -> None:
    """Register the information."""
    register.async_register_info(_async_info)


async def _async_info(hass: HomeAssistant) -> dict[str, Any]:
    entries: list[ConfigEntry[RuntimeData]] = hass.config_entries.async_loaded_entries(DOMAIN)
    with_companion = [entry for entry in entries if entry.runtime_data.link is not None]
    if not with_companion:
        return {"link_state": "no companion"}
    entry = with_companion[0]
    data = entry.runtime_data
    return {
        "companion_reachable": system_health.async_check_can_reach_url(
            hass, f"{entry.data[CONF_URL]}/healthz"
        ),
        "link_state": data.link.state.value if data.link else None,
        "kept_events": len(data.outbox) if data.outbox is not None else 0,
    }
