"""News of one thing are told at once, and what comes soon after it together: nobody reads fifteen notices."""

from asyncio import Handle, Task
from collections.abc import Callable

from homeassistant.core import HomeAssistant, callback

EVERY_S = 30


class Pace:
    """Calls `tell` for a key when there is news of it, and then no oftener than every so often."""

    def __init__(self, hass: HomeAssistant, tell: Callable[[str], object]) -> None:
        self._hass = hass
        self._tell = tell
        self._pauses: dict[str, Handle | Task[None]] = {}
        self._more: set[str] = set()

    @callback
    def async_news(self, key: str, *, at_once: bool = False) -> None:
        """Tell of it in the next turn of the loop, with what else happens in this one; or when the pause is over."""
        if key in self._pauses and not at_once:
            self._more.add(key)
            return
        self._cancel(key)
        self._pauses[key] = self._hass.async_create_task(
            self._async_next_turn(key), "alarm_broker push news", eager_start=False
        )

    @callback
    def async_stop(self) -> None:
        """Tell of nothing more."""
        for key in tuple(self._pauses):
            self._cancel(key)

    async def _async_next_turn(self, key: str) -> None:
        self._now(key)

    def _now(self, key: str) -> None:
        self._more.discard(key)
        self._pauses[key] = self._hass.loop.call_later(EVERY_S, self._over, key)
        self._tell(key)

    def _over(self, key: str) -> None:
        if key in self._more:
            self._now(key)
        else:
            del self._pauses[key]

    def _cancel(self, key: str) -> None:
        if (handle := self._pauses.pop(key, None)) is not None:
            handle.cancel()
