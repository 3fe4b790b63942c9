"""The time, as a callable that is handed in."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

type Clock = Callable[[], datetime]
"""Returns now, aware, UTC."""


def utc_now() -> datetime:
    """Return the host's time."""
    return datetime.now(UTC)


class SteadyClock:
    """The host's time, which never goes back.

    A wall clock that is set back by an hour would hold up every escalation by an hour. One that jumps ahead (a
    small board that has just heard of the right time) is followed.
    """

    def __init__(self, wall: Clock = utc_now, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._base = wall()
        self._base_s = monotonic()
        self.offset = timedelta(0)
        """Added to the host's time: how far the database's clock, which all replicas share, is ahead."""

    def __call__(self) -> datetime:
        """Return now."""
        elapsed_s = self._monotonic()
        steady = self._base + timedelta(seconds=elapsed_s - self._base_s)
        wall = self._wall()
        if wall > steady:
            self._base, self._base_s = wall, elapsed_s
            steady = wall
        return steady + self.offset
