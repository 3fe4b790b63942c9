"""Small builders for the companion's objects, and a whole engine around a database for its tests."""

# ruff: noqa: ARG002 # fakes have the shape of their protocols
import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.alarms import outcomes
from companion.alarms.ack_links import AckTokens
from companion.alarms.dedup import Dedup, Window
from companion.alarms.escalate import run_due
from companion.alarms.journal import journal_of
from companion.alarms.model import Actor, Alarm, AlarmKind, Change, JournalEntry, Source, Trigger
from companion.alarms.paging import PagingConfig
from companion.alarms.pictures import shown_picture
from companion.alarms.service import AlarmService
from companion.alarms.store import alarm_by_id
from companion.alarms.transaction import (
    AlarmTransaction,
    Raised,
)
from companion.channels.base import Message, Outcome, Picture
from companion.channels.registry import kind_or_stand_in
from companion.clock import Clock
from companion.dispatch.compose import compose
from companion.dispatch.delivery import Delivery
from companion.dispatch.outbox import Claim
from companion.dispatch.retry import RetryPolicy, Verdict
from companion.dispatch.store import deliveries_of, to_delivery
from companion.dispatch.wake import Wake
from companion.dispatch.worker import Dispatcher, DispatcherConfig, Observer
from companion.escalation.policy import Policy
from companion.store import tables
from companion.store.database import Database
from companion.store.scope import ALL_SITES
from companion.texts.reasons import Reason
from companion.troubles.model import Trouble
from tests.fakes.channel import FakeChannel, FakePool

LEASE = timedelta(seconds=30)
PHONE = Actor(name="Porter", via="yealink")
RESPONDER = Actor(name="Anna", via="ack_page")
HERE = "this-host/1/first"
"""An owner in a process space of its own: nobody can look whether it lives, so only its leases tell."""
ELSEWHERE = "other-host/2/second"

CHANNELS = ("zammad", "signal", "sms")
"""The channels of the tests' directory; each is named as its kind."""


def paging_config(tokens: AckTokens, claim: Claim | None = None) -> PagingConfig:
    """Return how a companion with the default settings pages."""
    return PagingConfig(
        kind_of=kind_or_stand_in,
        tokens=tokens,
        claim=claim,
        failover_after=timedelta(seconds=15),
        reaction=timedelta(seconds=120),
    )


def person(person_id: str, via: str | None = None) -> dict[str, Any]:
    return {"person": person_id, "via": via}


def channel(channel_id: str, address: str = "", name: str | None = None) -> dict[str, Any]:
    return {"channel": channel_id, "address": address, "name": name}


def step(*targets: dict[str, Any], after: float = 0) -> dict[str, Any]:
    return {"after": after, "targets": targets}


def policy(
    *steps: dict[str, Any],
    repeat: int = 0,
    repeat_after: float = 120,
    last_resort: Sequence[dict[str, Any]] = (),
) -> Policy:
    return Policy.model_validate(
        {
            "id": "p",
            "name": "Policy",
            "steps": steps,
            "repeat": repeat,
            "repeat_after": repeat_after,
            "last_resort": last_resort,
        }
    )


PORTER_THEN_GUARD = policy(
    step(channel("zammad"), person("porter")), step(person("guard"), after=60), repeat=1, repeat_after=120
)
"""The policy of the tests' directory: a ticket and the porter at once, the guard after a minute, all of it twice."""


def trigger(**changes: Any) -> Trigger:
    """A press of the panic key at the reception."""
    values: dict[str, Any] = {
        "source": Source.YEALINK,
        "kind": AlarmKind.PANIC,
        "title": "Panic key: Reception",
        "site_id": "office",
        "site": "Office",
        "room": "Reception",
        "person": "Porter",
        "device_id": "desk-phone",
        "policy": PORTER_THEN_GUARD,
    }
    return Trigger(**values | changes)


def within(seconds: float, key: str) -> Dedup:
    """The same open alarm for so long."""
    return Dedup(key, Window(timedelta(seconds=seconds)))


@dataclass
class Heard:
    """What the rest of the house was told, in order."""

    changes: list[tuple[str, Change]] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    service_troubles: list[Trouble] = field(default_factory=list)
    fails: Exception | None = None

    def changed(self, unit: AlarmTransaction, alarm: Alarm, change: Change) -> None:
        if self.fails is not None:
            raise self.fails
        self.changes.append((alarm.id, change))

    def trouble(self, unit: AlarmTransaction, delivery: Delivery, reason: Reason) -> None:
        if self.fails is not None:
            raise self.fails
        self.troubles.append(str(reason))

    def service_trouble(self, unit: AlarmTransaction, trouble: Trouble) -> None:
        self.service_troubles.append(trouble)


class Counted:
    """Keeps what the dispatcher counts."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self.others: list[Observer] = []

    def sent(self, delivery: Delivery, outcome: Outcome, verdict: Verdict, *, lag_s: float) -> None:
        self.outcomes.append(outcome)
        for other in self.others:
            other.sent(delivery, outcome, verdict, lag_s=lag_s)


@dataclass
class Engine:
    """One companion's engine: what `app.py` builds, with channels of the test."""

    db: Database
    clock: Clock
    wake: Wake
    commands: AlarmService
    dispatcher: Dispatcher
    pool: FakePool
    news: Heard
    counted: Counted
    owner: str

    @property
    def signal(self) -> FakeChannel:
        return self.pool.channels["signal"]

    @property
    def sms(self) -> FakeChannel:
        return self.pool.channels["sms"]

    @property
    def zammad(self) -> FakeChannel:
        return self.pool.channels["zammad"]

    async def raise_alarm(self, raised: Trigger | None = None) -> Alarm:
        return (await self.press(raised)).alarm

    async def press(self, pressed: Trigger | None = None) -> Raised:
        cause = pressed or trigger()
        return await self.commands.run_patiently(ALL_SITES, lambda unit: unit.raise_alarm(cause, PHONE))

    async def acknowledge(self, alarm_id: str, note: str | None = None) -> Alarm:
        return await self.commands.run(
            ALL_SITES, lambda unit: unit.acknowledge(alarm_id, RESPONDER, note=note)
        )

    async def escalate(self) -> int:
        return await self.commands.run(ALL_SITES, run_due)

    async def dispatch(self) -> None:
        """Send everything that is due, and what follows from it, until nothing is due any more."""
        while True:
            await self.dispatcher.turn()
            sending = self.dispatcher.sending
            if not sending:
                return
            await asyncio.gather(*sending)

    async def alarm(self, alarm_id: str) -> Alarm:
        return await alarm_now(self.db, alarm_id)

    async def deliveries(self, alarm_id: str) -> list[Delivery]:
        found = await self.db.read(lambda conn: deliveries_of(ALL_SITES, conn, alarm_id))
        return [delivery for delivery, _ in found]

    async def journal(self, alarm_id: str) -> list[JournalEntry]:
        return await self.db.read(lambda conn: journal_of(ALL_SITES, conn, alarm_id))


def make_engine(
    db: Database,
    clock: Clock,
    *,
    owner: str = HERE,
    claims: bool = False,
    pool: FakePool | None = None,
    poll_s: float = 60,
    lease: timedelta = LEASE,
    wake: Wake | None = None,
    picture: Callable[[str], Awaitable[Picture | None]] | None = None,
) -> Engine:
    """Return an engine on `db`; `claims`: raising takes the first pages in the same transaction."""
    wake = wake or Wake()
    pool = pool or FakePool({kind: FakeChannel() for kind in CHANNELS})
    tokens = AckTokens(b"k" * 32, "https://alarm.example")
    news, counted = Heard(), Counted()

    def composed(delivery: Delivery, reference: str | None) -> Message:
        key = delivery.message.get("recipient_key")
        url = (
            tokens.url(tokens.token(delivery.alarm_id, key))
            if key is not None and delivery.alarm_id
            else None
        )
        return compose(delivery, reference, url, None)

    async def shown(alarm_id: str) -> Picture | None:
        return await db.read(lambda conn: shown_picture(ALL_SITES, conn, alarm_id))

    def report(conn: Connection, delivery: Delivery, verdict: Verdict) -> None:
        outcomes.report(commands.unit(ALL_SITES, conn), delivery, verdict)

    dispatcher = Dispatcher(
        db=db,
        clock=clock,
        wake=wake,
        channels=pool,
        compose=composed,
        picture=picture or shown,
        report=report,
        observer=counted,
        log_context=lambda _: nullcontext(),
        rules=DispatcherConfig(owner=owner, lease=lease, poll_s=poll_s, retry=RetryPolicy()),
    )
    commands = AlarmService(
        db=db,
        clock=clock,
        wake=wake,
        paging_rules=paging_config(tokens, Claim(owner, lease, dispatcher.has_room) if claims else None),
        news=news,
        take=dispatcher.take,
    )
    return Engine(db, clock, wake, commands, dispatcher, pool, news, counted, owner)


async def set_last_resort(db: Database, rules: Policy, operators: Sequence[str] = ()) -> None:
    """Make `rules` the policy of alarms that have no other, as the directory's section `installation` does."""

    def write(conn: Connection) -> None:
        everywhere = rules.model_copy(update={"id": "last-resort"})
        body = everywhere.model_dump(mode="json")
        conn.execute(sa.insert(tables.policy).values(id=everywhere.id, name=everywhere.name, body=body))
        conn.execute(
            sa.insert(tables.installation).values(
                id="installation", last_resort_id=everywhere.id, operators=list(operators)
            )
        )

    await db.write(write)


async def alarm_now(db: Database, alarm_id: str) -> Alarm:
    """Return the alarm as it is stored by now."""
    found = await db.read(lambda conn: alarm_by_id(ALL_SITES, conn, alarm_id))
    assert found is not None
    return found


async def messages_to_operators(db: Database) -> list[Delivery]:
    """Return the messages that are about no alarm, oldest first."""
    table = tables.delivery
    query = sa.select(table).where(table.c.alarm_id.is_(None)).order_by(table.c.created_at, table.c.id)
    return await db.read(lambda conn: [to_delivery(row) for row in conn.execute(query)])


async def until(condition: Callable[[], bool]) -> None:
    """Let the other tasks run until `condition` holds; a test that waits for ever fails after 5 s."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 # what is waited for may be in a database or another process
            await asyncio.sleep(0.001)
