"""Units of work: plain functions of a connection, each one transaction, off the event loop.

A unit of work is written once, against SQLAlchemy's synchronous connection, and runs on both databases: on
SQLite in one writer thread that puts the units waiting at the same time into one commit (one fsync for all of
them), on PostgreSQL over asyncpg. It must touch nothing but the connection: it may be run again.
"""

import asyncio
import logging
import queue
import random
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from companion.store.private_files import private_database
from companion.store.sql import is_row_held

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

type Work[T] = Callable[[Connection], T]
type FileId = tuple[int, int] | None
"""What a file is, whatever its name: device and inode; None: there is none."""

_LOGGER = logging.getLogger(__name__)

GROUP_LIMIT = 128
"""Units in one SQLite commit: bounds how long the first of them waits for the last."""
BUSY_TIMEOUT_S = 10
BUSY_PAUSE_S = 0.02
SERIALIZATION_RETRIES = 5
READ_ONLY = "25006"
"""PostgreSQL's SQLSTATE of a write in a read-only transaction: a standby, a demoted primary, a disk that is full."""
LOCK_LIMIT_S = 1.0
"""PostgreSQL: how long a unit of work waits for a row that somebody else holds."""
CLOSE_LIMIT_S = 5.0
"""PostgreSQL: how long closing waits for connections that somebody still has."""
IDLE_LIMIT_S = 15.0
"""PostgreSQL: after how long in the middle of a transaction the server takes the rows from a process that hangs."""


class StoreUnavailable(Exception):
    """The database cannot be reached or written; nothing of the unit of work has happened."""


class RowsHeld(StoreUnavailable):
    """Somebody else holds a row for too long; nothing of the unit of work has happened, others are not concerned."""


class TimeWatch(Protocol):
    """Compares the server's time with ours at the beginning of each unit of work."""

    def now(self) -> datetime:
        """Return our time."""
        ...

    def told(self, conn: Connection, server_time: datetime, asked_at: datetime) -> None:
        """Take the server's time, which was asked for at `asked_at`, before the unit of work runs."""
        ...


class Database(Protocol):
    """Where units of work run."""

    dialect: str
    misplaced: bool
    """SQLite: its file is not where it belongs any more. All works, and will be gone at the next start."""
    watch: TimeWatch | None
    """Who compares times; PostgreSQL only, as SQLite has no time of its own."""

    async def write[T](self, work: Work[T]) -> T:
        """Run `work` in a transaction of its own and return its result once it is durable."""
        ...

    async def write_alone[T](self, work: Work[T]) -> T:
        """Run `work` as `write` does, while no other unit of work runs in any process."""
        ...

    async def read[T](self, work: Work[T]) -> T:
        """Run `work`, which only reads."""
        ...

    async def close(self) -> None:
        """End what is running and close every connection."""
        ...


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


def normalized_url(database_url: str) -> URL:
    """Return the URL with the driver we use; `postgres://` and `sqlite:///file` are what people write.

    Raises ValueError, whose text never repeats the address: it may hold a password.
    """
    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError) as err:  # the second for a port that is no number
        raise ValueError(
            "is not the address of a database: write sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME "
            "(characters like @ : / # in a password as %40 %3A %2F %23)"
        ) from err
    if url.drivername in {"postgres", "postgresql"}:
        return url.set(drivername="postgresql+asyncpg")
    if url.drivername not in {"sqlite", "postgresql+asyncpg"}:
        raise ValueError(
            f"{url.drivername} is not supported: use sqlite:///FILE or postgresql://USER@HOST/NAME"
        )
    if url.drivername == "sqlite" and not url.database:
        raise ValueError("the SQLite database needs a file: sqlite:///FILE")
    return url


def open_database(database_url: str) -> Database:
    """Return the database at `database_url`. Nothing is connected yet for PostgreSQL; SQLite's file is created."""
    url = normalized_url(database_url)
    return SqliteDatabase(url) if url.drivername == "sqlite" else PostgresDatabase(url)


# --- SQLite ---------------------------------------------------------------------------------------------


def sqlite_engine(url: URL) -> sa.Engine:
    """Return an engine whose transactions begin with the write lock held."""
    engine = sa.create_engine(
        url,
        poolclass=sa.pool.NullPool,
        hide_parameters=True,  # an error's text must not carry what was written
        json_serializer=_dumps,
        json_deserializer=orjson.loads,
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_S, "cached_statements": 256},
    )

    @sa.event.listens_for(engine, "connect")
    def _settings(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        _write_ahead(connection)
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "wal_autocheckpoint=2000", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}").close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # IMMEDIATE: a reader that becomes a writer half-way could otherwise fail with SQLITE_BUSY at once.
        connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN IMMEDIATE"))

    return engine


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch a new file to write-ahead logging; two processes may do so at once.

    SQLite asks for the whole file to switch and then reports SQLITE_BUSY at once, whatever the busy timeout says: each
    of two that wait for the other would wait in vain. https://sqlite.org/c3ref/busy_handler.html
    """
    give_up = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").close()
        except sqlite3.OperationalError as err:
            if err.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(BUSY_PAUSE_S)
        else:
            return


class _Job[T]:
    """A unit of work on its way to the writer thread and back."""

    __slots__ = ("error", "future", "once", "result", "work")

    def __init__(self, work: Work[T], future: asyncio.Future[T], *, once: bool) -> None:
        self.work = work
        self.future = future
        self.once = once
        self.result: T | None = None
        self.error: Exception | None = None

    def run(self, connection: Connection) -> None:
        self.error = None
        try:
            self.result = self.work(connection)
        except Exception as err:
            self.error = err  # belongs to the caller of this unit, not to the others
            raise

    def settle(self) -> None:
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)  # type: ignore[arg-type] # set where error is not


class SqliteDatabase:
    """One writer thread that groups commits; a few reader threads."""

    dialect = "sqlite"
    misplaced = False
    watch: TimeWatch | None = None

    def __init__(self, url: URL) -> None:
        path = Path(url.database or "")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        private_database(path)
        self._path = path
        self._file: FileId = None
        self._engine = sqlite_engine(url)
        self._queue: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._closed = False
        self._local = threading.local()
        self._reader_connections: list[Connection] = []
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="sqlite-reader")

    async def write[T](self, work: Work[T]) -> T:
        """Run `work` in the next commit; a failing unit of work undoes only itself."""
        return await self._write(work, once=False)

    async def _write[T](self, work: Work[T], *, once: bool) -> T:
        if self._closed:
            raise StoreUnavailable("the database is closed")
        if self._writer is None:
            self._writer = threading.Thread(target=self._write_forever, name="sqlite-writer", daemon=True)
            self._writer.start()
        job = _Job(work, asyncio.get_running_loop().create_future(), once=once)
        self._queue.put(job)
        # Shielded: the unit of work is on its way whether or not the caller is still there to hear of it.
        return await asyncio.shield(job.future)

    async def write_alone[T](self, work: Work[T]) -> T:
        """Run `work`: there is one writer. It is not run again for another unit that fails in the same commit."""
        return await self._write(work, once=True)

    async def read[T](self, work: Work[T]) -> T:
        """Run `work` on a reader's own snapshot."""
        if self._closed:
            raise StoreUnavailable("the database is closed")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)
        except DBAPIError as err:
            # SQLITE_ERROR is a mistake in the SQL; the others are about the file, the disk and the locks.
            if getattr(err.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF == sqlite3.SQLITE_ERROR:
                raise
            raise StoreUnavailable(f"the database could not be read: {err.orig}") from err

    def _read[T](self, work: Work[T]) -> T:
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._engine.connect().execution_options(begin="BEGIN DEFERRED")
            self._local.connection = connection
            self._reader_connections.append(connection)
        with connection.begin():
            return work(connection)

    async def close(self) -> None:
        """Let the waiting units of work be committed, then close."""
        self._closed = True
        if self._writer is not None:
            self._queue.put(None)
            await asyncio.to_thread(self._writer.join)
            self._writer = None
        await asyncio.to_thread(self._readers.shutdown)
        for connection in self._reader_connections:
            connection.close()
        self._engine.dispose()

    def _write_forever(self) -> None:
        connection: Connection | None = None
        while (first := self._queue.get()) is not None:
            jobs = [first]
            last = False
            with suppress(queue.Empty):
                while len(jobs) < GROUP_LIMIT:
                    job = self._queue.get_nowait()
                    if job is None:
                        last = True
                        break
                    jobs.append(job)
            try:
                if connection is None:
                    connection = self._engine.connect()
                    self._file = _file_id(self._path)
                _commit_together(connection, jobs)
                self._see_where_it_is()
            except Exception as err:  # noqa: BLE001 # whatever it was, nobody may wait forever
                # A commit that failed has undone every unit in it.
                for job in jobs:
                    job.error = StoreUnavailable(f"the database could not be written: {type(err).__name__}")
                    job.error.__cause__ = err
                if connection is not None:
                    with suppress(Exception):
                        connection.close()
                connection = None
            _hand_back(jobs)
            if last:
                break
        if connection is not None:
            connection.close()

    def _see_where_it_is(self) -> None:
        """Notice that somebody has moved, removed or replaced the file: SQLite goes on writing into the one it has open.

        So do we: people must be told. But it has to be said, as nothing of it is there after the next start.
        """
        misplaced = _file_id(self._path) != self._file
        if misplaced and not self.misplaced:
            _LOGGER.error(
                "The database %s was moved, removed or replaced while it is in use. Alarms are taken and told, but what "
                "is written is lost at the next start: put the file back, or restore a backup and start the service again",
                self._path,
            )
        self.misplaced = misplaced


def _file_id(path: Path) -> FileId:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _commit_together(connection: Connection, jobs: list[_Job[Any]]) -> None:
    """Run every job inside one transaction; one that fails undoes only itself.

    Hardly ever one does. Then all is undone, and everybody's work is run once more, each behind a savepoint: SQLite keeps a
    copy of each page that is changed behind one, which takes a fifth of the time of a press, and a third where it is alone.
    """
    if not any(job.once for job in jobs):
        try:
            with connection.begin():
                for job in jobs:
                    job.run(connection)
                _still_begun(connection)
        except Exception as err:
            if is_file_refusal(err) or all(job.error is None for job in jobs):
                raise  # concerns every unit in this commit
        else:
            return
    if len(jobs) > 1 or jobs[0].error is None:
        _commit_apart(connection, jobs)


def _still_begun(connection: Connection) -> None:
    """Raise if SQLite has undone the transaction by itself: its commit would say that all is kept.

    As it does when there is no memory, also where whoever met the error has gone on. https://sqlite.org/lang_transaction.html
    """
    driver = connection.connection.driver_connection
    if isinstance(driver, sqlite3.Connection) and not driver.in_transaction:
        raise sqlite3.OperationalError("the transaction was undone")


def _commit_apart(connection: Connection, jobs: list[_Job[Any]]) -> None:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 # for the type checker
    with connection.begin():
        for job in jobs:
            driver.execute("SAVEPOINT unit")
            try:
                job.run(connection)
            except Exception as err:
                if is_file_refusal(err):
                    raise
                driver.execute("ROLLBACK TO unit")
            driver.execute("RELEASE unit")


_FILE_REFUSALS = frozenset(
    {
        *(sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN),
        *(sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PERM),
        *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED),
    }
)


def is_file_refusal(err: Exception) -> bool:
    """Return whether the file, the disk or a lock is the reason, and not what SQLite was asked to do."""
    if not isinstance(err, DBAPIError):
        return False
    # The lowest byte is the primary result code. https://sqlite.org/rescode.html
    return getattr(err.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in _FILE_REFUSALS


def _hand_back(jobs: list[_Job[Any]]) -> None:
    """Settle the futures in their loops, one wake-up per loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Job[Any]]] = {}
    for job in jobs:
        by_loop.setdefault(job.future.get_loop(), []).append(job)
    for loop, done in by_loop.items():
        with suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits any more
            loop.call_soon_threadsafe(_settle, done)


def _settle(jobs: list[_Job[Any]]) -> None:
    for job in jobs:
        job.settle()


# --- PostgreSQL -----------------------------------------------------------------------------------------
# Its driver, and the ORM that comes with SQLAlchemy's asyncio, are imported where they are used: SQLite needs neither.


def driver_errors() -> tuple[type[Exception], ...]:
    """Return what the driver raises by itself, without SQLAlchemy around it."""
    import asyncpg

    return asyncpg.PostgresError, asyncpg.InterfaceError


def _is_away(err: Exception) -> bool:
    """Return whether the server is the reason, and not what it was asked to do."""
    if isinstance(err, DBAPIError):
        # PostgreSQL, appendix A: connection exception, insufficient resources, operator intervention, system error.
        state = _sqlstate(err.orig)
        return err.connection_invalidated or state[:2] in {"08", "53", "57", "58"}
    # While connecting, the driver's own errors come through as they are.
    return isinstance(err, (OSError, TimeoutError, sa.exc.TimeoutError, *driver_errors()))


def _sqlstate(err: BaseException | None) -> str:
    return getattr(err, "sqlstate", None) or ""


def _is_lost(err: Exception) -> bool:
    """Return whether the connection was closed meanwhile, as when the server was started anew. Then the pool drops all that it has.

    So nobody asks first whether a connection still holds (`pool_pre_ping`): that takes three round trips, each time.
    """
    return isinstance(err, DBAPIError) and err.connection_invalidated


def _is_read_only(err: Exception) -> bool:
    return isinstance(err, DBAPIError) and _sqlstate(err.orig) == READ_ONLY


def _leave_read_only(context: ExceptionContext) -> None:
    """Drop every pooled connection when the server does not write any more: it was a primary, and another one is now."""
    if _sqlstate(context.original_exception) == READ_ONLY:
        # As SQLAlchemy's documentation of this event says; its types only know the attributes it reads.
        context.is_disconnect = True  # type: ignore[misc]
        context.invalidate_pool_on_disconnect = True  # type: ignore[misc]


# Inside the transaction: behind PgBouncer the next one may be on another connection. The lock that all units of work
# share is waited for with the time limit that stands before it; the time is read when it is held.
_BEGIN = (
    "SELECT set_config('lock_timeout', :held, true), set_config('idle_in_transaction_session_timeout', :idle, true), "
    "{lock}(:everybody), clock_timestamp() AS server_time"
)
_TOGETHER = sa.text(_BEGIN.format(lock="pg_advisory_xact_lock_shared"))
_ALONE = sa.text(_BEGIN.format(lock="pg_advisory_xact_lock"))
_EVERYBODY = 0x616C6172
"""The advisory lock of everybody who writes; any number that nobody else on this database uses."""


class PostgresDatabase:
    """A pool of asyncpg connections; a unit of work that lost a race is run again."""

    dialect = "postgresql"
    misplaced = False
    watch: TimeWatch | None = None

    def __init__(self, url: URL) -> None:
        from sqlalchemy.ext.asyncio import create_async_engine

        self.engine: AsyncEngine = create_async_engine(
            url,
            hide_parameters=True,
            pool_size=8,
            max_overflow=8,
            pool_timeout=10,
            json_serializer=_dumps,
            json_deserializer=orjson.loads,
            connect_args={"timeout": 10, "command_timeout": 30},
        )
        sa.event.listen(self.engine.sync_engine, "handle_error", _leave_read_only)

    async def write[T](self, work: Work[T]) -> T:
        """Run `work`, again when PostgreSQL chose it as the victim of a deadlock or a serialisation failure.

        Raises StoreUnavailable; RowsHeld when a row could not be had within LOCK_LIMIT_S.
        """
        return await self._write(work, _TOGETHER)

    async def write_alone[T](self, work: Work[T]) -> T:
        """Run `work` as `write` does, when everybody else has committed, and before they begin anew."""
        return await self._write(work, _ALONE)

    async def _write[T](self, work: Work[T], begin: sa.TextClause) -> T:
        for attempt in range(SERIALIZATION_RETRIES):
            begun = False
            try:
                async with self.engine.begin() as connection:
                    await self._begin(connection, begin)
                    begun = True
                    return await connection.run_sync(work)
            except Exception as err:
                # A connection that was lost may be followed by one to a primary that is none any more.
                if attempt < 2 and (_is_read_only(err) or (not begun and _is_lost(err))):
                    continue  # the next connection is a new one, and perhaps to the new primary
                if _is_away(err):
                    raise StoreUnavailable(f"the database cannot be reached: {type(err).__name__}") from err
                if is_row_held(err):
                    raise RowsHeld("somebody else holds what this is about: try again") from err
                lost_race = isinstance(err, DBAPIError) and (
                    getattr(err.orig, "sqlstate", None) in {"40001", "40P01"}
                )
                if not lost_race or attempt + 1 == SERIALIZATION_RETRIES:
                    raise
                await asyncio.sleep(random.uniform(0.005, 0.05) * (attempt + 1))
        raise AssertionError("unreachable")

    async def _begin(self, connection: AsyncConnection, begin: sa.TextClause) -> None:
        values = {
            "held": f"{LOCK_LIMIT_S * 1000:.0f}",
            "idle": f"{IDLE_LIMIT_S * 1000:.0f}",
            "everybody": _EVERYBODY,
        }
        watch = None if begin is _ALONE else self.watch
        asked_at = None if watch is None else watch.now()
        row = (await connection.execute(begin, values)).one()
        if watch is not None and asked_at is not None:
            await connection.run_sync(watch.told, row.server_time, asked_at)

    async def read[T](self, work: Work[T]) -> T:
        """Run `work` on a pooled connection."""
        for attempt in range(2):
            try:
                async with self.engine.connect() as connection:
                    return await connection.run_sync(work)
            except Exception as err:
                if attempt == 0 and _is_lost(err):
                    continue
                if _is_away(err):
                    raise StoreUnavailable(f"the database cannot be reached: {type(err).__name__}") from err
                raise
        raise AssertionError("unreachable")

    async def close(self) -> None:
        """Close the pool, once those who were cancelled have given their connections back, which goes on without them."""
        pool = self.engine.sync_engine.pool
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_LIMIT_S):
                while isinstance(pool, sa.QueuePool) and pool.checkedout():  # noqa: ASYNC110 # the pool tells nobody
                    await asyncio.sleep(0.01)
        await self.engine.dispose()
