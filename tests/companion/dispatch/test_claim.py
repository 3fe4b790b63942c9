"""Leases: who may send what."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.alarms.model import AlarmKind, Severity
from companion.channels.base import Sent
from companion.dispatch.claim import claim_due, is_dead, new_owner, release, renew, take_back
from companion.dispatch.delivery import Delivery, State
from companion.dispatch.health import GRACE, dispatch_health
from companion.dispatch.record import record
from companion.dispatch.retry import Done
from companion.dispatch.slots import Room
from companion.dispatch.store import HELD, WAITS, delivery_by_id
from companion.store.database import Database
from companion.store.scope import ALL_SITES
from companion.store.tables import delivery
from tests.builders import ELSEWHERE, HERE, LEASE, Engine, person, policy, step, trigger
from tests.fakes.clock import FrozenClock

PORTER = policy(step(person("porter")))


async def _raise(engine: Engine, count: int) -> None:
    for _ in range(count):
        await engine.raise_alarm(trigger(policy=PORTER))


async def _claim(engine: Engine, owner: str = HERE, **slots: int) -> list[Delivery]:
    rooms = {channel_id: Room(free, free) for channel_id, free in slots.items()}
    return await engine.db.write(lambda conn: claim_due(conn, owner, engine.clock(), LEASE, rooms))


async def test_no_more_is_claimed_than_a_channel_has_slots_and_the_earliest_first(
    engine: Engine, clock: FrozenClock
) -> None:
    for _ in range(4):
        await _raise(engine, 1)
        clock.advance(1)

    taken = await _claim(engine, signal=3)

    assert len(taken) == 3
    assert [item.due_at for item in taken] == sorted(item.due_at for item in taken)
    assert await _claim(engine, signal=0) == []
    assert len(await _claim(engine)) == 1


DRILL = trigger(policy=PORTER, test=True)
BURGLARY = trigger(policy=PORTER, kind=AlarmKind.BURGLARY)
LOW = trigger(policy=PORTER, kind=AlarmKind.TECHNICAL, severity=Severity.LOW)


async def test_what_a_life_may_depend_on_is_claimed_before_all_that_is_older(
    engine: Engine, clock: FrozenClock
) -> None:
    raised = {}
    for raising in (DRILL, LOW, BURGLARY, trigger(policy=PORTER, kind=AlarmKind.FIRE)):
        raised[(await engine.raise_alarm(raising)).id] = (raising.kind, raising.test)
        clock.advance(1)

    taken = await _claim(engine, signal=9)

    assert [raised[item.alarm_id or ""] for item in taken] == [
        (AlarmKind.FIRE, False),
        (AlarmKind.BURGLARY, False),
        (AlarmKind.TECHNICAL, False),
        (AlarmKind.PANIC, True),
    ]


async def test_room_that_is_kept_for_the_urgent_is_given_to_nothing_else(engine: Engine) -> None:
    for raising in (LOW, LOW, LOW):
        await engine.raise_alarm(raising)

    def claim_low(conn: Connection) -> list[Delivery]:
        return claim_due(conn, HERE, engine.clock(), LEASE, {"signal": Room(urgent=2, ordinary=1)})

    assert len(await engine.db.write(claim_low)) == 1


async def test_a_claim_says_whose_it_is_until_when_and_how_often_it_was_tried(
    engine: Engine, clock: FrozenClock
) -> None:
    await _raise(engine, 1)

    (item,) = await _claim(engine, ELSEWHERE, signal=1)

    assert (item.owner, item.lease_until, item.state) == (ELSEWHERE, clock() + LEASE, State.PROCESSING)
    assert (item.fence, item.attempts) == (1, 1)
    assert await engine.db.read(lambda conn: delivery_by_id(ALL_SITES, conn, item.id)) == item


async def test_what_is_not_due_is_not_claimed(engine: Engine, clock: FrozenClock) -> None:
    await _raise(engine, 1)
    clock.advance(-0.001)

    assert await _claim(engine, signal=9) == []


async def test_only_its_owner_renews_or_releases_a_claim(engine: Engine, clock: FrozenClock) -> None:
    await _raise(engine, 1)
    (item,) = await _claim(engine, signal=1)
    later = clock() + timedelta(hours=1)

    await engine.db.write(lambda conn: renew(conn, ELSEWHERE, [item.id], later))
    await engine.db.write(lambda conn: release(conn, ELSEWHERE, [item.id]))
    untouched = await engine.db.read(lambda conn: delivery_by_id(ALL_SITES, conn, item.id))
    await engine.db.write(lambda conn: renew(conn, HERE, [item.id], later))
    renewed = await engine.db.read(lambda conn: delivery_by_id(ALL_SITES, conn, item.id))

    assert untouched == item
    assert renewed is not None
    assert renewed.lease_until == later


async def test_a_released_claim_is_as_if_it_had_never_been_taken(engine: Engine) -> None:
    await _raise(engine, 1)
    (item,) = await _claim(engine, signal=1)

    await engine.db.write(lambda conn: release(conn, HERE, [item.id]))

    (again,) = await _claim(engine, ELSEWHERE, signal=1)
    assert (again.attempts, again.uncertain, again.fence) == (1, False, 2)


async def test_a_live_lease_is_not_taken_back(engine: Engine, clock: FrozenClock) -> None:
    await _raise(engine, 1)
    (item,) = await _claim(engine, signal=1)
    clock.advance(LEASE.total_seconds())

    await engine.db.write(lambda conn: take_back(conn, clock(), me=ELSEWHERE, lease=LEASE))

    assert await engine.db.read(lambda conn: delivery_by_id(ALL_SITES, conn, item.id)) == item


async def test_what_a_worker_has_forgotten_of_its_own_is_taken_back_and_what_it_is_busy_with_is_not(
    engine: Engine, clock: FrozenClock
) -> None:
    await _raise(engine, 2)
    busy, forgotten = await _claim(engine, signal=2)
    clock.advance(LEASE.total_seconds() + 1)

    await engine.db.write(lambda conn: take_back(conn, clock(), me=HERE, lease=LEASE, busy=[busy.id]))

    def both(conn: Connection) -> list[Delivery | None]:
        return [delivery_by_id(ALL_SITES, conn, item.id) for item in (busy, forgotten)]

    assert [item and (item.state, item.uncertain) for item in await engine.db.read(both)] == [
        (State.PROCESSING, False),
        (State.PENDING, True),
    ]


async def test_a_result_counts_only_under_the_claim_it_was_made_with(
    engine: Engine, clock: FrozenClock
) -> None:
    """The same worker may have claimed it again: the fence tells the claims apart, not the owner."""
    await _raise(engine, 1)
    (earlier,) = await _claim(engine, signal=1)
    await engine.db.write(lambda conn: release(conn, HERE, [earlier.id]))
    (later,) = await _claim(engine, signal=1)

    def sent(claimed: Delivery, reference: str) -> Callable[[Connection], Delivery | None]:
        def work(conn: Connection) -> Delivery | None:
            outcome = Sent(provider_ref=reference)
            return record(conn, claimed, outcome, Done(), started_at=clock(), now=clock())

        return work

    stale = await engine.db.write(sent(earlier, "stale"))
    after = await engine.db.write(sent(later, "right"))

    assert stale is None
    assert after is not None
    assert after == await engine.db.read(lambda conn: delivery_by_id(ALL_SITES, conn, later.id))
    assert (after.state, after.provider_ref, after.owner) == (State.SENT, "right", None)


# --- who is dead ----------------------------------------------------------------------------------------


def test_no_two_owners_have_the_same_name() -> None:
    assert new_owner() != new_owner()
    assert len(new_owner()) <= 128


def test_a_process_that_has_ended_is_dead_and_a_running_one_is_not() -> None:
    me = new_owner()
    space = me.rsplit("/", 2)[0]
    with subprocess.Popen([sys.executable, "-c", "pass"]) as ended:
        pass

    assert is_dead(f"{space}/{ended.pid}/x", me=me)
    assert not is_dead(f"{space}/{os.getppid()}/x", me=me)
    assert not is_dead(me, me=me)


def test_a_process_id_that_came_round_again_is_another_process() -> None:
    me = new_owner()

    assert is_dead(me.rsplit("/", 1)[0] + "/earlier", me=me)


@pytest.mark.parametrize("owner", ["other-host/1/x", "a/b/1/x"])
def test_whether_a_process_of_another_host_lives_cannot_be_known(owner: str) -> None:
    assert not is_dead(owner, me=new_owner())


# --- the auditor ----------------------------------------------------------------------------------------


async def test_nothing_is_overdue_while_everything_is_in_time(engine: Engine, clock: FrozenClock) -> None:
    await _raise(engine, 1)

    health = await engine.db.read(lambda conn: dispatch_health(conn, clock()))

    assert (health.healthy, health.oldest_due_s) == (True, 0.0)


async def test_pages_and_steps_that_should_have_happened_are_overdue(
    engine: Engine, clock: FrozenClock
) -> None:
    await _raise(engine, 1)
    clock.advance(GRACE.total_seconds())
    late_page = await engine.db.read(lambda conn: dispatch_health(conn, clock()))
    clock.advance(120)
    late_step = await engine.db.read(lambda conn: dispatch_health(conn, clock()))

    assert (late_page.healthy, late_page.overdue_deliveries, late_page.overdue_alarms) == (False, 1, 0)
    assert (late_step.overdue_deliveries, late_step.overdue_alarms) == (1, 1)
    assert late_step.oldest_due_s == 150


async def test_a_lease_that_nobody_takes_back_is_overdue(engine: Engine, clock: FrozenClock) -> None:
    await _raise(engine, 1)
    await _claim(engine, signal=1)
    clock.advance(LEASE.total_seconds() + GRACE.total_seconds())

    assert not (await engine.db.read(lambda conn: dispatch_health(conn, clock()))).healthy


async def test_an_answered_alarm_is_never_overdue(engine: Engine, clock: FrozenClock) -> None:
    alarm = await engine.raise_alarm(trigger(policy=PORTER))
    await engine.acknowledge(alarm.id)
    clock.advance(86_400)

    assert (await engine.db.read(lambda conn: dispatch_health(conn, clock()))).healthy


# --- a house with a long past ---------------------------------------------------------------------------


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("condition", [WAITS, HELD], ids=["waiting", "held"])
async def test_looking_for_work_does_not_read_all_that_was_ever_sent(
    db: Database, condition: sa.TextClause
) -> None:
    column = delivery.c.due_at if condition is WAITS else delivery.c.lease_until

    def plan(conn: Connection) -> str:
        query = sa.select(delivery.c.id).where(condition, column <= sa.func.current_timestamp())
        explained = sa.text(f"EXPLAIN QUERY PLAN {query.compile(dialect=conn.dialect)}")
        return str(conn.execute(explained).all())

    assert "INDEX ix_delivery" in await db.read(plan)
