"""Waiting for a reload: what changes a config entry's parts is answered once the panel guards with them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant

from ..const import DOMAIN

RELOAD_S = 30
"""A reload takes a second or two; whoever waits gets an answer also when it does not come to an end."""

UNDER_WAY = (
    ConfigEntryState.UNLOAD_IN_PROGRESS,
    ConfigEntryState.NOT_LOADED,
    ConfigEntryState.SETUP_IN_PROGRESS,
)


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
