"""The provider's word that a message arrived."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy.engine import Connection

from companion.alarms import outcomes
from companion.alarms.model import Change
from companion.channels.base import Receipt
from companion.dispatch import receipts
from companion.dispatch.delivery import Delivery, State
from companion.store.scope import ALL_SITES
from tests.builders import Engine, person, policy, step, trigger
from tests.fakes.clock import FrozenClock

PORTER = policy(step(person("porter")))


@pytest.fixture
async def listening(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[asyncio.Queue[str]]:
    """Listens to the Signal channel; gives the ids of deliveries that arrived."""
    monkeypatch.setattr(receipts, "RECONNECT_S", 0)
    monkeypatch.setattr(receipts, "EARLY_S", 0.5)
    arrived: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def delivered(conn: Connection, delivery: Delivery) -> None:
        outcomes.delivered(engine.commands.unit(ALL_SITES, conn), delivery)
        loop.call_soon_threadsafe(arrived.put_nowait, delivery.id)

    task = asyncio.create_task(receipts.listen(engine.db, "signal", engine.signal, delivered))
    yield arrived
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _hear(listening: asyncio.Queue[str]) -> str:
    async with asyncio.timeout(5):
        return await listening.get()


async def test_a_receipt_marks_the_delivery_as_delivered(
    engine: Engine, clock: FrozenClock, listening: asyncio.Queue[str]
) -> None:
    alarm = await engine.raise_alarm(trigger(policy=PORTER))
    await engine.dispatch()
    page = (await engine.deliveries(alarm.id))[0]
    at = clock() + timedelta(seconds=3)

    engine.signal.incoming_receipts.put_nowait(Receipt(provider_ref=str(page.provider_ref), at=at))
    await _hear(listening)
    await engine.db.write(lambda _: None)  # the receipt's own transaction has ended before this one

    after = (await engine.deliveries(alarm.id))[0]
    assert (after.state, after.delivered_at) == (State.DELIVERED, at)
    assert (await engine.journal(alarm.id))[-1].event is Change.DELIVERY_DELIVERED


async def test_a_receipt_that_is_faster_than_our_own_record_is_not_lost(
    engine: Engine, clock: FrozenClock, listening: asyncio.Queue[str]
) -> None:
    first = await engine.raise_alarm(trigger(policy=PORTER))
    await engine.dispatch()
    known = (await engine.deliveries(first.id))[0]
    second = await engine.raise_alarm(trigger(policy=PORTER))
    coming = (await engine.deliveries(second.id))[0]

    engine.signal.incoming_receipts.put_nowait(Receipt(provider_ref=f"ref-{coming.id}", at=clock()))
    engine.signal.incoming_receipts.put_nowait(Receipt(provider_ref=str(known.provider_ref), at=clock()))
    assert await _hear(listening) == known.id  # so the early one has been looked at, too
    await engine.dispatch()

    assert await _hear(listening) == coming.id


async def test_a_receipt_of_something_unknown_and_a_lost_connection_are_lived_through(
    engine: Engine, clock: FrozenClock, listening: asyncio.Queue[str], caplog: pytest.LogCaptureFixture
) -> None:
    alarm = await engine.raise_alarm(trigger(policy=PORTER))
    await engine.dispatch()
    page = (await engine.deliveries(alarm.id))[0]
    incoming = engine.signal.incoming_receipts

    incoming.put_nowait(Receipt(provider_ref="of something else", at=clock()))
    incoming.put_nowait(ConnectionResetError())
    incoming.put_nowait(ConnectionResetError())
    incoming.put_nowait(Receipt(provider_ref=str(page.provider_ref), at=clock()))

    assert await _hear(listening) == page.id
    assert [
        record.getMessage() for record in caplog.records if "receipts" in record.getMessage().lower()
    ] == [
        "No receipts from channel signal (ConnectionResetError); trying again",
        "Receipts of channel signal arrive again",
    ]


async def test_a_second_receipt_changes_nothing(
    engine: Engine, clock: FrozenClock, listening: asyncio.Queue[str]
) -> None:
    alarm = await engine.raise_alarm(trigger(policy=PORTER))
    await engine.dispatch()
    page = (await engine.deliveries(alarm.id))[0]
    receipt = Receipt(provider_ref=str(page.provider_ref), at=clock())
    second = Receipt(provider_ref=str(page.provider_ref), at=clock() + timedelta(hours=1), read=True)
    other = await engine.raise_alarm(trigger(policy=PORTER))
    await engine.dispatch()
    last = (await engine.deliveries(other.id))[0]

    for heard in (receipt, second, Receipt(provider_ref=str(last.provider_ref), at=clock())):
        engine.signal.incoming_receipts.put_nowait(heard)

    assert [await _hear(listening), await _hear(listening)] == [page.id, last.id]
    lines = [line for line in await engine.journal(alarm.id) if line.event is Change.DELIVERY_DELIVERED]
    assert len(lines) == 1
