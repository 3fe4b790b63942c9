"""Reloads: what has changed in a config entry sets everything up anew, and whoever changed it is answered after that."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant, callback

from ..const import DOMAIN
from ..types import AlarmBrokerConfigEntry

RELOAD_S = 30
"""A reload takes a second or two; whoever waits gets an answer also when it does not come to an end."""

UNDER_WAY = (
    ConfigEntryState.UNLOAD_IN_PROGRESS,
    ConfigEntryState.NOT_LOADED,
    ConfigEntryState.SETUP_IN_PROGRESS,
)


class ReloadWhenChanged:
    """Listens to changes of one config entry: builds everything anew with them; many in one go are one reload."""

    def __init__(self) -> None:
        self._asked = False

    async def __call__(self, hass: HomeAssistant, entry: AlarmBrokerConfigEntry) -> None:
        """Reload the entry, unless that is on its way already."""
        if self._asked:
            return
        if hasattr(entry, "runtime_data") and entry.runtime_data.quietly_removed:
            entry.runtime_data.quietly_removed.pop()
            return
        self._asked = True
        # In the next turn of the loop: a hundred zones are added in this one.
        hass.loop.call_soon(self._reload, hass, entry)

    @callback
    def _reload(self, hass: HomeAssistant, entry: AlarmBrokerConfigEntry) -> None:
        if entry.state in (ConfigEntryState.LOADED, ConfigEntryState.SETUP_IN_PROGRESS):
            hass.config_entries.async_schedule_reload(entry.entry_id)


async def async_settled(hass: HomeAssistant) -> None:
    """Wait until no panel is being reloaded: whatever asks next would be told that there is none."""
    for entry in hass.config_entries.async_entries(DOMAIN):
        async with entry.setup_lock:
            pass


@asynccontextmanager
async def async_until_reloaded(entry: ConfigEntry) -> AsyncIterator[None]:
    """Change the entry's parts inside; go on once it has been reloaded with them."""
    reloaded = asyncio.Event()

    def changed() -> None:
        if entry.state not in UNDER_WAY:
            reloaded.set()

    unsub = entry.async_on_state_change(changed)
    try:
        yield
        with suppress(TimeoutError):
            async with asyncio.timeout(RELOAD_S):
                await reloaded.wait()
    finally:
        unsub()
