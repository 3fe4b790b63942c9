"""Brings a database to the tables this version knows; safe to call from several processes at once.

There is no alembic.ini: Alembic's configuration is made here, and `migrations/env.py` takes its connection from it.

To make a migration after a change of `companion.store.tables`, run `python -m companion.store.migrate NAME`: it
migrates an empty SQLite database, compares it with the tables and writes the difference as a file below
`migrations/versions/`. Read it, format it, and let tests/companion/store/test_migrate.py confirm it on both databases.
Before the first release, remove `0001_initial.py` and run it with the name `initial` to write it anew.
"""

import asyncio
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto
from pathlib import Path

import asyncpg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import URL, Connection
from sqlalchemy.ext.asyncio import create_async_engine

from companion.store.database import StoreUnavailable, normalized_url, open_database, sqlite_engine
from companion.store.pooler import IN_THE_WAY, takes_servers_away
from companion.store.private_files import private_database

_LOGGER = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"
ADVISORY_LOCK = 0x616C61726D  # "alarm": all processes of this service agree on it, nobody else uses it
CONNECT_TIMEOUT_S = 10


class DatabaseTooNew(Exception):
    """A newer version of the service has changed the database; this one must not touch it."""


async def migrate(database_url: str) -> None:
    """Bring the database to the newest tables; several processes may do so at the same time.

    Raises DatabaseTooNew, or StoreUnavailable when it cannot be reached, changed or used.
    """
    url = normalized_url(database_url)
    await _refuse_pooler(url, "reached")
    with _explained(url, "migrated"):
        if url.drivername == "sqlite":
            await asyncio.to_thread(_migrate_sqlite, url)
        else:
            await _migrate_postgresql(url)


class Tables(Enum):
    """What there is of our tables in a database."""

    NONE = auto()
    OLD = auto()
    CURRENT = auto()


async def tables_of(database_url: str) -> Tables:
    """Return what the database has, without changing or making anything.

    Raises DatabaseTooNew, or StoreUnavailable when it cannot be reached.
    """
    url = normalized_url(database_url)
    if _is_missing_file(url):  # to open it would make it
        return Tables.NONE
    await _refuse_pooler(url, "read")
    with _explained(url, "read"):
        database = open_database(database_url)
        try:
            return await database.read(_tables)
        finally:
            await database.close()


async def _refuse_pooler(url: URL, verb: str) -> None:
    with _explained(url, verb):
        pooled = url.drivername != "sqlite" and await takes_servers_away(url)
    if pooled:
        raise StoreUnavailable(IN_THE_WAY)


def _is_missing_file(url: URL) -> bool:
    return url.drivername == "sqlite" and not Path(url.database or "").exists()


def _tables(conn: Connection) -> Tables:
    if not _missing(conn):
        return Tables.CURRENT
    return Tables.OLD if _versions(conn) else Tables.NONE


@contextmanager
def _explained(url: URL, verb: str) -> Iterator[None]:
    try:
        yield
    except (
        OSError,
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        sa.exc.SQLAlchemyError,
        StoreUnavailable,
    ) as err:
        # Said by the driver, which knows best and never repeats a password.
        reason = getattr(err, "orig", None) or err.__cause__ or err
        raise StoreUnavailable(
            f"The database {url.render_as_string()} cannot be {verb}: {type(reason).__name__}: {reason}"
        ) from err


def _migrate_sqlite(url: URL) -> None:
    path = Path(url.database or "")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    private_database(path)
    engine = sqlite_engine(url)
    try:
        with engine.connect() as connection:
            # Changing a table copies and drops it; with foreign keys on, the drop would delete what refers to it.
            # The pragma does nothing inside a transaction, so it must come before SQLAlchemy begins one.
            driver = connection.connection.driver_connection
            if driver is not None:
                driver.execute("PRAGMA foreign_keys=OFF").close()
            with connection.begin():
                upgrade(connection)
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                if broken:
                    raise sa.exc.IntegrityError("PRAGMA foreign_key_check", None, ValueError(str(broken[:3])))
    finally:
        engine.dispose()


async def _migrate_postgresql(url: URL) -> None:
    engine = create_async_engine(url, poolclass=sa.pool.NullPool, connect_args={"timeout": CONNECT_TIMEOUT_S})
    try:
        async with engine.begin() as connection:
            # Held until this transaction ends: a second process waits here, then finds nothing left to do.
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ADVISORY_LOCK)))
            await connection.run_sync(upgrade)
    finally:
        await engine.dispose()


def upgrade(connection: Connection) -> None:
    """Run what is missing, inside the transaction of `connection`; raises DatabaseTooNew."""
    if _missing(connection):
        command.upgrade(_config(connection), "head")
        _LOGGER.info("The database is now at version %s", ", ".join(_versions(connection)))


def _versions(connection: Connection) -> tuple[str, ...]:
    return MigrationContext.configure(connection).get_current_heads()


def _missing(connection: Connection) -> bool:
    """Return whether there are migrations to run; raises DatabaseTooNew, or StoreUnavailable when none can be read."""
    scripts = ScriptDirectory.from_config(_config(connection))
    if not scripts.get_heads():  # a folder that this user may not list looks empty
        raise StoreUnavailable(
            f"the migrations in {MIGRATIONS} are not there, or user {os.geteuid()} may not read them: install Alarm Broker "
            "where the user that owns its database can read it"
        )
    current = set(_versions(connection))
    unknown = current - {script.revision for script in scripts.walk_revisions()}
    if unknown:
        raise DatabaseTooNew(
            f"The database is at version {', '.join(sorted(unknown))}, which this version of Alarm Broker does not "
            "know: a newer one has used it. Install that version again, or restore a backup from before."
        )
    return current != set(scripts.get_heads())


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def write_migration(name: str) -> None:
    """Write the difference between the migrations and the tables as the next migration."""
    with tempfile.TemporaryDirectory() as folder:
        url = sa.URL.create("sqlite", database=f"{folder}/empty.db")
        _migrate_sqlite(url)
        engine = sqlite_engine(url)
        with engine.connect() as connection, connection.begin():
            config = _config(connection)
            number = sum(1 for _ in ScriptDirectory.from_config(config).walk_revisions()) + 1
            command.revision(config, name, autogenerate=True, rev_id=f"{number:04}")
        engine.dispose()


if __name__ == "__main__":
    write_migration(sys.argv[1])
