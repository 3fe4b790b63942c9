"""An answer and a page at the same moment: whoever comes first, no page is left to be sent after the answer."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from sqlalchemy.engine import Connection

from companion.alarms import outcomes
from companion.alarms.errors import MoveRefused
from companion.alarms.escalate import run_due
from companion.alarms.model import Change, Status
from companion.channels.base import MessageKind, Outcome, Refused, Sent, TryAgain
from companion.dispatch.delivery import WAITING, Delivery, State
from companion.dispatch.record import Arrival, record
from companion.dispatch.retry import Again, Done, GiveUp, Verdict
from companion.store.database import Database, PostgresDatabase
from companion.store.locks import lock_alarm
from companion.store.scope import ALL_SITES, OneSite
from companion.texts.reasons import Reason
from tests.builders import ELSEWHERE, RESPONDER, Engine, make_engine, person, policy, step, trigger
from tests.companion.conftest import Directory
from tests.companion.dispatch.conftest import crash
from tests.fakes.clock import FrozenClock

on_postgresql = pytest.mark.parametrize("database_kind", ["postgresql"])
PORTER = policy(step(person("porter")), step(person("guard"), after=60))


async def _waiting_pages(engine: Engine, alarm_id: str) -> list[Delivery]:
    return [
        delivery
        for delivery in await engine.deliveries(alarm_id)
        if delivery.state in WAITING and delivery.kind is MessageKind.PAGE and not delivery.record
    ]


@asynccontextmanager
async def uncommitted(engine: Engine, work: Callable[[Connection], object]) -> AsyncIterator[None]:
    """Run `work` in a transaction that is committed only at the end of the block."""
    assert isinstance(engine.db, PostgresDatabase)
    async with engine.db.engine.begin() as connection:
        await connection.run_sync(work)
        yield


async def _in_flight(db: Database, clock: FrozenClock) -> tuple[Engine, str, Delivery]:
    """Return an alarm whose page a worker holds, and the page."""
    engine = make_engine(db, clock, claims=True)
    engine.signal.open.clear()
    alarm = await engine.raise_alarm(trigger(policy=PORTER))
    await engine.signal.arrived.acquire()
    await crash(engine)
    return engine, alarm.id, (await engine.deliveries(alarm.id))[0]


def _result(
    engine: Engine, page: Delivery, outcome: Outcome, verdict: Verdict
) -> Callable[[Connection], None]:
    """Return the unit of work in which a worker writes down what became of a page."""

    def work(conn: Connection) -> None:
        now = engine.clock()
        after = record(conn, page, outcome, verdict, started_at=now, now=now)
        assert after is not None
        outcomes.report(engine.commands.unit(ALL_SITES, conn), after, verdict)

    return work


def _refusal(engine: Engine, page: Delivery) -> tuple[Callable[[Connection], None], list[int]]:
    """Return the unit of work in which a page becomes refused for good, and what grows with each of its runs."""
    reason = Reason.quoting("bad number")
    refused = _result(engine, page, Refused(reason=reason), GiveUp(reason))
    runs: list[int] = []

    def counted(conn: Connection) -> None:
        runs.append(1)
        refused(conn)

    return counted, runs


# --- an answer and an escalation ------------------------------------------------------------------------


@on_postgresql
async def test_an_answer_that_waits_for_an_escalation_withdraws_its_pages(
    engine: Engine, clock: FrozenClock
) -> None:
    alarm = await engine.raise_alarm(trigger(policy=PORTER))
    clock.advance(60)

    async with uncommitted(engine, lambda conn: run_due(engine.commands.unit(ALL_SITES, conn))):
        answering = asyncio.create_task(engine.acknowledge(alarm.id))
        done, _ = await asyncio.wait([answering], timeout=0.05)
        assert not done
    await answering

    assert await _waiting_pages(engine, alarm.id) == []
    assert len([page for page in await engine.deliveries(alarm.id) if page.kind is MessageKind.PAGE]) == 2


@on_postgresql
async def test_an_escalation_does_not_wait_for_an_answer_that_is_being_written(
    engine: Engine, clock: FrozenClock
) -> None:
    alarm = await engine.raise_alarm(trigger(policy=PORTER))
    other = await engine.raise_alarm(trigger(policy=PORTER))
    clock.advance(60)

    async with uncommitted(
        engine, lambda conn: engine.commands.unit(ALL_SITES, conn).acknowledge(alarm.id, RESPONDER)
    ):
        ran = await engine.escalate()

    assert ran == 1
    assert await engine.escalate() == 0
    assert await _waiting_pages(engine, alarm.id) == []
    assert len(await _waiting_pages(engine, other.id)) == 2


async def test_answers_escalations_and_sends_at_the_same_time_leave_no_page_behind(
    db: Database, clock: FrozenClock, engine: Engine
) -> None:
    second = make_engine(db, clock, owner=ELSEWHERE)
    alarms = await asyncio.gather(*(engine.raise_alarm(trigger(policy=PORTER)) for _ in range(12)))
    clock.advance(60)

    await asyncio.gather(
        engine.dispatcher.turn(),
        second.dispatcher.turn(),
        engine.escalate(),
        *(engine.acknowledge(alarm.id) for alarm in alarms[:6]),
        second.escalate(),
        *(engine.acknowledge(alarm.id) for alarm in alarms[6:]),
    )
    await asyncio.gather(engine.dispatch(), second.dispatch())

    for alarm in alarms:
        assert (await engine.alarm(alarm.id)).status is Status.ACKNOWLEDGED
        assert await _waiting_pages(engine, alarm.id) == []
        told = [
            page.occurrence for page in await engine.deliveries(alarm.id) if page.kind is MessageKind.PAGE
        ]
        assert len(told) == len(set(told))


async def test_of_two_answers_at_once_one_counts_and_the_other_is_told(engine: Engine) -> None:
    alarm = await engine.raise_alarm()

    results = await asyncio.gather(*(engine.acknowledge(alarm.id) for _ in range(5)), return_exceptions=True)

    assert [isinstance(result, MoveRefused) for result in results].count(True) == 4
    assert [line.event for line in await engine.journal(alarm.id)].count(Change.ACKNOWLEDGED) == 1
    assert (await engine.alarm(alarm.id)).version == 2


async def test_two_processes_run_a_due_step_once(db: Database, clock: FrozenClock, engine: Engine) -> None:
    second = make_engine(db, clock, owner=ELSEWHERE)
    alarms = await asyncio.gather(*(engine.raise_alarm(trigger(policy=PORTER)) for _ in range(10)))
    clock.advance(60)

    await asyncio.gather(engine.escalate(), second.escalate(), engine.escalate(), second.escalate())
    await engine.escalate()

    for alarm in alarms:
        assert (await engine.alarm(alarm.id)).steps_run == 2
        assert len(await engine.deliveries(alarm.id)) == 2


# --- an answer and a worker's result --------------------------------------------------------------------


@on_postgresql
async def test_a_page_that_fails_while_somebody_answers_is_withdrawn(
    db: Database, clock: FrozenClock, directory: Directory
) -> None:
    engine, alarm_id, page = await _in_flight(db, clock)
    failing = _result(
        engine, page, TryAgain(reason=Reason.quoting("503")), Again(clock(), Reason.quoting("503"))
    )

    async with uncommitted(engine, failing):
        answering = asyncio.create_task(engine.acknowledge(alarm_id))
        await asyncio.wait([answering], timeout=0.05)
    await answering

    assert (await engine.deliveries(alarm_id))[0].state is State.CANCELLED


@on_postgresql
async def test_a_page_that_takes_another_way_while_somebody_answers_is_withdrawn(
    db: Database, clock: FrozenClock, directory: Directory
) -> None:
    engine, alarm_id, page = await _in_flight(db, clock)
    refused = _result(
        engine, page, Refused(reason=Reason.quoting("bad number")), GiveUp(Reason.quoting("bad number"))
    )

    async with uncommitted(engine, refused):
        answering = asyncio.create_task(engine.acknowledge(alarm_id))
        await asyncio.wait([answering], timeout=0.05)
    await answering

    assert [(item.channel_id, item.state) for item in await engine.deliveries(alarm_id)] == [
        ("signal", State.ERROR),
        ("sms", State.CANCELLED),
    ]


@on_postgresql
async def test_a_page_that_is_refused_while_an_answer_is_written_takes_no_other_way(
    db: Database, clock: FrozenClock, directory: Directory
) -> None:
    engine, alarm_id, page = await _in_flight(db, clock)
    counted, runs = _refusal(engine, page)

    async with uncommitted(
        engine, lambda conn: engine.commands.unit(ALL_SITES, conn).acknowledge(alarm_id, RESPONDER)
    ):
        recording = asyncio.create_task(engine.db.write(counted))
        await asyncio.wait([recording], timeout=0.05)
    await recording

    pages = [item for item in await engine.deliveries(alarm_id) if item.kind is MessageKind.PAGE]
    assert [(item.channel_id, item.state) for item in pages] == [("signal", State.ERROR)]
    assert runs == [1]  # it waited in line; no deadlock had to be broken


@on_postgresql
async def test_a_line_of_the_journal_does_not_make_an_escalation_pass_by(
    engine: Engine, clock: FrozenClock
) -> None:
    """A journal line refers to its alarm; a lock that conflicts with that would skip the due step."""
    alarm = await engine.raise_alarm(trigger(policy=PORTER))
    page = (await engine.deliveries(alarm.id))[0]
    clock.advance(60)

    async with uncommitted(
        engine,
        lambda conn: outcomes.arrived(engine.commands.unit(ALL_SITES, conn), Arrival(page, was_read=False)),
    ):
        ran = await engine.escalate()

    assert ran == 1


@on_postgresql
async def test_a_refusal_that_meets_an_answer_half_way_waits_in_line_and_neither_is_a_deadlocks_victim(
    db: Database, clock: FrozenClock, directory: Directory
) -> None:
    engine, alarm_id, page = await _in_flight(db, clock)
    counted, runs = _refusal(engine, page)

    assert isinstance(db, PostgresDatabase)
    async with db.engine.begin() as connection:
        await connection.run_sync(lambda conn: lock_alarm(ALL_SITES, conn, alarm_id))
        recording = asyncio.create_task(db.write(counted))
        await asyncio.wait([recording], timeout=0.05)
        async with asyncio.timeout(0.5):
            await connection.run_sync(
                lambda conn: engine.commands.unit(ALL_SITES, conn).acknowledge(alarm_id, RESPONDER)
            )
    await recording

    assert runs == [1]
    assert await _waiting_pages(engine, alarm_id) == []


@on_postgresql
async def test_who_asks_for_an_alarm_of_another_site_keeps_nobody_from_answering_it(
    db: Database, clock: FrozenClock, directory: Directory
) -> None:
    engine = make_engine(db, clock)
    alarm = await engine.raise_alarm(trigger(site_id="office"))
    elsewhere = OneSite("warehouse")

    async with uncommitted(engine, lambda conn: lock_alarm(elsewhere, conn, alarm.id)), asyncio.timeout(1):
        answered = await engine.acknowledge(alarm.id)

    assert answered.status is Status.ACKNOWLEDGED


@on_postgresql
async def test_what_was_sent_is_written_down_while_somebody_else_changes_the_alarm(
    db: Database, clock: FrozenClock, directory: Directory
) -> None:
    engine, alarm_id, page = await _in_flight(db, clock)

    async with uncommitted(engine, lambda conn: lock_alarm(ALL_SITES, conn, alarm_id)), asyncio.timeout(1):
        await db.write(_result(engine, page, Sent(provider_ref="1"), Done()))

    assert (await engine.deliveries(alarm_id))[0].state is State.SENT
