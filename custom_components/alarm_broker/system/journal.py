"""What has happened, kept on our own disk: nobody can change or delete it from Home Assistant."""

from collections import deque
from collections.abc import Collection, Mapping
from itertools import islice
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

from ..const import DOMAIN
from ..core.stored import listed
from .activity import Activity, ActivityKind
from .side_files import async_read
from .subscriptions import Subscriptions

KEPT = 1000
"""EN 50131-1 asks for 250 events at grade 2, 500 at grade 3, 1000 at grade 4."""
SAVE_DELAY_S = 2

UNTOLD = frozenset({ActivityKind.CHIME})
"""A door that is opened all day would push everything else out."""


def journal_store(hass: HomeAssistant, entry_id: str) -> Store[list[dict[str, Any]]]:
    """Return where an entry's journal is kept."""
    return Store(hass, 1, f"{DOMAIN}.journal.{entry_id}", private=True, atomic_writes=True)


def _stored(kept: object) -> list[dict[str, Any]]:
    """Return what happened, without what is no entry; raises one of UNREADABLE for what is no journal."""
    return [entry for entry in listed(kept or []) if _is_entry(entry)]


def _is_entry(kept: object) -> bool:
    return (
        isinstance(kept, dict)
        and isinstance(kept.get("at"), str)
        and isinstance(kept.get("area_id"), str | None)
    )


class Journal:
    """The latest things that happened, oldest first; what is silent is never among them."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
        self._hass = hass
        self._entry = entry
        self._store = journal_store(hass, entry.entry_id)
        self._entries: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._saving = False

    async def async_load(self) -> None:
        """Read what was written before."""
        self._entries.extend(await async_read(self._hass, self._entry, self._store, _stored))

    async def async_stop(self) -> None:
        """Write what is not on disk yet."""
        await self._store.async_save(list(self._entries))

    @callback
    def async_start(self, subscriptions: Subscriptions) -> None:
        """Write down what happens from now on."""
        subscriptions.activity.subscribe(self._happened)

    def entries(
        self, area_ids: Collection[str], *, known: Collection[str], limit: int
    ) -> list[dict[str, Any]]:
        """Return the latest entries of areas, of those that are gone, and of the whole panel, newest first.

        What was asked of several areas and names zones is for whoever may see all that there are, the `known` ones.
        """
        others = set(known) - set(area_ids)

        def is_theirs(entry: Mapping[str, Any]) -> bool:
            if (area_id := entry.get("area_id")) is not None:
                return area_id not in others
            return not others or not (entry.get("zones") or entry.get("troubles"))

        return list(islice(filter(is_theirs, reversed(self._entries)), limit))

    @callback
    def _happened(self, activity: Activity) -> None:
        if activity.kind in UNTOLD:
            return
        self._entries.append({"at": activity.at.isoformat(), **activity.as_dict()})
        if not self._saving:
            # Once: each call would put it off again, for as long as something goes on happening.
            self._saving = True
            self._store.async_delay_save(self._as_stored, SAVE_DELAY_S)

    @callback
    def _as_stored(self) -> list[dict[str, Any]]:
        self._saving = False
        return list(self._entries)
