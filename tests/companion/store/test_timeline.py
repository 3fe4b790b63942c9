"""The time is set, by hand, by a time server, or while the machine was off: nothing that waits comes early, or never."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion import app
from companion.alarms.model import Alarm
from companion.app import Companion
from companion.channels.base import Listens
from companion.config import Settings
from companion.dispatch.pool import RunningChannels
from companion.dispatch.worker import RunningChannel
from companion.link import store as link
from companion.store import tables
from companion.store.database import Database, StoreUnavailable
from companion.store.scope import ALL_SITES
from companion.store.types import UtcDateTime
from companion.timekeeping import timeline, waiting
from companion.timekeeping.timeline import TOLERANCE
from tests.builders import PHONE, RESPONDER, alarm_now, person, policy, step, trigger, until, within
from tests.companion.conftest import Directory
from tests.fakes.channel import FakeChannel
from tests.fakes.host import SetHost, make_clock_movable, set_server_clock

HOUR = timedelta(hours=1)
YEARS = timedelta(days=3 * 365)
SLACK = timedelta(seconds=8)
"""What a slow machine may take between two looks at the clock in a test."""
SLOW = policy(step(person("porter")), step(person("guard"), after=600))
FAR = [pytest.param(HOUR, id="an hour forward"), pytest.param(-HOUR, id="an hour back"),
       pytest.param(YEARS, id="years forward"), pytest.param(-YEARS, id="years back")]  # fmt: skip


@dataclass
class World:
    """One machine, and one database with a clock of its own if it has one."""

    settings: Settings
    machine: SetHost
    provider: FakeChannel

    async def set_time(self, by: timedelta) -> None:
        """Let the time of day be wrong by this much: that of the host, and that of the server on the same host."""
        self.machine.set_by = by
        if self.settings.database_url.startswith("postgresql"):
            await set_server_clock(self.settings.database_url, by)

    def companion(self) -> Companion:
        return Companion(self.settings, self.machine.host())

    async def sent(self, running: Companion) -> None:
        """Wait until the first page is written down as sent."""
        await self.provider.arrived.acquire()
        await asyncio.gather(*running.dispatcher.sending)

    def true_now(self) -> datetime:
        return self.machine.wall()


@pytest.fixture
async def world(
    database_url: str, tmp_path: Path, db: Database, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    if db.dialect == "postgresql":
        await make_clock_movable(database_url)
    settings = Settings(
        data_dir=tmp_path, database_url=database_url, host="127.0.0.1", port=0, zeroconf=False
    )
    provider = FakeChannel()

    async def get(_channels: RunningChannels, _channel_id: str) -> RunningChannel:
        return RunningChannel(provider, 8, 5.0)

    async def nobody(_channels: RunningChannels) -> dict[str, Listens]:
        return {}

    monkeypatch.setattr(timeline, "LOOK_S", 0.05)
    monkeypatch.setattr(RunningChannels, "get", get)
    monkeypatch.setattr(RunningChannels, "listening", nobody)
    owners = iter(["one-host/1/first", "other-host/2/second", "third-host/3/third"])
    monkeypatch.setattr(app, "new_owner", lambda: next(owners))
    yield World(settings, SetHost(), provider)
    # What a cancelled query leaves to be closed behind it.
    if left := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(left, timeout=5)


async def press(running: Companion, **changes: Any) -> Alarm:
    pressed = trigger(**{"policy": SLOW, "dedup": within(10, "device:desk-phone")} | changes)
    return (await running.commands.run(ALL_SITES, lambda unit: unit.raise_alarm(pressed, PHONE))).alarm


async def noticed(running: Companion, world: World) -> None:
    """Wait until the companion goes by the time of day again; it looks by itself."""
    await until(lambda: abs(running.clock() - world.true_now()) < TOLERANCE)
    await running.db.write(lambda _conn: None)  # and until that is committed


def near(span: timedelta, wanted: timedelta) -> bool:
    return wanted - SLACK <= span <= wanted + TOLERANCE


async def last_seen_now(running: Companion) -> None:
    """Let it write down the time, as it does every ten seconds: what is not known by then comes that much later."""
    with pytest.MonkeyPatch.context() as now:
        now.setattr(timeline, "SEEN_EVERY", timedelta())
        await running.timeline.look()


@pytest.mark.parametrize("jump", FAR)
async def test_a_step_keeps_its_distance_when_the_time_is_set(world: World, jump: timedelta) -> None:
    async with world.companion() as running:
        alarm = await press(running)

        await world.set_time(jump)
        await noticed(running, world)

        after = await alarm_now(running.db, alarm.id)
        assert after.next_due_at is not None
        assert after.steps_run == 1
        assert near(after.next_due_at - world.true_now(), timedelta(seconds=600))
        assert abs(after.raised_at - world.true_now()) < SLACK


@pytest.mark.parametrize("jump", FAR)
async def test_a_step_runs_in_its_own_time_after_the_time_was_set(world: World, jump: timedelta) -> None:
    soon = policy(step(person("porter")), step(person("guard"), after=3), repeat_after=600)
    async with world.companion() as running:
        started = asyncio.get_running_loop().time()
        await press(running, policy=soon)

        await world.set_time(jump)

        async with asyncio.timeout(20):
            while [message.recipient for message in world.provider.pages] != ["Porter", "Guard"]:
                await world.provider.arrived.acquire()
        assert asyncio.get_running_loop().time() - started > 3 - TOLERANCE.total_seconds()


@pytest.mark.parametrize("jump", FAR)
async def test_everything_that_waits_moves_with_the_time(world: World, jump: timedelta) -> None:
    async with world.companion() as running:
        alarm = await press(running, hold=timedelta(seconds=30))
        held = await alarm_now(running.db, alarm.id)
        assert held.held_until is not None
        before = running.clock()
        await running.db.write(lambda conn: _wait(conn, alarm.id, before))

        await world.set_time(jump)
        await noticed(running, world)

        waits = await running.db.read(_spans)
        now = running.clock()
        assert {name: near(at - now, span) for name, (at, span) in waits.items()} == dict.fromkeys(
            waits, True
        )
        moved = await alarm_now(running.db, alarm.id)
        assert moved.held_until is not None
        assert near(moved.held_until - now, timedelta(seconds=30))


SPANS: dict[str, tuple[sa.Column[datetime], timedelta]] = {
    "a retry": (tables.delivery.c.due_at, timedelta(seconds=300)),
    "a lease": (tables.delivery.c.lease_until, timedelta(seconds=40)),
    "the next contact point": (tables.failover.c.due_at, timedelta(seconds=15)),
    "the end of an entry delay": (tables.link_pending.c.due_at, timedelta(seconds=45)),
    "the window of a key": (tables.dedup.c.expires_at, timedelta(seconds=10)),
    "when a page was sent, from which its link counts": (tables.delivery.c.sent_at, timedelta(seconds=-20)),
    "when a channel was probed": (tables.channel_health.c.probed_at, timedelta(seconds=-50)),
    "when an operator was told": (tables.trouble.c.told_at, timedelta(seconds=-60)),
    "when a panel was last heard of": (tables.link_peer.c.last_seen_at, timedelta(seconds=-5)),
    "when a picture came": (tables.picture.c.received_at, timedelta(seconds=-7)),
    "when a key was last used": (tables.api_key.c.last_used_at, timedelta(seconds=-9)),
}
"""What waits, and how far from now it lies."""


def _wait(conn: Connection, alarm_id: str, now: datetime) -> None:
    at = {name: now + span for name, (_, span) in SPANS.items()}
    row: dict[str, Any] = {
        "alarm_id": alarm_id, "kind": "page", "channel_id": "sms", "position": 0, "address": "+491",
        "recipient": "Porter", "message": {}, "attempts": 1, "first_page": False, "record": False, "fence": 1,
        "uncertain": False, "cancelled": False, "created_at": now,
    }  # fmt: skip
    waits = {
        "id": "waits",
        "occurrence": "a",
        "state": "failed",
        "due_at": at["a retry"],
        "sent_at": at["when a page was sent, from which its link counts"],
    }
    held = {"id": "held", "occurrence": "b", "state": "processing", "due_at": now,
            "owner": "other-host/2/second", "lease_until": at["a lease"]}  # fmt: skip
    conn.execute(sa.insert(tables.delivery).values(row | waits))
    conn.execute(sa.insert(tables.delivery).values(row | held))
    conn.execute(
        sa.insert(tables.failover).values(
            delivery_id="waits", person_id="porter", alarm_id=alarm_id, due_at=at["the next contact point"]
        )
    )
    link.add_peer(
        ALL_SITES,
        conn,
        instance="ha",
        name="Home",
        site_id="office",
        their_stream="s",
        now=at["when a panel was last heard of"],
    )
    link.put_pending(
        ALL_SITES,
        conn,
        "ha",
        uid="u",
        body={"name": "House", "zones": []},
        due_at=at["the end of an entry delay"],
    )
    # One that nobody probes meanwhile.
    conn.execute(
        sa.insert(tables.channel).values(
            id="off", kind="sms", name="Off", config={}, enabled=False, concurrency=1, timeout_s=1, revision=1
        )
    )
    conn.execute(
        sa.insert(tables.channel_health).values(
            channel_id="off",
            revision=1,
            failed_probes=0,
            failed_sends=0,
            probed_at=at["when a channel was probed"],
        )
    )
    conn.execute(sa.delete(tables.trouble))
    conn.execute(sa.insert(tables.trouble).values(
        key="k", kind="channel_refuses", subject="SMS", hidden=False, facts={}, severity="error",
        since=now, last_at=now, told_at=at["when an operator was told"], cleared_at=now,
    ))  # fmt: skip
    conn.execute(sa.insert(tables.picture).values(
        alarm_id=alarm_id, media_type="image/jpeg", data=b"x", received_at=at["when a picture came"],
    ))  # fmt: skip
    conn.execute(sa.insert(tables.api_key).values(
        id="key", name="Key", role="read", key_hash="h", created_at=now, last_used_at=at["when a key was last used"],
    ))  # fmt: skip


def _spans(conn: Connection) -> dict[str, tuple[datetime, timedelta]]:
    rows = {
        tables.delivery: sa.select(tables.delivery).where(tables.delivery.c.id.in_(["waits", "held"])),
        tables.channel_health: sa.select(tables.channel_health).where(tables.channel_health.c.channel_id == "off"),
        tables.trouble: sa.select(tables.trouble).where(tables.trouble.c.key == "k"),
    }  # fmt: skip
    found = {}
    for name, (column, span) in SPANS.items():
        query = rows.get(column.table, sa.select(column.table))
        if column.table is tables.delivery:
            query = query.where(tables.delivery.c.id == ("held" if name == "a lease" else "waits"))
        found[name] = (conn.execute(query.with_only_columns(column)).scalar_one(), span)
    return found


async def test_a_corrected_clock_lets_an_alarm_from_the_future_go_on_after_a_restart(world: World) -> None:
    await world.set_time(YEARS)
    async with world.companion() as running:
        alarm = await press(running)
        await last_seen_now(running)

    world.machine.switched_on += 1
    await world.set_time(timedelta())
    async with world.companion() as running:
        after = await alarm_now(running.db, alarm.id)

        assert after.next_due_at is not None
        assert near(after.next_due_at - world.true_now(), timedelta(seconds=600))
        assert abs(after.raised_at - world.true_now()) < SLACK


async def test_a_press_long_after_one_from_the_future_is_a_new_alarm(world: World) -> None:
    await world.set_time(YEARS)
    async with world.companion() as running:
        first = await press(running, dedup=within(0.2, "device:desk-phone"))
        await last_seen_now(running)

    world.machine.switched_on += 1
    await world.set_time(timedelta())
    async with world.companion() as running:
        window = await running.db.read(_window_ends)
        assert window - running.clock() < timedelta(seconds=1)
        await until(lambda: running.clock() > window)

        assert (await press(running, dedup=within(0.2, "device:desk-phone"))).id != first.id


def _window_ends(conn: Connection) -> datetime:
    ends: datetime = conn.execute(sa.select(tables.dedup.c.expires_at)).scalar_one()
    return ends


@pytest.mark.parametrize("jump", FAR)
async def test_a_clock_that_was_set_while_only_the_service_was_off_is_known_exactly(
    world: World, jump: timedelta
) -> None:
    async with world.companion() as running:
        alarm = await press(running)

    await world.set_time(jump)
    async with world.companion() as running:
        after = await alarm_now(running.db, alarm.id)

        assert (after.next_due_at, after.steps_run) != (None, 2)
        assert after.next_due_at is not None
        assert near(after.next_due_at - world.true_now(), timedelta(seconds=600))


async def test_what_an_earlier_version_left_in_the_future_is_pulled_in(world: World) -> None:
    await world.set_time(YEARS)
    async with world.companion() as running:
        alarm = await press(running)
    world.machine.switched_on += 1
    await world.set_time(timedelta())
    async with world.companion() as running:
        await running.db.write(_forget_the_clock)
        later = running.clock() + YEARS
        await running.db.write(lambda conn: _raised_at(conn, alarm.id, later))

    async with world.companion() as running:
        after = await alarm_now(running.db, alarm.id)

        assert after.next_due_at is not None
        assert near(after.next_due_at - world.true_now(), timedelta(seconds=600))


def _forget_the_clock(conn: Connection) -> None:
    conn.execute(sa.delete(tables.meta).where(tables.meta.c.key == timeline.KEY))


def _raised_at(conn: Connection, alarm_id: str, at: datetime) -> None:
    values = {"raised_at": at, "next_due_at": at + timedelta(seconds=600)}
    conn.execute(sa.update(tables.alarm).where(tables.alarm.c.id == alarm_id).values(**values))


async def test_a_board_without_a_battery_loses_no_step(world: World) -> None:
    """It comes up years in the past, and hears of the right time a moment later."""
    async with world.companion() as running:
        alarm = await press(running)
        await world.sent(running)
        await last_seen_now(running)
        made = await running.db.read(_paged_at)

    world.machine.switched_on += 1
    await world.set_time(-YEARS)
    async with world.companion() as running:
        await world.set_time(timedelta())
        await noticed(running, world)

        after = await alarm_now(running.db, alarm.id)
        assert after.next_due_at is not None
        assert near(after.next_due_at - world.true_now(), timedelta(seconds=600))
        assert abs(await running.db.read(_paged_at) - made) < SLACK


def _paged_at(conn: Connection) -> datetime:
    """Return what the links of a closed alarm count their life from."""
    sent_at: datetime = conn.execute(sa.select(sa.func.min(tables.delivery.c.sent_at))).scalar_one()
    return sent_at


async def test_links_that_were_made_before_a_clock_ran_ahead_open_as_long_as_they_did(world: World) -> None:
    async with world.companion() as running:
        await press(running)
        await world.sent(running)
        made = await running.db.read(_paged_at)

    world.machine.switched_on += 1
    await world.set_time(YEARS)
    async with world.companion() as running:
        await world.set_time(timedelta())
        await noticed(running, world)

        assert await running.db.read(_paged_at) == made


async def test_a_move_that_cannot_be_written_is_made_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world.companion() as running:
        alarm = await press(running)
        loop, tried = asyncio.get_running_loop(), asyncio.Event()

        def refused(conn: Connection, before: datetime, now: datetime) -> None:
            loop.call_soon_threadsafe(tried.set)
            raise StoreUnavailable("the disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(timeline, "move_waiting", refused)
            await world.set_time(HOUR)
            await asyncio.wait_for(tried.wait(), 5)
            assert (await alarm_now(running.db, alarm.id)).steps_run == 1

        await noticed(running, world)
        after = await alarm_now(running.db, alarm.id)
        assert after.next_due_at is not None
        assert near(after.next_due_at - world.true_now(), timedelta(seconds=600))


class TestReplicas:
    """Several companions on one PostgreSQL have its time, whatever their hosts say."""

    pytestmark = pytest.mark.parametrize("database_kind", ["postgresql"])

    @pytest.mark.parametrize("jump", FAR)
    async def test_hosts_that_disagree_have_one_time(self, world: World, jump: timedelta) -> None:
        wrong = SetHost(set_by=jump, switched_on=2)

        async with world.companion() as one, Companion(world.settings, wrong.host()) as other:
            assert abs(one.clock() - other.clock()) < 2 * TOLERANCE
            wrong.set_by = -jump
            await other.timeline.look()
            assert abs(one.clock() - other.clock()) < 2 * TOLERANCE

    @pytest.mark.parametrize("jump", FAR)
    async def test_what_waits_is_moved_once(self, world: World, jump: timedelta) -> None:
        second = SetHost(switched_on=2)
        async with world.companion() as one, Companion(world.settings, second.host()) as other:
            alarm = await press(one)

            await world.set_time(jump)
            await asyncio.gather(one.timeline.look(), other.timeline.look())
            await noticed(one, world)
            await noticed(other, world)

            after = await alarm_now(one.db, alarm.id)
            assert after.next_due_at is not None
            assert near(after.next_due_at - world.true_now(), timedelta(seconds=600))

    @pytest.mark.parametrize("jump", FAR)
    async def test_who_has_not_noticed_writes_the_new_time_all_the_same(
        self, world: World, jump: timedelta
    ) -> None:
        second = SetHost(switched_on=2)
        async with world.companion() as one, Companion(world.settings, second.host()) as other:
            await world.set_time(jump)
            await one.timeline.look()

            alarm = await press(other)

            assert alarm.next_due_at is not None
            assert near(alarm.next_due_at - one.clock(), timedelta(seconds=600))

    @pytest.mark.parametrize("jump", FAR)
    async def test_what_another_replica_is_sending_is_not_sent_again(
        self, world: World, jump: timedelta
    ) -> None:
        second = SetHost(switched_on=2)
        world.provider.open.clear()
        async with world.companion() as one, Companion(world.settings, second.host()) as other:
            alarm = await press(one, policy=policy(step(person("porter")), repeat_after=3600))
            await world.provider.arrived.acquire()

            await world.set_time(jump)
            await noticed(one, world)
            await noticed(other, world)
            await other.dispatcher.turn()

            assert len(world.provider.pages) == 1
            world.provider.open.set()
            await one.commands.run(ALL_SITES, lambda unit: unit.acknowledge(alarm.id, RESPONDER))


STAYS = {
    tables.alarm.c.closed_at: "the alarm is over",
    tables.journal.c.at: "the record",
    tables.attempt.c.started_at: "the record",
    tables.attempt.c.finished_at: "the record",
    tables.ack_link.c.created_at: "the record",
    tables.delivery.c.delivered_at: "the record",
    tables.delivery.c.read_at: "the record",
    tables.channel_event.c.heard_at: "kept a few weeks longer than any provider repeats itself",
    tables.api_key.c.created_at: "the record",
    tables.api_key.c.revoked_at: "whether, not when",
    tables.link_area.c.at: "said by Home Assistant, by its clock",
    tables.ended_session.c.expires_at: "must outlive a cookie that says the same",
}
"""Times that nothing waits for and nothing is counted from, and why."""


def test_every_time_is_moved_or_stays_for_a_reason() -> None:
    times = {
        column
        for table in tables.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, UtcDateTime)
    }

    assert times - set(STAYS) == set(waiting.MOVED)
