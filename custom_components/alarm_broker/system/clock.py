"""How far the wall clock has been moved: what is stored goes by it, and the time that passes does not."""

import time
from datetime import timedelta

from homeassistant.util import dt as dt_util

TOLERATED = timedelta(seconds=1)
"""So much it may stray while the network keeps it right; more is a jump."""
SINCE_BOOT: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Linux counts also the time that the host has slept: a door was open, and nobody disarmed, meanwhile."""


def elapsed() -> float:
    """Return seconds that nobody can set."""
    return time.clock_gettime(SINCE_BOOT)


class Clock:
    """Compares the wall clock with the time that has passed since this was made."""

    def __init__(self) -> None:
        self.since = dt_util.utcnow()
        """When that was, by the wall clock as it is set now."""
        self._elapsed = elapsed()

    def moved(self) -> timedelta:
        """Return how far the wall clock has been moved since this was asked last; nothing for mere straying."""
        by = dt_util.utcnow() - self.since - timedelta(seconds=elapsed() - self._elapsed)
        if abs(by) < TOLERATED:
            return timedelta(0)
        self.since += by
        return by
