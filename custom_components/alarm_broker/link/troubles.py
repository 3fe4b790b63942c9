"""What is wrong with the companion itself, as far as it has said: stored with the stream, shown as repairs."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from homeassistant.core import callback

from ..core.stored import listed, made, mapping
from ..system.storage import EntryStorage
from ..system.subscribers import Subscribers
from .companion_events import ServiceTrouble


class ServiceTroubles:
    """The companion's open troubles. Written with what was received, so that none is lost between the two."""

    def __init__(self, storage: EntryStorage, saved: Mapping[str, Any] | None) -> None:
        """Go on from what was stored. Raises one of UNREADABLE."""
        stored = [made(ServiceTrouble, one) for one in listed(mapping(saved)["open"])] if saved else []
        self._open = {trouble.key: trouble for trouble in stored}
        self._stale: frozenset[str] = frozenset()
        self.changes = Subscribers[()]()
        """Told by `async_tell`."""
        storage.add_section("troubles", self._as_dict)

    @property
    def open(self) -> tuple[ServiceTrouble, ...]:
        """Return what is wrong now, oldest first."""
        return tuple(self._open.values())

    @callback
    def async_take(self, said: ServiceTrouble) -> None:
        """Take the companion's word; whoever calls stores it, and then calls `async_tell`."""
        self._stale -= {said.key}
        if said.is_open:
            self._open[said.key] = said
        else:
            self._open.pop(said.key, None)

    @callback
    def async_doubt(self) -> None:
        """A new stream begins, in which the companion says again what is still wrong."""
        self._stale = frozenset(self._open)

    @callback
    def async_drop_stale(self) -> bool:
        """Forget what the companion did not say again in the new stream; return whether there was any."""
        stale, self._stale = self._stale, frozenset()
        for key in stale:
            del self._open[key]
        return bool(stale)

    @callback
    def async_tell(self) -> None:
        """Tell of what has been taken and stored."""
        self.changes.tell()

    def _as_dict(self) -> dict[str, Any]:
        return {"open": [asdict(trouble) for trouble in self._open.values()]}
