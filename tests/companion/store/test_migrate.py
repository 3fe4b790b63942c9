"""Migrations give the tables, on both databases, whoever else is migrating at the same time."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from companion.store import database as database_module, tables
from companion.store.database import Database, StoreUnavailable, open_database
from companion.store.migrate import MIGRATIONS, DatabaseTooNew, known_versions, migrate
from tests.fakes.postgres import Postgres


@pytest.fixture
def empty_database_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'new folder' / 'empty.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = f"empty_{uuid.uuid4().hex}"
    server.create_database(name)
    yield server.url(name)
    server.drop_database(name)


def _differences(conn: Connection) -> list[object]:
    context = MigrationContext.configure(conn, opts={"compare_type": True})
    differences: list[object] = compare_metadata(context, tables.metadata)
    return differences


async def _partial_indexes(db: Database) -> set[str]:
    source = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '%WHERE%'",
        "postgresql": "SELECT indexname FROM pg_indexes WHERE indexdef LIKE '%WHERE%' AND schemaname = 'public'",
    }[db.dialect]
    return set(await db.read(lambda conn: list(conn.execute(sa.text(source)).scalars())))


async def test_a_migrated_database_has_exactly_the_tables_of_the_code(db: Database) -> None:
    differences = await db.read(_differences)

    assert differences == []


async def test_indexes_over_a_part_of_the_rows_are_kept_as_such(db: Database) -> None:
    expected = {
        str(index.name)
        for table in tables.metadata.tables.values()
        for index in table.indexes
        if index.dialect_kwargs.get("sqlite_where") is not None
    }

    assert await _partial_indexes(db) == expected


async def test_an_empty_database_gets_its_tables(empty_database_url: str) -> None:
    await migrate(empty_database_url)

    database = open_database(empty_database_url)
    assert await database.read(_differences) == []
    await database.close()


async def test_migrating_again_changes_nothing_and_keeps_the_rows(db: Database, database_url: str) -> None:
    await db.write(lambda conn: conn.execute(sa.insert(tables.meta).values(key="kept", value="yes")))

    await migrate(database_url)

    kept = await db.read(lambda conn: conn.execute(sa.select(tables.meta.c.value)).scalar_one())
    assert kept == "yes"


async def test_processes_that_start_together_all_come_up(empty_database_url: str) -> None:
    program = (
        "import asyncio, sys; from companion.store.migrate import migrate; asyncio.run(migrate(sys.argv[1]))"
    )

    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, empty_database_url, stderr=asyncio.subprocess.PIPE
        )
        for _ in range(3)
    ]
    errors = [(await process.communicate())[1].decode() for process in processes]

    assert [process.returncode for process in processes] == [0, 0, 0], errors
    database = open_database(empty_database_url)
    assert await database.read(_differences) == []
    await database.close()


async def test_a_new_file_that_another_process_is_just_setting_up_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = threading.Event()
    clock = SimpleNamespace(monotonic=time.monotonic, sleep=lambda _seconds: refused.set())
    monkeypatch.setattr(database_module, "time", clock)
    path = tmp_path / "new.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    ours = asyncio.create_task(migrate(f"sqlite:///{path}"))
    assert await asyncio.to_thread(refused.wait, 10)
    waited = not ours.done()

    other.execute("COMMIT")
    other.close()
    await ours

    assert waited


def test_the_versions_that_are_known_by_their_files_are_those_of_the_migrations() -> None:
    scripts = [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]

    assert known_versions() == scripts[::-1]


def test_a_database_that_has_the_tables_is_opened_without_what_would_make_them(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    program = (
        "import asyncio, sys; from companion.store.migrate import migrate; asyncio.run(migrate(sys.argv[1]));"
        "print({'alembic', 'mako', 'asyncpg', 'sqlalchemy.orm'} & set(sys.modules))"
    )

    first, second = [
        subprocess.run([sys.executable, "-c", program, url], capture_output=True, check=True).stdout  # noqa: S603
        for _ in range(2)
    ]

    assert b"alembic" in first
    assert second.strip() == b"set()"


async def test_a_database_of_a_newer_version_is_refused_in_a_clear_sentence(
    db: Database, database_url: str
) -> None:
    await db.write(lambda conn: conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(DatabaseTooNew, match=r"version 9999.*a newer one has used it. Install that version"):
        await migrate(database_url)


async def test_a_database_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(StoreUnavailable) as caught:
        await migrate("postgresql://alarm:hunter22@127.0.0.1:1/alarm")

    assert "127.0.0.1:1/alarm cannot be reached" in str(caught.value)
    assert "hunter22" not in str(caught.value)


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("shopping list\n" * 200)

    with pytest.raises(StoreUnavailable, match=r"notes\.db cannot be migrated.*not a database"):
        await migrate(f"sqlite:///{path}")
