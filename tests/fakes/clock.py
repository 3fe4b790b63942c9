"""Clocks that stand still until a test moves them."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class _Standing[T]:
    def __init__(self, now: T) -> None:
        self.now = now

    def __call__(self) -> T:
        return self.now


class Seconds(_Standing[float]):
    """Reads as `time.monotonic` does."""


class FrozenClock(_Standing[datetime]):
    """A `companion.clock.Clock`."""

    def __init__(self, now: datetime = START) -> None:
        super().__init__(now)

    def advance(self, seconds: float) -> datetime:
        """Move on and return the new time."""
        self.now += timedelta(seconds=seconds)
        return self.now
