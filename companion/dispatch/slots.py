"""The sends that a channel takes at once: whoever waits is let in by urgency, and one place is kept for the urgent."""

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count

from companion.dispatch.delivery import Urgency


@dataclass(frozen=True)
class Room:
    """How many more deliveries a worker would begin to send over a channel at once."""

    urgent: int
    ordinary: int
    """At most so many of them may be less than urgent."""

    def is_for(self, urgency: Urgency) -> bool:
        """Return whether there is room for one more."""
        return (self.urgent if urgency is Urgency.LIFE else self.ordinary) > 0


def ordinary_limit(size: int) -> int:
    """Return how many of `size` sends may be less than urgent: one place is kept, unless there is only one."""
    return max(1, size - 1)


class Slots:
    """Places for `size` sends. Nobody who waits is passed by what is less urgent, or came later and is no more urgent."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._urgent = 0
        self._ordinary = 0
        self._waiting: list[tuple[Urgency, int, asyncio.Future[None]]] = []
        self._numbers = count()

    @property
    def ordinary(self) -> int:
        """Return how many sends that are less than urgent are going on."""
        return self._ordinary

    @asynccontextmanager
    async def place(self, urgency: Urgency) -> AsyncIterator[None]:
        """Wait for a place, and have it."""
        await self._enter(urgency)
        try:
            yield
        finally:
            self._leave(urgency)

    async def _enter(self, urgency: Urgency) -> None:
        let_in: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (urgency, next(self._numbers), let_in))
        self._let_in()
        try:
            await let_in
        except asyncio.CancelledError:
            if let_in.done() and not let_in.cancelled():
                self._leave(urgency)  # let in and cancelled in the same turn of the loop
            raise

    def _leave(self, urgency: Urgency) -> None:
        self._count(urgency, -1)
        self._let_in()

    def _let_in(self) -> None:
        # In their order: where the first has no place, nobody behind it has one.
        while self._waiting and self._has_place(self._waiting[0][0]):
            urgency, _, let_in = heapq.heappop(self._waiting)
            if not let_in.done():
                self._count(urgency, 1)
                let_in.set_result(None)

    def _has_place(self, urgency: Urgency) -> bool:
        if self._urgent + self._ordinary >= self.size:
            return False
        return urgency is Urgency.LIFE or self._ordinary < ordinary_limit(self.size)

    def _count(self, urgency: Urgency, change: int) -> None:
        if urgency is Urgency.LIFE:
            self._urgent += change
        else:
            self._ordinary += change
