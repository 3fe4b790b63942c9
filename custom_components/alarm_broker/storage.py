"""One private file for what must be stored together: the panel, the book of alarms, the outbox, the pressed buttons.

A decision of the panel and the event that tells the companion of it are in one write: after a crash there are both
or neither.
"""

import asyncio
from collections.abc import Callable
from typing import Any, override

from homeassistant.core import CoreState, HomeAssistant
from homeassistant.exceptions import ConfigEntryError, UnsupportedStorageVersionError
from homeassistant.helpers.storage import Store

from .const import DOMAIN, LOGGER

STORAGE_VERSION = 1


class EntryStorage:
    """Keeps named sections of one config entry; each part gives its own and they are written as one."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Name the file; nothing is read yet."""
        self._hass = hass
        self._store = _Store(
            hass, STORAGE_VERSION, f"{DOMAIN}.panel.{entry_id}", private=True, atomic_writes=True
        )
        self._writing: set[asyncio.Task[None]] = set()
        self._closed = False
        self._sections: dict[str, Callable[[], Any]] = {}

    async def async_load(self) -> dict[str, Any]:
        """Return the stored sections; empty at first.

        Raises ConfigEntryError when a newer version has written them: a panel that forgot would be a silent disarm.
        """
        try:
            return await self._store.async_load() or {}
        except UnsupportedStorageVersionError as err:
            raise unreadable(str(err)) from err

    def add_section(self, name: str, content: Callable[[], Any]) -> None:
        """Write what `content` returns under `name` from now on."""
        self._sections[name] = content

    async def async_save(self) -> bool:
        """Write all sections as they are now; return whether they are on disk.

        They are not when the disk refused, which is logged, or while Home Assistant is stopping, which postpones
        every write to its last moment. Then nothing may be confirmed to the companion.
        """
        if self._closed:
            return False
        self._store.refused = False
        try:
            content = {name: content() for name, content in self._sections.items()}
            # Whoever waits may be cancelled; the write ends all the same, and async_close waits for it.
            task = self._hass.async_create_task(self._store.async_save(content), "alarm_broker write")
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)
            await asyncio.shield(task)
        except Exception:  # noqa: BLE001 - whatever is wrong with the disk keeps no alarm back; logged in full
            LOGGER.exception("The panel could not be stored; it goes on, but a restart now would forget this")
            return False
        return not self._store.refused and self._hass.state is not CoreState.stopping

    async def async_close(self) -> None:
        """Wait for the writes under way and take no more: the entry is built anew from this file."""
        self._closed = True
        if self._writing:
            await asyncio.wait(self._writing)

    async def async_remove(self) -> None:
        """Delete the file: the entry is gone."""
        await self._store.async_remove()


def unreadable(detail: str) -> ConfigEntryError:
    """Return the error of an entry whose file cannot be read, as the person who has to mend it reads it."""
    return ConfigEntryError(
        translation_domain=DOMAIN,
        translation_key="state_unreadable",
        translation_placeholders={"detail": detail},
    )


class _Store(Store[dict[str, Any]]):
    """Home Assistant's store, which logs a refused write and hides it from its caller."""

    refused = False

    @override
    async def _async_write_data(self, data: dict[str, Any]) -> None:
        try:
            await super()._async_write_data(data)
        except Exception:
            self.refused = True
            raise
