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
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection

from companion.store.database import (
    StoreUnavailable,
    driver_errors,
    normalized_url,
    open_database,
    sqlite_engine,
)
from companion.store.private_files import private_database

if TYPE_CHECKING:
    from alembic.config import Config

_LOGGER = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"
VERSIONS = MIGRATIONS / "versions"
_APPLIED = sa.table("alembic_version", sa.column("version_num"))
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
    if url.drivername == "sqlite":
        return
    from companion.store.pooler import IN_THE_WAY, takes_servers_away  # with it comes a driver

    with _explained(url, verb):
        pooled = await takes_servers_away(url)
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
    of_the_driver = () if url.drivername == "sqlite" else driver_errors()
    unusable: tuple[type[Exception], ...] = (
        OSError,
        sa.exc.SQLAlchemyError,
        StoreUnavailable,
        *of_the_driver,
    )
    try:
        yield
    except unusable as err:
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
                # It reads every row, so only after something was changed.
                broken = upgrade(connection) and connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                if broken:
                    raise sa.exc.IntegrityError("PRAGMA foreign_key_check", None, ValueError(str(broken[:3])))
    finally:
        engine.dispose()


async def _migrate_postgresql(url: URL) -> None:
    from sqlalchemy.ext.asyncio import create_async_engine  # with it comes the ORM

    engine = create_async_engine(url, poolclass=sa.pool.NullPool, connect_args={"timeout": CONNECT_TIMEOUT_S})
    try:
        async with engine.begin() as connection:
            # Held until this transaction ends: a second process waits here, then finds nothing left to do.
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ADVISORY_LOCK)))
            await connection.run_sync(upgrade)
    finally:
        await engine.dispose()


def upgrade(connection: Connection) -> bool:
    """Run what is missing, inside the transaction of `connection`, and return whether something was; raises DatabaseTooNew."""
    if not _missing(connection):
        return False
    from alembic import command  # a tenth of the memory of a service that nearly always starts without it

    command.upgrade(_config(connection), "head")
    _LOGGER.info("The database is now at version %s", ", ".join(_versions(connection)))
    return True


def known_versions() -> list[str]:
    """Return the migrations that this version knows, oldest first: each is the number that its file's name begins with."""
    return sorted(path.stem.partition("_")[0] for path in VERSIONS.glob("[0-9]*_*.py"))


def _versions(connection: Connection) -> tuple[str, ...]:
    if not sa.inspect(connection).has_table(_APPLIED.name):
        return ()
    return tuple(connection.execute(sa.select(_APPLIED.c.version_num)).scalars())


def _missing(connection: Connection) -> bool:
    """Return whether there are migrations to run; raises DatabaseTooNew, or StoreUnavailable when none can be read."""
    known = known_versions()
    if not known:  # a folder that this user may not list looks empty
        raise StoreUnavailable(
            f"the migrations in {MIGRATIONS} are not there, or user {os.geteuid()} may not read them: install Alarm Broker "
            "where the user that owns its database can read it"
        )
    current = set(_versions(connection))
    unknown = current.difference(known)
    if unknown:
        raise DatabaseTooNew(
            f"The database is at version {', '.join(sorted(unknown))}, which this version of Alarm Broker does not "
            "know: a newer one has used it. Install that version again, or restore a backup from before."
        )
    return current != {known[-1]}


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def write_migration(name: str) -> None:
    """Write the difference between the migrations and the tables as the next migration."""
    from alembic import command

    with tempfile.TemporaryDirectory() as folder:
        url = sa.URL.create("sqlite", database=f"{folder}/empty.db")
        _migrate_sqlite(url)
        engine = sqlite_engine(url)
        with engine.connect() as connection, connection.begin():
            number = len(known_versions()) + 1
            command.revision(_config(connection), name, autogenerate=True, rev_id=f"{number:04}")
        engine.dispose()


if __name__ == "__main__":
    write_migration(sys.argv[1])
