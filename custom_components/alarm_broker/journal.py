"""What has happened, kept on our own disk: nobody can change or delete it from Home Assistant."""

from collections.abc import Collection
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import UnsupportedStorageVersionError
from homeassistant.helpers.storage import Store

from .audience import Audience
from .const import DOMAIN, LOGGER
from .happenings import Happening, HappeningKind

KEPT = 1000
"""EN 50131-1 asks for 250 events at grade 2, 500 at grade 3, 1000 at grade 4."""
SAVE_DELAY_S = 2

UNTOLD = frozenset({HappeningKind.CHIME})
"""A door that is opened all day would push everything else out."""


def journal_store(hass: HomeAssistant, entry_id: str) -> Store[list[dict[str, Any]]]:
    """Return where an entry's journal is kept."""
    return Store(hass, 1, f"{DOMAIN}.journal.{entry_id}", private=True, atomic_writes=True)


class Journal:
    """The latest things that happened, oldest first; what is silent is never among them."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        self._store = journal_store(hass, entry_id)
        self._entries: list[dict[str, Any]] = []

    async def async_load(self) -> None:
        """Read what was written before; what a newer version wrote is left out, as a panel that guards is worth more."""
        try:
            self._entries = await self._store.async_load() or []
        except UnsupportedStorageVersionError:
            LOGGER.exception("The journal cannot be read and begins anew")

    async def async_stop(self) -> None:
        """Write what is not on disk yet."""
        await self._store.async_save(self._entries)

    @callback
    def async_start(self, audience: Audience) -> None:
        """Write down what happens from now on."""
        audience.subscribe_happenings(self._happened)

    def entries(self, area_ids: Collection[str], *, limit: int) -> list[dict[str, Any]]:
        """Return the latest entries of areas and of the whole panel, newest first."""
        own = [entry for entry in reversed(self._entries) if entry["area_id"] in (None, *area_ids)]
        return own[:limit]

    @callback
    def _happened(self, happening: Happening) -> None:
        if happening.kind in UNTOLD:
            return
        self._entries = [*self._entries[-KEPT + 1 :], {"at": happening.at.isoformat(), **happening.as_dict()}]
        self._store.async_delay_save(lambda: self._entries, SAVE_DELAY_S)
