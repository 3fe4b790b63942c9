"""Alarms, answers, workers, crashes and time in any order: what must hold, holds."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Any, ClassVar, override

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.engine import Connection

from companion.alarms.errors import MoveRefused
from companion.alarms.journal import journal_of
from companion.alarms.lifecycle import IllegalMove, Move, moved
from companion.alarms.model import Actor, Alarm, Change, JournalEntry, Status
from companion.alarms.store import list_alarms
from companion.alarms.transaction import AlarmTransaction
from companion.channels.base import Message, MessageKind, Outcome, Refused, Sent, TryAgain
from companion.dispatch.delivery import FINAL, PAGES, WAITING, Delivery
from companion.dispatch.store import deliveries_of
from companion.dispatch.worker import RunningChannel
from companion.store.database import Database, open_database
from companion.store.scope import ALL_SITES
from companion.texts.reasons import Reason
from tests.builders import (
    LEASE,
    PHONE,
    RESPONDER,
    Engine,
    channel,
    make_engine,
    person,
    policy,
    step,
    trigger,
    until,
    within,
)
from tests.companion.conftest import Directory, seed_directory
from tests.companion.dispatch.conftest import crash
from tests.fakes.channel import FakeChannel, FakePool
from tests.fakes.clock import FrozenClock

RULES = policy(
    step(channel("zammad"), person("porter")),
    step(person("guard"), person("porter", "all"), after=60),
    repeat=1,
    repeat_after=120,
    last_resort=[channel("sms", "+49110", "Guards")],
)
ENDED: dict[Change, Status] = {
    Change.RAISED: Status.TRIGGERED,
    Change.ACKNOWLEDGED: Status.ACKNOWLEDGED,
    Change.REOPENED: Status.TRIGGERED,
    Change.RESOLVED: Status.RESOLVED,
    Change.CANCELLED: Status.CANCELLED,
}
MOVES: dict[Move, Callable[[AlarmTransaction, str, Actor], Alarm]] = {
    Move.ACKNOWLEDGE: AlarmTransaction.acknowledge,
    Move.RESOLVE: AlarmTransaction.resolve,
    Move.CANCEL: AlarmTransaction.cancel,
}
ANSWERS: dict[str, Outcome] = {
    "sent": Sent(provider_ref=None),
    "busy": TryAgain(reason=Reason.quoting("503")),
    "silent": TryAgain(reason=Reason.quoting("no answer"), uncertain=True),
    "refused": Refused(reason=Reason.quoting("bad number")),
}
KNOWN_NOT_TO_HAVE_ARRIVED = {"busy", "refused"}
WORKERS = st.sampled_from([0, 1])
MOODS = st.lists(st.sampled_from([*ANSWERS, "late"]), max_size=4)
"""How the next requests end; later ones are sent at once."""


class Providers:
    """All providers of the world: they answer as the walk says, keep what they saw, and object to what must not be."""

    def __init__(self) -> None:
        self.script: list[str] = []
        self.waiting: list[asyncio.Future[str]] = []
        self.perhaps_arrived: set[str] = set()
        self.answered: set[str] = set()
        """Ids of alarms that somebody has answered."""
        self.wrongs: list[str] = []

    async def send(self, message: Message) -> Outcome:
        key = message.idempotency_key
        if key in self.perhaps_arrived and not message.may_have_been_sent:
            self.wrongs.append(f"{key} is sent a second time without saying so")
        is_record = message.recipient == "Zammad"
        if message.kind in PAGES and not is_record and message.alarm_id in self.answered:
            self.wrongs.append(f"{message.recipient} is paged after an answer")
        known_before = key in self.perhaps_arrived
        self.perhaps_arrived.add(key)
        answer = self.script.pop(0) if self.script else "sent"
        if answer == "late":
            future = asyncio.get_running_loop().create_future()
            self.waiting.append(future)
            try:
                answer = await future
            finally:
                self.waiting.remove(future)
        if answer in KNOWN_NOT_TO_HAVE_ARRIVED and not known_before:
            self.perhaps_arrived.discard(key)
        return ANSWERS[answer]


class Door(FakeChannel):
    """One worker's way to a provider."""

    def __init__(self, providers: Providers) -> None:
        super().__init__()
        self.providers = providers

    @override
    async def send(self, message: Message) -> Outcome:
        self.inside += 1
        try:
            return await self.providers.send(message)
        finally:
            self.inside -= 1


class Patient(FakePool):
    """Channels of one slot whose time never runs out by itself."""

    @override
    async def get(self, channel_id: str) -> RunningChannel | None:
        return RunningChannel(self.channels[channel_id], 1, 1e6)


class House(RuleBasedStateMachine):
    """Two workers on one database, a clock that the walk moves, and providers of any mood."""

    new_database: ClassVar[Callable[[], AbstractContextManager[str]]]

    def __init__(self) -> None:
        super().__init__()
        self.resources = ExitStack()
        self.database_url = self.resources.enter_context(type(self).new_database())
        self.runner = asyncio.Runner()
        self.clock = FrozenClock()
        self.providers = Providers()
        self.born = 0
        self.status: dict[str, Status] = {}
        self.db: Database = self._do(self._open)
        self.workers = [self._worker(), self._worker()]

    async def _open(self) -> Database:
        db = open_database(self.database_url)
        await db.write(lambda conn: seed_directory(conn, Directory()))
        return db

    def _do[T](self, work: Callable[[], Awaitable[T]]) -> T:
        """Let some time pass, do `work`, and wait until every worker is idle or waits for a provider."""

        async def whole() -> T:
            result = await work()
            await until(lambda: all(self._is_settled(worker) for worker in getattr(self, "workers", [])))
            return result

        self.clock.advance(1)
        return self.runner.run(whole())

    def _is_settled(self, worker: Engine) -> bool:
        held = [delivery.channel_id for delivery in worker.dispatcher.sending.values()]
        return all(
            worker.pool.channels[name].inside == min(1, held.count(name)) for name in worker.pool.channels
        )

    def _worker(self) -> Engine:
        self.born += 1
        pool = Patient({kind: Door(self.providers) for kind in ("zammad", "signal", "sms")})
        # Each in a process space of its own, so that nobody can know whether another one lives.
        return make_engine(self.db, self.clock, owner=f"host-{self.born}/1/x", claims=True, pool=pool)

    # --- what may happen --------------------------------------------------------------------------------

    @rule(key=st.sampled_from(["one", "two"]), worker=WORKERS, moods=MOODS)
    def press(self, key: str, worker: int, moods: list[str]) -> None:
        self.providers.script = list(moods)
        pressed = trigger(policy=RULES, dedup=within(10, key))
        raised = self._do(lambda: self.workers[worker].press(pressed))
        assert raised.created == (raised.alarm.id not in self.status)
        assert raised.alarm.status in {Status.TRIGGERED, Status.ACKNOWLEDGED}
        self.status[raised.alarm.id] = raised.alarm.status
        if raised.alarm.needs_answer:
            self.providers.answered.discard(raised.alarm.id)

    # No preconditions: hypothesis takes rules that have one much more rarely.
    @rule(which=st.integers(min_value=0, max_value=3), move=st.sampled_from(Move))
    def move(self, which: int, move: Move) -> None:
        if not self.status:
            return
        alarm_id = list(self.status)[-1 - which % len(self.status)]
        wanted = moved(self.status[alarm_id], move)
        before = self.runner.run(self.workers[0].alarm(alarm_id))
        if before.awaits_reaction and move is Move.ACKNOWLEDGE:
            wanted = Status.ACKNOWLEDGED

        async def work() -> Alarm | None:
            try:
                alarm = await self.workers[0].commands.run(
                    ALL_SITES, lambda unit: MOVES[move](unit, alarm_id, RESPONDER)
                )
            except MoveRefused:
                return None
            self.providers.answered.add(alarm_id)
            return alarm

        alarm = self._do(work)
        assert (alarm is None) == isinstance(wanted, IllegalMove)
        if alarm is not None and isinstance(wanted, Status):
            assert alarm.status is wanted
            self.status[alarm_id] = wanted

    @rule(seconds=st.sampled_from([1, 5, 31, 60, 300]))
    def pass_time(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule(worker=WORKERS)
    def escalate(self, worker: int) -> None:
        awaiting = {alarm.id for alarm, *_ in self._everything() if alarm.awaits_reaction}
        self._do(self.workers[worker].escalate)
        lapsed = {alarm.id for alarm, *_ in self._everything() if not alarm.awaits_reaction} & awaiting
        self.status |= dict.fromkeys(lapsed, Status.TRIGGERED)

    @rule(worker=WORKERS, moods=MOODS)
    def dispatch(self, worker: int, moods: list[str]) -> None:
        self.providers.script = list(moods)
        self._do(self.workers[worker].dispatcher.turn)

    @rule(which=st.integers(min_value=0, max_value=3), answer=st.sampled_from(sorted(ANSWERS)))
    def a_provider_answers_late(self, which: int, answer: str) -> None:
        if not self.providers.waiting:
            return
        future = self.providers.waiting[which % len(self.providers.waiting)]

        async def work() -> None:
            future.set_result(answer)
            await asyncio.sleep(0)

        self._do(work)

    @rule(
        worker=WORKERS,
        moves=st.lists(st.sampled_from(Move), min_size=2, max_size=2),
        answers=st.lists(st.sampled_from(sorted(ANSWERS)), min_size=6, max_size=6),
    )
    def answers_meet_pages_on_their_way(self, worker: int, moves: list[Move], answers: list[str]) -> None:
        """Of two alarms, the pages of one are at the providers' doors and those of the other wait behind them."""
        for _ in moves:
            self.press(f"met {len(self.status)}", worker, ["late"] * 6)
        for which, move in enumerate(moves):
            self.move(which, move)
        for answer in answers:
            self.a_provider_answers_late(0, answer)

    @rule(worker=WORKERS)
    def a_worker_is_killed_and_another_started(self, worker: int) -> None:
        self._do(lambda: crash(self.workers[worker]))
        self.workers[worker] = self._worker()

    # --- what must hold ---------------------------------------------------------------------------------

    @invariant()
    def no_provider_has_seen_what_must_not_be(self) -> None:
        assert self.providers.wrongs == []

    @invariant()
    def what_is_stored_agrees_with_itself(self) -> None:
        for alarm, deliveries, journal in self._everything():
            _check(alarm, deliveries, journal)
            assert alarm.status is self.status[alarm.id]

    def _everything(self) -> list[tuple[Alarm, list[Delivery], list[JournalEntry]]]:
        def work(conn: Connection) -> list[Any]:
            return [
                (
                    alarm,
                    [found for found, _ in deliveries_of(ALL_SITES, conn, alarm.id)],
                    journal_of(ALL_SITES, conn, alarm.id),
                )
                for alarm in list_alarms(ALL_SITES, conn)
            ]

        return self.runner.run(self.db.read(work))

    @override
    def teardown(self) -> None:
        try:
            self._everything_ends()
        finally:
            for worker in self.workers:
                self.runner.run(crash(worker))
            self.runner.run(self.db.close())
            self.runner.close()
            self.resources.close()

    def _everything_ends(self) -> None:
        """Whatever came before: with a healthy worker and in good time, everything that was due is done."""
        self.providers.script = []
        for worker in self.workers:
            self.runner.run(crash(worker))
        self.workers = [self._worker(), self._worker()]
        for _ in range(12):
            self.clock.advance(LEASE.total_seconds() + 250)
            self._do(self.workers[0].escalate)
            self._do(self.workers[0].dispatch)
        for alarm, deliveries, _ in self._everything():
            assert {delivery.state for delivery in deliveries} <= FINAL
            assert alarm.next_due_at is None
        assert self.providers.wrongs == []


def _check(alarm: Alarm, deliveries: list[Delivery], journal: list[JournalEntry]) -> None:
    is_over = not alarm.needs_answer or alarm.exhausted_at is not None
    assert (alarm.next_due_at is None) == is_over
    pages = [delivery for delivery in deliveries if delivery.kind in PAGES and not delivery.record]
    if not alarm.needs_answer:
        assert [page for page in pages if page.state in WAITING] == []
    assert (
        len([delivery for delivery in deliveries if delivery.record and delivery.kind is MessageKind.PAGE])
        == 1
    )
    events = [entry.event for entry in journal]
    assert events[0] is Change.RAISED
    assert [ENDED[event] for event in events if event in ENDED][-1] is alarm.status
    assert events.count(Change.ESCALATED) == alarm.steps_run
    assert events.count(Change.PRESSED_AGAIN) == alarm.presses - 1
    since_lapse = (
        events[len(events) - events[::-1].index(Change.REOPENED) :] if Change.REOPENED in events else events
    )
    assert (Change.EXHAUSTED in since_lapse) == (alarm.exhausted_at is not None)
    assert journal[0].actor == PHONE.name


def test_no_order_of_events_loses_a_page_or_sends_one_after_an_answer(
    new_database: Callable[[], AbstractContextManager[str]], database_kind: str
) -> None:
    here = type("Here", (House,), {"new_database": staticmethod(new_database)})

    run_state_machine_as_test(
        here,
        settings=settings(
            max_examples={"sqlite": 20, "postgresql": 8}[database_kind],
            stateful_step_count=25,
            suppress_health_check=list(HealthCheck),
        ),
    )
