"""Whatever the providers do, and for however long: nobody waits for a provider that has not said yes."""

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import override

from hypothesis import given, settings, strategies as st
from sqlalchemy.engine import Connection

from companion.alarms import failover
from companion.alarms.store import alarm_by_id
from companion.channels.base import Message, Outcome, Refused, Sent, TryAgain
from companion.dispatch import claim, readers
from companion.dispatch.delivery import Delivery
from companion.dispatch.worker import RunningChannel
from companion.store.database import open_database
from companion.store.scope import ALL_SITES
from companion.texts.reasons import Reason
from tests.builders import HERE, Engine, make_engine, person, policy, step, trigger, until
from tests.companion.conftest import Directory, seed_directory
from tests.companion.dispatch.conftest import crash
from tests.fakes.channel import FakeChannel, FakePool
from tests.fakes.clock import START, FrozenClock

FAILOVER_S = 15
HANGS_S = 30
HORIZON_S = 400
HEALTHY_FROM_S = 200
"""From then on every provider is well: whoever could not be told before must be told now."""
MOODS: dict[str, Outcome] = {
    "well": Sent(provider_ref="1"),
    "down": TryAgain(reason=Reason.quoting("connection refused")),
    "hangs": TryAgain(reason=Reason.quoting("no answer"), uncertain=True),
    "no": Refused(reason=Reason.quoting("bad number")),
}
WEATHER = st.lists(st.tuples(st.integers(1, 60), st.sampled_from(sorted(MOODS))), max_size=5)
"""For how many seconds a provider is in which mood, one after another; well afterwards."""
RULES = policy(step(person("porter")), step(person("guard"), person("porter"), after=60))


@dataclass
class Try:
    """One request to a provider: begun, and ended with what."""

    channel: str
    message: Message
    began_s: float
    ended_s: float = HORIZON_S
    outcome: Outcome | None = None


@dataclass
class World:
    """The time in seconds since the alarm, the providers' weather, and what they were asked."""

    clock: FrozenClock
    weather: dict[str, list[tuple[int, str]]]
    tries: list[Try] = field(default_factory=list)
    held: list[tuple[float, asyncio.Event]] = field(default_factory=list)
    pages: list[Delivery] = field(default_factory=list)
    """At the end."""

    @property
    def now_s(self) -> float:
        return (self.clock() - START).total_seconds()

    def mood(self, channel: str) -> str:
        ends_s = 0
        for seconds, mood in self.weather[channel]:
            ends_s += seconds
            if self.now_s < min(ends_s, HEALTHY_FROM_S):
                return mood
        return "well"

    def let_go(self) -> None:
        """Answer the requests whose time has run out."""
        for at_s, event in self.held:
            if at_s <= self.now_s:
                event.set()


class Provider(FakeChannel):
    """Answers by the weather of the moment in which it is asked."""

    def __init__(self, name: str, world: World) -> None:
        super().__init__()
        self.name, self.world = name, world

    @override
    async def send(self, message: Message) -> Outcome:
        asked = Try(self.name, message, self.world.now_s)
        self.world.tries.append(asked)
        self.inside += 1
        try:
            mood = self.world.mood(self.name)
            if mood == "hangs":
                answered = asyncio.Event()
                self.world.held.append((asked.began_s + HANGS_S, answered))
                await answered.wait()
        finally:
            self.inside -= 1
        asked.ended_s, asked.outcome = self.world.now_s, MOODS[mood]
        return MOODS[mood]


class Roomy(FakePool):
    """Channels whose time is the world's, not the machine's."""

    @override
    async def get(self, channel_id: str) -> RunningChannel | None:
        return RunningChannel(self.channels[channel_id], 16, 1e6)


async def _live(database_url: str, weather: dict[str, list[tuple[int, str]]]) -> World:
    """Raise an alarm and run the companion's workers, always at the moment in which something is due."""
    clock = FrozenClock()
    world = World(clock, weather)
    db = open_database(database_url)
    try:
        await db.write(lambda conn: seed_directory(conn, Directory()))
        pool = Roomy({name: Provider(name, world) for name in ("signal", "sms", "zammad")})
        engine = make_engine(db, clock, claims=True, pool=pool, lease=timedelta(hours=1))
        alarm = await engine.raise_alarm(trigger(policy=RULES))
        while True:
            await _work(engine, world)
            due_at = await db.read(lambda conn: _next(conn, clock(), alarm.id))
            ends = [at_s for at_s, event in world.held if not event.is_set()]
            ahead = [(at - START).total_seconds() for at in due_at] + ends
            if not ahead or min(ahead) > HORIZON_S:
                world.pages = await engine.deliveries(alarm.id)
                return world
            clock.advance(max(0.001, min(ahead) - world.now_s))
    finally:
        with contextlib.suppress(UnboundLocalError):
            await crash(engine)
        await db.close()


async def _work(engine: Engine, world: World) -> None:
    """Do what the workers of the companion do until nothing is left to do at this moment."""
    world.let_go()
    while True:
        await until(lambda: _is_settled(engine))
        await engine.dispatcher.turn()
        await until(lambda: _is_settled(engine))
        if not await engine.commands.run(ALL_SITES, failover.run_due) and not await engine.escalate():
            await until(lambda: _is_settled(engine))
            return


def _is_settled(engine: Engine) -> bool:
    """Return whether every delivery that was begun waits for its provider."""
    return len(engine.dispatcher.sending) == sum(fake.inside for fake in engine.pool.channels.values())


def _next(conn: Connection, now: datetime, alarm_id: str) -> list[datetime]:
    alarm = alarm_by_id(ALL_SITES, conn, alarm_id)
    assert alarm is not None
    times = [claim.next_at(conn, now, me=HERE), readers.next_due_at(conn), alarm.next_due_at]
    return [at for at in times if at is not None]


def _tries(world: World, page: Delivery) -> list[Try]:
    return [asked for asked in world.tries if asked.message.delivery_id == page.id]


def _check(world: World) -> None:
    for occurrence in {page.occurrence for page in world.pages}:
        of_porter = [
            page for page in world.pages if (page.recipient, page.occurrence) == ("Porter", occurrence)
        ]
        if not of_porter:
            continue
        first = _tries(world, next(page for page in of_porter if page.channel_id == "signal"))[0]
        instead = [asked for page in of_porter if page.channel_id == "sms" for asked in _tries(world, page)]
        latest_s = first.began_s + FAILOVER_S
        if isinstance(first.outcome, Sent) and first.ended_s <= latest_s:
            assert instead == []
        else:
            assert instead
            assert instead[0].began_s <= min(first.ended_s, latest_s) + 0.01
    for name in ("Porter", "Guard"):
        outcomes = [asked.outcome for asked in world.tries if asked.message.recipient == name]
        refused_everywhere = all(
            any(isinstance(asked.outcome, Refused) for asked in _tries(world, page))
            for page in world.pages
            if page.recipient == name
        )
        assert refused_everywhere or any(isinstance(outcome, Sent) for outcome in outcomes)


def test_nobody_waits_for_a_provider_that_has_not_said_yes(
    new_database: Callable[[], AbstractContextManager[str]], database_kind: str
) -> None:
    @settings(max_examples={"sqlite": 40, "postgresql": 15}[database_kind])
    @given(signal=WEATHER, sms=WEATHER)
    def whatever_the_weather(signal: list[tuple[int, str]], sms: list[tuple[int, str]]) -> None:
        with new_database() as database_url:
            _check(asyncio.run(_live(database_url, {"signal": signal, "sms": sms, "zammad": []})))

    whatever_the_weather()
