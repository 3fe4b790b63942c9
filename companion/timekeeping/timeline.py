"""Whose time it is, and what happens to everything that waits when that time is set.

The engine's clock runs evenly (`companion.clock.SteadyClock`). The time of day is the host's on SQLite, and the server's
on PostgreSQL, so that replicas whose hosts disagree have one. When it is set, the clock and every stored time that still
waits move by the same span in one transaction that nobody else's unit of work overlaps: what was due in ten seconds is
due in ten seconds. The row `clock` of `meta` keeps the last known time, so that a start knows whether the time was set
while the service was off, and counts the moves, so that of several processes only the first one moves what waits.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.clock import Host, SteadyClock
from companion.store.database import Database, StoreUnavailable
from companion.store.sql import insert
from companion.store.tables import alarm, meta
from companion.timekeeping.waiting import move_waiting

_LOGGER = logging.getLogger(__name__)

TOLERANCE = timedelta(seconds=0.5)
"""A smaller difference is followed as it is: clocks of different machines drift."""
LOOK_S = 1.0
"""How often the clock is compared with the time of day."""
SEEN_EVERY = timedelta(seconds=10)
"""How often the time is written down for the next start."""
STOP_S = 2.0
KEY = "clock"


@dataclass(frozen=True)
class _Seen:
    """What is known of the time at one moment."""

    moves: int
    at: datetime
    boot_id: str | None
    running_s: float


class Timeline:
    """Keeps the clock, and everything that waits, with the time of day."""

    def __init__(
        self, db: Database, clock: SteadyClock, host: Host, *, looked: Callable[[], None] = lambda: None
    ) -> None:
        """`looked` is called after each look: whatever else has to be looked at as often costs no wake-up of its own."""
        self._db = db
        self._clock = clock
        self._host = host
        self._looked = looked
        self._moves = 0
        self._written_at: datetime | None = None
        self._suspected = asyncio.Event()
        self._stopping = False
        self._stopped = asyncio.Event()

    async def start(self) -> None:
        """Set the clock to what it would be had nobody set the time meanwhile, and follow it from there."""
        would_be, self._moves = await self._db.read(self._would_be)
        self._clock.move(would_be - self._clock())
        self._db.watch = self
        try:
            await self.look()
        except StoreUnavailable:
            _LOGGER.exception("The time could not be written down; trying again")

    async def run(self) -> None:
        """Follow the time of day until stopped or cancelled."""
        try:
            while not self._stopping:
                try:
                    await self.look()
                except StoreUnavailable as err:  # whoever has work to do says so louder
                    _LOGGER.debug("The time could not be compared: %s", err)
                except Exception:
                    _LOGGER.exception("The time could not be compared; trying again")
                self._looked()
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await self._suspected.wait()
                self._suspected.clear()
        finally:
            self._stopped.set()

    async def stop(self) -> None:
        """Let the look that is under way end: a query that is cut off costs its connection."""
        self._stopping = True
        self._suspected.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                await self._stopped.wait()

    async def look(self) -> None:
        """Compare the clock with the time of day, and follow it."""
        asked_at = self._clock()
        told = await self._time_of_day()
        if self._agrees(told, asked_at):
            # Between the two there was the way to the server and back: only what is outside is a difference.
            self._clock.move(told - min(max(told, asked_at), self._clock()))
            if self._written_at is None or self._clock() - self._written_at >= SEEN_EVERY:
                await self._db.write(self._keep)
        else:
            await self._follow()

    # --- asked by the database at the beginning of each unit of work, on PostgreSQL -------------------------

    def now(self) -> datetime:
        """Return the time before the server is asked."""
        return self._clock()

    def told(self, conn: Connection, server_time: datetime, asked_at: datetime) -> None:
        """Take the server's time at the beginning of a unit of work.

        With the time set, and everything that waits moved by another replica already, this unit must not write times
        that are not. With nothing moved yet it may: what it writes is moved with the rest.
        """
        if self._agrees(server_time, asked_at):
            return
        seen = _seen(conn)
        if seen is not None and seen.moves != self._moves:
            self._moves = seen.moves
            self._clock.move(server_time - self._clock())
        else:
            self._suspected.set()

    def _agrees(self, told: datetime, asked_at: datetime) -> bool:
        return asked_at - TOLERANCE <= told <= self._clock() + TOLERANCE

    async def _time_of_day(self) -> datetime:
        return self._host.wall() if self._db.dialect == "sqlite" else await self._db.read(self._told_by)

    def _told_by(self, conn: Connection) -> datetime:
        if conn.dialect.name == "sqlite":
            return self._host.wall()
        told: datetime = conn.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return told

    # --- moving -----------------------------------------------------------------------------------------

    def _would_be(self, conn: Connection) -> tuple[datetime, int]:
        """Return the time that it would be if nobody had set it since it was written down, and the number of moves.

        With the machine off meanwhile, how long that was is unknown: only a time before the last known one is
        certainly wrong, and then nothing is taken to have come nearer.
        """
        told, seen = self._told_by(conn), _seen(conn)
        if seen is None:  # never kept, by an earlier version: what waits is not from the future
            return max(told, _latest_raised(conn) or told), 0
        ran_s = self._host.running_s() - seen.running_s
        if seen.boot_id is not None and seen.boot_id == self._host.boot_id() and ran_s >= 0:
            return seen.at + timedelta(seconds=ran_s), seen.moves
        return max(told, seen.at), seen.moves

    async def _follow(self) -> None:
        moves, before = self._moves, self._clock()
        try:
            jump = await self._db.write_alone(self._move)
        except Exception:
            # Undone, as far as we know. If it was not, the next look finds that somebody has moved what waits.
            if self._moves != moves:
                self._moves = moves
                self._clock.move(before - self._clock())
            raise
        if jump is not None:
            _say(jump)

    def _move(self, conn: Connection) -> timedelta | None:
        """Move the clock, and everything that waits unless another process was first."""
        told, before = self._told_by(conn), self._clock()
        jump = told - before
        if abs(jump) <= TOLERANCE:
            return None
        seen = _seen(conn)
        if seen is None or seen.moves == self._moves:
            move_waiting(conn, before, told)
            self._moves += 1
        else:
            self._moves = seen.moves
        self._clock.move(jump)
        self._put(conn)
        return jump

    def _keep(self, conn: Connection) -> None:
        seen = _seen(conn)
        if seen is None or seen.moves == self._moves:
            self._put(conn)

    def _put(self, conn: Connection) -> None:
        now = self._clock()
        value = orjson.dumps(
            {
                "moves": self._moves,
                "at": now.isoformat(),
                "boot_id": self._host.boot_id(),
                "running_s": self._host.running_s(),
            }
        ).decode()
        conn.execute(
            insert(conn.dialect.name, meta)
            .values(key=KEY, value=value)
            .on_conflict_do_update(index_elements=[meta.c.key], set_={"value": value})
        )
        self._written_at = now


def _seen(conn: Connection) -> _Seen | None:
    value = conn.execute(sa.select(meta.c.value).where(meta.c.key == KEY)).scalar()
    if value is None:
        return None
    known = orjson.loads(value)
    return _Seen(**known | {"at": datetime.fromisoformat(known["at"])})


def _latest_raised(conn: Connection) -> datetime | None:
    return conn.execute(
        sa.select(sa.func.max(alarm.c.raised_at)).where(alarm.c.next_due_at.is_not(None))
    ).scalar()


def _say(jump: timedelta) -> None:
    _LOGGER.warning(
        "The time was set %s by %.1f s: everything that waits was moved with it",
        "forward" if jump > timedelta() else "back",
        abs(jump.total_seconds()),
    )
