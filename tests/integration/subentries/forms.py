"""Going through the forms of a part of the panel, as a person does."""

from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry


async def add(hass: HomeAssistant, entry: ConfigEntry, kind: str, *answers: dict[str, Any]) -> Any:
    """Go through the forms of a new part; return the last result."""
    result: Any = await hass.config_entries.subentries.async_init(
        (entry.entry_id, kind), context={"source": "user"}
    )
    for answer in answers:
        assert result["type"] is FlowResultType.FORM, result
        result = await hass.config_entries.subentries.async_configure(result["flow_id"], answer)
    await hass.async_block_till_done()
    return result


async def change(
    hass: HomeAssistant, entry: MockConfigEntry, subentry_id: str, *answers: dict[str, Any]
) -> Any:
    """Go through the forms that change a part; return the last result."""
    result: Any = await entry.start_subentry_reconfigure_flow(hass, subentry_id)
    for answer in answers:
        assert result["type"] is FlowResultType.FORM, result
        result = await hass.config_entries.subentries.async_configure(result["flow_id"], answer)
    await hass.async_block_till_done()
    return result
