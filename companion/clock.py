"""The time, as a callable that is handed in."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

type Clock = Callable[[], datetime]
"""Returns now, aware, UTC."""

# Counts on while the machine sleeps, as the wall clock does; `time.monotonic` stands still. Linux only.
_RUNNING = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def utc_now() -> datetime:
    """Return the host's time."""
    return datetime.now(UTC)


def _running_s() -> float:
    return time.clock_gettime(_RUNNING)


def _boot_id() -> str | None:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return None


@dataclass(frozen=True)
class Host:
    """What the operating system knows of time."""

    wall: Clock = utc_now
    """Set by people, time servers and whatever a board without a battery takes for now."""
    running_s: Callable[[], float] = _running_s
    """Seconds since the machine was switched on, sleep included: nobody can set it."""
    boot_id: Callable[[], str | None] = _boot_id
    """Another one each time the machine is switched on; None where that cannot be known."""


class SteadyClock:
    """Runs evenly, whatever becomes of the wall clock: nothing that waits is early or late because somebody set it.

    Who follows the wall clock is `companion.timekeeping.timeline`, with everything that waits at the same moment.
    """

    def __init__(self, host: Host) -> None:
        self._running_s = host.running_s
        self._started_at = host.wall() - self._running()

    def _running(self) -> timedelta:
        return timedelta(seconds=self._running_s())

    def __call__(self) -> datetime:
        """Return now."""
        return self._started_at + self._running()

    def move(self, by: timedelta) -> None:
        """Let it be later, or earlier, from now on."""
        self._started_at += by
