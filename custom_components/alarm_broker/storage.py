"""The panel on disk: its state, and what the link has not taken over yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from .const import DOMAIN
from .panel.serial import parsed, serialised
from .panel.state import PanelState

STORE_VERSION = 1


@dataclass(frozen=True, slots=True)
class StoredPanel:
    """What was on disk."""

    state: PanelState
    unsent: tuple[Mapping[str, Any], ...]
    """Link events that were due when the state was written."""


class PanelStore:
    """Writes the panel before it acts; each write is complete and atomic."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        self._store = Store[dict[str, Any]](
            hass, STORE_VERSION, f"{DOMAIN}.panel.{entry_id}", private=True, atomic_writes=True
        )

    async def async_load(self) -> StoredPanel:
        """Return the stored panel, a fresh one the first time.

        Raises StateUnreadableError for one that a newer version wrote, or that is damaged.
        """
        data = await self._store.async_load()
        if data is None:
            return StoredPanel(PanelState(), ())
        return StoredPanel(parsed(data["panel"]), tuple(data["unsent"]))

    async def async_save(self, state: PanelState, unsent: Sequence[Mapping[str, Any]]) -> None:
        """Return once it is on disk."""
        await self._store.async_save(
            {"panel": serialised(state), "unsent": [dict(event) for event in unsent]}
        )

    async def async_remove(self) -> None:
        """Forget the panel for good: its config entry was removed."""
        await self._store.async_remove()
