"""The dispatcher: what is due is sent, once, by somebody, whatever breaks."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.alarms.escalate import BATCH
from companion.alarms.model import AlarmKind, Change, Severity
from companion.channels.base import MessageKind, Refused, Sent, TryAgain
from companion.dispatch import worker
from companion.dispatch.claim import CRASH_LIMIT, new_owner
from companion.dispatch.delivery import Attempt, Delivery, State
from companion.dispatch.retry import RetryPolicy
from companion.dispatch.store import deliveries_of, last_attempt_by_channel
from companion.dispatch.wake import Wake
from companion.dispatch.worker import ChannelUnusable, KindUnusable
from companion.store import tables
from companion.store.database import Database, StoreUnavailable
from companion.store.scope import ALL_SITES
from companion.texts.reasons import Reason
from tests.builders import (
    ELSEWHERE,
    LEASE,
    Engine,
    channel,
    make_engine,
    person,
    policy,
    step,
    trigger,
    until,
)
from tests.companion.conftest import Directory
from tests.companion.dispatch.conftest import Run, crash
from tests.fakes.channel import FakeChannel, FakePool, Hang
from tests.fakes.clock import FrozenClock

PORTER = policy(step(person("porter")))
GUARD = policy(step(person("guard")))
NO_KIND = Reason("kind_unknown", kind="pager", known=("sms",))


async def _page(engine: Engine, alarm_id: str) -> Delivery:
    return (await engine.deliveries(alarm_id))[0]


async def _attempts(engine: Engine, alarm_id: str) -> list[Attempt]:
    """Return the attempts of the alarm's first delivery."""
    found = await engine.db.read(lambda conn: deliveries_of(ALL_SITES, conn, alarm_id))
    return found[0][1]


class Flaky:
    """A database that goes away for a number of calls."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.dialect = db.dialect
        self.misplaced = False
        self.watch = db.watch
        self.failing_writes = 0
        self.failing_reads = 0

    async def write[T](self, work: Callable[[Connection], T]) -> T:
        if self.failing_writes:
            self.failing_writes -= 1
            raise StoreUnavailable("away")
        return await self._db.write(work)

    async def write_alone[T](self, work: Callable[[Connection], T]) -> T:
        return await self.write(work)

    async def read[T](self, work: Callable[[Connection], T]) -> T:
        if self.failing_reads:
            self.failing_reads -= 1
            raise StoreUnavailable("away")
        return await self._db.read(work)

    async def close(self) -> None:
        await self._db.close()


# --- sending --------------------------------------------------------------------------------------------


async def test_a_page_is_sent_and_its_attempt_written_down(engine: Engine, clock: FrozenClock) -> None:
    alarm = await engine.raise_alarm(trigger(policy=PORTER))

    await engine.dispatch()

    page = await _page(engine, alarm.id)
    assert (page.state, page.sent_at, page.attempts, page.owner) == (State.SENT, clock(), 1, None)
    assert page.provider_ref == f"ref-{page.id}"
    (attempt,) = await _attempts(engine, alarm.id)
    assert (attempt.outcome, attempt.number, attempt.provider_ref) == ("sent", 1, page.provider_ref)
    assert (await engine.journal(alarm.id))[-1].event is Change.DELIVERY_SENT
    message = engine.signal.messages[0]
    assert (message.title, message.room, message.may_have_been_sent) == (
        "Panic key: Reception",
        "Reception",
        False,
    )


async def test_an_odd_answer_is_written_down_without_what_is_odd_and_nothing_is_sent_twice(
    engine: Engine,
) -> None:
    """A lone surrogate and U+0000: a result that could not be stored used to be sent twenty times."""
    odd = Sent(provider_ref="x\ud800\0y", warning=Reason.quoting("2 members \0of the group did not get it"))
    engine.signal.behaviours = [odd]
    alarm = await engine.raise_alarm(trigger(policy=PORTER))

    await engine.dispatch()
    await engine.dispatch()

    page = await _page(engine, alarm.id)
    assert (page.state, page.provider_ref) == (State.SENT, "xy")
    assert len(engine.signal.messages) == 1
    sent = [line for line in await engine.journal(alarm.id) if line.event is Change.DELIVERY_SENT]
    assert [str(line.detail["warning"]) for line in sent] == ["2 members of the group did not get it"]


async def test_odd_words_of_a_refusal_are_written_down_too(engine: Engine) -> None:
    engine.signal.behaviours = [TryAgain(reason=Reason.quoting("no\ud800\0body"))]
    alarm = await engine.raise_alarm(trigger(policy=PORTER))

    await engine.dispatch()

    assert (await _page(engine, alarm.id)).last_error == Reason.quoting("nobody")
    (attempt,) = await _attempts(engine, alarm.id)
    assert attempt.error == Reason.quoting("nobody")


async def test_a_page_claimed_as_the_alarm_is_raised_is_sent_without_a_second_look(claiming: Engine) -> None:
    claiming.signal.open.clear()
    alarm = await claiming.raise_alarm(trigger(policy=PORTER))

    assert (await _page(claiming, alarm.id)).state is State.PROCESSING
    claiming.signal.open.set()
    await asyncio.gather(*claiming.dispatcher.sending)

    assert (await _page(claiming, alarm.id)).state is State.SENT
    await claiming.dispatch()
    assert len(claiming.signal.messages) == 1


async def test_a_failed_page_is_tried_again_when_its_time_has_come(
    engine: Engine, clock: FrozenClock
) -> None:
    engine.signal.behaviours = [TryAgain(reason=Reason.quoting("503"), status_code=503)]
    alarm = await engine.raise_alarm(trigger(policy=PORTER))
    await engine.dispatch()

    failed = await _page(engine, alarm.id)
    assert (failed.state, str(failed.last_error), failed.uncertain) == (State.FAILED, "503", False)
    assert 1 < (failed.due_at - clock()).total_seconds() < 3
    await engine.dispatch()
    assert len(engine.signal.messages) == 1

    clock.advance(3)
    await engine.dispatch()

    assert (await _page(engine, alarm.id)).state is State.SENT
    assert [attempt.outcome for attempt in await _attempts(engine, alarm.id)] == ["failed", "sent"]
    assert [attempt.status_code for attempt in await _attempts(engine, alarm.id)] == [503, None]


async def test_a_page_that_never_gets_through_is_given_up_and_reported(
    engine: Engine, clock: FrozenClock
) -> None:
    engine.sms.behaviours = [TryAgain(reason=Reason.quoting("503"))] * 20
    alarm = await engine.raise_alarm(trigger(policy=GUARD))

    for _ in range(8):
        await engine.dispatch()
        clock.advance(600)

    assert len(engine.sms.messages) == 8
    assert (await _page(engine, alarm.id)).state is State.ERROR
    assert engine.news.troubles == ["given up after 8 attempts: 503"]


async def test_a_provider_that_hangs_is_cut_off_and_asked_again_with_the_same_key(
    engine: Engine, clock: FrozenClock
) -> None:
    engine.pool.timeout_s = 0.02
    engine.signal.behaviours = [Hang()]
    alarm = await engine.raise_alarm(trigger(policy=PORTER))

    await engine.dispatch()
    held = await _page(engine, alarm.id)
    clock.advance(3)
    await engine.dispatch()

    assert (held.state, held.uncertain) == (State.FAILED, True)
    first, second = engine.signal.messages
    assert (first.may_have_been_sent, second.may_have_been_sent) == (False, True)
    assert first.idempotency_key == second.idempotency_key
    assert [attempt.outcome for attempt in await _attempts(engine, alarm.id)] == ["uncertain", "sent"]


async def test_a_channel_that_raises_is_asked_again(engine: Engine, clock: FrozenClock) -> None:
    engine.signal.behaviours = [ZeroDivisionError("a bug")]
    alarm = await engine.raise_alarm(trigger(policy=PORTER))
    await engine.dispatch()

    failed = await _page(engine, alarm.id)

    assert (failed.state, str(failed.last_error)) == (State.FAILED, "the channel failed: ZeroDivisionError")


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(ChannelUnusable("the configuration is wrong"), id="wrong configuration"),
        pytest.param(RuntimeError("a bug"), id="a fault in building it"),
    ],
)
async def test_a_channel_that_cannot_be_built_goes_to_the_next_contact_point_at_once(
    engine: Engine, failure: Exception
) -> None:
    alarm = await engine.raise_alarm(trigger(policy=PORTER))
    engine.pool.failures = [failure]

    await engine.dispatch()

    assert (await _page(engine, alarm.id)).state is State.ERROR
    assert [message.recipient for message in engine.sms.messages] == ["Porter"]


async def test_over_a_channel_whose_kind_is_not_there_a_page_waits_and_its_reader_is_told_another_way(
    engine: Engine,
) -> None:
    alarm = await engine.raise_alarm(trigger(policy=PORTER))
    engine.pool.failures = [KindUnusable(NO_KIND)]

    await engine.dispatch()

    page = await _page(engine, alarm.id)
    assert (page.state, page.attempts, page.last_error, page.uncertain) == (State.FAILED, 0, NO_KIND, False)
    assert await _attempts(engine, alarm.id) == []
    assert [message.recipient for message in engine.sms.messages] == ["Porter"]


async def test_what_waits_for_its_kind_has_all_its_attempts_once_it_is_there(
    engine: Engine, clock: FrozenClock
) -> None:
    alarm = await engine.raise_alarm(trigger(policy=GUARD))
    for _ in range(20):
        engine.pool.failures = [KindUnusable(NO_KIND)]
        await engine.dispatch()
        clock.advance(RetryPolicy().wait.total_seconds())

    await engine.dispatch()

    page = await _page(engine, alarm.id)
    assert (page.state, page.attempts, page.last_error) == (State.SENT, 1, None)
    assert [attempt.outcome for attempt in await _attempts(engine, alarm.id)] == ["sent"]
    assert not engine.sms.messages[0].may_have_been_sent


async def test_an_answer_withdraws_what_waits_for_its_kind(engine: Engine, clock: FrozenClock) -> None:
    alarm = await engine.raise_alarm(trigger(policy=GUARD))
    engine.pool.failures = [KindUnusable(NO_KIND)]
    await engine.dispatch()

    await engine.acknowledge(alarm.id)
    clock.advance(3600)
    await engine.dispatch()

    assert (await _page(engine, alarm.id)).state is State.CANCELLED
    assert engine.sms.messages == []


async def test_a_channel_that_was_switched_off_goes_to_the_next_contact_point(engine: Engine) -> None:
    alarm = await engine.raise_alarm(trigger(policy=PORTER))
    engine.pool.missing = {"signal"}

    await engine.dispatch()

    assert (await _page(engine, alarm.id)).state is State.ERROR
    assert [message.recipient for message in engine.sms.messages] == ["Porter"]


async def test_a_message_that_cannot_be_written_goes_to_the_next_contact_point(engine: Engine) -> None:
    alarm = await engine.raise_alarm(trigger(policy=PORTER))
    await engine.db.write(
        lambda conn: conn.execute(sa.update(tables.delivery).values(message=["what no version writes"]))
    )

    await engine.dispatch()

    page = await _page(engine, alarm.id)
    assert page.state is State.ERROR
    assert "could not be written" in str(page.last_error)
    assert [message.recipient for message in engine.sms.messages] == ["Porter"]


async def test_a_message_that_has_lost_its_facts_is_sent_without_them(engine: Engine) -> None:
    await engine.raise_alarm(trigger(policy=PORTER))
    await engine.db.write(
        lambda conn: conn.execute(sa.update(tables.delivery).values(message={"language": "en"}))
    )

    await engine.dispatch()

    assert [message.recipient for message in engine.signal.messages] == ["Porter"]


async def test_a_report_that_fails_does_not_undo_the_record_of_what_was_sent(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    engine.sms.behaviours = [Refused(reason=Reason.quoting("bad number"))]
    alarm = await engine.raise_alarm(trigger(policy=GUARD))
    engine.news.fails = RuntimeError("the link is broken")

    await engine.dispatch()

    assert (await _page(engine, alarm.id)).state is State.ERROR
    assert len(await _attempts(engine, alarm.id)) == 1
    assert len(engine.sms.messages) == 1
    assert "could not be reported" in caplog.text


# --- concurrency ----------------------------------------------------------------------------------------


async def test_a_slow_channel_does_not_delay_another(engine: Engine, run: Run) -> None:
    engine.signal.open.clear()
    run(engine)

    for number in range(6):
        await engine.raise_alarm(trigger(device_id=f"phone-{number}"))
    await until(lambda: len(engine.counted.outcomes) == 6)

    assert len(engine.zammad.messages) == 6
    assert engine.signal.inside == 2
    engine.signal.open.set()
    await until(lambda: len(engine.counted.outcomes) == 12)


async def test_a_channel_is_never_asked_more_often_at_once_than_it_may(claiming: Engine, run: Run) -> None:
    claiming.signal.open.clear()
    run(claiming)
    for number in range(8):
        await claiming.raise_alarm(trigger(policy=PORTER, device_id=f"phone-{number}"))
    await until(lambda: claiming.signal.inside == 2)

    claiming.signal.open.set()
    await until(lambda: len(claiming.counted.outcomes) == 8)

    assert claiming.signal.most_inside == 2


# --- wake-ups -------------------------------------------------------------------------------------------


async def test_a_new_page_is_sent_at_once_and_not_at_the_next_poll(
    engine: Engine, run: Run, at_rest: asyncio.Event
) -> None:
    run(engine)  # which polls once a minute
    await at_rest.wait()

    await engine.raise_alarm(trigger(policy=PORTER))

    async with asyncio.timeout(2):
        await engine.signal.arrived.acquire()


async def test_a_lost_wake_up_is_mended_by_the_poll(
    db: Database, clock: FrozenClock, engine: Engine, run: Run, at_rest: asyncio.Event
) -> None:
    deaf = make_engine(db, clock, owner=ELSEWHERE, poll_s=0.02)
    run(deaf)
    await at_rest.wait()

    await engine.raise_alarm(trigger(policy=PORTER))

    async with asyncio.timeout(5):
        await deaf.signal.arrived.acquire()


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_a_page_of_another_replica_wakes_this_one(
    database_url: str, engine: Engine, clock: FrozenClock
) -> None:
    wake = Wake()
    woken = wake.subscribe()
    listening = asyncio.create_task(wake.listen(database_url))
    async with asyncio.timeout(5):
        await woken.wait()  # it listens now
    woken.clear()

    await engine.raise_alarm(trigger(policy=PORTER))

    async with asyncio.timeout(5):
        await woken.wait()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_every_waiter_has_a_wake_up_of_its_own() -> None:
    wake = Wake()
    one, other = wake.subscribe(), wake.subscribe()

    wake.notify()
    one.clear()

    assert other.is_set()
    wake.unsubscribe(other)
    other.clear()
    wake.notify()
    assert (one.is_set(), other.is_set()) == (True, False)


# --- an answer ------------------------------------------------------------------------------------------


async def test_a_page_that_waits_for_its_turn_is_not_sent_after_an_answer(
    claiming: Engine, clock: FrozenClock
) -> None:
    claiming.signal.open.clear()
    alarms = [await claiming.raise_alarm(trigger(policy=PORTER)) for _ in range(3)]
    await until(lambda: claiming.signal.inside == 2)
    clock.advance(1)

    await claiming.acknowledge(alarms[2].id)
    claiming.signal.open.set()
    await claiming.dispatch()

    assert {message.alarm_id for message in claiming.signal.pages} == {alarm.id for alarm in alarms[:2]}
    page = await _page(claiming, alarms[2].id)
    assert (page.state, page.attempts, page.owner) == (State.CANCELLED, 0, None)


async def test_a_page_that_fails_after_an_answer_is_not_tried_again(
    claiming: Engine, clock: FrozenClock
) -> None:
    claiming.signal.open.clear()
    claiming.signal.behaviours = [TryAgain(reason=Reason.quoting("503"))]
    alarm = await claiming.raise_alarm(trigger(policy=PORTER))
    await claiming.signal.arrived.acquire()

    await claiming.acknowledge(alarm.id)
    claiming.signal.open.set()
    await asyncio.gather(*claiming.dispatcher.sending)

    assert (await _page(claiming, alarm.id)).state is State.CANCELLED
    clock.advance(3600)
    await claiming.dispatch()
    assert len(claiming.signal.pages) == 1


async def test_a_page_that_was_on_its_way_when_somebody_answered_is_shown_as_sent(claiming: Engine) -> None:
    claiming.signal.open.clear()
    alarm = await claiming.raise_alarm(trigger(policy=PORTER))
    await claiming.signal.arrived.acquire()
    await claiming.acknowledge(alarm.id)

    claiming.signal.open.set()
    await claiming.dispatch()

    assert (await _page(claiming, alarm.id)).state is State.SENT
    assert [message.kind for message in claiming.signal.messages] == [
        MessageKind.PAGE,
        MessageKind.ACKNOWLEDGED,
    ]


# --- workers that die -----------------------------------------------------------------------------------


async def _crashed(engine: Engine) -> str:
    """Raise an alarm whose page is at the provider's door when its worker dies; return the alarm's id."""
    engine.signal.open.clear()
    alarm = await engine.raise_alarm(trigger(policy=PORTER))
    await engine.signal.arrived.acquire()
    await crash(engine)
    return alarm.id


async def test_a_page_of_a_dead_worker_is_sent_by_another_when_the_lease_has_run_out(
    db: Database, clock: FrozenClock, claiming: Engine
) -> None:
    alarm_id = await _crashed(claiming)
    second = make_engine(db, clock, owner=ELSEWHERE)

    clock.advance(LEASE.total_seconds())
    await second.dispatch()
    before = len(second.signal.messages)
    clock.advance(0.001)
    await second.dispatch()

    assert before == 0
    (message,) = second.signal.messages
    assert message.may_have_been_sent
    assert message.idempotency_key == claiming.signal.messages[0].idempotency_key
    page = await _page(second, alarm_id)
    assert (page.state, page.attempts, page.uncertain) == (State.SENT, 2, True)


async def test_an_attempt_that_was_cut_off_is_written_down(
    db: Database, clock: FrozenClock, claiming: Engine
) -> None:
    began_at = clock()
    alarm_id = await _crashed(claiming)
    second = make_engine(db, clock, owner=ELSEWHERE)

    clock.advance(LEASE.total_seconds() + 1)
    await second.dispatch()

    cut_off, sent = await _attempts(second, alarm_id)
    assert (cut_off.outcome, cut_off.number, cut_off.started_at) == ("cut_off", 1, began_at)
    assert "may have been sent" in str(cut_off.error)
    assert (sent.outcome, sent.number) == ("sent", 2)
    assert (await db.read(partial(last_attempt_by_channel, ALL_SITES)))["signal"] == sent


async def test_every_channel_is_shown_with_its_own_last_attempt(engine: Engine, db: Database) -> None:
    rules = policy(step(person("porter"), person("guard"), channel("zammad")))
    await engine.raise_alarm(trigger(policy=rules))
    await engine.dispatch()

    found = await db.read(partial(last_attempt_by_channel, ALL_SITES))

    assert {channel_id: attempt.channel_id for channel_id, attempt in found.items()} == {
        "signal": "signal",
        "sms": "sms",
        "zammad": "zammad",
    }


async def test_a_first_page_is_left_to_whoever_has_room(
    db: Database, clock: FrozenClock, claiming: Engine
) -> None:
    claiming.signal.open.clear()
    for _ in range(2):
        await claiming.raise_alarm(trigger(policy=PORTER))
        await claiming.signal.arrived.acquire()
    idle = make_engine(db, clock, owner=ELSEWHERE)

    alarm = await claiming.raise_alarm(trigger(policy=PORTER))
    await idle.dispatch()

    claiming.signal.open.set()
    await claiming.dispatch()
    assert [message.alarm_id for message in idle.signal.messages] == [alarm.id]


@pytest.mark.parametrize("claims", [True, False], ids=["claimed at birth", "claimed when due"])
async def test_a_panic_does_not_wait_behind_drills_at_a_slow_provider(
    db: Database, clock: FrozenClock, directory: Directory, *, claims: bool
) -> None:
    engine = make_engine(db, clock, claims=claims)
    engine.signal.open.clear()
    drills = [
        trigger(policy=PORTER, test=True, severity=Severity.LOW, device_id=f"phone-{number}")
        for number in range(6)
    ]
    await asyncio.gather(*(engine.raise_alarm(drill) for drill in drills))
    await engine.dispatcher.turn()
    await engine.signal.arrived.acquire()

    panic = await engine.raise_alarm(trigger(policy=PORTER))
    await engine.dispatcher.turn()
    await engine.signal.arrived.acquire()

    assert [message.alarm_id for message in engine.signal.messages][1:] == [panic.id]
    engine.signal.open.set()
    await engine.dispatch()
    assert len(engine.signal.messages) == 7


async def test_a_panics_due_step_runs_before_older_steps_of_other_alarms(
    engine: Engine, clock: FrozenClock
) -> None:
    rules = policy(step(person("guard"), after=60))
    burglary = trigger(policy=rules, kind=AlarmKind.BURGLARY)
    for _ in range(BATCH + 5):
        await engine.raise_alarm(burglary)
    clock.advance(1)
    panic = await engine.raise_alarm(trigger(policy=rules))
    clock.advance(120)

    await engine.escalate()

    assert [page.alarm_id for page in await engine.deliveries(panic.id)] == [panic.id]


async def test_a_page_of_a_dead_worker_is_not_sent_after_an_answer(
    db: Database, clock: FrozenClock, claiming: Engine
) -> None:
    alarm_id = await _crashed(claiming)
    await claiming.acknowledge(alarm_id)
    second = make_engine(db, clock, owner=ELSEWHERE)

    clock.advance(LEASE.total_seconds() + 1)
    await second.dispatch()

    assert second.signal.pages == []
    assert (await _page(second, alarm_id)).state is State.CANCELLED


async def test_the_late_result_of_a_worker_thought_dead_does_not_overwrite_a_newer_one(
    db: Database, clock: FrozenClock, claiming: Engine
) -> None:
    claiming.signal.open.clear()
    claiming.signal.behaviours = [Refused(reason=Reason.quoting("a late word"))]
    alarm = await claiming.raise_alarm(trigger(policy=PORTER))
    await claiming.signal.arrived.acquire()
    second = make_engine(db, clock, owner=ELSEWHERE)
    second.signal.behaviours = [Sent(provider_ref="newer")]
    clock.advance(LEASE.total_seconds() + 1)
    await second.dispatch()

    claiming.signal.open.set()
    await asyncio.gather(*claiming.dispatcher.sending)

    page = await _page(second, alarm.id)
    assert (page.state, page.provider_ref) == (State.SENT, "newer")
    assert [attempt.outcome for attempt in await _attempts(second, alarm.id)] == ["cut_off", "sent", "error"]
    assert claiming.news.troubles == []
    assert claiming.sms.messages == second.sms.messages == []


async def test_a_jump_of_the_clock_does_not_make_a_worker_send_twice_what_it_is_sending(
    claiming: Engine, clock: FrozenClock
) -> None:
    claiming.signal.open.clear()
    alarm = await claiming.raise_alarm(trigger(policy=PORTER))
    await claiming.signal.arrived.acquire()

    clock.advance(86_400)
    await claiming.dispatcher.turn()
    claiming.signal.open.set()
    await claiming.dispatch()

    assert len(claiming.signal.messages) == 1
    assert (await _page(claiming, alarm.id)).state is State.SENT


async def test_a_lease_is_kept_while_the_provider_takes_its_time(
    db: Database, clock: FrozenClock, claiming: Engine, run: Run
) -> None:
    patient = make_engine(db, clock, owner="this-host/1/patient", claims=True, lease=LEASE / 1000)
    run(patient)
    patient.signal.open.clear()
    alarm = await patient.raise_alarm(trigger(policy=PORTER))
    await patient.signal.arrived.acquire()
    clock.advance(20)

    async with asyncio.timeout(5):
        while ((await _page(patient, alarm.id)).lease_until or clock()) <= clock():  # noqa: ASYNC110 # it is in the database
            await asyncio.sleep(0.005)
    second = make_engine(db, clock, owner=ELSEWHERE)
    await second.dispatch()

    assert second.signal.messages == []
    patient.signal.open.set()


async def test_a_delivery_that_outlives_too_many_workers_is_given_up_and_goes_another_way(
    db: Database, clock: FrozenClock, claiming: Engine
) -> None:
    alarm_id = await _crashed(claiming)
    await db.write(lambda conn: conn.execute(sa.update(tables.delivery).values(attempts=CRASH_LIMIT)))
    second = make_engine(db, clock, owner=ELSEWHERE)

    clock.advance(LEASE.total_seconds() + 1)
    await second.dispatch()

    assert (await _page(second, alarm_id)).state is State.ERROR
    assert second.signal.messages == []
    assert [message.recipient for message in second.sms.messages] == ["Porter"]
    assert second.news.troubles == [f"its worker died {CRASH_LIMIT} times"]


async def test_the_work_of_a_killed_process_of_this_host_is_taken_over_at_once(
    db: Database, database_url: str, clock: FrozenClock, engine: Engine
) -> None:
    script = (
        "import asyncio, sys\n"
        "from companion.dispatch.claim import new_owner\n"
        "from companion.store.database import open_database\n"
        "from tests.builders import make_engine, person, policy, step, trigger\n"
        "from tests.fakes.clock import FrozenClock\n"
        "async def main():\n"
        "    engine = make_engine(open_database(sys.argv[1]), FrozenClock(), owner=new_owner(), claims=True)\n"
        "    engine.signal.open.clear()\n"
        "    alarm = await engine.raise_alarm(trigger(policy=policy(step(person('porter')))))\n"
        "    await engine.signal.arrived.acquire()\n"
        "    print(alarm.id, flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, database_url, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]
    )
    assert child.stdout is not None
    async with asyncio.timeout(20):
        alarm_id = (await child.stdout.readline()).decode().strip()
    survivor = make_engine(db, clock, owner=new_owner())
    await survivor.dispatch()
    while_it_lived = len(survivor.signal.messages)

    child.send_signal(signal.SIGKILL)
    await child.wait()
    await survivor.dispatch()

    assert while_it_lived == 0
    assert [message.may_have_been_sent for message in survivor.signal.messages] == [True]
    assert (await _page(survivor, alarm_id)).state is State.SENT


# --- stopping -------------------------------------------------------------------------------------------


async def test_stopping_lets_what_is_being_sent_end_and_gives_the_rest_back(
    db: Database, clock: FrozenClock, claiming: Engine, run: Run
) -> None:
    claiming.signal.open.clear()
    running = run(claiming)
    alarms = [await claiming.raise_alarm(trigger(policy=PORTER)) for _ in range(3)]
    await until(lambda: claiming.signal.inside == 2)

    stopping = asyncio.create_task(claiming.dispatcher.stop(5))
    await until(lambda: len(claiming.dispatcher.sending) == 2)
    claiming.signal.open.set()
    await stopping
    await running

    pages = [await _page(claiming, alarm.id) for alarm in alarms]
    assert [page.state for page in pages] == [State.SENT, State.SENT, State.PENDING]
    assert (pages[2].attempts, pages[2].uncertain, pages[2].owner) == (0, False, None)
    second = make_engine(db, clock, owner=ELSEWHERE)
    await second.dispatch()
    assert [message.may_have_been_sent for message in second.signal.messages] == [False]


async def test_what_does_not_end_in_time_is_another_workers_at_once_and_marked(
    db: Database, clock: FrozenClock, claiming: Engine, run: Run
) -> None:
    claiming.signal.open.clear()
    run(claiming)
    alarm = await claiming.raise_alarm(trigger(policy=PORTER))
    await claiming.signal.arrived.acquire()

    await claiming.dispatcher.stop(0)
    clock.advance(0.001)
    second = make_engine(db, clock, owner=ELSEWHERE)
    await second.dispatch()

    assert [message.may_have_been_sent for message in second.signal.messages] == [True]
    assert (await _page(second, alarm.id)).state is State.SENT


async def test_a_page_raised_while_stopping_is_left_to_others_untouched(
    db: Database, clock: FrozenClock, claiming: Engine, run: Run
) -> None:
    claiming.signal.open.clear()
    run(claiming)
    await claiming.raise_alarm(trigger(policy=PORTER))
    await claiming.signal.arrived.acquire()
    stopping = asyncio.create_task(claiming.dispatcher.stop(5))
    await asyncio.sleep(0)

    late = await claiming.raise_alarm(trigger(policy=GUARD))
    claiming.signal.open.set()
    await stopping

    assert claiming.sms.messages == []
    page = await _page(claiming, late.id)
    assert (page.state, page.uncertain, page.attempts) == (State.PENDING, False, 0)


# --- a database that goes away --------------------------------------------------------------------------


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "AWAY_PAUSES_S", (0.001, 0.001))


@pytest.mark.parametrize("moment", ["failing_writes", "failing_reads"])
async def test_a_database_that_is_away_for_a_moment_makes_nobody_hear_twice(
    short_pauses: None, db: Database, clock: FrozenClock, engine: Engine, moment: str
) -> None:
    alarm = await engine.raise_alarm(trigger(policy=GUARD))
    flaky = Flaky(db)
    shaken = make_engine(flaky, clock)
    clock.advance(1)
    await shaken.dispatcher.turn()

    setattr(flaky, moment, 6)
    await asyncio.gather(*shaken.dispatcher.sending)
    await shaken.dispatch()

    assert len(shaken.sms.messages) == 1
    assert getattr(flaky, moment) == 0
    page = await _page(engine, alarm.id)
    assert (page.state, page.uncertain) == (State.SENT, False)


async def test_the_dispatcher_lives_through_a_database_that_is_away(
    db: Database, clock: FrozenClock, engine: Engine, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    flaky = Flaky(db)
    flaky.failing_reads = 1
    shaken = make_engine(flaky, clock)
    run(shaken)
    await until(lambda: "could not look for due deliveries" in caplog.text)

    await shaken.raise_alarm(trigger(policy=PORTER))

    async with asyncio.timeout(5):
        await shaken.signal.arrived.acquire()


# --- two workers ----------------------------------------------------------------------------------------


async def test_two_workers_share_the_work_and_send_nothing_twice(
    db: Database, clock: FrozenClock, engine: Engine, run: Run
) -> None:
    channels = {kind: FakeChannel() for kind in ("zammad", "signal", "sms")}
    pool = FakePool(channels)
    first, second = (
        make_engine(db, clock, owner=f"host-{name}/1/x", pool=pool, poll_s=0.02) for name in "ab"
    )
    run(first)
    run(second)

    triggers = [trigger(policy=PORTER, device_id=f"phone-{number}") for number in range(25)]
    alarms = await asyncio.gather(*(engine.raise_alarm(one) for one in triggers))
    first.wake.notify()
    second.wake.notify()
    await until(lambda: len(first.counted.outcomes) + len(second.counted.outcomes) >= 25)

    told = [message.alarm_id for message in channels["signal"].messages]
    assert sorted(told) == sorted(alarm.id for alarm in alarms)


async def test_a_test_of_a_channel_is_no_part_of_another_ones_thread(engine: Engine, db: Database) -> None:
    def make_test(conn: Connection) -> None:
        row: dict[str, Any] = dict(
            conn.execute(sa.select(tables.delivery).where(tables.delivery.c.channel_id == "zammad"))
            .one()
            ._mapping
        )
        for number in range(2):
            changed = {"id": f"t{number}", "alarm_id": None, "kind": "test", "occurrence": f"{number}"}
            conn.execute(sa.insert(tables.delivery), row | changed)

    await engine.raise_alarm()
    await db.write(make_test)

    await engine.dispatch()
    await engine.dispatch()

    tests = [message for message in engine.zammad.messages if message.kind is MessageKind.TEST]
    assert [message.thread_ref for message in tests] == [None, None]
