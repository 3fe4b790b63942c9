"""The dead-man switch: Home Assistant goes silent during an entry delay."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import pytest

from companion.alarms.due import TRY_AGAIN_AFTER
from companion.alarms.journal import journal_of
from companion.alarms.model import Alarm, AlarmKind, Change, Source, Status
from companion.alarms.service import AlarmService
from companion.alarms.store import list_alarms
from companion.dispatch.store import deliveries_of
from companion.dispatch.wake import Wake
from companion.link import dead_man_switch as watch, store as link
from companion.store.database import Database
from companion.store.scope import ALL_SITES
from tests.companion.conftest import Directory
from tests.companion.link.conftest import INSTANCE, Panel, make_commands, meet
from tests.companion.link.exchange import CLEARED, PENDING, alarm_raised
from tests.fakes.clock import FrozenClock

type Say = Callable[..., Awaitable[None]]


@pytest.fixture
def commands(db: Database, clock: FrozenClock) -> AlarmService:
    return make_commands(db, clock, Wake())


@pytest.fixture
async def say(commands: AlarmService, directory: Directory) -> Say:
    return Panel(commands, await meet(commands, site_id=directory.site)).say


async def alarms(db: Database) -> list[Alarm]:
    return await db.read(partial(list_alarms, ALL_SITES))


async def test_silence_past_the_entry_delay_and_its_grace_is_an_alarm(
    db: Database,
    commands: AlarmService,
    say: Say,
    clock: FrozenClock,
) -> None:
    await say(PENDING)
    clock.advance(34.9)
    early = await commands.run(ALL_SITES, watch.run_due)

    clock.advance(0.1)
    late = await commands.run(ALL_SITES, watch.run_due)

    assert (early, late) == (0, 1)
    [alarm] = await alarms(db)
    assert (alarm.source, alarm.kind, alarm.status) == (Source.PANEL, AlarmKind.BURGLARY, Status.TRIGGERED)
    assert alarm.title == "Burglary: Front door"
    assert alarm.details["raised_by"] == "companion"
    assert (alarm.site, alarm.uid) == ("Office", "b1")
    assert await db.read(lambda conn: deliveries_of(ALL_SITES, conn, alarm.id))
    assert await commands.run(ALL_SITES, watch.run_due) == 0


async def test_the_loop_is_told_when_to_look(db: Database, say: Say, clock: FrozenClock) -> None:
    assert await db.read(watch.next_due) is None

    await say(PENDING)

    assert await db.read(watch.next_due) == clock() + timedelta(seconds=35)


async def test_home_assistants_late_word_is_about_the_same_alarm(
    db: Database,
    commands: AlarmService,
    say: Say,
    clock: FrozenClock,
) -> None:
    await say(PENDING)
    clock.advance(40)
    await commands.run(ALL_SITES, watch.run_due)

    await say(alarm_raised("b1", zones=["Front door", "Hall motion"]))

    [alarm] = await alarms(db)
    lines = await db.read(lambda conn: journal_of(ALL_SITES, conn, alarm.id))
    assert [line.detail["zone"] for line in lines if line.event is Change.ZONE_TRIPPED] == ["Hall motion"]


async def test_a_late_word_that_it_was_disarmed_in_time_cancels_the_alarm(
    db: Database,
    commands: AlarmService,
    say: Say,
    clock: FrozenClock,
) -> None:
    await say(PENDING)
    clock.advance(40)
    await commands.run(ALL_SITES, watch.run_due)

    await say(CLEARED)

    [alarm] = await alarms(db)
    assert alarm.status is Status.CANCELLED
    assert alarm.closed_by == "Anna"


async def test_a_cut_that_delayed_the_word_of_disarming_is_no_alarm(
    db: Database,
    commands: AlarmService,
    say: Say,
    clock: FrozenClock,
) -> None:
    clock.advance(3600)
    await say(PENDING)
    between = await commands.run(ALL_SITES, watch.run_due)

    await say(CLEARED)
    clock.advance(3600)

    assert (between, await commands.run(ALL_SITES, watch.run_due)) == (0, 0)
    assert await alarms(db) == []


async def test_one_entry_delay_that_cannot_be_raised_does_not_stop_the_others(
    db: Database,
    commands: AlarmService,
    say: Say,
    clock: FrozenClock,
) -> None:
    await say(PENDING, PENDING | {"uid": "b2", "until": "2026-11-20T12:00:31+00:00"})
    await commands.run(
        ALL_SITES,
        lambda unit: link.put_pending(ALL_SITES, unit.conn, INSTANCE, uid="b1", body={}, due_at=unit.now),
    )
    clock.advance(40)

    await commands.run(ALL_SITES, watch.run_due)

    assert [alarm.uid for alarm in await alarms(db)] == ["b2"]
    assert await db.read(watch.next_due) == clock() + TRY_AGAIN_AFTER
