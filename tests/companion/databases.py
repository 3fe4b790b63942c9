"""Databases on PostgreSQL for the companion's tests: migrated, empty, and one test's alone while it has one."""

import asyncio
import uuid
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import asyncpg
import pytest

from companion.store.migrate import migrate
from tests.fakes.postgres import Postgres

TEMPLATE = "migrated"
WORN_OUT_BYTES = 4_000_000
"""Nobody vacuums here: what a storm of alarms has blown up is not lent out again."""

END_OTHERS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
HOW_TO_EMPTY = """
SELECT string_agg(statement, ';') FROM (
    SELECT format('DELETE FROM %s', oid::regclass) AS statement FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
    UNION ALL
    SELECT format('SELECT setval(%L, 1, false)', oid::regclass) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'
) AS statements
"""
# Whatever defines something leaves younger rows in a catalogue, or fewer. Ids from 16384 on are not PostgreSQL's own.
DEFINED = """
SELECT concat_ws(' ',
    (SELECT version_num FROM public.alembic_version),
    (SELECT count(*) FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase
     WHERE datname = current_database()),
    (SELECT (count(*), max(xmin::text::bigint)) FROM pg_class WHERE oid >= 16384),
    (SELECT (count(*), max(xmin::text::bigint)) FROM pg_attribute WHERE attrelid >= 16384),
    (SELECT (count(*), max(xmin::text::bigint)) FROM pg_constraint WHERE oid >= 16384),
    (SELECT (count(*), max(xmin::text::bigint)) FROM pg_index WHERE indexrelid >= 16384),
    (SELECT (count(*), max(xmin::text::bigint)) FROM pg_namespace WHERE oid >= 16384),
    (SELECT (count(*), max(xmin::text::bigint)) FROM pg_proc WHERE oid >= 16384),
    (SELECT (count(*), max(xmin::text::bigint)) FROM pg_statistic WHERE starelid >= 16384),
    (SELECT (count(*), max(xmin::text::bigint)) FROM pg_trigger WHERE oid >= 16384),
    (SELECT (count(*), max(xmin::text::bigint)) FROM pg_type WHERE oid >= 16384))
"""
SIZE = "SELECT sum(pg_relation_size(oid)) FROM pg_class WHERE oid >= 16384 AND relkind IN ('r', 'i', 't')"


@pytest.fixture(name="database_kind")
def sqlite_only() -> str:
    """One kind of database is enough; for a file in which nothing depends on it."""
    return "sqlite"


class PostgresDatabases:
    """Lends out copies of a migrated database.

    Making a copy takes many times as long as emptying one. So one that comes back is emptied and lent out again,
    unless more than its rows was changed.
    """

    def __init__(self, server: Postgres) -> None:
        self._server = server
        server.create_database(TEMPLATE)
        outside_of_any_loop(lambda: migrate(server.url(TEMPLATE)))
        self._emptying, self._defined = outside_of_any_loop(self._described)
        self._free: list[str] = []

    @contextmanager
    def lent(self) -> Iterator[str]:
        """Give the URL of one; whoever is connected to it afterwards is thrown out."""
        name = self._free.pop() if self._free else self._copy()
        yield self._server.url(name)
        if outside_of_any_loop(lambda: self._is_as_new(name)):
            self._free.append(name)
        else:
            self._server.drop_database(name)

    def _copy(self) -> str:
        name = f"test_{uuid.uuid4().hex}"
        self._server.create_database(name, template=TEMPLATE)
        return name

    async def _described(self) -> tuple[str, str]:
        connection = await asyncpg.connect(self._server.url(TEMPLATE))
        emptying, defined = await connection.fetchval(HOW_TO_EMPTY), await connection.fetchval(DEFINED)
        await connection.close()
        return emptying, defined

    async def _is_as_new(self, name: str) -> bool:
        """Empty it, and return whether it is now what it was when it was made."""
        connection = await asyncpg.connect(self._server.url(name))
        try:
            await connection.execute(END_OTHERS)
            # Without the triggers that watch over foreign keys: then the order does not matter.
            await connection.execute(f"SET session_replication_role = replica; {self._emptying}")
            is_unchanged: bool = await connection.fetchval(DEFINED) == self._defined
            return is_unchanged and await connection.fetchval(SIZE) < WORN_OUT_BYTES
        except asyncpg.PostgresError:  # it does not take writes any more, or lacks a table
            return False
        finally:
            await connection.close()


def outside_of_any_loop[T](work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run it where no event loop of pytest's is in the way, and return what it returns."""
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(lambda: asyncio.run(work())).result()
