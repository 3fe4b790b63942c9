"""What a person can put right on Home Assistant's repairs page itself."""

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN
from .system.issues import PANEL_UNKNOWN
from .types import AlarmBrokerConfigEntry


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return what leads a person through an issue."""
    entry = hass.config_entries.async_get_entry(str((data or {}).get("entry_id")))
    if entry is None or issue_id != f"{PANEL_UNKNOWN}_{entry.entry_id}":
        return ConfirmRepairFlow()
    return DisarmUnknown(entry)


class DisarmUnknown(RepairsFlow):
    """Somebody has looked: what nobody knew whether it was armed is disarmed, and can be armed again.

    The page is for administrators, who could take every code out of the configuration; so it asks for none.
    """

    def __init__(self, entry: AlarmBrokerConfigEntry) -> None:
        """`entry` is the panel's."""
        self._entry = entry

    async def async_step_init(self, _user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Begin."""
        return await self.async_step_confirm()

    async def async_step_confirm(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Ask, and do it."""
        if self._entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="not_loaded")
        if user_input is None:
            issue = ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id)
            return self.async_show_form(
                step_id="confirm",
                description_placeholders=None if issue is None else issue.translation_placeholders,
            )
        system = self._entry.runtime_data.system
        await system.async_disarm(system.unknown_areas, code=None, by=None, trusted=True)
        return self.async_create_entry(data={})
