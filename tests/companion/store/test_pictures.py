"""Pictures are kept as long as the operator wants, and no longer than their alarm."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from companion.alarms.model import Actor, Alarm, Evidence, Picture
from companion.alarms.pictures import BATCH, forget_pictures, picture_of
from companion.app import Companion
from companion.store import tables
from companion.store.scope import ALL_SITES
from tests.builders import Engine
from tests.companion.store.serving import serving
from tests.fakes.clock import FrozenClock

PANEL = Actor(name=None, via="panel")
JPEG = Picture(media_type="image/jpeg", data=b"\xff\xd8\xff\xe0")
FOUND = Evidence(
    level=1, reasons=(), camera="Drive", label=None, score=None, taken_at=None, link=None, highest=1
)
KEPT = timedelta(days=30)


async def photographed(engine: Engine) -> Alarm:
    return await photograph(engine, await engine.raise_alarm(), JPEG)


async def photograph(engine: Engine, alarm: Alarm, picture: Picture) -> Alarm:
    return await engine.commands.run(
        ALL_SITES, lambda unit: unit.evidence(alarm.id, PANEL, FOUND, picture, said_at=unit.now)
    )


async def forget(engine: Engine) -> int:
    before = engine.clock() - KEPT
    return await engine.db.write(lambda conn: forget_pictures(ALL_SITES, conn, before))


async def has_picture(engine: Engine, alarm_id: str) -> bool:
    return await engine.db.read(lambda conn: picture_of(ALL_SITES, conn, alarm_id)) is not None


async def test_a_picture_that_was_kept_long_enough_is_deleted_and_the_alarm_says_that_it_has_none(
    engine: Engine, clock: FrozenClock
) -> None:
    old = await photographed(engine)
    clock.advance(KEPT.total_seconds())
    new = await photographed(engine)
    too_early = await forget(engine)
    clock.advance(1)

    gone = await forget(engine)

    assert (too_early, gone) == (0, 1)
    assert [await has_picture(engine, alarm.id) for alarm in (old, new)] == [False, True]
    assert (await engine.alarm(old.id)).evidence == FOUND
    assert await engine.alarm(new.id) == new


async def test_a_newer_picture_is_kept_from_when_it_came(engine: Engine, clock: FrozenClock) -> None:
    alarm = await photographed(engine)
    clock.advance(KEPT.total_seconds())
    await photograph(engine, alarm, Picture(media_type="image/jpeg", data=JPEG.data + b"newer"))
    clock.advance(1)

    assert await forget(engine) == 0


async def test_many_old_pictures_are_deleted_in_batches(engine: Engine, clock: FrozenClock) -> None:
    for _ in range(BATCH + 1):
        await photographed(engine)
    clock.advance(KEPT.total_seconds() + 1)

    assert [await forget(engine) for _ in range(3)] == [BATCH, 1, 0]


async def received(engine: Engine, alarm: Alarm, at: datetime) -> None:
    """Let the picture of an alarm have come at some time."""
    change = sa.update(tables.picture).where(tables.picture.c.alarm_id == alarm.id).values(received_at=at)
    await engine.db.write(lambda conn: conn.execute(change))


async def test_the_running_service_deletes_what_is_older_than_wanted_and_nothing_else(
    engine: Engine, database_url: str, tmp_path: Path
) -> None:
    older, younger = await photographed(engine), await photographed(engine)
    now = datetime.now(UTC)
    await received(engine, older, now - timedelta(days=31))
    await received(engine, younger, now - timedelta(days=29))

    async with Companion(serving(database_url, tmp_path, picture_days=30)), asyncio.timeout(5):
        while await has_picture(engine, older.id):  # noqa: ASYNC110 # the service tells nobody
            await asyncio.sleep(0.01)

    assert await has_picture(engine, younger.id)


async def test_a_service_that_is_to_keep_pictures_deletes_none(
    engine: Engine, database_url: str, tmp_path: Path
) -> None:
    old = await photographed(engine)
    await received(engine, old, datetime.now(UTC) - timedelta(days=4000))

    async with Companion(serving(database_url, tmp_path, picture_days=0)) as running:
        await running.tidy()

    assert await has_picture(engine, old.id)


async def test_a_picture_goes_with_its_alarm(engine: Engine) -> None:
    alarm = await photographed(engine)

    def delete(conn: sa.Connection) -> None:
        for table in (tables.journal, tables.ack_link):
            conn.execute(sa.delete(table).where(table.c.alarm_id == alarm.id))
        conn.execute(sa.delete(tables.alarm).where(tables.alarm.c.id == alarm.id))

    await engine.db.write(delete)

    assert not await has_picture(engine, alarm.id)
