"""A channel that refuses becomes a trouble, by messages or by probes, and a channel that works ends it."""

from typing import override

import pytest
import sqlalchemy as sa

from companion.channels.base import Outcome, Refused, Sent, TryAgain
from companion.dispatch.worker import Configured
from companion.store import tables
from companion.store.database import Database
from companion.troubles.channel_health import Try
from companion.troubles.channel_watch import ChannelWatch, clear_gone, health_of_channels, note
from tests.builders import Engine, engine
from tests.companion.conftest import Directory
from tests.fakes.channel import FakeChannel
from tests.fakes.clock import FrozenClock

BROKEN = Refused(reason="401: unknown key", channel_broken=True)


class ProbedChannel(FakeChannel):
    """Answers a probe as the test says, and counts."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: Outcome = Sent(provider_ref=None)
        self.probes = 0

    @override
    async def check(self) -> Outcome:
        self.probes += 1
        return self.answer


@pytest.fixture
def house(db: Database, clock: FrozenClock, directory: Directory) -> Engine:
    return engine(db, clock)


class Pool:
    """The channels of the small directory, all of them one."""

    def __init__(self, channel: ProbedChannel) -> None:
        self.channel = channel

    async def get(self, _channel_id: str) -> Configured | None:
        return Configured(self.channel, 1, 5.0)


def watch_of(house: Engine, channel: ProbedChannel) -> ChannelWatch:
    return ChannelWatch(db=house.db, clock=house.clock, channels=Pool(channel), run=house.commands.run)


def told(house: Engine) -> list[tuple[str, bool]]:
    return [(one.subject, one.is_open) for one in house.news.service_troubles]


async def send(house: Engine, outcome: Outcome, times: int = 1) -> None:
    await house.commands.run(lambda unit: note(unit, [("sms", Try.SEND, outcome)] * times))


async def test_a_channel_that_refuses_messages_is_a_trouble_until_it_takes_one(house: Engine) -> None:
    await send(house, BROKEN, 2)
    before = told(house)

    await send(house, BROKEN)
    await send(house, BROKEN)
    [trouble] = house.news.service_troubles
    await send(house, Sent(provider_ref="r"))

    assert before == []
    assert trouble.facts == {"failures": 3, "reason": "401: unknown key"}
    assert told(house) == [("Sms", True), ("Sms", False)]


async def test_every_channel_is_probed_once_and_then_hourly(house: Engine, clock: FrozenClock) -> None:
    channel = ProbedChannel()
    watch = watch_of(house, channel)

    await watch.probe_due()
    await watch.probe_due()
    at_once = channel.probes
    clock.advance(2 * 3600)
    await watch.probe_due()

    assert (at_once, channel.probes) == (3, 6)
    assert channel.messages == []


async def test_probes_that_fail_are_a_trouble_and_one_that_passes_ends_it(
    house: Engine, clock: FrozenClock
) -> None:
    channel = ProbedChannel()
    channel.answer = TryAgain(reason="connection refused")
    watch = watch_of(house, channel)

    await watch.probe_due()
    clock.advance(300)
    await watch.probe_due()
    failing = told(house)
    channel.answer = Sent(provider_ref=None)
    clock.advance(300)
    await watch.probe_due()

    assert failing == [("Signal", True), ("Sms", True), ("Zammad", True)]
    assert [is_open for _, is_open in told(house)] == [True] * 3 + [False] * 3


async def test_a_channel_that_was_changed_begins_anew(house: Engine) -> None:
    await send(house, BROKEN, 3)

    await house.db.write(lambda conn: conn.execute(sa.update(tables.channel).values(revision=2)))
    await house.commands.run(clear_gone)

    assert told(house) == [("Sms", True), ("Sms", False)]
    assert not (await house.db.read(health_of_channels))["sms"].was_tried


async def test_a_channel_that_was_switched_off_is_in_trouble_no_more(house: Engine) -> None:
    await send(house, BROKEN, 3)

    await house.db.write(lambda conn: conn.execute(sa.update(tables.channel).values(enabled=False)))
    await send(house, BROKEN, 3)
    await house.commands.run(clear_gone)

    assert told(house) == [("Sms", True), ("Sms", False)]


async def test_what_became_of_messages_reaches_the_watch_through_the_dispatcher(
    house: Engine, clock: FrozenClock
) -> None:
    watch = watch_of(house, ProbedChannel())
    house.dispatcher._observer = watch
    house.signal.behaviours = [BROKEN]
    await house.raise_alarm()

    await house.dispatch()
    await watch.write()

    health = await house.db.read(health_of_channels)
    assert (health["signal"].failed_sends, health["signal"].reason) == (1, "401: unknown key")
    assert health["sms"].sent_at == clock()
