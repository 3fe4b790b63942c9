"""Nothing is lost or doubled, wherever the link is cut, whichever side starts again."""

import asyncio
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from companion.alarms.journal import journal_of
from companion.alarms.model import Actor, Alarm, Change, Source, Status
from companion.alarms.service import AlarmService
from companion.alarms.store import list_alarms
from companion.alarms.transaction import AlarmTransaction
from companion.dispatch.wake import Wake
from companion.link import store
from companion.store.database import Database, open_database
from companion.store.scope import ALL_SITES
from tests.companion.conftest import Directory
from tests.companion.link.conftest import (
    RunningLink,
    StartLink,
    make_commands,
    press,
)
from tests.companion.link.exchange import alarm_raised
from tests.companion.link.home_assistant import Cut, HomeAssistant, up_to_date
from tests.fakes.clock import FrozenClock

AT = "2026-11-20T12:00:00+00:00"
PORTER = Actor(name="Porter", via="ack_page")

FROM_HOME: list[dict[str, Any]] = [
    {
        "kind": "area_state",
        "at": AT,
        "area": "home",
        "name": "Ground floor",
        "state": "pending",
        "mode": "away",
    },
    {
        "kind": "alarm_pending",
        "at": AT,
        "uid": "b1",
        "area": "home",
        "name": "Ground floor",
        "zone": "Front door",
        "until": "2026-11-20T12:00:30+00:00",
    },
    alarm_raised("b1"),
    {"kind": "zone_tripped", "at": AT, "uid": "b1", "zone": "Hall motion"},
    {
        "kind": "acknowledge",
        "at": AT,
        "alarm_id": None,
        "uid": "b1",
        "by": "Anna",
        "via": "push",
        "note": None,
    },
    {"kind": "alarm_disarmed", "at": AT, "uid": "b1", "by": "Anna"},
]


async def alarms_of(db: Database, source: Source) -> list[Alarm]:
    return await db.read(lambda conn: list_alarms(ALL_SITES, conn, sources=[source]))


NEWS = 2 + 3
"""The alarm that was raised while nobody listened and its acknowledgement; the panel's alarm and its two moves."""
FRAMES = 2 + 2 * (len(FROM_HOME) + NEWS)


@pytest.mark.parametrize("cut_after", range(1, FRAMES + 1))
async def test_a_cut_after_any_frame_loses_and_doubles_nothing(
    cut_after: int, db: Database, commands: AlarmService, link: RunningLink, home: HomeAssistant
) -> None:
    await home.connect(link.url)
    await home.cut()
    pressed = await press(commands)
    await commands.run(ALL_SITES, lambda unit: unit.acknowledge(pressed.id, PORTER))
    for body in FROM_HOME:
        home.book.emit(body)

    home.cut_after = cut_after
    with suppress(Cut):
        await home.connect(link.url)
        await home.until(lambda book: up_to_date(book, news=NEWS))
    home.cut_after = None
    await home.connect(link.url)
    await home.until(lambda book: up_to_date(book, news=NEWS))

    [alarm] = await alarms_of(db, Source.PANEL)
    lines = await db.read(lambda conn: journal_of(ALL_SITES, conn, alarm.id))
    told = [line.event for line in lines if line.event is not Change.ESCALATED]
    assert told == [Change.RAISED, Change.ZONE_TRIPPED, Change.ACKNOWLEDGED, Change.RESOLVED]
    assert alarm.status is Status.RESOLVED
    assert home.book.versions(alarm.id) == [1, 2, 3]
    assert home.book.versions(pressed.id) == [1, 2]
    assert await db.read(partial(store.next_pending_at, ALL_SITES)) is None


async def test_two_cuts_in_a_row_lose_nothing(
    db: Database, link: RunningLink, home: HomeAssistant, directory: Directory
) -> None:
    for body in FROM_HOME:
        home.book.emit(body)
    for cut_after in (3, 2, 5, 1):
        home.cut_after = cut_after
        with suppress(Cut):
            await home.connect(link.url)
            await home.until(lambda book: up_to_date(book, news=3))
    home.cut_after = None

    await home.connect(link.url)
    await home.until(lambda book: up_to_date(book, news=3))

    [alarm] = await alarms_of(db, Source.PANEL)
    assert home.book.versions(alarm.id) == [1, 2, 3]


async def test_the_companion_goes_on_where_it_was_after_a_restart(
    database_url: str,
    clock: FrozenClock,
    commands: AlarmService,
    link: RunningLink,
    start_link: StartLink,
    home: HomeAssistant,
) -> None:
    for body in FROM_HOME:
        home.book.emit(body)
    home.cut_after = 7
    with suppress(Cut):
        await home.connect(link.url)
        await home.until(lambda book: up_to_date(book, news=3))
    pressed = await press(commands)
    await link.server.close()

    reopened = open_database(database_url)
    wake = Wake()
    again = await start_link(make_commands(reopened, clock, wake), wake)
    home.cut_after = None
    await home.connect(again.url)
    await home.until(lambda book: up_to_date(book, news=4))

    [alarm] = await alarms_of(reopened, Source.PANEL)
    assert home.book.versions(alarm.id) == [1, 2, 3]
    assert home.book.versions(pressed.id) == [1]
    await again.server.close()
    await reopened.close()


async def test_a_home_assistant_that_lost_its_storage_hears_of_the_open_alarms_again(
    commands: AlarmService, link: RunningLink, home: HomeAssistant
) -> None:
    await home.connect(link.url)
    alarm = await press(commands)
    await home.until(lambda book: up_to_date(book, news=1))
    await home.cut()

    home.book.lose_everything()
    await home.connect(link.url)
    await home.until(lambda book: up_to_date(book, news=1))

    assert home.book.versions(alarm.id) == [1]


async def test_news_reach_a_connected_home_assistant_at_once(
    commands: AlarmService, link: RunningLink, home: HomeAssistant
) -> None:
    await home.connect(link.url)

    alarm = await press(commands)
    event = await asyncio.wait_for(home.hear(), 1)

    assert (event["seq"], event["event"]["alarm_id"]) == (1, alarm.id)


async def test_news_of_another_replica_come_without_a_wake_up(
    database_url: str,
    clock: FrozenClock,
    commands: AlarmService,
    wake: Wake,
    start_link: StartLink,
    home: HomeAssistant,
) -> None:
    link = await start_link(commands, wake, heartbeat_s=0.1)
    await home.connect(link.url)
    other = open_database(database_url)

    alarm = await press(make_commands(other, clock, Wake()))
    await home.until(lambda book: up_to_date(book, news=1))

    assert home.book.versions(alarm.id) == [1]
    await other.close()


async def test_more_news_than_one_batch_arrive_in_order(
    commands: AlarmService, link: RunningLink, home: HomeAssistant
) -> None:
    await home.connect(link.url)
    await home.cut()
    alarm = await press(commands)

    def remark(unit: AlarmTransaction) -> None:
        for _ in range(120):
            unit.note(alarm.id, PORTER, "still looking")

    await commands.run(ALL_SITES, remark)
    await home.connect(link.url)
    await home.until(lambda book: up_to_date(book, news=121))

    assert home.book.versions(alarm.id) == list(range(1, 122))
