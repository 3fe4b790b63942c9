"""A channel that refuses becomes a trouble, by messages or by probes, and a channel that works ends it."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.alarms.transaction import AlarmTransaction
from companion.channels.base import MessageKind, Outcome, Per, Quota, Refused, Sent, TryAgain
from companion.dispatch.outbox import Claim, NewDelivery, enqueue
from companion.dispatch.record import record
from companion.dispatch.retry import Done, GiveUp
from companion.ids import new_id
from companion.store import tables
from companion.store.database import Database, StoreUnavailable
from companion.store.scope import ALL_SITES
from companion.texts.reasons import Reason
from companion.troubles.channel_health import FAILED_SENDS, PROBE_LIMIT, Try
from companion.troubles.channel_watch import ChannelWatch, clear_gone, note
from companion.troubles.store import health_of_channels, take_probe
from tests.builders import ELSEWHERE, Engine, make_engine, person, policy, step, trigger
from tests.fakes.channel import FakeChannel, FakePool
from tests.fakes.clock import FrozenClock

TAKEN = Sent(provider_ref="r")
BROKEN = Refused(reason=Reason.quoting("401: unknown key"), channel_broken=True)


def every_channel(channel: FakeChannel) -> FakePool:
    """Return the channels of the small directory, all of them one."""
    return FakePool(dict.fromkeys(("zammad", "signal", "sms"), channel))


def watch_of(engine: Engine, channel: FakeChannel) -> ChannelWatch:
    channels = every_channel(channel)
    return ChannelWatch(
        db=engine.db, clock=engine.clock, channels=channels, run=partial(engine.commands.run, ALL_SITES)
    )


def reported(engine: Engine) -> list[tuple[str, bool]]:
    return [(one.subject, one.is_open) for one in engine.news.service_troubles]


async def send(engine: Engine, outcome: Outcome, times: int = 1) -> None:
    await engine.commands.run(ALL_SITES, lambda unit: note(unit, [("sms", Try.SEND, outcome)] * times))


async def test_a_channel_that_refuses_messages_is_a_trouble_until_it_takes_one(engine: Engine) -> None:
    await send(engine, BROKEN, 2)
    before = reported(engine)

    await send(engine, BROKEN)
    await send(engine, BROKEN)
    [trouble] = engine.news.service_troubles
    await send(engine, Sent(provider_ref="r"))

    assert before == []
    assert trouble.facts == {"failures": 3, "reason": BROKEN.reason}
    assert reported(engine) == [("Sms", True), ("Sms", False)]


async def test_every_channel_is_probed_once_and_then_hourly(engine: Engine, clock: FrozenClock) -> None:
    channel = FakeChannel()
    watch = watch_of(engine, channel)

    await watch.probe_due()
    await watch.probe_due()
    at_once = channel.checks
    clock.advance(2 * 3600)
    await watch.probe_due()

    assert (at_once, channel.checks) == (3, 6)
    assert channel.messages == []


async def test_two_replicas_probe_a_channel_once(db: Database, clock: FrozenClock, engine: Engine) -> None:
    channel = FakeChannel()
    watches = [watch_of(engine, channel), watch_of(make_engine(db, clock, owner=ELSEWHERE), channel)]

    await asyncio.gather(*(watch.probe_due() for watch in watches))

    assert channel.checks == 3  # as many as there are channels
    clock.advance(2 * 3600)
    await asyncio.gather(*(watch.probe_due() for watch in watches))
    assert channel.checks == 6


async def test_a_probe_whose_replica_is_gone_is_made_by_another(
    db: Database, clock: FrozenClock, engine: Engine
) -> None:
    for health in (await db.read(partial(health_of_channels, ALL_SITES))).values():
        assert await db.write(lambda conn, seen=health: take_probe(ALL_SITES, conn, seen, clock()))  # type: ignore[misc] # bound here
    channel = FakeChannel()
    watch = watch_of(engine, channel)
    await watch.probe_due()
    assert channel.checks == 0

    clock.advance(PROBE_LIMIT.total_seconds())
    await watch.probe_due()

    assert channel.checks == 3


async def test_who_was_slower_than_another_replica_does_not_probe_after_it(
    db: Database, clock: FrozenClock, engine: Engine
) -> None:
    seen = (await db.read(partial(health_of_channels, ALL_SITES)))["sms"]
    await watch_of(engine, FakeChannel()).probe_due()

    assert not await db.write(lambda conn: take_probe(ALL_SITES, conn, seen, clock()))


async def test_what_could_not_be_written_down_is_counted_when_the_database_is_back(
    db: Database, engine: Engine, clock: FrozenClock
) -> None:
    away = True

    async def run(work: Callable[[AlarmTransaction], None]) -> None:
        if away:
            raise StoreUnavailable("away")
        await engine.commands.run(ALL_SITES, work)

    watch = ChannelWatch(db=db, clock=clock, channels=every_channel(FakeChannel()), run=run)
    alarm = await engine.raise_alarm(trigger(policy=policy(step(person("guard")))))
    (page,) = await engine.deliveries(alarm.id)
    for _ in range(FAILED_SENDS):
        watch.sent(page, BROKEN, Done(), lag_s=0)
    with pytest.raises(StoreUnavailable):
        await watch.write()

    away = False
    await watch.write()

    assert (await db.read(partial(health_of_channels, ALL_SITES)))["sms"].failed_sends == FAILED_SENDS


async def test_failures_that_two_replicas_note_at_once_are_all_counted(
    db: Database, clock: FrozenClock, engine: Engine
) -> None:
    await send(engine, BROKEN)
    other = make_engine(db, clock, owner=ELSEWHERE)

    await asyncio.gather(send(engine, BROKEN), send(other, BROKEN), send(engine, BROKEN), send(other, BROKEN))

    assert (await db.read(partial(health_of_channels, ALL_SITES)))["sms"].failed_sends == 5


async def test_probes_that_fail_are_a_trouble_and_one_that_passes_ends_it(
    engine: Engine, clock: FrozenClock
) -> None:
    channel = FakeChannel()
    channel.outcome = TryAgain(reason=Reason.quoting("connection refused"))
    watch = watch_of(engine, channel)

    await watch.probe_due()
    clock.advance(300)
    await watch.probe_due()
    failing = reported(engine)
    channel.outcome = Sent(provider_ref=None)
    clock.advance(300)
    await watch.probe_due()

    assert failing == [("Signal", True), ("Sms", True), ("Zammad", True)]
    assert [is_open for _, is_open in reported(engine)] == [True] * 3 + [False] * 3


async def test_a_channel_that_was_changed_begins_anew(engine: Engine) -> None:
    await send(engine, BROKEN, 3)

    await engine.db.write(lambda conn: conn.execute(sa.update(tables.channel).values(revision=2)))
    await engine.commands.run(ALL_SITES, clear_gone)

    assert reported(engine) == [("Sms", True), ("Sms", False)]
    assert not (await engine.db.read(partial(health_of_channels, ALL_SITES)))["sms"].was_tried


async def test_a_channel_that_was_switched_off_is_in_trouble_no_more(engine: Engine) -> None:
    await send(engine, BROKEN, 3)

    await engine.db.write(lambda conn: conn.execute(sa.update(tables.channel).values(enabled=False)))
    await send(engine, BROKEN, 3)
    await engine.commands.run(ALL_SITES, clear_gone)

    assert reported(engine) == [("Sms", True), ("Sms", False)]


async def test_what_became_of_messages_reaches_the_watch_through_the_dispatcher(
    engine: Engine, clock: FrozenClock
) -> None:
    watch = watch_of(engine, FakeChannel())
    engine.counted.others.append(watch)
    engine.signal.behaviours = [BROKEN]
    await engine.raise_alarm()

    await engine.dispatch()
    await watch.write()

    health = await engine.db.read(partial(health_of_channels, ALL_SITES))
    assert (health["signal"].failed_sends, str(health["signal"].reason)) == (1, "401: unknown key")
    assert health["sms"].sent_at == clock()


# --- how many messages are left -------------------------------------------------------------------------


def probed(used: int | None, *, limit: int = 250, per: Per = Per.DAY) -> Sent:
    return Sent(provider_ref=None, quota=Quota(limit=limit, per=per, used=used))


async def probe(engine: Engine, outcome: Outcome) -> None:
    await engine.commands.run(ALL_SITES, lambda unit: note(unit, [("sms", Try.PROBE, outcome)]))


def sent_at(conn: Connection, *times: datetime, outcome: Outcome = TAKEN) -> None:
    """Let a message over the channel have this outcome at each of these times."""
    claim = Claim("test/0/0", timedelta(0), lambda *_: True)
    for at in times:
        new = NewDelivery(
            kind=MessageKind.TEST,
            occurrence=new_id(),
            channel_id="sms",
            address="+491",
            recipient="Guard",
            message={},
        )
        [delivery] = enqueue(conn, None, [new], at, claim)
        verdict = Done() if isinstance(outcome, Sent) else GiveUp(outcome.reason)
        record(conn, delivery, outcome, verdict, started_at=at, now=at)


async def test_few_messages_left_are_a_trouble_until_there_are_new_ones(engine: Engine) -> None:
    await probe(engine, probed(199))
    before = reported(engine)
    await probe(engine, probed(200))
    await probe(engine, probed(201))
    [trouble] = engine.news.service_troubles
    await probe(engine, probed(0))

    assert before == []
    assert (trouble.kind, trouble.severity) == ("channel_quota", "warning")
    assert str(trouble.facts["reason"]) == "200 of 250 messages of this day are used up"
    assert reported(engine) == [("Sms", True), ("Sms", False)]


async def test_a_message_and_a_failed_probe_do_not_end_the_trouble(engine: Engine) -> None:
    await probe(engine, probed(240))
    await send(engine, Sent(provider_ref="r"))
    await probe(engine, TryAgain(reason=Reason.quoting("503")))
    await engine.commands.run(ALL_SITES, clear_gone)

    assert reported(engine) == [("Sms", True)]


async def test_the_trouble_of_a_channel_that_was_changed_is_over(engine: Engine) -> None:
    await probe(engine, probed(240))
    changed = sa.update(tables.channel).where(tables.channel.c.id == "sms").values(revision=99)
    await engine.db.write(lambda conn: conn.execute(changed))

    await engine.commands.run(ALL_SITES, clear_gone)

    assert reported(engine) == [("Sms", True), ("Sms", False)]


@pytest.mark.parametrize(
    ("per", "used"),
    [(Per.DAY, 3), (Per.MONTH, 5)],
)
async def test_where_the_provider_says_nothing_what_it_took_is_counted(
    engine: Engine, clock: FrozenClock, per: Per, used: int
) -> None:
    ages_h = (24 * 40, 24 * 2, 13, 11, 1, 0.1)  # the clock stands at noon of the 20th
    times = [clock() - timedelta(hours=hours) for hours in ages_h]
    await engine.db.write(lambda conn: sent_at(conn, *times))
    await engine.db.write(lambda conn: sent_at(conn, *[clock()] * 3, outcome=BROKEN))

    await probe(engine, probed(None, limit=20, per=per))

    health = (await engine.db.read(partial(health_of_channels, ALL_SITES)))["sms"]
    assert health.quota == Quota(limit=20, per=per, used=used)
