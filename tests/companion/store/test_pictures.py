"""Pictures are kept as long as the operator wants, and no longer than their alarm."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from companion.alarms.model import Actor, Alarm, Evidence, Picture
from companion.app import Companion
from companion.config import Settings
from companion.store import tables
from companion.store.database import Database
from companion.store.pictures import BATCH, forget_pictures, picture_of
from tests.builders import Engine, engine
from tests.companion.conftest import Directory
from tests.fakes.clock import FrozenClock

PANEL = Actor(name=None, via="panel")
JPEG = Picture(media_type="image/jpeg", data=b"\xff\xd8\xff\xe0")
FOUND = Evidence(level=1, reasons=(), camera="Drive", label=None, score=None, taken_at=None, link=None)
KEPT = timedelta(days=30)


@pytest.fixture
def house(db: Database, clock: FrozenClock, directory: Directory) -> Engine:
    return engine(db, clock)


async def photographed(house: Engine) -> Alarm:
    return await photograph(house, await house.raise_alarm(), JPEG)


async def photograph(house: Engine, alarm: Alarm, picture: Picture) -> Alarm:
    return await house.commands.run(
        lambda unit: unit.evidence(alarm.id, PANEL, FOUND, picture, said_at=unit.now)
    )


async def forget(house: Engine) -> int:
    before = house.clock() - KEPT
    return await house.db.write(lambda conn: forget_pictures(conn, before))


async def has_picture(house: Engine, alarm_id: str) -> bool:
    return await house.db.read(lambda conn: picture_of(conn, alarm_id)) is not None


async def test_a_picture_that_was_kept_long_enough_is_deleted_and_the_alarm_says_that_it_has_none(
    house: Engine, clock: FrozenClock
) -> None:
    old = await photographed(house)
    clock.advance(KEPT.total_seconds())
    new = await photographed(house)
    too_early = await forget(house)
    clock.advance(1)

    gone = await forget(house)

    assert (too_early, gone) == (0, 1)
    assert [await has_picture(house, alarm.id) for alarm in (old, new)] == [False, True]
    assert (await house.alarm(old.id)).evidence == FOUND
    assert await house.alarm(new.id) == new


async def test_a_newer_picture_is_kept_from_when_it_came(house: Engine, clock: FrozenClock) -> None:
    alarm = await photographed(house)
    clock.advance(KEPT.total_seconds())
    await photograph(house, alarm, Picture(media_type="image/jpeg", data=JPEG.data + b"newer"))
    clock.advance(1)

    assert await forget(house) == 0


async def test_many_old_pictures_are_deleted_in_batches(house: Engine, clock: FrozenClock) -> None:
    for _ in range(BATCH + 1):
        await photographed(house)
    clock.advance(KEPT.total_seconds() + 1)

    assert [await forget(house) for _ in range(3)] == [BATCH, 1, 0]


@pytest.mark.parametrize(("picture_days", "is_kept"), [(30, False), (0, True)])
async def test_the_running_service_deletes_old_pictures_unless_it_is_to_keep_them(
    house: Engine, database_url: str, tmp_path: Path, picture_days: float, *, is_kept: bool
) -> None:
    alarm = await photographed(house)
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    await house.db.write(lambda conn: conn.execute(sa.update(tables.picture).values(received_at=long_ago)))
    settings = Settings(
        data_dir=tmp_path,
        database_url=database_url,
        host="127.0.0.1",
        port=0,
        zeroconf=False,
        picture_days=picture_days,
    )

    async with Companion(settings), asyncio.timeout(5):
        while await has_picture(house, alarm.id) and not is_kept:  # noqa: ASYNC110 # the service tells nobody
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1 if is_kept else 0)

    assert await has_picture(house, alarm.id) is is_kept


async def test_a_picture_goes_with_its_alarm(house: Engine) -> None:
    alarm = await photographed(house)

    def delete(conn: sa.Connection) -> None:
        for table in (tables.journal, tables.ack_link):
            conn.execute(sa.delete(table).where(table.c.alarm_id == alarm.id))
        conn.execute(sa.delete(tables.alarm).where(tables.alarm.c.id == alarm.id))

    await house.db.write(delete)

    assert not await has_picture(house, alarm.id)
