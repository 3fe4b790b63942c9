"""The provider's word on a message that it took: it arrived, it was read, it will not arrive."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from companion.alarms import inbound
from companion.alarms.inbound import InboundOfChannels
from companion.alarms.model import Change
from companion.channels.base import Receipt, Sent, Undelivered
from companion.dispatch import listening as listeners, readers
from companion.dispatch.delivery import PAGES, Delivery, State
from companion.dispatch.listening import listen
from companion.texts.reasons import Reason
from tests.builders import Engine, person, policy, step, trigger
from tests.fakes.clock import FrozenClock

PORTER = policy(step(person("porter")))


@pytest.fixture(autouse=True)
async def listening(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Listens to the Signal channel."""
    monkeypatch.setattr(listeners, "RECONNECT_S", 0)
    monkeypatch.setattr(inbound, "EARLY_S", 0.2)
    every = InboundOfChannels(engine.commands, "https://alarm.example/{}".format)
    task = asyncio.create_task(listen("signal", engine.signal, every.of("signal")))
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await every.close()


async def page_of(engine: Engine) -> Delivery:
    """Return the page of a new alarm, which the provider has taken."""
    alarm = await engine.raise_alarm(trigger(policy=PORTER))
    await engine.dispatch()
    return (await engine.deliveries(alarm.id))[0]


async def became(engine: Engine, page: Delivery, state: State) -> Delivery:
    """Return the delivery once it is in that state."""
    async with asyncio.timeout(5):
        while True:
            found = next(one for one in await engine.deliveries(str(page.alarm_id)) if one.id == page.id)
            if found.state is state:
                return found
            await asyncio.sleep(0.01)


def receipt(page: Delivery, clock: FrozenClock, *, after_s: int = 0, read: bool = False) -> Receipt:
    return Receipt(provider_ref=str(page.provider_ref), at=clock() + timedelta(seconds=after_s), read=read)


async def lines(engine: Engine, page: Delivery) -> list[Change]:
    return [line.event for line in await engine.journal(str(page.alarm_id))]


async def test_a_receipt_marks_the_delivery_as_delivered(engine: Engine, clock: FrozenClock) -> None:
    page = await page_of(engine)

    engine.signal.incoming.put_nowait(receipt(page, clock, after_s=3))

    after = await became(engine, page, State.DELIVERED)
    assert after.delivered_at == clock() + timedelta(seconds=3)
    assert after.read_at is None
    assert (await lines(engine, page))[-1] is Change.DELIVERY_DELIVERED


async def test_what_was_read_says_so_whether_or_not_a_receipt_came_before(
    engine: Engine, clock: FrozenClock
) -> None:
    first, second = await page_of(engine), await page_of(engine)

    for heard in (
        receipt(first, clock, after_s=3),
        receipt(first, clock, after_s=9, read=True),
        receipt(second, clock, after_s=4, read=True),
    ):
        engine.signal.incoming.put_nowait(heard)

    after = await became(engine, second, State.DELIVERED)
    assert after.delivered_at == after.read_at == clock() + timedelta(seconds=4)
    before = await became(engine, first, State.DELIVERED)
    assert before.delivered_at == clock() + timedelta(seconds=3)
    assert before.read_at == clock() + timedelta(seconds=9)
    assert (await lines(engine, first))[-2:] == [Change.DELIVERY_DELIVERED, Change.DELIVERY_READ]


async def test_a_receipt_that_is_faster_than_our_own_record_is_not_lost(
    engine: Engine, clock: FrozenClock
) -> None:
    alarm = await engine.raise_alarm(trigger(policy=PORTER))
    coming = (await engine.deliveries(alarm.id))[0]

    engine.signal.incoming.put_nowait(Receipt(provider_ref=f"ref-{coming.id}", at=clock()))
    known = await page_of(engine)  # sends the first one, too
    engine.signal.incoming.put_nowait(receipt(known, clock))

    await became(engine, known, State.DELIVERED)
    await became(engine, coming, State.DELIVERED)


async def test_a_receipt_of_something_unknown_and_a_lost_connection_are_lived_through(
    engine: Engine, clock: FrozenClock, caplog: pytest.LogCaptureFixture
) -> None:
    page = await page_of(engine)

    for heard in (
        Receipt(provider_ref="of something else", at=clock()),
        ConnectionResetError(),
        ConnectionResetError(),
        receipt(page, clock),
    ):
        engine.signal.incoming.put_nowait(heard)

    await became(engine, page, State.DELIVERED)
    assert [record.getMessage() for record in caplog.records if "hears" in record.getMessage()] == [
        "Channel signal hears nothing (ConnectionResetError); trying again",
        "Channel signal hears from its provider again",
    ]


async def test_a_second_receipt_changes_nothing(engine: Engine, clock: FrozenClock) -> None:
    page, last = await page_of(engine), await page_of(engine)

    for heard in (receipt(page, clock), receipt(page, clock, after_s=3600), receipt(last, clock)):
        engine.signal.incoming.put_nowait(heard)

    await became(engine, last, State.DELIVERED)
    assert (await became(engine, page, State.DELIVERED)).delivered_at == clock()
    assert (await lines(engine, page)).count(Change.DELIVERY_DELIVERED) == 1


async def test_what_the_provider_took_and_cannot_deliver_is_told_another_way_at_once(
    engine: Engine,
) -> None:
    page = await page_of(engine)
    gone = Undelivered(provider_ref=str(page.provider_ref), reason=Reason.quoting("the phone is off"))

    engine.signal.incoming.put_nowait(gone)

    after = await became(engine, page, State.ERROR)
    assert "the phone is off" in str(after.last_error)
    others = [one for one in await engine.deliveries(str(page.alarm_id)) if one.id != page.id]
    assert [(one.channel_id, one.state) for one in others] == [("sms", State.PENDING)]
    failed = [
        line for line in await engine.journal(str(page.alarm_id)) if line.event is Change.DELIVERY_FAILED
    ]
    assert [line.detail["instead"] for line in failed] == ["sms"]


async def test_what_has_arrived_is_not_given_up_for_a_late_word(engine: Engine, clock: FrozenClock) -> None:
    page, last = await page_of(engine), await page_of(engine)
    late = Undelivered(provider_ref=str(page.provider_ref), reason=Reason.quoting("expired"))

    for heard in (receipt(page, clock), late, receipt(last, clock)):
        engine.signal.incoming.put_nowait(heard)

    await became(engine, last, State.DELIVERED)
    assert (await became(engine, page, State.DELIVERED)).last_error is None


async def test_of_news_that_did_not_arrive_nobody_is_told_another_way(
    engine: Engine, clock: FrozenClock
) -> None:
    page = await page_of(engine)
    await engine.acknowledge(str(page.alarm_id))
    await engine.dispatch()
    news = next(one for one in await engine.deliveries(str(page.alarm_id)) if one.kind not in PAGES)

    engine.signal.incoming.put_nowait(
        Undelivered(provider_ref=str(news.provider_ref), reason=Reason.quoting("the phone is off"))
    )

    await became(engine, news, State.ERROR)
    assert await engine.db.read(readers.next_due_at) is None


async def test_all_that_a_provider_calls_by_the_name_of_what_it_could_not_deliver_is_told_another_way(
    engine: Engine,
) -> None:
    engine.signal.outcome = Sent(provider_ref="7")
    page, last = await page_of(engine), await page_of(engine)

    engine.signal.incoming.put_nowait(
        Undelivered(provider_ref="7", reason=Reason.quoting("the phone is off"))
    )

    for one in (page, last):
        await became(engine, one, State.ERROR)
        assert "sms" in [told.channel_id for told in await engine.deliveries(str(one.alarm_id))]
