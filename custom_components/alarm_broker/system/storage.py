"""One private file for what must be stored together: the panel, the registry of alarms, the outbox, the pressed buttons.

A decision of the panel and the event that tells the companion of it are in one write: after a crash there are both
or neither.

Without the panel nobody knows whether the house is armed, so there is a copy beside, written after the file and read
back. A file that is lost or cannot be read is never a disarmed panel: the copy is taken, else the state is unknown.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers.json import prepare_save_json
from homeassistant.helpers.storage import Store
from homeassistant.util.file import WriteError
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.json import SerializationError

from ..const import DOMAIN, LOGGER
from ..core.stored import UNREADABLE, mapping
from .issues import async_clear_unreadable, async_report_unreadable
from .side_files import async_put_aside, is_passing

STORAGE_VERSION = 1
PANEL = "panel"
"""The section without which there is no file."""
PATIENCE = 4
"""So often a disk that refuses is asked again, for a minute or so in all, before the file is taken for lost."""
REFUSED: HassKey[dict[str, int]] = HassKey(f"{DOMAIN}_refused")
"""How often in a row each file was not given up."""
COPY_DELAY_S = 1
"""What happens in a burst is copied once."""


class Written(Protocol):
    """Is told that a write has ended."""

    def __call__(self, *, taken: bool) -> None:
        """`taken` says whether the disk took it."""
        ...


@dataclass(frozen=True, slots=True)
class _Section:
    content: Callable[[], Any]
    begin: Callable[[], Written] | None


class EntryStorage:
    """Keeps named sections of one config entry; each part gives its own and they are written as one."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Name the file; nothing is read yet."""
        self._hass = hass
        self._store = _Store(
            hass, STORAGE_VERSION, f"{DOMAIN}.panel.{entry_id}", private=True, atomic_writes=True
        )
        self._copy = _Copy(
            hass, STORAGE_VERSION, f"{DOMAIN}.panel.{entry_id}.copy", private=True, atomic_writes=True
        )
        self._copying = False
        self._writing: set[asyncio.Task[bool]] = set()
        self._closed = False
        self._sections: dict[str, _Section] = {}
        self._saved: Mapping[str, Any] = {}
        self._unreadable: list[str] = []
        self.is_from_copy = False
        """What was loaded comes from the copy: the file was lost or could not be read."""

    async def async_load(self, check: Callable[[Any], object]) -> Mapping[str, Any]:
        """Return the stored sections, of the copy where the file is lost; empty where there is neither.

        `check` raises when it cannot read the panel's. Raises ConfigEntryNotReady while the disk refuses: what it does
        not give up now may be sound. One that refuses for good is no reason to guard nothing for good.
        """
        saved = await self._async_sound(self._store, check)
        if saved is None and (saved := await self._async_sound(self._copy, check)) is not None:
            LOGGER.warning("%s is lost; its copy is taken", self._store.key)
            self.is_from_copy = True
        self._store.written = self._saved = saved or {}
        return self._saved

    def section[T](self, name: str, read: Callable[[Any], T]) -> T:
        """Return what `read` makes of a stored section; of None where there is none, or none that can be read.

        The panel guards without the others: `async_keep_unreadable` sees to what they lose.
        """
        try:
            return read(self._saved.get(name))
        except UNREADABLE as err:
            LOGGER.error("The part %s cannot be read and begins anew: %r", name, err)
            self._unreadable.append(name)
            return read(None)

    async def async_keep_unreadable(self, entry: ConfigEntry[Any]) -> None:
        """Keep a copy of a file of which a section could not be read, and tell a person; once all have been read."""
        if not self._unreadable:
            async_clear_unreadable(self._hass, entry, PANEL)
            return
        path = Path(self._store.path)
        kept = await async_put_aside(self._hass, path, copy=True)
        async_report_unreadable(self._hass, entry, PANEL, kept or path)

    def add_section(
        self, name: str, content: Callable[[], Any], begin: Callable[[], Written] | None = None
    ) -> None:
        """Write what `content` returns under `name` from now on.

        `begin` is called in the same breath, and what it returns as soon as that write has ended: what was not in it
        must not be seen outside yet.
        """
        self._sections[name] = _Section(content, begin)

    async def async_save(self) -> bool:
        """Write all sections as they are now; return whether they are on disk.

        They are not when the disk refused or a part could not be written, which is logged, or while Home Assistant is
        stopping, which postpones every write to its last moment. Then nothing may be confirmed to the companion.
        """
        if self._closed:
            return False
        refusals = self._store.refusals
        content = {name: self._content(name, section) for name, section in self._sections.items()}
        ended = [section.begin() for section in self._sections.values() if section.begin is not None]
        # Whoever waits may be cancelled; the write ends all the same, and async_close waits for it.
        task = self._hass.async_create_task(self._async_write(refusals, content, ended), "alarm_broker write")
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        return await asyncio.shield(task) and self._hass.state is not CoreState.stopping

    async def async_close(self) -> None:
        """Wait for the writes under way and take no more: the entry is built anew from this file."""
        self._closed = True
        if self._writing:
            await asyncio.wait(self._writing)
        if self._copying:
            await self._copy.async_save(self._copied())

    async def async_remove(self) -> None:
        """Delete the file and its copy: the entry is gone."""
        await self._store.async_remove()
        await self._copy.async_remove()

    def _content(self, name: str, section: _Section) -> Any:
        try:
            return section.content()
        except Exception:  # noqa: BLE001 - logged in full
            # What is wrong with one part must not keep the panel from being stored.
            LOGGER.exception("The part %s could not be stored; the file keeps what it had", name)
            self._store.refusals += 1
            return self._store.written.get(name)

    async def _async_write(self, refusals: int, content: dict[str, Any], ended: Sequence[Written]) -> bool:
        try:
            await self._store.async_save(content)
        except Exception:  # noqa: BLE001 - whatever is wrong with the disk keeps no alarm back; logged in full
            LOGGER.exception("The panel could not be stored; it goes on, but a restart now would forget this")
        # One that another write has suffered meanwhile counts too: to say it again does no harm.
        taken = self._store.refusals == refusals
        for tell in ended:
            tell(taken=taken)
        if taken and not self._copying:
            # Once: each call would put it off again, for as long as something goes on happening.
            self._copying = True
            self._copy.async_delay_save(self._copied, COPY_DELAY_S)
        return taken

    @callback
    def _copied(self) -> dict[str, Any]:
        self._copying = False
        return dict(self._store.written)

    async def _async_sound(
        self, store: Store[dict[str, Any]], check: Callable[[Any], object]
    ) -> dict[str, Any] | None:
        """Return what a file holds, None when there is none or it cannot be read; that is kept under another name.

        A file that is no JSON at all Home Assistant itself puts aside and reports.
        """
        try:
            saved = await store.async_load()
            if saved is not None:
                check(mapping(saved)[PANEL])
        except Exception as err:
            if is_passing(err) and self._waits_for(store.key):
                raise ConfigEntryNotReady(translation_domain=DOMAIN, translation_key="disk_refuses") from err
            LOGGER.error("%s cannot be read: %r", store.key, err)
            await async_put_aside(self._hass, Path(store.path))
            return None
        self._hass.data.get(REFUSED, {}).pop(store.key, None)
        return saved

    def _waits_for(self, key: str) -> bool:
        """Return whether a file that the disk does not give up is asked for again; until then nothing is guarded."""
        refused = self._hass.data.setdefault(REFUSED, {})
        refused[key] = refused.get(key, 0) + 1
        return refused[key] <= PATIENCE


class _Copy(Store[dict[str, Any]]):
    """A file that is read back when it has been written."""

    @override
    def _write_prepared_data(self, mode: str, json_data: str | bytes) -> None:
        super()._write_prepared_data(mode, json_data)
        written = json_data if isinstance(json_data, bytes) else json_data.encode()
        if Path(self.path).read_bytes() != written:
            raise WriteError(f"{self.path} does not hold what was written")


class _Store(Store[dict[str, Any]]):
    """Home Assistant's store, which logs a refused write and hides it from its caller."""

    refusals = 0
    """Writes that have failed, also of one part alone."""
    written: Mapping[str, Any] = MappingProxyType({})
    """The sections that are in the file."""

    @override
    async def _async_write_data(self, data: dict[str, Any]) -> None:
        try:
            try:
                await super()._async_write_data(data)
            except SerializationError:
                # Not what it is about: that may be anything, and cannot be written into a log either.
                LOGGER.error("A part cannot be stored; the file keeps what it had of it")
                self.refusals += 1
                data = {**data, "data": self._encodable(data["data"])}
                await super()._async_write_data(data)
        except Exception:
            self.refusals += 1
            raise
        self.written = data["data"]

    def _encodable(self, sections: Mapping[str, Any]) -> dict[str, Any]:
        """Return the sections, with what was written last of each that cannot be written; never so of the panel."""
        return {
            name: content if name == PANEL or _is_json(content) else self.written.get(name)
            for name, content in sections.items()
        }


def _is_json(content: Any) -> bool:
    try:
        prepare_save_json(content, encoder=None)
    except SerializationError:
        return False
    return True
