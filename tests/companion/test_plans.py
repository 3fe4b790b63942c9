"""Whatever is asked of the database reads along an index: nothing costs more as the record grows."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.store import tables
from companion.store.database import Database
from tests.builders import make_engine
from tests.companion.long_record import NOW, make_directory, make_link, make_record, places_in
from tests.companion.plans import asked_by, full_scans
from tests.companion.reads import hot_statements, reads_of
from tests.fakes.clock import FrozenClock

ALARMS = 400


@pytest.fixture
async def record(db: Database, database_url: str) -> Database:
    """The database, with what a house has after a while."""
    await make_record(database_url, ALARMS)
    await make_directory(db)
    await make_link(db, places_in(ALARMS))
    return db


class Undone(Exception):
    """Ends a transaction without a trace."""


async def test_nothing_that_is_asked_reads_through_all_that_there_ever_was(record: Database) -> None:
    places = places_in(ALARMS)
    commands = make_engine(record, FrozenClock(NOW), claims=True).commands
    wrong: list[str] = []

    def looked_at(name: str, work: Callable[[Connection], object]) -> Callable[[Connection], None]:
        def look(conn: Connection) -> None:
            wrong.extend(f"{name}: {scan}" for scan in full_scans(conn, work))
            raise Undone

        return look

    for read in [*reads_of(places), *hot_statements(commands, places)]:
        with pytest.raises(Undone):
            await record.write(looked_at(f"{read.group} {read.name}", read.work))

    assert "\n".join(wrong) == ""


@pytest.mark.parametrize(
    "query",
    [
        sa.select(sa.func.count()).select_from(tables.alarm).where(tables.alarm.c.title == "x"),
        sa.select(tables.journal.c.id).where(tables.journal.c.event == "raised"),
        sa.select(tables.alarm.c.id, tables.alarm.c.status).where(tables.alarm.c.status != "x"),
        sa.update(tables.delivery).where(tables.delivery.c.recipient == "x").values(attempts=1),
    ],
    ids=["count", "by no index", "not equal", "update"],
)
async def test_what_reads_a_whole_table_is_found(record: Database, query: sa.Executable) -> None:
    found = await record.write(lambda conn: full_scans(conn, lambda it: it.execute(query)))

    assert len(found) >= 1


async def test_what_goes_past_sqlalchemy_is_found_too(record: Database) -> None:
    places = places_in(ALARMS)
    commands = make_engine(record, FrozenClock(NOW), claims=True).commands
    press = next(one for one in hot_statements(commands, places) if one.group == "press")

    asked = await record.write(lambda conn: asked_by(conn, press.work))

    assert any(one.statement.startswith("INSERT INTO alarm ") for one in asked)
