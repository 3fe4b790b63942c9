"""The database that a command works on, and `migrate`."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import typer
from sqlalchemy.engine import Connection

from companion.commands.errors import Refused
from companion.commands.settings import quiet_settings
from companion.config import Settings
from companion.store.database import Database, open_database
from companion.store.migrate import Tables, migrate, tables_of


def bring_up_to_date(config: Path | None) -> None:
    """Bring the database to the newest tables."""
    asyncio.run(migrate(quiet_settings(config).database_url))
    typer.echo("The database has the newest tables.")


@asynccontextmanager
async def migrated(database_url: str) -> AsyncIterator[Database]:
    """Yield the database with the newest tables."""
    await migrate(database_url)
    db = open_database(database_url)
    try:
        yield db
    finally:
        await db.close()


@asynccontextmanager
async def untouched(settings: Settings) -> AsyncIterator[Database]:
    """Yield the database as it is; where there is none yet, an empty one that goes away again."""
    match await tables_of(settings.database_url):
        case Tables.NONE:
            with TemporaryDirectory() as folder:
                async with migrated(f"sqlite:///{folder}/empty.db") as db:
                    yield db
        case Tables.OLD:
            raise Refused(
                "The database has the tables of an older version, and a plan must not change them: "
                "`alarm-broker migrate` does, and so does the next start of the service."
            )
        case Tables.CURRENT:
            db = open_database(settings.database_url)
            try:
                yield db
            finally:
                await db.close()


async def written[T](settings: Settings, work: Callable[[Connection], T]) -> T:
    """Run `work`, which writes, on the settings' database."""
    async with migrated(settings.database_url) as db:
        return await db.write(work)


async def read[T](settings: Settings, work: Callable[[Connection], T]) -> T:
    """Run `work`, which only reads, on the settings' database."""
    async with migrated(settings.database_url) as db:
        return await db.read(work)
