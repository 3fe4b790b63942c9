"""Wakes sleeping workers when there is something new: at once in this process, by NOTIFY between replicas.

A wake-up is only a hint. Whoever waits also wakes by itself: for the earliest due time, and now and then in case a
hint was lost (a half-open connection is deaf without knowing it).
"""

import asyncio
import logging
from contextlib import suppress

import sqlalchemy as sa
from sqlalchemy.engine import Connection, make_url

_LOGGER = logging.getLogger(__name__)

TOPIC = "alarm_broker"
PROBE_S = 30
RECONNECT_S = 5
SETTLE_S = 0.02
"""For what somebody waits for: a message, news on the link."""


class Wake:
    """Everybody who waits has an event of their own, so that no wake-up is taken away by another."""

    def __init__(self) -> None:
        self._events: set[asyncio.Event] = set()
        self.deaf_because: str | None = None
        """Why hints of other replicas are not heard; None: they are, or there are no other replicas."""

    def subscribe(self) -> asyncio.Event:
        """Return an event that is set at each wake-up; the subscriber clears it."""
        event = asyncio.Event()
        self._events.add(event)
        return event

    def unsubscribe(self, event: asyncio.Event) -> None:
        """Forget the event."""
        self._events.discard(event)

    def notify(self) -> None:
        """Wake everybody in this process."""
        for event in self._events:
            event.set()

    @staticmethod
    def hint(conn: Connection) -> None:
        """Wake the other replicas when this transaction is committed. On SQLite they see that by themselves."""
        if conn.dialect.name == "postgresql":
            conn.execute(sa.select(sa.func.pg_notify(TOPIC, "")))

    async def listen(self, database_url: str) -> None:
        """Wake this process whenever another replica hints, until cancelled; PostgreSQL only."""
        import asyncpg  # only here: SQLite needs it not

        dsn = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
        while True:
            try:
                await self._listen_once(dsn)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as err:
                if self.deaf_because is None:
                    _LOGGER.warning(
                        "Not hearing from other replicas (%s); polling until the connection is back",
                        type(err).__name__,
                    )
                self.deaf_because = type(err).__name__
            await asyncio.sleep(RECONNECT_S)

    async def _listen_once(self, dsn: str) -> None:
        import asyncpg

        connection = await asyncpg.connect(dsn, timeout=10, command_timeout=10)
        ended = asyncio.Event()
        connection.add_termination_listener(lambda _: ended.set())
        try:
            await connection.add_listener(TOPIC, lambda *_: self.notify())
            if self.deaf_because is not None:
                _LOGGER.info("Hearing from other replicas again")
            self.deaf_because = None
            self.notify()  # what was said before we listened
            while True:
                with suppress(TimeoutError):
                    await asyncio.wait_for(ended.wait(), PROBE_S)
                if ended.is_set():
                    raise ConnectionResetError("the server ended the connection")
                await connection.execute("SELECT 1")
        finally:
            with suppress(Exception):
                await connection.close(timeout=2)


async def wait(event: asyncio.Event, timeout_s: float, *, settle_s: float) -> None:
    """Wait until the event is set or the time is over, and clear it.

    Whoever is woken first lets `settle_s` pass: the one who woke it can finish (answer a phone, for example), and a
    burst of wake-ups costs one look, not one each.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, timeout_s)):
            await event.wait()
            await asyncio.sleep(settle_s)
    event.clear()
