"""A Home Assistant's row that somebody else holds keeps no press waiting; it hears of everything later, in order."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa

from companion.alarms.model import Actor
from companion.alarms.service import AlarmService
from companion.link import outbox
from companion.store import tables
from companion.store.database import Database, PostgresDatabase, open_database
from companion.store.scope import ALL_SITES
from tests.companion.conftest import Directory
from tests.companion.link.conftest import INSTANCE, RunningLink, meet, press
from tests.companion.link.home_assistant import HomeAssistant
from tests.fakes.clock import FrozenClock

pytestmark = [
    pytest.mark.parametrize("database_kind", ["postgresql"]),
    pytest.mark.usefixtures("short_waits_for_locks"),
]
PORTER = Actor(name="Porter", via="ack_page")

type Hold = Callable[[], AbstractAsyncContextManager[None]]


@pytest.fixture
async def hold(database_url: str) -> AsyncIterator[Hold]:
    """Holds the peer in a transaction of a connection of its own, as a process that hangs does."""
    other = open_database(database_url)
    assert isinstance(other, PostgresDatabase)

    @asynccontextmanager
    async def holding() -> AsyncIterator[None]:
        async with other.engine.begin() as connection:
            peer = sa.select(tables.link_peer).where(tables.link_peer.c.instance == INSTANCE)
            await connection.execute(peer.with_for_update())
            yield

    yield holding
    await other.close()


async def waiting_events(db: Database) -> list[tuple[int, str, str]]:
    """Return number, alarm and change of every event that is kept."""
    kept = await db.read(lambda conn: outbox.kept_events(conn, INSTANCE, after=0, limit=100))
    return [(seq, body["alarm_id"], body["change"]) for seq, body in kept]


async def test_a_press_is_an_alarm_and_is_answered(
    commands: AlarmService, directory: Directory, hold: Hold
) -> None:
    await meet(commands, site_id=directory.site)

    async with hold(), asyncio.timeout(5):
        alarm = await press(commands)
        answered = await commands.run(ALL_SITES, lambda unit: unit.acknowledge(alarm.id, PORTER))

    assert answered.acknowledged_by == "Porter"


async def test_what_was_written_meanwhile_is_told_before_what_comes_after(
    db: Database, commands: AlarmService, directory: Directory, hold: Hold
) -> None:
    await meet(commands, site_id=directory.site)
    before = await press(commands)
    async with hold():
        meanwhile = await press(commands)
        await commands.run(ALL_SITES, lambda unit: unit.acknowledge(before.id, PORTER))
    after = await press(commands)

    assert await waiting_events(db) == [
        (1, before.id, "raised"),
        (2, meanwhile.id, "raised"),
        (3, before.id, "acknowledged"),
        (4, after.id, "raised"),
    ]


async def test_a_home_assistant_that_comes_back_hears_of_it(
    db: Database, commands: AlarmService, directory: Directory, hold: Hold
) -> None:
    await meet(commands, site_id=directory.site)
    async with hold():
        alarm = await press(commands)

    await meet(commands, site_id=directory.site)

    assert [(alarm_id, change) for _seq, alarm_id, change in await waiting_events(db)] == [
        (alarm.id, "raised")
    ]


async def test_a_home_assistant_on_the_link_hears_of_it_once_the_row_is_free(
    commands: AlarmService, link: RunningLink, home: HomeAssistant, hold: Hold
) -> None:
    await home.connect(link.url)
    async with hold():
        alarm = await press(commands)

    await home.until(lambda book: book.versions(alarm.id) == [1])


async def test_what_waits_for_one_that_never_comes_back_is_dropped_with_it(
    db: Database, clock: FrozenClock, commands: AlarmService, directory: Directory, hold: Hold
) -> None:
    await meet(commands, site_id=directory.site)
    async with hold():
        await press(commands)
    clock.advance(timedelta(days=100).total_seconds())

    await meet(commands, site_id=directory.site, instance="another")

    assert await db.read(lambda conn: outbox.has_waiting(conn, INSTANCE)) is False
