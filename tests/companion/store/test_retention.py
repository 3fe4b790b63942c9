"""An alarm that is over is kept as long as the operator wants, then goes with all that belongs to it."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.alarms.dedup import Dedup, ForEver
from companion.alarms.model import Actor, Alarm, Evidence, Picture
from companion.alarms.retention import BATCH, forget_alarms, forget_messages
from companion.alarms.transaction import AlarmTransaction
from companion.app import Companion
from companion.config import Settings
from companion.dispatch.delivery import State
from companion.store import tables
from companion.store.scope import ALL_SITES, scope_of
from tests.builders import RESPONDER, Engine, trigger
from tests.companion.store.serving import serving
from tests.fakes.clock import FrozenClock

PANEL = Actor(name=None, via="panel")
KEPT = timedelta(days=365)
OF_ALARM = [table for table in tables.metadata.sorted_tables if "alarm_id" in table.c]
OF_DELIVERY = [table for table in tables.metadata.sorted_tables if "delivery_id" in table.c]


async def forget(engine: Engine) -> int:
    before = engine.clock() - KEPT
    return await engine.db.write(lambda conn: forget_alarms(ALL_SITES, conn, before))


async def over(engine: Engine, **changes: object) -> Alarm:
    """Raise an alarm, tell it, answer it, and end it."""
    alarm = await engine.raise_alarm(trigger(**changes))
    await engine.dispatch()
    await engine.acknowledge(alarm.id)
    await engine.dispatch()
    alarm = await engine.commands.run(ALL_SITES, lambda unit: unit.resolve(alarm.id, RESPONDER))
    await engine.dispatch()
    return alarm


async def is_there(engine: Engine, alarm: Alarm) -> bool:
    found = sa.select(tables.alarm.c.id).where(tables.alarm.c.id == alarm.id)
    return await engine.db.read(lambda conn: conn.execute(found).first() is not None)


async def rows_about(engine: Engine, alarm: Alarm, deliveries: list[str]) -> dict[str, int]:
    """Return how many rows of each table name the alarm or a delivery of it."""

    def count(conn: Connection) -> dict[str, int]:
        rows = {
            table.name: conn.execute(
                sa.select(sa.func.count()).select_from(table).where(table.c.alarm_id == alarm.id)
            ).scalar_one()
            for table in OF_ALARM
        }
        for table in OF_DELIVERY:
            query = sa.select(sa.func.count()).select_from(table).where(table.c.delivery_id.in_(deliveries))
            rows[table.name] = rows.get(table.name, 0) + conn.execute(query).scalar_one()
        return {name: number for name, number in rows.items() if number}

    return await engine.db.read(count)


async def test_an_alarm_goes_with_all_that_belongs_to_it_and_others_stay_whole(
    engine: Engine, clock: FrozenClock
) -> None:
    old = await over(engine, dedup=Dedup("once", ForEver()))
    picture = Picture(media_type="image/jpeg", data=b"\xff\xd8\xff\xe0")
    found = Evidence(
        level=1, reasons=(), camera="Drive", label=None, score=None, taken_at=None, link=None, highest=1
    )
    await engine.commands.run(
        ALL_SITES, lambda unit: unit.evidence(old.id, PANEL, found, picture, said_at=unit.now)
    )
    clock.advance(1)
    younger = await over(engine)
    of_old = [one.id for one in await engine.deliveries(old.id)]
    of_younger = [one.id for one in await engine.deliveries(younger.id)]
    before = await rows_about(engine, younger, of_younger)
    assert {"journal", "delivery", "attempt", "ack_link", "picture", "dedup"} <= set(
        await rows_about(engine, old, of_old)
    )
    clock.advance(KEPT.total_seconds())

    assert await forget(engine) == 1

    assert not await is_there(engine, old)
    assert await rows_about(engine, old, of_old) == {}
    assert await rows_about(engine, younger, of_younger) == before


async def test_what_is_not_over_or_was_over_too_late_stays(engine: Engine, clock: FrozenClock) -> None:
    waiting, answered = await engine.raise_alarm(), await engine.raise_alarm()
    await engine.acknowledge(answered.id)
    late = await engine.raise_alarm()
    await engine.dispatch()
    clock.advance(KEPT.total_seconds())
    await engine.commands.run(ALL_SITES, lambda unit: unit.cancel(late.id, RESPONDER))
    await engine.dispatch()
    clock.advance(60)

    assert await forget(engine) == 0
    assert [await is_there(engine, alarm) for alarm in (waiting, answered, late)] == [True, True, True]


async def test_an_alarm_stays_until_nothing_of_it_is_to_be_sent_any_more(
    engine: Engine, clock: FrozenClock
) -> None:
    alarm = await over(engine)
    first = (await engine.deliveries(alarm.id))[0].id

    async def put(state: State) -> None:
        change = sa.update(tables.delivery).where(tables.delivery.c.id == first).values(state=state)
        await engine.db.write(lambda conn: conn.execute(change))

    await put(State.FAILED)
    clock.advance(KEPT.total_seconds() + 1)
    assert await forget(engine) == 0

    await put(State.ERROR)
    assert await forget(engine) == 1


async def test_many_go_in_batches_and_of_one_site_only_where_that_is_asked(
    engine: Engine, clock: FrozenClock
) -> None:
    for _ in range(BATCH + 1):
        alarm = await engine.raise_alarm(trigger(policy=None))
        await engine.commands.run(
            ALL_SITES, partial(AlarmTransaction.cancel, alarm_id=alarm.id, actor=RESPONDER)
        )
    await engine.dispatch()
    clock.advance(KEPT.total_seconds() + 1)
    before = engine.clock() - KEPT

    assert await engine.db.write(lambda conn: forget_alarms(scope_of("elsewhere"), conn, before)) == 0
    assert [await forget(engine) for _ in range(3)] == [BATCH, 1, 0]


async def test_an_occurrence_that_comes_again_after_its_alarm_was_deleted_is_a_new_alarm(
    engine: Engine, clock: FrozenClock
) -> None:
    once = Dedup("once", ForEver())
    old = await over(engine, dedup=once)
    clock.advance(KEPT.total_seconds() + 1)
    await forget(engine)

    again = await engine.press(trigger(dedup=once))

    assert again.created
    assert again.alarm.id != old.id


async def test_an_alarm_that_somebody_is_writing_to_waits_for_the_next_time(
    engine: Engine, clock: FrozenClock
) -> None:
    if engine.db.dialect == "sqlite":
        pytest.skip("SQLite has one writer")
    alarm = await over(engine)
    clock.advance(KEPT.total_seconds() + 1)
    deleted: list[int] = []

    async def note_while_deleting() -> None:
        reached, go_on = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()

        async def delete() -> None:
            await reached.wait()
            deleted.append(await forget(engine))
            go_on.set()

        running = asyncio.create_task(delete())
        async with engine.db.engine.begin() as connection:  # type: ignore[attr-defined] # PostgreSQL's
            await connection.execute(
                sa.insert(tables.journal).values(
                    alarm_id=alarm.id, at=clock(), event="noted", via="api", detail={}
                )
            )
            loop.call_soon(reached.set)
            await go_on.wait()
        await running

    async with asyncio.timeout(30):
        await note_while_deleting()

    assert deleted == [0]
    assert await forget(engine) == 1


async def test_messages_that_are_about_no_alarm_go_after_the_same_time(
    engine: Engine, clock: FrozenClock
) -> None:
    alarm = await engine.raise_alarm()
    await engine.dispatch()
    one = (await engine.deliveries(alarm.id))[0]

    def write(conn: Connection) -> None:
        values = {"alarm_id": None, "occurrence": "test"}
        conn.execute(sa.update(tables.delivery).where(tables.delivery.c.id == one.id).values(**values))

    await engine.db.write(write)
    clock.advance(KEPT.total_seconds())
    assert await engine.db.write(lambda conn: forget_messages(conn, clock() - KEPT)) == 0
    clock.advance(1)

    assert await engine.db.write(lambda conn: forget_messages(conn, clock() - KEPT)) == 1
    assert one.id not in {left.id for left in await engine.deliveries(alarm.id)}


# --- the running service --------------------------------------------------------------------------------


async def over_since(engine: Engine, at: datetime) -> Alarm:
    alarm = await over(engine)
    values = {"raised_at": at, "closed_at": at}
    change = sa.update(tables.alarm).where(tables.alarm.c.id == alarm.id).values(**values)
    await engine.db.write(lambda conn: conn.execute(change))
    return alarm


async def test_the_running_service_deletes_what_is_older_than_wanted_and_nothing_else(
    engine: Engine, database_url: str, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    older = await over_since(engine, now - timedelta(days=31))
    younger = await over_since(engine, now - timedelta(days=29))

    async with Companion(serving(database_url, tmp_path, record_days=30)), asyncio.timeout(10):
        while await is_there(engine, older):  # noqa: ASYNC110 # the service tells nobody
            await asyncio.sleep(0.01)

    assert await is_there(engine, younger)


async def test_a_service_deletes_no_alarm_unless_it_is_told_to(
    engine: Engine, database_url: str, tmp_path: Path
) -> None:
    old = await over_since(engine, datetime.now(UTC) - timedelta(days=4000))

    async with Companion(serving(database_url, tmp_path, record_days=Settings().record_days)) as running:
        await running.tidy()

    assert await is_there(engine, old)
