"""Migrations give the tables, on both databases, whoever else is migrating at the same time."""

import asyncio
import hashlib
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from companion.alarms.statistics import counted
from companion.store import database as database_module, tables
from companion.store.database import Database, StoreUnavailable, open_database
from companion.store.migrate import MIGRATIONS, DatabaseTooNew, known_versions, migrate
from companion.store.scope import ALL_SITES
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


AT = datetime(2026, 11, 20, 12, 0, 0, 250_000, tzinfo=UTC)
LATER = AT + timedelta(hours=1, microseconds=1)
ALARM_ID, PAGE_ID, FOLDED_ID = (str(uuid.uuid7()) for _ in range(3))
LINK_HASH, SAID_HASH = (hashlib.sha256(said).hexdigest() for said in (b"link", b"said"))
_ALARM = {
    "id": ALARM_ID, "version": 2, "status": "acknowledged", "source": "panel", "kind": "panic", "severity": "high",
    "title": "Panic", "test": False, "site_id": None, "site": None, "timezone": "UTC", "room": None, "person": None,
    "device_id": None, "details": {"zone": "Hall"}, "uid": "u1", "presses": 1, "policy": None, "round": 0, "step": 1,
    "steps_run": 1, "next_due_at": None, "raised_at": AT, "acknowledged_at": LATER, "acknowledged_by": "Anna",
    "closed_at": None, "closed_by": None, "exhausted_at": None, "held_until": None, "evidence": None,
}  # fmt: skip
_DELIVERY = {
    "id": PAGE_ID, "alarm_id": ALARM_ID, "kind": "page", "occurrence": "0.0", "channel_id": "sms", "person_id": "anna",
    "position": 0, "address": "+491", "recipient": "Anna", "message": {"title": "Panic", "language": "de"},
    "state": "sent", "due_at": AT, "attempts": 1, "urgency": 1, "first_page": True, "record": False, "owner": None,
    "fence": 1, "lease_until": None, "uncertain": False, "cancelled": False, "provider_ref": "r1", "last_error": None,
    "source_key": None, "folded_into": None, "created_at": AT, "sent_at": LATER, "delivered_at": None,
}  # fmt: skip
OF_0018: dict[str, list[dict[str, Any]]] = {
    "alarm": [_ALARM, {**_ALARM, "id": "written-by-hand", "status": "resolved", "raised_at": LATER, "acknowledged_at": None}],
    "delivery": [
        _DELIVERY,
        {**_DELIVERY, "id": FOLDED_ID, "occurrence": "1.0", "folded_into": PAGE_ID, "state": "folded"},
        {**_DELIVERY, "id": "d2", "alarm_id": None},
    ],
    "attempt": [
        {"id": 7, "delivery_id": PAGE_ID, "channel_id": "sms", "number": 1, "started_at": AT, "finished_at": LATER,
         "outcome": "sent", "status_code": 200, "provider_ref": "r1", "error": None},
    ],
    "journal": [
        {"id": 3, "alarm_id": ALARM_ID, "at": AT, "event": "raised", "actor": None, "via": "panel", "detail": {"title": "Panic"}},
    ],
    "ack_link": [{"token_hash": LINK_HASH, "alarm_id": ALARM_ID, "recipient": "Anna", "created_at": AT}],
    "dedup": [{"key": "ha:house:u1", "alarm_id": ALARM_ID, "expires_at": None}],
    "heard_event": [{"alarm_id": ALARM_ID, "event_id": SAID_HASH}],
    "picture": [{"alarm_id": ALARM_ID, "media_type": "image/png", "data": b"x" * 16, "received_at": AT}],
    "failover": [{"delivery_id": PAGE_ID, "person_id": "anna", "alarm_id": ALARM_ID, "due_at": LATER}],
    "also_for": [{"delivery_id": PAGE_ID, "person_id": "ben", "position": 1}],
    "ended_session": [{"nonce_hash": LINK_HASH, "expires_at": LATER}],
}  # fmt: skip
"""Rows of tables that 0019 changes."""


def _as_0018_has_it(conn: Connection) -> None:
    with Operations.context(MigrationContext.configure(conn)):
        for script in [*ScriptDirectory(str(MIGRATIONS)).walk_revisions("base", "0018")][::-1]:
            script.module.upgrade()
    conn.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    conn.exec_driver_sql("INSERT INTO alembic_version VALUES ('0018')")
    for name, rows in OF_0018.items():
        old = sa.Table(name, sa.MetaData(), autoload_with=conn)
        more = {"idempotency_key": "k"} if name == "delivery" else {}
        for row in rows:
            conn.execute(sa.insert(old).values(row | more))


def _rows(conn: Connection) -> dict[str, list[dict[str, Any]]]:
    return {
        name: [dict(row._mapping) for row in conn.execute(sa.select(tables.metadata.tables[name]))]
        for name in OF_0018
    }


async def test_what_was_written_before_ids_and_times_were_packed_reads_the_same(
    empty_database_url: str,
) -> None:
    database = open_database(empty_database_url)
    await database.write(_as_0018_has_it)
    counted_before = await database.read(partial(counted, ALL_SITES))
    await database.close()

    await migrate(empty_database_url)

    database = open_database(empty_database_url)
    found, counted_after = await database.read(_rows), await database.read(partial(counted, ALL_SITES))
    await database.close()
    for name, rows in OF_0018.items():
        assert sorted(found[name], key=str) == sorted(
            (dict.fromkeys(found[name][0]) | row for row in rows), key=str
        )
    assert counted_after == counted_before


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
