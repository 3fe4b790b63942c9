"""Runs work on alarms as one transaction and, once that is durable, sets the dispatcher going."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from sqlalchemy.engine import Connection

from companion.alarms.paging import PagingConfig
from companion.alarms.transaction import AlarmObserver, AlarmTransaction
from companion.clock import Clock
from companion.dispatch.delivery import Delivery
from companion.dispatch.wake import Wake
from companion.store.database import Database, RowsHeld
from companion.store.scope import Scope

_LOGGER = logging.getLogger(__name__)


class AlarmService:
    """Runs units of work on alarms and, once they are durable, sets the dispatcher going."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        wake: Wake,
        paging_rules: PagingConfig,
        news: AlarmObserver,
        take: Callable[[list[Delivery]], None],
    ) -> None:
        self.db = db
        self.clock = clock
        self._wake = wake
        self._paging = paging_rules
        self._news = news
        self._take = take
        self._running: set[asyncio.Task[Any]] = set()

    def unit(self, scope: Scope, conn: Connection) -> AlarmTransaction:
        """Return a unit on a transaction that is running already."""
        return AlarmTransaction(scope, conn, self.clock(), self._paging, self._news)

    async def run[T](self, scope: Scope, work: Callable[[AlarmTransaction], T]) -> T:
        """Run `work` as one transaction that sees and changes the alarms of `scope` only: whoever asks for it, is asked whose.

        It may run again when it lost a race, so it must touch nothing but its unit.

        It goes on when the caller is cancelled: pages that are committed as this worker's must reach the worker.
        """
        running = asyncio.create_task(self._run(scope, work))
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        return await asyncio.shield(running)

    async def run_patiently[T](
        self, scope: Scope, work: Callable[[AlarmTransaction], T], *, tries: int | None = None
    ) -> T:
        """As `run`, and again while somebody else holds a row; without `tries` the caller bounds the time.

        Whoever presses a key in need, or answers, does not come back a second later. Raises RowsHeld after the last of `tries`, of
        which each waits LOCK_LIMIT_S.
        """
        tried = 0
        while True:
            try:
                return await self.run(scope, work)
            except RowsHeld:
                tried += 1
                if tried == tries:
                    raise
                _LOGGER.warning(
                    "An alarm or an answer is written down as soon as somebody else lets go of its row"
                )

    async def _run[T](self, scope: Scope, work: Callable[[AlarmTransaction], T]) -> T:
        def transaction(conn: Connection) -> tuple[T, AlarmTransaction]:
            unit = self.unit(scope, conn)
            result = work(unit)
            self._wake.hint(conn)
            return result, unit

        result, unit = await self.db.write(transaction)
        if unit.taken:
            self._take(unit.taken)
        self._wake.notify()
        for alarm, change in unit.changes:
            _LOGGER.info("%s: %s", alarm.title, change.value, extra={"alarm_id": alarm.id})
        return result
