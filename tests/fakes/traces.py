"""What something could leave behind when it is over: tasks, sockets, threads, processes."""

import asyncio
import os
import threading
from contextlib import suppress
from pathlib import Path


class Traces:
    """Knows what was there before."""

    def __init__(self) -> None:
        self._before = _now()

    async def until_gone(self) -> None:
        """Return once nothing is left that was not there before: what is closed takes a turn of the loop or two."""
        for _ in range(1000):
            left = _now() - self._before
            if not left:
                return
            await asyncio.sleep(0.005)
        raise AssertionError(f"left behind: {left}")


def _now() -> set[object]:
    threads = [one for one in threading.enumerate() if one.name.startswith("channel-")]
    return {*asyncio.all_tasks(), *threads, *_sockets(), *_children()}


def _sockets() -> set[str]:
    """Return the sockets that this process holds."""
    found = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # that with which they are listed
            found.add(str(descriptor.readlink()))
    return {one for one in found if one.startswith("socket:")}


def _children() -> set[str]:
    """Return the processes that this one has started and that are not over."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())
