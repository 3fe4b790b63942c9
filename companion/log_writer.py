"""Lines of the log on their way out: never waits for whoever reads them, and says what was lost.

A pipe that nobody reads is full after 64 KiB, and the write after that lasts until somebody does. So a thread of its own
writes, and what waits for it is bounded.
"""

import io
import logging
import os
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Final, TextIO, override

WAITING_BYTES: Final = 4 * 1024**2
"""What may wait; with more, new lines are dropped and counted."""
FLUSH_S: Final = 2.0
"""How long the end of the process may be put off for lines that still wait."""
RETRY_S: Final = 0.05


class LineWriter(logging.Handler):
    """Formats where it is called, as the line's context is there, and writes in a thread of its own."""

    def __init__(self, stream: TextIO, *, waiting_bytes: int = WAITING_BYTES) -> None:
        super().__init__()
        self._stream = stream
        self._raw = _unbuffered(stream)
        self._limit = waiting_bytes
        self._lines: deque[bytes] = deque()
        self._size = 0
        self._dropped = 0
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._ending = False

    @override
    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record).encode(errors="backslashreplace") + b"\n"
        except Exception:  # noqa: BLE001 # a line that cannot be written down must not end what it is about
            self._drop()
            return
        with self._changed:
            if self._ending or self._size + len(line) > self._limit:
                self._dropped += 1
                return
            self._lines.append(line)
            self._size += len(line)
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_forever, name="log-writer", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    @override
    def flush(self) -> None:
        """Wait until what waits is written, a bounded time."""
        with self._changed:
            self._changed.wait_for(lambda: self._size == 0, FLUSH_S)

    @override
    def close(self) -> None:
        """Let the thread end; lines that nobody reads in time are given up."""
        self.flush()
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        if self._thread is not None and self._size == 0:
            self._thread.join(FLUSH_S)
            self._thread = None
            if self._raw is not None:
                self._raw.close()
        super().close()

    def _drop(self) -> None:
        with self._changed:
            self._dropped += 1

    def _write_forever(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._lines or self._ending)
                if not self._lines:
                    return
                line = self._lines.popleft()
                dropped, self._dropped = self._dropped, 0
            try:
                self._write(line)
                if dropped:
                    self._write(self._said(dropped))
                    dropped = 0
            except OSError, ValueError:  # nobody is left to read, or the stream was closed
                dropped += 1
            with self._changed:
                self._dropped += dropped
                self._size -= len(line)
                self._changed.notify_all()

    def _said(self, dropped: int) -> bytes:
        record = logging.LogRecord(
            __name__,
            logging.WARNING,
            __file__,
            0,
            "Log lines lost, nobody read them in time: %s",
            (dropped,),
            None,
        )
        return self.format(record).encode() + b"\n"

    def _write(self, line: bytes) -> None:
        if self._raw is None:
            self._stream.write(line.decode())
            self._stream.flush()
            return
        rest = memoryview(line)
        while rest:
            written = self._raw.write(rest)
            if written is None:  # the pipe is non-blocking and full
                time.sleep(RETRY_S)
            else:
                rest = rest[written:]


def _unbuffered(stream: TextIO) -> io.FileIO | None:
    """Return the stream's file without its buffers, or None if it has none.

    A thread that is blocked inside of a buffer holds its lock, and the interpreter cannot end.
    """
    with suppress(OSError, ValueError, AttributeError):
        return io.FileIO(os.dup(stream.fileno()), "wb")
    return None
