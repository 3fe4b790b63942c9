"""The abort window, the cancel window and the confirmed alarm, from the panel's word to what people read."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from companion.alarms.journal import journal_of
from companion.alarms.model import Actor, Change, Status
from companion.alarms.store import list_alarms
from companion.channels.render import facts
from companion.dispatch.wake import Wake
from companion.link import dead_man_switch as watch, outbox
from companion.store.database import Database, open_database
from companion.store.scope import ALL_SITES
from tests.builders import ELSEWHERE, Engine, make_engine
from tests.companion.conftest import Directory
from tests.companion.link.conftest import INSTANCE, Panel, make_commands, meet
from tests.companion.link.exchange import (
    DISARMED,
    PENDING,
    TRIPPED,
    alarm_raised,
    heard,
    pass_time,
    porter_told,
    the_alarm,
)
from tests.fakes.clock import FrozenClock

CONFIRMED = {**TRIPPED, "confirmed": True}
OTHER_HOME = "another-home"


# --- the abort window -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hold_s", "ending", "after_s", "expected", "status"),
    [
        (30, "aborted", 0, porter_told(), Status.CANCELLED),
        (30, "aborted", 29.9, porter_told(), Status.CANCELLED),
        (30, "aborted", 31, porter_told("page", "cancelled"), Status.CANCELLED),
        (0, "aborted", 1, porter_told("page", "cancelled"), Status.CANCELLED),
        (30, "cancelled", 10, porter_told(), Status.CANCELLED),
        (30, "cancelled", 31, porter_told("page", "cancelled"), Status.CANCELLED),
        (0, "cancelled", 1, porter_told("page", "cancelled"), Status.CANCELLED),
        (30, "resolved", 10, porter_told(), Status.RESOLVED),
        (30, "resolved", 31, porter_told("page", "acknowledged", "resolved"), Status.RESOLVED),
        (0, "resolved", 1, porter_told("page", "acknowledged", "resolved"), Status.RESOLVED),
        (300, "aborted", 299.9, porter_told(), Status.CANCELLED),
    ],
)
async def test_who_hears_what_depends_on_hold_ending_and_time(
    engine: Engine,
    panel: Panel,
    clock: FrozenClock,
    hold_s: float,
    ending: str,
    after_s: float,
    expected: dict[str, list[str]],
    status: Status,
) -> None:
    await panel.say(alarm_raised("b1", hold_s=hold_s))
    await engine.dispatch()
    await pass_time(engine, clock, after_s)

    await panel.say({**DISARMED, "ending": ending})
    await pass_time(engine, clock, 1000)

    assert heard(engine) == expected
    assert (await the_alarm(engine.db)).status is status


async def test_a_disarming_that_comes_before_the_due_step_could_run_tells_nobody(
    engine: Engine, panel: Panel, clock: FrozenClock
) -> None:
    await panel.say(alarm_raised("b1", hold_s=30))
    clock.advance(31)

    await panel.say({**DISARMED, "ending": "cancelled"})
    await pass_time(engine, clock, 1000)

    assert heard(engine) == porter_told()


async def test_the_delays_of_the_policy_count_from_the_end_of_the_hold(
    engine: Engine, panel: Panel, clock: FrozenClock
) -> None:
    await panel.say(alarm_raised("b1", hold_s=30))
    await pass_time(engine, clock, 30)
    await pass_time(engine, clock, 59.9)
    before = heard(engine)["sms"]

    await pass_time(engine, clock, 0.1)

    assert (before, heard(engine)["sms"]) == ([], ["page"])


async def test_the_hold_counts_from_arrival_whatever_the_clock_of_home_assistant_says(
    engine: Engine, panel: Panel, clock: FrozenClock
) -> None:
    clock.advance(7200)
    await panel.say(alarm_raised("b1", hold_s=30))

    await pass_time(engine, clock, 29.9)

    assert heard(engine) == porter_told()
    assert (await the_alarm(engine.db)).held_until == clock() + timedelta(seconds=0.1)


async def test_a_worker_that_takes_new_pages_at_birth_waits_for_the_hold_too(
    db: Database, clock: FrozenClock, directory: Directory
) -> None:
    engine = make_engine(db, clock, claims=True)
    panel = Panel(engine.commands, await meet(engine.commands, site_id=directory.site))
    await panel.say(alarm_raised("b1", hold_s=30))
    await pass_time(engine, clock, 29.9)
    while_held = heard(engine)

    await pass_time(engine, clock, 0.1)

    assert (while_held, heard(engine)) == (porter_told(), porter_told("page"))


async def test_a_companion_that_starts_again_within_the_hold_goes_on_with_it(
    engine: Engine, panel: Panel, clock: FrozenClock, database_url: str
) -> None:
    await panel.say(alarm_raised("b1", hold_s=30))
    clock.advance(20)
    reopened = open_database(database_url)
    successor = make_engine(reopened, clock, owner=ELSEWHERE)

    await pass_time(successor, clock, 9.9)
    while_held = heard(successor)
    await pass_time(successor, clock, 0.1)
    await reopened.close()

    assert (while_held, heard(successor)) == (porter_told(), porter_told("page"))


async def test_two_replicas_at_the_end_of_the_hold_page_once(
    engine: Engine, panel: Panel, clock: FrozenClock, database_url: str
) -> None:
    second_db = open_database(database_url)
    replica = make_engine(second_db, clock, owner=ELSEWHERE, pool=engine.pool)
    await panel.say(alarm_raised("b1", hold_s=30))
    await asyncio.gather(engine.escalate(), replica.escalate())
    while_held = heard(engine)
    clock.advance(30)

    await asyncio.gather(engine.escalate(), replica.escalate())
    await asyncio.gather(engine.dispatch(), replica.dispatch())
    await second_db.close()

    assert (while_held, heard(engine)) == (porter_told(), porter_told("page"))


async def test_a_silent_alarm_is_never_held(engine: Engine, panel: Panel) -> None:
    await panel.say(alarm_raised("b1", silent=True, hold_s=30))
    await engine.dispatch()

    assert heard(engine) == porter_told("page")


async def test_a_page_after_the_hold_does_not_say_that_it_was_held(
    engine: Engine, panel: Panel, clock: FrozenClock
) -> None:
    await panel.say(alarm_raised("b1", hold_s=30))
    await pass_time(engine, clock, 30)

    assert [message.details for message in engine.signal.messages] == [{"zones": "Front door"}]


async def test_another_home_assistant_of_the_site_hears_nothing_before_the_hold_is_over(
    db: Database, clock: FrozenClock, directory: Directory
) -> None:
    commands = make_commands(db, clock, Wake())
    panel = Panel(commands, await meet(commands, site_id=directory.site))
    await meet(commands, site_id=directory.site, instance=OTHER_HOME)
    await panel.say(alarm_raised("aborted", hold_s=30), {**DISARMED, "uid": "aborted", "ending": "aborted"})
    await panel.say(alarm_raised("real", hold_s=30))
    # It loses its storage meanwhile and asks for everything anew.
    await meet(commands, site_id=directory.site, instance=OTHER_HOME, stream="s2")
    while_held = await db.read(lambda conn: outbox.kept_events(conn, OTHER_HOME, after=0, limit=9))
    clock.advance(30)
    due = [alarm for alarm in await db.read(partial(list_alarms, ALL_SITES)) if alarm.uid == "real"]

    await commands.run(ALL_SITES, lambda unit: unit.run_step(due[0]))

    kept = await db.read(lambda conn: outbox.kept_events(conn, OTHER_HOME, after=0, limit=9))
    assert while_held == []
    assert [(body["uid"], body["status"]) for _, body in kept] == [("real", "triggered")]


async def test_the_panel_that_raised_a_held_alarm_hears_of_it_at_once_and_again_in_a_new_stream(
    db: Database, clock: FrozenClock, directory: Directory
) -> None:
    commands = make_commands(db, clock, Wake())
    panel = Panel(commands, await meet(commands, site_id=directory.site))
    await panel.say(alarm_raised("b1", hold_s=30))
    at_once = await db.read(lambda conn: outbox.kept_events(conn, INSTANCE, after=0, limit=9))

    await meet(commands, site_id=directory.site, stream="s2")

    kept = await db.read(lambda conn: outbox.kept_events(conn, INSTANCE, after=0, limit=9))
    assert [body["uid"] for _, body in at_once] == [body["uid"] for _, body in kept] == ["b1"]


# --- how it ended ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ending", "by", "said"),
    [
        ("aborted", "Anna", ("Anna", "False alarm: disarmed within the abort window.")),
        ("cancelled", "Anna", ("Anna", "False alarm: disarmed within the cancel window.")),
        ("cancelled", None, ("panel", "False alarm: disarmed within the cancel window.")),
    ],
)
async def test_whoever_was_paged_reads_that_it_was_false_and_who_disarmed(
    engine: Engine, panel: Panel, ending: str, by: str | None, said: tuple[str, str]
) -> None:
    await panel.say(alarm_raised("b1"))
    await engine.dispatch()

    await panel.say({**DISARMED, "by": by, "ending": ending})
    await engine.dispatch()

    read = dict(facts(engine.signal.messages[-1]))
    assert (read["By"], read["Note"]) == said
    assert "Fehlalarm" in dict(facts(replace(engine.signal.messages[-1], language="de")))["Notiz"]
    lines = await engine.journal((await the_alarm(engine.db)).id)
    assert [line.detail for line in lines if line.event is Change.CANCELLED] == [{"ending": ending}]


async def test_the_end_of_an_alarm_that_is_closed_already_is_only_written_down(
    engine: Engine, panel: Panel
) -> None:
    await panel.say(alarm_raised("b1"))
    await engine.dispatch()
    alarm = await the_alarm(engine.db)
    desk = Actor(name="Desk", via="dashboard")
    await engine.commands.run(ALL_SITES, lambda unit: unit.cancel(alarm.id, desk))
    await engine.dispatch()
    before = heard(engine)

    await panel.say({**DISARMED, "ending": "cancelled"})
    await engine.dispatch()

    after = await the_alarm(engine.db)
    last = (await engine.db.read(lambda conn: journal_of(ALL_SITES, conn, alarm.id)))[-1]
    assert heard(engine) == before
    assert (after.status, after.closed_by) == (Status.CANCELLED, "Desk")
    assert (last.event, last.actor, last.detail["decision"]) == (Change.ANSWERED_AGAIN, "Anna", "cancel")


# --- the confirmed alarm --------------------------------------------------------------------------------


async def test_whoever_was_paged_learns_in_one_message_which_zone_confirmed(
    engine: Engine, panel: Panel
) -> None:
    await panel.say(alarm_raised("b1"))
    await engine.dispatch()

    await panel.say(CONFIRMED, {**CONFIRMED, "zone": "Cellar"})
    await engine.dispatch()

    assert heard(engine) == porter_told("page", "confirmed")
    assert engine.signal.messages[-1].note == "Hall motion"
    lines = await engine.journal((await the_alarm(engine.db)).id)
    zones = [(line.event, line.detail["zone"]) for line in lines if "zone" in line.detail]
    assert zones == [(Change.CONFIRMED, "Hall motion"), (Change.ZONE_TRIPPED, "Cellar")]


async def test_a_confirmation_that_is_told_again_in_a_new_stream_is_one(
    engine: Engine, panel: Panel, directory: Directory
) -> None:
    await panel.say(alarm_raised("b1"), CONFIRMED)
    again = Panel(engine.commands, await meet(engine.commands, site_id=directory.site, stream="s2"))

    await again.say(alarm_raised("b1"), CONFIRMED)

    lines = await engine.journal((await the_alarm(engine.db)).id)
    assert [line.event for line in lines if "zone" in line.detail] == [Change.CONFIRMED]


async def test_a_later_page_says_that_the_alarm_is_confirmed(
    engine: Engine, panel: Panel, clock: FrozenClock
) -> None:
    await panel.say(alarm_raised("b1"), CONFIRMED)

    await pass_time(engine, clock, 60)

    assert [message.details.get("confirmed_by") for message in engine.sms.pages] == ["Hall motion"]


async def test_a_confirmation_within_the_hold_tells_nobody_before_its_end(
    engine: Engine, panel: Panel, clock: FrozenClock
) -> None:
    await panel.say(alarm_raised("b1", hold_s=30), CONFIRMED)
    await pass_time(engine, clock, 29.9)
    while_held = heard(engine)

    await pass_time(engine, clock, 0.1)

    assert (while_held, heard(engine)) == (porter_told(), porter_told("page"))
    assert engine.signal.messages[0].details["confirmed_by"] == "Hall motion"


async def test_a_confirmation_of_a_closed_alarm_is_only_written_down(engine: Engine, panel: Panel) -> None:
    await panel.say(alarm_raised("b1"))
    await engine.dispatch()
    await panel.say({**DISARMED, "ending": "cancelled"})
    await engine.dispatch()
    before = heard(engine)

    await panel.say(CONFIRMED)
    await engine.dispatch()

    alarm = await the_alarm(engine.db)
    assert heard(engine) == before
    assert alarm.status is Status.CANCELLED
    assert Change.CONFIRMED in [line.event for line in await engine.journal(alarm.id)]


# --- an alarm that the dead-man switch raised first -----------------------------------------------------


async def test_what_the_panel_still_says_of_it_is_kept_and_only_new_zones_tripped(
    engine: Engine, panel: Panel, clock: FrozenClock
) -> None:
    """A zone may be called `Hall, left`: of names in one line nobody can say where one ends."""
    await panel.say(PENDING | {"zone": "Hall, left"})
    clock.advance(600)
    await engine.commands.run(ALL_SITES, watch.run_due)
    facts = {"by": None, "exit_error": True}

    for _ in range(2):
        await panel.say(alarm_raised("b1", zones=["Hall, left", "Hall"], facts=facts, vacation=True))

    alarm = await the_alarm(engine.db)
    lines = await engine.journal(alarm.id)
    assert alarm.details == {
        "zones": "Hall, left",
        "raised_by": "companion",
        "exit_error": "yes",
        "vacation": "yes",
    }
    assert [line.detail["zone"] for line in lines if line.event is Change.ZONE_TRIPPED] == ["Hall"]


# --- an entry delay that another zone changes -----------------------------------------------------------


async def test_a_second_word_on_an_entry_delay_moves_its_end_and_keeps_the_first_zone_first(
    engine: Engine, panel: Panel, clock: FrozenClock
) -> None:
    await panel.say(PENDING)
    clock.advance(10)
    await panel.say(
        PENDING | {"zone": "Garage", "at": "2026-11-20T12:00:10+00:00", "until": "2026-11-20T12:01:00+00:00"}
    )
    clock.advance(54.9)
    early = await engine.commands.run(ALL_SITES, watch.run_due)

    clock.advance(0.1)
    late = await engine.commands.run(ALL_SITES, watch.run_due)

    assert (early, late) == (0, 1)
    assert (await the_alarm(engine.db)).title == "Burglary: Front door, Garage"
