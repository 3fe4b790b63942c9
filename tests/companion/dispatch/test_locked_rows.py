"""A row that somebody else holds, perhaps for ever, keeps nobody else's page, step or lease waiting."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
import sqlalchemy as sa

from companion.alarms.due import HELD_AGAIN_AFTER
from companion.alarms.model import Alarm
from companion.alarms.transaction import AlarmTransaction
from companion.dispatch import claim
from companion.dispatch.delivery import Delivery, State
from companion.dispatch.slots import Room
from companion.store import database, tables
from companion.store.database import Database, PostgresDatabase, RowsHeld, open_database
from tests.builders import ELSEWHERE, LEASE, Engine, make_engine, person, policy, step, trigger, until, within
from tests.companion.dispatch.conftest import Run, crash
from tests.fakes.clock import FrozenClock

pytestmark = [
    pytest.mark.parametrize("database_kind", ["postgresql"]),
    pytest.mark.usefixtures("short_waits_for_locks"),
]
THEN_GUARD = policy(step(person("porter")), step(person("guard"), after=10))

type Hold = Callable[[sa.Table, str], AbstractAsyncContextManager[None]]


@pytest.fixture
async def hold(database_url: str) -> AsyncIterator[Hold]:
    """Holds a row in a transaction of a connection of its own, as a process that hangs does."""
    other = open_database(database_url)
    assert isinstance(other, PostgresDatabase)

    @asynccontextmanager
    async def holding(table: sa.Table, row_id: str) -> AsyncIterator[None]:
        async with other.engine.begin() as connection:
            await connection.execute(sa.select(table.c.id).where(table.c.id == row_id).with_for_update())
            yield

    yield holding
    await other.close()


async def _page_of_a_dead_worker(engine: Engine) -> Delivery:
    engine.signal.open.clear()
    alarm = await engine.raise_alarm(trigger(policy=policy(step(person("porter")))))
    await engine.signal.arrived.acquire()
    await crash(engine)
    return (await engine.deliveries(alarm.id))[0]


async def test_a_delivery_that_somebody_holds_does_not_stop_the_second_steps_of_other_alarms(
    db: Database, clock: FrozenClock, claiming: Engine, hold: Hold
) -> None:
    stuck = await _page_of_a_dead_worker(claiming)
    second = make_engine(db, clock, owner=ELSEWHERE)
    others = [
        await second.raise_alarm(trigger(policy=THEN_GUARD, device_id=f"phone-{number}"))
        for number in range(6)
    ]
    clock.advance(LEASE.total_seconds() + 1)

    async with hold(tables.delivery, stuck.id), asyncio.timeout(10):
        await second.escalate()
        await second.dispatch()

    assert sorted(message.alarm_id for message in second.sms.messages) == [alarm.id for alarm in others]
    await second.dispatch()
    assert stuck.alarm_id in {message.alarm_id for message in second.signal.messages}


async def test_a_step_that_cannot_be_run_for_a_held_row_is_tried_again_and_the_others_run(
    db: Database, clock: FrozenClock, engine: Engine, hold: Hold, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the first alarm the row of whom it tells is held: that of the news for Home Assistant, for example."""
    first, *others = [await engine.raise_alarm(trigger(policy=THEN_GUARD)) for _ in range(4)]
    clock.advance(10)
    device = "desk-phone"
    run_step = AlarmTransaction.run_step

    def needs_the_device(unit: AlarmTransaction, alarm: Alarm) -> None:
        run_step(unit, alarm)
        if alarm.id == first.id:
            unit.conn.execute(sa.update(tables.device).where(tables.device.c.id == device).values(name="x"))

    monkeypatch.setattr(AlarmTransaction, "run_step", needs_the_device)

    async with hold(tables.device, device), asyncio.timeout(10):
        while await engine.escalate():
            pass
        await engine.dispatch()
        told = {message.alarm_id for message in engine.sms.messages}
    clock.advance(HELD_AGAIN_AFTER.total_seconds())
    await engine.escalate()
    await engine.dispatch()

    assert told == {alarm.id for alarm in others}
    assert first.id in {message.alarm_id for message in engine.sms.messages}


async def test_a_lease_that_cannot_be_kept_does_not_end_the_others(
    engine: Engine, clock: FrozenClock, hold: Hold
) -> None:
    for _ in range(2):
        await engine.raise_alarm(trigger(policy=THEN_GUARD))
    held, free = await engine.db.write(
        lambda conn: claim.claim_due(conn, ELSEWHERE, clock(), LEASE, {"signal": Room(2, 2)})
    )
    ids = [held.id, free.id]

    async with hold(tables.delivery, held.id), asyncio.timeout(5):
        kept = await engine.db.write(lambda conn: claim.renew(conn, ELSEWHERE, ids, clock() + 2 * LEASE))
        await engine.db.write(lambda conn: claim.release(conn, ELSEWHERE, [held.id]))
    later = await engine.db.write(lambda conn: claim.renew(conn, ELSEWHERE, ids, clock() + 2 * LEASE))

    assert kept == [free.id]
    assert sorted(later) == sorted(ids)


async def test_a_result_that_cannot_be_written_yet_keeps_no_slot_of_its_channel(
    engine: Engine, hold: Hold, run: Run
) -> None:
    engine.signal.open.clear()
    first = await engine.raise_alarm(trigger(policy=THEN_GUARD))
    run(engine)
    await engine.signal.arrived.acquire()
    (page,) = await engine.deliveries(first.id)

    async with hold(tables.delivery, page.id), asyncio.timeout(10):
        engine.signal.open.set()
        for _ in range(4):
            await engine.raise_alarm(trigger(policy=THEN_GUARD))
        await until(lambda: len(engine.counted.outcomes) == 4)
        assert len(engine.signal.messages) == 5
    async with asyncio.timeout(10):
        while (await engine.deliveries(first.id))[0].state is not State.SENT:  # noqa: ASYNC110 # it is in the database
            await asyncio.sleep(0.01)

    assert len(engine.signal.messages) == 5


async def test_an_answer_to_an_alarm_that_somebody_holds_is_refused_and_not_kept_waiting(
    engine: Engine, hold: Hold
) -> None:
    alarm = await engine.raise_alarm(trigger(policy=THEN_GUARD))

    async with hold(tables.alarm, alarm.id), asyncio.timeout(5):
        with pytest.raises(RowsHeld):
            await engine.acknowledge(alarm.id)

    assert (await engine.acknowledge(alarm.id)).acknowledged_at is not None


async def test_a_press_waits_for_its_key_that_somebody_holds_and_is_taken_then(
    engine: Engine, hold: Hold, caplog: pytest.LogCaptureFixture
) -> None:
    pressed = trigger(dedup=within(10, "device:1"))
    alarm = await engine.raise_alarm(pressed)

    async with hold(tables.alarm, alarm.id):
        press = asyncio.create_task(engine.press(pressed))
        await until(lambda: "lets go of its row" in caplog.text)
        assert not press.done()

    assert ((await press).alarm.id, (await press).alarm.presses) == (alarm.id, 2)


async def test_the_server_takes_the_rows_from_a_process_that_hangs_in_the_middle(
    db: Database, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "IDLE_LIMIT_S", 0.05)

    def limit(conn: sa.Connection) -> str:
        return str(conn.execute(sa.text("SHOW idle_in_transaction_session_timeout")).scalar())

    assert await db.write(limit) == "50ms"
    assert await db.read(limit) == "0"
