"""Units of work on both databases: together or not at all, each for itself, and off the event loop."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.store import tables
from companion.store.database import (
    SERIALIZATION_RETRIES,
    Database,
    SqliteDatabase,
    StoreUnavailable,
    normalized_url,
    open_database,
)

META = tables.meta


def put(key: str, value: str = "1") -> Callable[[Connection], str]:
    """Return a unit of work that stores a value and returns its key."""

    def work(conn: Connection) -> str:
        conn.execute(sa.insert(META), {"key": key, "value": value})
        return key

    return work


def keys(conn: Connection) -> set[str]:
    return set(conn.execute(sa.select(META.c.key)).scalars())


def fail_after(key: str, error: Exception) -> Callable[[Connection], None]:
    def work(conn: Connection) -> None:
        put(key)(conn)
        raise error

    return work


# --- every database -------------------------------------------------------------------------------------


async def test_a_unit_of_work_returns_its_result_and_can_be_read(db: Database) -> None:
    assert await db.write(put("a")) == "a"

    assert await db.read(keys) == {"a"}


async def test_a_failing_unit_of_work_undoes_all_of_itself_and_nothing_of_others(db: Database) -> None:
    works: list[Callable[[Connection], Any]] = [put(str(number)) for number in range(20)]
    works[7] = fail_after("seven", KeyError("mine"))
    await db.write(put("taken"))
    works[13] = put("taken")

    results = await asyncio.gather(*(db.write(work) for work in works), return_exceptions=True)

    assert isinstance(results[7], KeyError)
    assert isinstance(results[13], sa.exc.IntegrityError)
    assert await db.read(keys) == {"taken"} | {str(number) for number in range(20) if number not in {7, 13}}


async def test_a_failing_inner_part_leaves_the_rest_of_its_unit(db: Database) -> None:
    """What the dispatcher relies on when a report fails after a result was recorded."""

    def work(conn: Connection) -> None:
        put("outer")(conn)
        with pytest.raises(RuntimeError), conn.begin_nested():
            put("inner")(conn)
            raise RuntimeError

    await asyncio.gather(db.write(work), db.write(put("neighbour")))

    assert await db.read(keys) == {"outer", "neighbour"}


async def test_a_reader_sees_what_is_committed_and_nothing_else(db: Database) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def slow(conn: Connection) -> None:
        put("a")(conn)
        inside.set()
        if db.dialect == "sqlite":  # on PostgreSQL it runs on the event loop, which must not wait
            go_on.wait(5)

    writing = asyncio.create_task(db.write(slow))
    await asyncio.to_thread(inside.wait, 5)
    seen = await db.read(keys) if db.dialect == "sqlite" else set()
    go_on.set()
    await writing

    assert seen == set()
    assert await db.read(keys) == {"a"}


async def test_a_unit_whose_caller_is_gone_does_not_harm_its_neighbours(db: Database) -> None:
    gone = asyncio.create_task(db.write(put("gone")))
    stays = asyncio.create_task(db.write(put("stays")))
    await asyncio.sleep(0)
    gone.cancel()

    assert await stays == "stays"
    with pytest.raises(asyncio.CancelledError):
        await gone
    await db.write(put("later"))
    assert {"stays", "later"} <= await db.read(keys)


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(datetime(2026, 3, 29, 0, 59, 59, 999999, tzinfo=UTC), id="to the microsecond"),
        pytest.param(datetime(2026, 11, 20, tzinfo=UTC), id="a whole second"),
        pytest.param(
            datetime(2026, 7, 1, 2, 0, 0, 1, tzinfo=timezone(timedelta(hours=5.5))), id="another zone"
        ),
    ],
)
async def test_a_time_comes_back_as_it_was_and_in_utc(db: Database, moment: datetime) -> None:
    await db.write(lambda conn: conn.execute(sa.insert(tables.dedup), _dedup("k", moment)))

    found = await db.read(lambda conn: conn.execute(sa.select(tables.dedup.c.expires_at)).scalar_one())

    assert found == moment
    assert found.tzinfo is UTC or found.utcoffset() == timedelta(0)


async def test_times_are_sorted_and_compared_as_times(db: Database) -> None:
    """On SQLite they are text: a whole second must not sort after its own fractions."""
    base = datetime(2026, 11, 20, 12, tzinfo=UTC)
    moments = [
        base,
        base + timedelta(microseconds=1),
        base + timedelta(seconds=1),
        base - timedelta(days=400),
    ]
    await db.write(
        lambda conn: conn.execute(
            sa.insert(tables.dedup), [_dedup(str(number), moment) for number, moment in enumerate(moments)]
        )
    )
    column = tables.dedup.c.expires_at

    in_order = await db.read(lambda conn: conn.execute(sa.select(column).order_by(column)).scalars().all())
    until_base = await db.read(
        lambda conn: conn.execute(sa.select(sa.func.count()).where(column <= base)).scalar_one()
    )
    smallest = await db.read(lambda conn: conn.execute(sa.select(sa.func.min(column))).scalar_one())

    assert in_order == sorted(moments)
    assert until_base == 2
    assert smallest == base - timedelta(days=400)


def _dedup(key: str, moment: datetime) -> dict[str, Any]:
    return {"key": key, "alarm_id": "a", "expires_at": moment}


async def test_two_processes_on_one_database_lose_nothing(db: Database, database_url: str) -> None:
    script = (
        "import asyncio, sys\n"
        "import sqlalchemy as sa\n"
        "from companion.store.database import open_database\n"
        "from companion.store.tables import meta\n"
        "async def main():\n"
        "    db = open_database(sys.argv[1])\n"
        "    def put(n):\n"
        "        return lambda conn: conn.execute(sa.insert(meta), {'key': f'other {n}', 'value': ''})\n"
        "    for _ in range(5):\n"
        "        await asyncio.gather(*(db.write(put(_ * 10 + n)) for n in range(10)))\n"
        "    await db.close()\n"
        "asyncio.run(main())\n"
    )
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, database_url, stderr=subprocess.PIPE
    )
    running = asyncio.create_task(other.communicate())
    mine = 0
    while not running.done():
        await asyncio.gather(*(db.write(put(f"mine {mine + n}")) for n in range(5)))
        mine += 5
        await asyncio.sleep(0.02)

    _, errors = await running
    assert other.returncode == 0, errors.decode()
    found = await db.read(keys)
    assert len(found) == mine + 50


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        pytest.param("postgres://u@h/n", "postgresql+asyncpg", id="as platforms write it"),
        pytest.param("postgresql://u@h/n", "postgresql+asyncpg", id="as the manual writes it"),
        pytest.param("sqlite:///a.db", "sqlite", id="a file"),
    ],
)
def test_a_url_is_understood_as_people_write_it(url: str, driver: str) -> None:
    assert normalized_url(url).drivername == driver


@pytest.mark.parametrize("url", ["mysql://u@h/n", "sqlite://"])
def test_a_url_that_cannot_work_is_refused_in_words(url: str) -> None:
    with pytest.raises(ValueError, match="sqlite:///FILE"):
        normalized_url(url)


# --- SQLite ---------------------------------------------------------------------------------------------


@pytest.fixture
def sqlite_file(migrated_sqlite: Path, tmp_path: Path) -> Path:
    path = tmp_path / "own.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    return path


@pytest.fixture
def at_each_commit() -> Iterator[list[Callable[[], None]]]:
    """What is called before anything is committed."""
    calls: list[Callable[[], None]] = []

    def commit(_: Connection) -> None:
        for call in calls:
            call()

    sa.event.listen(sa.Engine, "commit", commit)
    yield calls
    sa.event.remove(sa.Engine, "commit", commit)


async def _blocked(db: Database) -> tuple[asyncio.Task[None], Callable[[], None]]:
    """Hold the writer inside a unit of work; what comes meanwhile waits in the queue."""
    inside, go_on = threading.Event(), threading.Event()

    def block(_: Connection) -> None:
        inside.set()
        go_on.wait(5)

    task = asyncio.create_task(db.write(block))
    await asyncio.to_thread(inside.wait, 5)
    return task, go_on.set


async def test_units_that_wait_at_the_same_time_share_one_commit(
    sqlite_file: Path, at_each_commit: list[Callable[[], None]]
) -> None:
    db = open_database(f"sqlite:///{sqlite_file}")
    assert isinstance(db, SqliteDatabase)
    commits: list[int] = []
    at_each_commit.append(lambda: commits.append(1))

    blocked, release = await _blocked(db)
    writes = [asyncio.create_task(db.write(put(str(number)))) for number in range(100)]
    await asyncio.sleep(0)
    release()
    await asyncio.gather(blocked, *writes)

    assert len(commits) == 2
    await db.close()


async def test_nothing_is_said_to_be_kept_after_sqlite_has_undone_it_by_itself(sqlite_file: Path) -> None:
    """As it does without memory; whoever met that error may have gone on."""
    db = open_database(f"sqlite:///{sqlite_file}")
    blocked, release = await _blocked(db)

    def undoing(conn: Connection) -> None:
        conn.exec_driver_sql("ROLLBACK")

    pressed = asyncio.create_task(db.write(put("pressed")))
    undone = asyncio.create_task(db.write(undoing))
    await asyncio.sleep(0)
    release()
    results = await asyncio.gather(blocked, pressed, undone, return_exceptions=True)

    assert [type(result) for result in results] == [type(None), StoreUnavailable, StoreUnavailable]
    assert await db.read(keys) == set()
    assert await db.write(put("again")) == "again"
    await db.close()


async def test_what_runs_alone_is_not_run_again_for_a_neighbour_that_fails(sqlite_file: Path) -> None:
    """Whoever moves everything that waits to another time has moved the clock too: once."""
    db = open_database(f"sqlite:///{sqlite_file}")
    ran: list[str] = []

    def noting(key: str) -> Callable[[Connection], str]:
        def work(conn: Connection) -> str:
            ran.append(key)
            return put(key)(conn)

        return work

    blocked, release = await _blocked(db)
    before = asyncio.create_task(db.write(noting("before")))
    alone = asyncio.create_task(db.write_alone(noting("alone")))
    fails = asyncio.create_task(db.write(fail_after("fails", KeyError("mine"))))
    await asyncio.sleep(0)
    release()
    results = await asyncio.gather(blocked, before, alone, fails, return_exceptions=True)

    assert [type(result) for result in results] == [type(None), str, str, KeyError]
    assert ran == ["before", "alone"]
    assert await db.read(keys) == {"before", "alone"}
    await db.close()


async def test_a_commit_that_fails_is_reported_to_every_unit_in_it(
    sqlite_file: Path, at_each_commit: list[Callable[[], None]]
) -> None:
    db = open_database(f"sqlite:///{sqlite_file}")
    assert isinstance(db, SqliteDatabase)
    commits: list[int] = []

    def fail_the_second() -> None:
        commits.append(1)
        if len(commits) == 2:
            raise OSError("disk full")

    at_each_commit.append(fail_the_second)
    blocked, release = await _blocked(db)
    writes = [asyncio.create_task(db.write(put(str(number)))) for number in range(10)]
    await asyncio.sleep(0)
    release()
    results = await asyncio.gather(blocked, *writes, return_exceptions=True)

    assert results[0] is None
    assert [type(result) for result in results[1:]] == [StoreUnavailable] * 10
    assert await db.read(keys) == set()
    assert await db.write(put("the writer lives on")) == "the writer lives on"
    await db.close()


async def test_closing_waits_for_the_units_that_wait(sqlite_file: Path) -> None:
    db = open_database(f"sqlite:///{sqlite_file}")
    blocked, release = await _blocked(db)
    writes = [asyncio.create_task(db.write(put(str(number)))) for number in range(10)]
    await asyncio.sleep(0)
    closing = asyncio.create_task(db.close())
    await asyncio.sleep(0)
    release()

    await closing

    assert await asyncio.gather(*writes) == [str(number) for number in range(10)]
    await blocked
    with sqlite3.connect(sqlite_file) as connection:
        assert connection.execute("SELECT count(*) FROM meta").fetchone() == (10,)
    connection.close()


async def test_a_closed_database_refuses_in_words(sqlite_file: Path) -> None:
    db = open_database(f"sqlite:///{sqlite_file}")
    await db.write(put("a"))
    await db.close()

    with pytest.raises(StoreUnavailable, match="closed"):
        await db.write(put("b"))
    with pytest.raises(StoreUnavailable, match="closed"):
        await db.read(keys)


async def test_what_was_answered_survives_the_loss_of_power(sqlite_file: Path) -> None:
    """WAL with synchronous=FULL: each commit waits for the disk."""
    db = open_database(f"sqlite:///{sqlite_file}")

    def pragmas(conn: Connection) -> tuple[str, int, int]:
        mode, synchronous, foreign_keys = (
            conn.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        )
        return mode, synchronous, foreign_keys

    assert await db.write(pragmas) == ("wal", 2, 1)
    await db.close()


async def test_a_directory_that_does_not_exist_is_made(tmp_path: Path) -> None:
    db = open_database(f"sqlite:///{tmp_path / 'new' / 'a.db'}")

    await db.write(lambda conn: conn.exec_driver_sql("CREATE TABLE t (a)"))

    assert (tmp_path / "new" / "a.db").exists()
    await db.close()


async def test_the_event_loop_goes_on_while_a_unit_of_work_runs(sqlite_file: Path) -> None:
    db = open_database(f"sqlite:///{sqlite_file}")
    blocked, release = await _blocked(db)

    done_meanwhile = not blocked.done()
    release()
    await blocked

    assert done_meanwhile
    await db.close()


# --- PostgreSQL -----------------------------------------------------------------------------------------


on_postgresql = pytest.mark.parametrize("database_kind", ["postgresql"])


@on_postgresql
async def test_the_victim_of_a_deadlock_is_run_again(db: Database) -> None:
    await db.write(put("a", "0"))
    await db.write(put("b", "0"))
    runs = {"ab": 0, "ba": 0}

    def add(first: str, second: str) -> Callable[[Connection], None]:
        def work(conn: Connection) -> None:
            runs[first + second] += 1
            conn.execute(sa.text("SET LOCAL deadlock_timeout = '10ms'"))
            for key in (first, second):
                conn.execute(
                    sa.update(META)
                    .where(META.c.key == key)
                    .values(value=sa.cast(sa.cast(META.c.value, sa.Integer) + 1, sa.Text))
                )
                conn.execute(sa.text("SELECT pg_sleep(0.03)"))

        return work

    await asyncio.gather(db.write(add("a", "b")), db.write(add("b", "a")))

    values = await db.read(lambda conn: conn.execute(sa.select(META.c.value)).scalars().all())
    assert values == ["2", "2"]
    assert sum(runs.values()) == 3


@on_postgresql
async def test_a_unit_that_always_loses_is_given_up(db: Database) -> None:
    runs = []

    def lose(conn: Connection) -> None:
        runs.append(1)
        conn.execute(sa.text("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$"))

    with pytest.raises(sa.exc.DBAPIError):
        await db.write(lose)

    assert len(runs) == SERIALIZATION_RETRIES


@on_postgresql
async def test_a_server_that_ends_the_connection_is_away_and_then_back(db: Database) -> None:
    def cut(conn: Connection) -> None:
        conn.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(StoreUnavailable):
        await db.write(cut)
    with pytest.raises(StoreUnavailable):
        await db.read(cut)

    assert await db.write(put("back")) == "back"


@on_postgresql
async def test_connections_that_were_closed_while_nobody_used_them_are_not_noticed(
    db: Database, database_url: str
) -> None:
    """As after the server was started anew: the next press must not be answered that it may be lost."""

    async def use_and_lose_several() -> None:
        await asyncio.gather(*(db.write(lambda conn: conn.execute(sa.select(1)).close()) for _ in range(5)))
        other = await asyncpg.connect(database_url)
        await other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await other.close()

    ran: list[int] = []

    def once(conn: Connection) -> str:
        ran.append(1)
        return put("a")(conn)

    await use_and_lose_several()
    assert await db.write(once) == "a"
    assert len(ran) == 1
    await use_and_lose_several()
    assert await db.read(keys) == {"a"}


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    db = open_database("postgresql://alarm@127.0.0.1:9/none")

    with pytest.raises(StoreUnavailable):
        await db.write(keys)
    with pytest.raises(StoreUnavailable):
        await db.read(keys)
    await db.close()


@on_postgresql
async def test_a_database_that_does_not_exist_is_unavailable(database_url: str) -> None:
    db = open_database(f"{database_url}_not")

    with pytest.raises(StoreUnavailable):
        await db.write(keys)
    await db.close()


async def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "broken.db"
    path.write_bytes(b"this is not a database" * 100)
    db = open_database(f"sqlite:///{path}")

    with pytest.raises(StoreUnavailable):
        await db.write(keys)
    with pytest.raises(StoreUnavailable):
        await db.read(keys)
    await db.close()


async def test_a_mistake_in_a_unit_of_work_is_not_called_an_outage(db: Database) -> None:
    with pytest.raises(sa.exc.DBAPIError):
        await db.write(lambda conn: conn.execute(sa.text("SELECT nothing FROM nowhere")))
    with pytest.raises(sa.exc.DBAPIError):
        await db.read(lambda conn: conn.execute(sa.text("SELECT nothing FROM nowhere")))


# --- a database that does not take writes ---------------------------------------------------------------


async def test_a_full_file_is_an_outage_that_is_over_once_there_is_room(db: Database) -> None:
    if not isinstance(db, SqliteDatabase):
        pytest.skip("a limit of pages is SQLite's")

    def limit(conn: Connection, pages: int | None = None) -> None:
        used = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        conn.exec_driver_sql(f"PRAGMA max_page_count={used if pages is None else pages}")

    await db.write(limit)

    with pytest.raises(StoreUnavailable):
        await db.write(put("large", "x" * 100_000))

    # The next unit finds a new connection, which has no limit: there is room again.
    assert await db.write(put("a", "x" * 100_000)) == "a"


async def test_a_server_that_only_reads_is_an_outage_and_its_connections_are_dropped(
    db: Database, database_url: str
) -> None:
    if isinstance(db, SqliteDatabase):
        pytest.skip("a demoted primary is PostgreSQL's")
    name = sa.engine.make_url(database_url).database

    def writing(conn: Connection, *, allowed: bool) -> None:
        conn.exec_driver_sql(
            f'ALTER DATABASE "{name}" SET default_transaction_read_only = {"off" if allowed else "on"}'
        )

    def leave(conn: Connection) -> None:
        """End the other connections, as the demotion of a server does."""
        conn.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    other = open_database(database_url)
    await other.write(lambda conn: writing(conn, allowed=False))
    await other.write(leave)
    with pytest.raises(StoreUnavailable):
        await db.write(put("a"))
    assert await db.read(keys) == set()

    # Those of `other` began before: they may write, and stand for the new primary.
    await other.write(lambda conn: writing(conn, allowed=True))
    await other.close()

    assert await db.write(put("b")) == "b"
