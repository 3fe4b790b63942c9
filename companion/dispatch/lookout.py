"""Wakes whoever waits, on SQLite, when there may be something that nobody told of.

The command line writes into the same file and has no way to wake the service. So that nobody who waits has to look at the
tables every second, this looks at one number of the file, and at the clock by which they wait.
"""

import sqlite3
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from companion.clock import Clock
from companion.dispatch.wake import Wake

TOLERANCE = timedelta(seconds=0.1)


class Lookout:
    """Compares what is with what was, whenever it is asked to look."""

    def __init__(
        self, path: Path, wake: Wake, clock: Clock, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._path = path
        self._wake = wake
        self._clock = clock
        self._monotonic = monotonic
        self._connection: sqlite3.Connection | None = None
        self._seen: tuple[int, datetime] | None = None

    def look(self) -> None:
        """Wake everybody if anybody has committed anything, or the clock does not run as their sleep does.

        It reads a few bytes that are in memory, so it is called in the event loop. https://sqlite.org/pragma.html#pragma_data_version
        """
        try:
            version = self._data_version()
        except sqlite3.Error:  # whoever has work to do says so
            self._seen = None
            self._wake.notify()
            return
        # Where the clock began, by the time that sleep is measured in: it stays, unless the machine sleeps or time is set.
        began = self._clock() - timedelta(seconds=self._monotonic())
        if self._seen is None or version != self._seen[0] or abs(began - self._seen[1]) > TOLERANCE:
            self._seen = version, began
            self._wake.notify()

    def _data_version(self) -> int:
        if self._connection is None:
            self._connection = sqlite3.connect(
                self._path.absolute().as_uri() + "?mode=rw", uri=True, timeout=0, isolation_level=None
            )
        version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        return version

    def close(self) -> None:
        """Let the file go."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
