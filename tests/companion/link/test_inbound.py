"""What Home Assistant says and what becomes of it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from companion.alarms import escalate
from companion.alarms.journal import journal_of
from companion.alarms.model import Actor, Alarm, AlarmKind, Change, Severity, Source, Status, Trigger
from companion.alarms.service import AlarmService
from companion.alarms.store import list_alarms
from companion.alarms.transaction import AlarmTransaction
from companion.directory.apply import apply_document
from companion.dispatch.store import deliveries_of
from companion.link import inbound, outbox, store as link
from companion.link.events import parse_event
from companion.link.fields import BadFrame
from companion.link.store import Peer
from companion.store import tables
from companion.store.database import Database
from companion.store.scope import ALL_SITES
from tests.companion.conftest import Directory
from tests.companion.directory.documents import KEY, read
from tests.companion.link.conftest import INSTANCE, Panel, meet
from tests.companion.link.exchange import (
    AT,
    CLEARED,
    DISARMED,
    PENDING,
    TRIPPED,
    alarm_raised,
    decide,
    the_alarm,
)
from tests.fakes.clock import FrozenClock

type Say = Callable[..., Awaitable[None]]


@pytest.fixture
async def peer(commands: AlarmService, directory: Directory) -> Peer:
    return await meet(commands, site_id=directory.site)


@pytest.fixture
def say(commands: AlarmService, peer: Peer) -> Say:
    return Panel(commands, peer).say


async def changes(db: Database, alarm: Alarm) -> list[Change]:
    lines = await db.read(lambda conn: journal_of(ALL_SITES, conn, alarm.id))
    return [line.event for line in lines if line.event is not Change.ESCALATED]


async def received(db: Database) -> int:
    peer = await db.read(lambda conn: link.peer_by_instance(ALL_SITES, conn, INSTANCE))
    assert peer is not None
    return peer.received


async def test_an_alarm_of_the_panel_pages_by_the_policy_of_its_site(
    db: Database, say: Say, directory: Directory
) -> None:
    await say(alarm_raised("b1", zones=["Front door", "Hall motion"], message="Code was wrong twice"))

    alarm = await the_alarm(db)
    assert (alarm.source, alarm.kind, alarm.severity) == (
        Source.PANEL,
        AlarmKind.BURGLARY,
        Severity.CRITICAL,
    )
    assert alarm.title == "Burglary: Front door, Hall motion"
    assert (alarm.site, alarm.timezone, alarm.room) == ("Office", "Europe/Berlin", "Ground floor")
    assert alarm.details == {"zones": "Front door, Hall motion", "message": "Code was wrong twice"}
    told = await db.read(lambda conn: deliveries_of(ALL_SITES, conn, alarm.id))
    assert {delivery.channel_id for delivery, _ in told} == {directory.zammad, directory.signal}


async def test_what_the_panel_knows_of_an_alarm_is_kept_as_facts_and_its_english_is_left_out(
    db: Database, say: Say
) -> None:
    facts = {
        "by": None,
        "confirmed": True,
        "exit_error": True,
        "recent_closing": False,
        "during_outage": True,
    }
    await say(alarm_raised("b1", message="Confirmed: more than one zone. …", facts=facts, vacation=True))

    assert (await the_alarm(db)).details == {
        "zones": "Front door",
        "confirmed": "yes",
        "exit_error": "yes",
        "during_outage": "yes",
        "vacation": "yes",
    }


@pytest.mark.parametrize(
    ("said", "details"),
    [
        ({"by": "Anna"}, {"by": "Anna"}),
        ({"by": None}, {"by_hand": "yes"}),
        ({"by": 7, "confirmed": "yes"}, {"by_hand": "yes"}),
    ],
)
async def test_who_raised_an_alarm_without_a_zone_is_kept(
    db: Database, say: Say, said: dict[str, Any], details: dict[str, str]
) -> None:
    await say(alarm_raised("b1", zones=[], facts=said))

    assert (await the_alarm(db)).details == details


async def test_a_test_alarm_was_raised_by_somebody_and_not_by_hand(db: Database, say: Say) -> None:
    await say(alarm_raised("b1", zones=[], test=True, facts={"by": None}))

    assert (await the_alarm(db)).details == {}


async def test_the_same_uid_is_one_alarm_also_in_a_new_stream(
    db: Database, commands: AlarmService, say: Say, directory: Directory
) -> None:
    await say(alarm_raised("b1"))
    again = await meet(commands, site_id=directory.site, stream="s2")
    event = parse_event(alarm_raised("b1", zones=["Front door", "Hall motion"]))

    await commands.run(again.scope, lambda unit: inbound.apply(unit, again, 1, event))

    alarm = await the_alarm(db)
    assert alarm.presses == 1
    assert await changes(db, alarm) == [Change.RAISED, Change.ZONE_TRIPPED]


async def test_the_same_uid_at_two_home_assistants_is_two_alarms(
    db: Database, commands: AlarmService, say: Say, directory: Directory
) -> None:
    await say(alarm_raised("b1"))
    other = await meet(commands, site_id=directory.site, instance="another-home")

    await commands.run(
        other.scope, lambda unit: inbound.apply(unit, other, 1, parse_event(alarm_raised("b1")))
    )

    assert len(await db.read(partial(list_alarms, ALL_SITES))) == 2


async def test_a_panel_that_is_given_its_site_while_it_is_linked_keeps_site_and_policy(
    db: Database, commands: AlarmService, directory: Directory
) -> None:
    linked = await meet(commands, site_id=None)
    home = {"id": "home", "name": "Home", "timezone": "UTC", "policy": "standard"}
    office = {**home, "id": "office", "name": "Office", "rooms": [{"id": "reception", "name": "Reception"}]}
    content = {"sites": [home, office]}
    await db.write(lambda conn: apply_document(conn, read(content), KEY))

    await commands.run(
        linked.scope, lambda unit: inbound.apply(unit, linked, 1, parse_event(alarm_raised("b1")))
    )

    alarm = await the_alarm(db)
    assert (alarm.site, alarm.policy is not None) == ("Office", True)


@pytest.mark.parametrize(
    ("sent", "kind", "title", "severity"),
    [
        ("fire", AlarmKind.FIRE, "Fire: Front door", Severity.CRITICAL),
        ("water", AlarmKind.WATER, "Water: Front door", Severity.HIGH),
        ("carbon_monoxide", AlarmKind.BURGLARY, "Carbon monoxide: Front door", Severity.CRITICAL),
    ],
)
async def test_every_kind_of_alarm_is_raised_also_one_that_only_a_newer_home_assistant_knows(
    sent: str, kind: AlarmKind, title: str, severity: Severity, db: Database, say: Say
) -> None:
    await say(alarm_raised("b1", alarm_kind=sent))

    alarm = await the_alarm(db)
    assert (alarm.kind, alarm.title, alarm.severity) == (kind, title, severity)


async def test_a_test_alarm_is_marked_as_one(db: Database, say: Say) -> None:
    await say(alarm_raised("b1", test=True))

    assert (await the_alarm(db)).test


@pytest.mark.parametrize(
    "hidden", [{"alarm_kind": "duress", "zones": []}, {"alarm_kind": "panic", "silent": True}]
)
async def test_a_hidden_alarm_is_told_to_responders_but_shown_at_no_panel(
    hidden: dict[str, Any], db: Database, commands: AlarmService, say: Say, directory: Directory
) -> None:
    await meet(commands, site_id=directory.site, instance="another-home")

    await say(alarm_raised("b1", **hidden))

    alarm = await the_alarm(db)
    assert alarm.title.startswith(("Duress code", "Panic"))
    [(_, told)] = await db.read(lambda conn: outbox.kept_events(conn, INSTANCE, after=0, limit=9))
    assert told["title"] == "Ground floor"
    assert told["uid"] == "b1"
    assert not await db.read(lambda conn: outbox.kept_events(conn, "another-home", after=0, limit=9))


async def test_another_zone_stands_in_the_journal(db: Database, say: Say) -> None:
    await say(alarm_raised("b1"), TRIPPED)

    alarm = await the_alarm(db)
    lines = await db.read(lambda conn: journal_of(ALL_SITES, conn, alarm.id))
    assert lines[-1].event is Change.ZONE_TRIPPED
    assert lines[-1].detail == {"zone": "Hall motion", "tripped_at": AT}


async def test_a_zone_with_a_comma_in_its_name_is_one_zone(
    db: Database, commands: AlarmService, say: Say, directory: Directory
) -> None:
    raised = alarm_raised("b1", zones=["Door, front", "Hall"])
    await say(raised)
    again = Panel(commands, await meet(commands, site_id=directory.site, stream="s2"))

    await again.say(raised)

    assert await changes(db, await the_alarm(db)) == [Change.RAISED]


async def test_a_zone_that_is_told_again_in_a_new_stream_stands_in_the_journal_once(
    db: Database, commands: AlarmService, say: Say, directory: Directory
) -> None:
    await say(alarm_raised("b1"), TRIPPED)
    again = Panel(commands, await meet(commands, site_id=directory.site, stream="s2"))

    await again.say(alarm_raised("b1"), TRIPPED)

    assert await changes(db, await the_alarm(db)) == [Change.RAISED, Change.ZONE_TRIPPED]


async def test_disarming_acknowledges_and_resolves_in_the_name_of_who_had_the_code(
    db: Database, say: Say
) -> None:
    await say(alarm_raised("b1"), DISARMED)

    alarm = await the_alarm(db)
    assert alarm.status is Status.RESOLVED
    assert (alarm.acknowledged_by, alarm.closed_by) == ("Anna", "Anna")


@pytest.mark.parametrize(
    ("decision", "status"),
    [
        ("acknowledge", Status.ACKNOWLEDGED),
        ("resolve", Status.RESOLVED),
        ("cancel", Status.CANCELLED),
    ],
)
async def test_a_decision_moves_the_alarm_and_names_who_made_it(
    decision: str, status: Status, db: Database, say: Say
) -> None:
    await say(alarm_raised("b1"), decide(decision, uid="b1", via="push", note="On my way"))

    alarm = await the_alarm(db)
    assert alarm.status is status
    last = (await db.read(lambda conn: journal_of(ALL_SITES, conn, alarm.id)))[-1]
    assert (last.actor, last.via, last.detail["note"]) == ("Anna", "push", "On my way")


@pytest.mark.parametrize("decision", ["acknowledge", "resolve", "cancel"])
async def test_a_decision_about_a_closed_alarm_only_stands_in_the_journal(
    decision: str, db: Database, say: Say
) -> None:
    await say(alarm_raised("b1"), DISARMED)
    before = await the_alarm(db)

    await say(decide(decision, alarm_id=before.id))

    assert await the_alarm(db) == before
    assert (await changes(db, before))[-1] is Change.ANSWERED_AGAIN


async def test_an_alarm_of_another_site_cannot_be_touched(
    db: Database, commands: AlarmService, say: Say
) -> None:
    elsewhere = Trigger(source=Source.API, kind=AlarmKind.PANIC, title="Panic", site_id="elsewhere")
    raised = await commands.run(
        ALL_SITES, lambda unit: unit.raise_alarm(elsewhere, Actor(name=None, via="api"))
    )

    await say(decide("cancel", alarm_id=raised.alarm.id))

    assert (await the_alarm(db)).status is Status.TRIGGERED


async def test_a_decision_about_an_alarm_that_nobody_knows_is_confirmed(db: Database, say: Say) -> None:
    await say(decide("acknowledge", alarm_id="nobody-knows"), TRIPPED, DISARMED, {"kind": "moon_phase"})

    assert await received(db) == 4


async def test_the_state_of_an_area_is_remembered(db: Database, say: Say) -> None:
    area = {"kind": "area_state", "at": AT, "area": "home", "name": "Home", "state": "armed", "mode": "away"}

    await say(area, area | {"state": "disarmed", "mode": None})

    [row] = await db.read(lambda conn: conn.execute(sa.select(tables.link_area)).all())
    assert (row.instance, row.area, row.name, row.state, row.mode) == (
        INSTANCE,
        "home",
        "Home",
        "disarmed",
        None,
    )
    assert row.at == datetime.fromisoformat(AT)


@pytest.mark.parametrize(
    "ending", [CLEARED, alarm_raised("b1"), DISARMED], ids=["cleared", "raised", "disarmed"]
)
async def test_an_entry_delay_is_watched_until_the_word_that_ends_it(
    ending: dict[str, Any], db: Database, say: Say, clock: FrozenClock
) -> None:
    await say(PENDING)
    assert await db.read(partial(link.next_pending_at, ALL_SITES)) == clock() + timedelta(seconds=35)

    await say(ending)

    assert await db.read(partial(link.next_pending_at, ALL_SITES)) is None


async def test_an_entry_delay_runs_as_long_whatever_home_assistants_clock_says(
    db: Database, say: Say, clock: FrozenClock
) -> None:
    clock.now = datetime(2027, 1, 1, tzinfo=UTC)

    await say(PENDING)

    assert await db.read(partial(link.next_pending_at, ALL_SITES)) == clock() + timedelta(seconds=35)


async def test_an_entry_delay_without_end_is_watched_for_an_hour(
    db: Database, say: Say, clock: FrozenClock
) -> None:
    await say(PENDING | {"until": "2999-01-01T00:00:00+00:00"})

    assert await db.read(partial(link.next_pending_at, ALL_SITES)) == clock() + timedelta(hours=1, seconds=5)


async def test_an_event_that_was_stored_before_changes_nothing(
    db: Database, commands: AlarmService, peer: Peer, say: Say
) -> None:
    await say(alarm_raised("b1"), TRIPPED)
    before = await changes(db, await the_alarm(db))

    await commands.run(peer.scope, lambda unit: inbound.apply(unit, peer, 2, parse_event(TRIPPED)))

    assert await changes(db, await the_alarm(db)) == before
    assert await received(db) == 2


async def test_a_hole_in_the_sequence_is_a_bad_frame_and_leaves_nothing_behind(
    db: Database, commands: AlarmService, peer: Peer
) -> None:
    with pytest.raises(BadFrame):
        await commands.run(
            peer.scope, lambda unit: inbound.apply(unit, peer, 2, parse_event(alarm_raised("b1")))
        )

    assert await db.read(partial(list_alarms, ALL_SITES)) == []
    assert await received(db) == 0


async def test_a_connection_of_the_stream_before_has_nothing_more_to_say(
    db: Database, commands: AlarmService, peer: Peer, directory: Directory
) -> None:
    await meet(commands, site_id=directory.site, stream="s2")

    with pytest.raises(inbound.StreamOver):
        await commands.run(
            peer.scope, lambda unit: inbound.apply(unit, peer, 1, parse_event(alarm_raised("b1")))
        )

    assert await db.read(partial(list_alarms, ALL_SITES)) == []


async def test_an_effect_that_cannot_be_stored_is_not_counted_as_received(
    db: Database, commands: AlarmService, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise ValueError("no such thing")

    monkeypatch.setattr(AlarmTransaction, "journal", failing)
    with pytest.raises(ValueError, match="no such thing"):
        await commands.run(
            peer.scope, lambda unit: inbound.apply(unit, peer, 1, parse_event(alarm_raised("b1")))
        )

    assert await received(db) == 0
    assert await db.read(partial(list_alarms, ALL_SITES)) == []


async def messages_sent(db: Database) -> list[str]:
    """Return what has been sent or is to be, as its kind."""
    alarm = await the_alarm(db)
    return [
        delivery.kind.value
        for delivery, _ in await db.read(lambda conn: deliveries_of(ALL_SITES, conn, alarm.id))
    ]


async def test_within_the_abort_window_nobody_is_told_and_afterwards_everybody_is(
    db: Database, commands: AlarmService, say: Say, clock: FrozenClock
) -> None:
    """ANSI/SIA CP-01; the alarm itself is on disk from the first moment."""
    await say(alarm_raised("b1", hold_s=30))
    clock.advance(29)
    await commands.run(ALL_SITES, escalate.run_due)
    while_held = (await the_alarm(db)).status, await messages_sent(db)

    clock.advance(1)
    await commands.run(ALL_SITES, escalate.run_due)

    assert while_held == (Status.TRIGGERED, [])
    assert await messages_sent(db) == ["page", "page"]


async def test_an_alarm_that_is_aborted_in_time_tells_nobody_ever(
    db: Database, commands: AlarmService, say: Say, clock: FrozenClock
) -> None:
    await say(alarm_raised("b1", hold_s=30))
    clock.advance(10)

    await say({**DISARMED, "ending": "aborted"})
    clock.advance(1000)
    await commands.run(ALL_SITES, escalate.run_due)

    assert (await the_alarm(db)).status is Status.CANCELLED
    assert await messages_sent(db) == []


async def test_an_alarm_that_was_told_and_is_cancelled_tells_the_same_people_that_it_was_false(
    db: Database, say: Say, directory: Directory
) -> None:
    await say(alarm_raised("b1"))

    await say({**DISARMED, "ending": "cancelled"})

    alarm = await the_alarm(db)
    lines = await db.read(lambda conn: journal_of(ALL_SITES, conn, alarm.id))
    assert alarm.status is Status.CANCELLED
    assert "cancelled" in await messages_sent(db)
    assert (lines[-1].actor, lines[-1].detail) == ("Anna", {"ending": "cancelled"})


@pytest.mark.parametrize("kind", ["fire", "gas", "panic", "medical", "duress", "something_new"])
async def test_what_may_cost_a_life_is_not_held_back_whatever_the_panel_says(
    db: Database, say: Say, directory: Directory, kind: str
) -> None:
    await say(alarm_raised("b1", alarm_kind=kind, hold_s=30))

    assert await messages_sent(db) == ["page", "page"]


@pytest.mark.parametrize("hold_s", [-1, 301, "30", True, None, float("nan"), float("inf")])
async def test_an_odd_abort_window_makes_no_alarm_late(
    db: Database, say: Say, directory: Directory, hold_s: object
) -> None:
    await say(alarm_raised("b1", hold_s=hold_s))

    assert await messages_sent(db) == ["page", "page"]


async def test_a_disarming_of_an_older_home_assistant_resolves(db: Database, say: Say) -> None:
    await say(alarm_raised("b1"), {**DISARMED, "ending": "whatever"})

    assert (await the_alarm(db)).status is Status.RESOLVED
