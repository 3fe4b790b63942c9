"""Alarm Broker: an alarm panel for Home Assistant, and the link to the companion that makes sure of an answer."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

from .actions.answer import async_setup_answer_services
from .actions.codes import async_setup_code_services
from .actions.household import async_setup_household_services
from .actions.panel import async_setup_panel_services
from .const import DOMAIN
from .household.calendar_actions import window_store
from .household.calendars import calendar_store
from .household.tracker import household_store
from .push.inbox import PRESS_INBOX, PressInbox
from .runtime import async_build, async_start
from .system.devices import async_forget_taken_away
from .system.issues import async_clear_all
from .system.journal import journal_store
from .system.reload import ReloadWhenChanged
from .system.renames import async_follow_renames, async_listen_for_renames, entity_id_store
from .system.side_files import async_forget
from .system.storage import EntryStorage
from .types import AlarmBrokerConfigEntry
from .verification.store import EvidenceStore
from .verification.view import EvidenceView

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

PLATFORMS = [
    Platform.ALARM_CONTROL_PANEL,
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.CALENDAR,
    Platform.EVENT,
    Platform.IMAGE,
    Platform.SELECT,
    Platform.SENSOR,
]
LATER = [Platform.SWITCH]
"""What nobody needs for being guarded, and there may be a thousand of."""


async def async_setup(hass: HomeAssistant, _config: ConfigType) -> bool:
    """Register the actions."""
    async_setup_answer_services(hass)
    async_setup_panel_services(hass)
    async_setup_code_services(hass)
    async_setup_household_services(hass)
    hass.http.register_view(EvidenceView())
    hass.data[PRESS_INBOX] = PressInbox(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: AlarmBrokerConfigEntry) -> bool:
    """Bring the panel up, and the link to the companion where there is one.

    The companion is not asked first: a panel that guards must not wait for it, so an entry loads without it and
    the link comes up by itself. Its absence shows in the entities and, after a while, as a repair issue.
    """
    renamed = await async_follow_renames(hass, entry)
    # Before the entry is read: what is changed while this goes on would otherwise wait for the next start.
    entry.async_on_unload(entry.add_update_listener(ReloadWhenChanged()))
    entry.async_on_unload(async_listen_for_renames(hass, entry))
    entry.runtime_data = await async_build(hass, entry, renamed)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    await async_start(hass, entry)
    await hass.config_entries.async_forward_entry_setups(entry, LATER)
    async_forget_taken_away(hass, entry, entry.runtime_data.offered)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: AlarmBrokerConfigEntry) -> bool:
    """Take everything down; what was promised to somebody is on disk."""
    data = entry.runtime_data
    # Sources before listeners: nothing may happen that nobody hears of.
    if data.link is not None:
        await data.link.async_stop()
    await data.system.async_stop()
    if not await hass.config_entries.async_unload_platforms(entry, PLATFORMS + LATER):
        return False
    await data.alarms.async_close()
    return True


async def async_remove_entry(hass: HomeAssistant, entry: AlarmBrokerConfigEntry) -> None:
    """Delete what was stored for the entry."""
    async_clear_all(hass, entry)
    stores = (household_store, calendar_store, window_store, journal_store, entity_id_store)
    await EntryStorage(hass, entry.entry_id).async_remove()
    await async_forget(hass, entry, *(store(hass, entry.entry_id) for store in stores))
    await EvidenceStore(hass, entry.entry_id, days=0).async_remove()
