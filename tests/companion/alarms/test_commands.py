"""Commands on alarms: each is one transaction, and the journal says what happened."""

import asyncio
import re
from base64 import urlsafe_b64encode
from operator import methodcaller
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, strategies as st
from sqlalchemy.engine import Connection

from companion.alarms import failover
from companion.alarms.ack_links import AckTokens, ack_link, link_hash, spelled
from companion.alarms.dedup import Dedup, ForEver
from companion.alarms.errors import (
    AlarmNotFound,
    DeliveryNotFound,
    MoveRefused,
    RetryRefused,
)
from companion.alarms.model import Alarm, Change, Status
from companion.alarms.store import alarm_by_id, due_alarms
from companion.alarms.transaction import AlarmTransaction
from companion.channels.base import MessageKind, Refused, TryAgain
from companion.dispatch.delivery import State
from companion.escalation.policy import Policy
from companion.ids import token_hash
from companion.store import tables
from companion.store.database import Database, open_database
from companion.store.scope import ALL_SITES
from companion.texts.reasons import Reason
from tests.builders import (
    PHONE,
    PORTER_THEN_GUARD,
    RESPONDER,
    Engine,
    channel,
    make_engine,
    person,
    policy,
    set_last_resort,
    step,
    trigger,
    within,
)
from tests.companion.conftest import Directory
from tests.fakes.clock import FrozenClock


def _counts(conn: Connection) -> dict[str, int]:
    return {
        name: conn.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        for name, table in (
            ("alarm", tables.alarm),
            ("dedup", tables.dedup),
            ("journal", tables.journal),
            ("delivery", tables.delivery),
            ("ack_link", tables.ack_link),
        )
    }


async def _story(engine: Engine, alarm_id: str) -> list[tuple[str, str | None, str]]:
    return [(line.event.value, line.actor, line.via) for line in await engine.journal(alarm_id)]


# --- raise ----------------------------------------------------------------------------------------------


async def test_a_raised_alarm_comes_with_its_journal_pages_links_and_next_step(
    engine: Engine, clock: FrozenClock
) -> None:
    alarm = await engine.raise_alarm()

    stored = await engine.alarm(alarm.id)
    assert stored == alarm
    assert stored.status is Status.TRIGGERED
    assert (stored.step, stored.round, stored.steps_run) == (1, 0, 1)
    assert stored.next_due_at is not None
    assert (stored.next_due_at - clock()).total_seconds() == 60
    pages = await engine.deliveries(alarm.id)
    assert [(page.channel_id, page.recipient, page.state, page.first_page) for page in pages] == [
        ("zammad", "Zammad", State.PENDING, True),
        ("signal", "Porter", State.PENDING, True),
    ]
    assert await _story(engine, alarm.id) == [
        ("raised", "Porter", "yealink"),
        ("escalated", None, "escalation"),
    ]
    assert engine.news.changes == [(alarm.id, Change.RAISED)]
    assert (await engine.db.read(_counts))["ack_link"] == 2


async def test_a_raise_that_breaks_in_the_middle_leaves_nothing(engine: Engine) -> None:
    engine.news.fails = RuntimeError("the last thing in the transaction")

    with pytest.raises(RuntimeError):
        await engine.raise_alarm(trigger(dedup=within(10, "k")))

    assert set((await engine.db.read(_counts)).values()) == {0}


async def test_the_link_in_a_page_opens_the_alarm_for_its_recipient(engine: Engine) -> None:
    alarm = await engine.raise_alarm()
    await engine.dispatch()

    url = engine.signal.messages[0].ack_url

    assert url is not None
    token = url.removeprefix("https://alarm.example/a/")
    link = await engine.db.read(lambda conn: ack_link(conn, token))
    assert link is not None
    assert (link.alarm_id, link.recipient) == (alarm.id, "Porter")
    assert token not in str(await engine.db.read(lambda conn: conn.execute(sa.select(tables.ack_link)).all()))


async def test_two_recipients_have_two_links() -> None:
    tokens = AckTokens(b"k" * 32, "https://alarm.example/")

    assert tokens.hash("a", "porter") == link_hash(tokens.token("a", "porter"))
    assert tokens.token("a", "porter") != tokens.token("a", "guard")
    assert tokens.token("a", "porter") != tokens.token("b", "porter")
    assert tokens.token("a", "porter") == AckTokens(b"k" * 32, "x").token("a", "porter")
    assert tokens.token("a", "porter") != AckTokens(b"j" * 32, "x").token("a", "porter")
    assert tokens.url("t") == "https://alarm.example/a/t"


@given(alarm_id=st.text(), key=st.text())
def test_a_link_holds_letters_and_digits_only_and_is_as_long_as_any_other(alarm_id: str, key: str) -> None:
    token = AckTokens(b"k" * 32, "https://alarm.example/").token(alarm_id, key)

    assert re.fullmatch("[0-9A-Za-z]{33}", token)


@given(st.binary(min_size=24, max_size=24))
def test_a_link_that_went_out_in_the_older_spelling_opens_the_same(token: bytes) -> None:
    older = urlsafe_b64encode(token).decode()

    assert link_hash(spelled(token)) == link_hash(older) == token_hash(older)


@pytest.mark.parametrize("token", ["z" * 33, "0" * 33, "ü" * 33, "0" * 5000, "", "\ud800" * 33])
async def test_an_odd_link_opens_nothing(engine: Engine, token: str) -> None:
    await engine.raise_alarm()

    assert await engine.db.read(lambda conn: ack_link(conn, token)) is None


async def test_an_unknown_link_opens_nothing(engine: Engine) -> None:
    assert await engine.db.read(lambda conn: ack_link(conn, "guessed")) is None


async def test_a_first_step_with_a_delay_pages_nobody_yet(engine: Engine, clock: FrozenClock) -> None:
    alarm = await engine.raise_alarm(trigger(policy=policy(step(person("guard"), after=30))))

    assert await engine.deliveries(alarm.id) == []
    clock.advance(30)
    await engine.escalate()

    assert [page.first_page for page in await engine.deliveries(alarm.id)] == [True]


async def test_a_step_that_reaches_nobody_makes_nobody_wait(engine: Engine, clock: FrozenClock) -> None:
    """Escalation practice: an empty step must not use up its delay (GoAlert #4548)."""
    rules = policy(step(person("nobody")), step(person("guard"), after=600))

    alarm = await engine.raise_alarm(trigger(policy=rules))
    await engine.escalate()

    assert [page.recipient for page in await engine.deliveries(alarm.id)] == ["Guard"]


async def test_a_step_in_the_middle_that_reaches_nobody_makes_nobody_wait(
    engine: Engine, clock: FrozenClock
) -> None:
    rules = policy(step(person("porter")), step(person("nobody"), after=60), step(person("guard"), after=600))
    alarm = await engine.raise_alarm(trigger(policy=rules))

    clock.advance(60)
    await engine.escalate()
    await engine.escalate()

    assert [page.recipient for page in await engine.deliveries(alarm.id)] == ["Porter", "Guard"]


async def test_a_page_to_every_contact_point_reaches_each_once(engine: Engine) -> None:
    alarm = await engine.raise_alarm(
        trigger(policy=policy(step(person("porter", "all"), person("porter"), person("porter", "sms"))))
    )

    assert [page.channel_id for page in await engine.deliveries(alarm.id)] == ["signal", "sms"]


GUARDS = policy(step(channel("sms", "+49110", "Guards")), step(person("guard"), after=60), repeat_after=60)


async def test_an_alarm_without_a_policy_follows_the_installations_last_resort(
    db: Database, clock: FrozenClock, directory: Directory
) -> None:
    await set_last_resort(db, GUARDS)
    engine = make_engine(db, clock)

    alarm = await engine.raise_alarm(trigger(policy=None))
    clock.advance(60)
    await engine.escalate()

    assert [(page.kind, page.recipient) for page in await engine.deliveries(alarm.id)] == [
        (MessageKind.PAGE, "Guards"),
        (MessageKind.PAGE, "Guard"),
    ]


async def test_an_alarm_that_tells_nobody_is_exhausted_at_once_and_a_trouble_until_it_is_answered(
    db: Database, clock: FrozenClock, directory: Directory, caplog: pytest.LogCaptureFixture
) -> None:
    engine = make_engine(db, clock)
    alarm = await engine.raise_alarm(trigger(policy=None))

    await engine.escalate()

    after = await engine.alarm(alarm.id)
    assert (after.exhausted_at, after.next_due_at) == (clock(), None)
    assert engine.news.changes[-1] == (alarm.id, Change.EXHAUSTED)
    assert [(one.kind, one.subject) for one in engine.news.service_troubles] == [
        ("alarm_told_nobody", "Panic key: Reception")
    ]
    logged = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert "Panic key: Reception: alarm_told_nobody" in logged

    await engine.acknowledge(alarm.id)
    assert [one.is_open for one in engine.news.service_troubles] == [True, False]


async def test_an_alarm_whose_policy_leads_nowhere_goes_to_the_last_resort(
    db: Database, clock: FrozenClock, directory: Directory
) -> None:
    await set_last_resort(db, GUARDS)
    engine = make_engine(db, clock)
    nowhere = policy(step(person("gone")), last_resort=[person("gone too")], repeat_after=1)
    alarm = await engine.raise_alarm(trigger(policy=nowhere))

    await engine.escalate()

    assert [(page.kind, page.recipient) for page in await engine.deliveries(alarm.id)] == [
        (MessageKind.EXHAUSTED, "Guards"),
        (MessageKind.EXHAUSTED, "Guard"),
    ]
    assert [one.kind for one in engine.news.service_troubles] == ["step_reached_nobody"]


OWN_AND_HOUSES = policy(step(person("porter")), repeat_after=5, last_resort=[person("guard")])
HOUSES = policy(step(channel("sms", "+49110", "Guards")), step(person("porter")))


async def _exhausted(engine: Engine, clock: FrozenClock) -> Alarm:
    alarm = await engine.raise_alarm(trigger(policy=OWN_AND_HOUSES))
    await engine.dispatch()
    clock.advance(5)
    await engine.escalate()
    return alarm


async def _told_at_last(engine: Engine, alarm: Alarm) -> list[list[str]]:
    lines = await engine.journal(alarm.id)
    return [line.detail["told"] for line in lines if line.event is Change.EXHAUSTED]


async def test_a_last_resort_that_refuses_is_followed_by_the_installations(
    db: Database, clock: FrozenClock, directory: Directory
) -> None:
    await set_last_resort(db, HOUSES)
    engine = make_engine(db, clock)
    engine.sms.behaviours = [Refused(reason=Reason.quoting("401"))]
    alarm = await _exhausted(engine, clock)

    await engine.dispatch()

    assert [(one.recipient, one.kind) for one in engine.sms.messages] == [
        ("Guard", MessageKind.EXHAUSTED),
        ("Guards", MessageKind.EXHAUSTED),
    ]
    assert await _told_at_last(engine, alarm) == [["Guard"], ["Guards", "Porter"]]
    assert engine.news.service_troubles == []


async def test_a_last_resort_that_is_not_accepted_in_time_is_not_waited_for(
    db: Database, clock: FrozenClock, directory: Directory
) -> None:
    await set_last_resort(db, HOUSES)
    engine = make_engine(db, clock)
    alarm = await _exhausted(engine, clock)  # nobody sends the guard's page

    clock.advance(14)
    await engine.commands.run(ALL_SITES, failover.run_due)
    early = await _told_at_last(engine, alarm)
    clock.advance(1)
    for _ in range(2):
        await engine.commands.run(ALL_SITES, failover.run_due)

    assert early == [["Guard"]]
    assert await _told_at_last(engine, alarm) == [["Guard"], ["Guards", "Porter"]]


async def test_a_last_resort_that_is_accepted_is_the_last(
    db: Database, clock: FrozenClock, directory: Directory
) -> None:
    await set_last_resort(db, HOUSES)
    engine = make_engine(db, clock)
    alarm = await _exhausted(engine, clock)
    await engine.dispatch()

    clock.advance(60)
    await engine.commands.run(ALL_SITES, failover.run_due)

    assert await _told_at_last(engine, alarm) == [["Guard"]]


async def test_when_every_last_resort_refuses_it_is_a_trouble_and_each_was_told_once(
    db: Database, clock: FrozenClock, directory: Directory
) -> None:
    await set_last_resort(db, HOUSES)
    engine = make_engine(db, clock)
    alarm = await engine.raise_alarm(trigger(policy=OWN_AND_HOUSES))
    await engine.dispatch()
    no = Refused(reason=Reason.quoting("401"))
    engine.sms.behaviours, engine.signal.behaviours = [no] * 9, [no] * 9
    clock.advance(5)
    await engine.escalate()

    await engine.dispatch()

    told = [one for one in await engine.deliveries(alarm.id) if one.kind is MessageKind.EXHAUSTED]
    assert len({(one.channel_id, one.address) for one in told}) == len(told)
    assert {one.state for one in told} == {State.ERROR}
    assert await _told_at_last(engine, alarm) == [["Guard"], ["Guards", "Porter"]]
    assert sorted(one.kind for one in engine.news.service_troubles) == [
        "alarm_unanswered",
        "step_reached_nobody",
    ]


@pytest.mark.parametrize(("test", "troubles"), [(False, ["alarm_unanswered"]), (True, [])])
async def test_an_alarm_that_nobody_answered_with_nobody_left_to_tell_is_a_trouble(
    db: Database, clock: FrozenClock, directory: Directory, *, test: bool, troubles: list[str]
) -> None:
    engine = make_engine(db, clock)
    await engine.raise_alarm(trigger(policy=policy(step(person("porter")), repeat_after=5), test=test))

    clock.advance(5)
    await engine.escalate()

    assert [one.kind for one in engine.news.service_troubles] == troubles


# --- dedup ----------------------------------------------------------------------------------------------


async def test_a_second_press_within_the_window_is_the_same_alarm(engine: Engine, clock: FrozenClock) -> None:
    first = await engine.press(trigger(dedup=within(10, "device:1")))
    clock.advance(9.999)

    second = await engine.press(trigger(dedup=within(10, "device:1")))

    assert (first.created, second.created) == (True, False)
    assert second.alarm.id == first.alarm.id
    assert second.alarm.presses == 2
    assert (await _story(engine, first.alarm.id))[-1] == ("pressed_again", "Porter", "yealink")
    assert len(await engine.deliveries(first.alarm.id)) == 2


async def test_a_press_after_the_window_is_a_new_alarm(engine: Engine, clock: FrozenClock) -> None:
    first = await engine.press(trigger(dedup=within(10, "device:1")))
    clock.advance(10)

    second = await engine.press(trigger(dedup=within(10, "device:1")))

    assert second.created
    assert second.alarm.id != first.alarm.id


async def test_presses_do_not_prolong_the_window(engine: Engine, clock: FrozenClock) -> None:
    await engine.press(trigger(dedup=within(10, "device:1")))
    clock.advance(6)
    await engine.press(trigger(dedup=within(10, "device:1")))
    clock.advance(6)

    assert (await engine.press(trigger(dedup=within(10, "device:1")))).created


async def test_another_device_is_another_alarm(engine: Engine) -> None:
    first = await engine.press(trigger(dedup=within(10, "device:1")))
    second = await engine.press(trigger(dedup=within(10, "device:2")))

    assert second.created
    assert second.alarm.id != first.alarm.id


async def test_a_press_after_a_false_alarm_was_cancelled_is_a_new_emergency(engine: Engine) -> None:
    """Escalation practice: dedup must never suppress a new occurrence (Alertmanager #2048, keep #958)."""
    pressed = trigger(dedup=within(10, "device:1"))
    first = await engine.raise_alarm(pressed)
    await engine.commands.run(ALL_SITES, lambda unit: unit.cancel(first.id, RESPONDER))

    second = await engine.press(pressed)
    third = await engine.press(pressed)

    assert second.created
    assert second.alarm.id != first.id
    assert (third.created, third.alarm.id) == (False, second.alarm.id)


async def test_a_press_while_somebody_is_on_it_is_the_same_alarm(engine: Engine) -> None:
    pressed = trigger(dedup=within(10, "device:1"))
    first = await engine.raise_alarm(pressed)
    await engine.acknowledge(first.id)

    assert (await engine.press(pressed)).alarm.id == first.id


async def test_a_key_for_ever_names_an_occurrence_also_after_its_end(
    engine: Engine, clock: FrozenClock
) -> None:
    """Home Assistant's uid: what the link sends again after a cut is not a second alarm."""
    told = trigger(dedup=Dedup("uid:1", ForEver()))
    first = await engine.raise_alarm(told)
    await engine.commands.run(ALL_SITES, lambda unit: unit.cancel(first.id, RESPONDER))
    clock.advance(86_400)

    assert (await engine.press(told)).alarm.id == first.id


async def test_many_presses_at_once_are_one_alarm(engine: Engine) -> None:
    pressed = trigger(dedup=within(10, "device:1"))

    raised = await asyncio.gather(*(engine.press(pressed) for _ in range(30)))

    assert len({item.alarm.id for item in raised}) == 1
    assert sum(item.created for item in raised) == 1
    assert (await engine.alarm(raised[0].alarm.id)).presses == 30


async def test_presses_through_two_processes_are_one_alarm(
    db: Database, database_url: str, clock: FrozenClock, directory: Directory
) -> None:
    other_db = open_database(database_url)
    engines = make_engine(db, clock), make_engine(other_db, clock)
    pressed = trigger(dedup=within(10, "device:1"))

    raised = await asyncio.gather(*(engines[number % 2].press(pressed) for number in range(20)))

    await other_db.close()
    assert len({item.alarm.id for item in raised}) == 1
    assert sum(item.created for item in raised) == 1
    counts = await db.read(_counts)
    assert (counts["alarm"], counts["delivery"]) == (1, 2)


# --- acknowledge, resolve, cancel -----------------------------------------------------------------------


async def test_an_acknowledgement_withdraws_what_waits_but_not_the_ticket(engine: Engine) -> None:
    alarm = await engine.raise_alarm()

    after = await engine.acknowledge(alarm.id, note="On my way")

    assert after.status is Status.ACKNOWLEDGED
    assert (after.next_due_at, after.acknowledged_by) == (None, "Anna")
    assert after == await engine.alarm(alarm.id)
    pages = await engine.deliveries(alarm.id)
    assert [(page.channel_id, page.kind, page.state) for page in pages] == [
        ("zammad", MessageKind.PAGE, State.PENDING),
        ("signal", MessageKind.PAGE, State.CANCELLED),
        ("zammad", MessageKind.ACKNOWLEDGED, State.PENDING),
    ]
    assert (await _story(engine, alarm.id))[-1] == ("acknowledged", "Anna", "ack_page")
    assert (await engine.journal(alarm.id))[-1].detail["note"] == "On my way"


async def test_an_acknowledgement_marks_what_a_worker_holds(
    db: Database, clock: FrozenClock, directory: Directory
) -> None:
    engine = make_engine(db, clock, claims=True)
    engine.signal.open.clear()
    alarm = await engine.raise_alarm()

    await engine.acknowledge(alarm.id)

    page = (await engine.deliveries(alarm.id))[1]
    assert (page.state, page.cancelled) == (State.PROCESSING, True)
    engine.signal.open.set()
    await asyncio.gather(*engine.dispatcher.sending)


async def test_those_who_were_paged_hear_who_answered(engine: Engine) -> None:
    alarm = await engine.raise_alarm()
    await engine.dispatch()

    await engine.acknowledge(alarm.id, note="On my way")
    await engine.dispatch()

    news = engine.signal.messages[-1]
    assert (news.kind, news.by, news.note, news.address) == (
        MessageKind.ACKNOWLEDGED,
        "Anna",
        "On my way",
        "+491",
    )
    assert engine.sms.messages == []
    ticket = engine.zammad.messages[-1]
    assert ticket.thread_ref == f"ref-{engine.zammad.messages[0].delivery_id}"


async def test_somebody_whose_page_has_perhaps_arrived_hears_who_answered(
    engine: Engine, clock: FrozenClock
) -> None:
    engine.signal.behaviours = [TryAgain(reason=Reason.quoting("no answer"), uncertain=True)]
    alarm = await engine.raise_alarm()
    await engine.dispatch()

    await engine.acknowledge(alarm.id)
    await engine.dispatch()

    assert [message.kind for message in engine.signal.messages] == [
        MessageKind.PAGE,
        MessageKind.ACKNOWLEDGED,
    ]


@pytest.mark.parametrize(
    ("done", "wanted"),
    [
        pytest.param([], "resolve", id="resolve what nobody acknowledged"),
        pytest.param(["acknowledge"], "acknowledge", id="acknowledge twice"),
        pytest.param(["acknowledge", "resolve"], "acknowledge", id="acknowledge what is over"),
        pytest.param(["acknowledge", "resolve"], "cancel", id="cancel what is over"),
        pytest.param(["cancel"], "acknowledge", id="acknowledge what was false"),
        pytest.param(["cancel"], "resolve", id="resolve what was false"),
        pytest.param(["cancel"], "cancel", id="cancel twice"),
    ],
)
async def test_an_illegal_move_is_refused_and_changes_nothing(
    engine: Engine, done: list[str], wanted: str
) -> None:
    alarm = await engine.raise_alarm()
    for move in done:
        await engine.commands.run(ALL_SITES, methodcaller(move, alarm.id, RESPONDER))
    before = await engine.alarm(alarm.id), await engine.journal(alarm.id), await engine.deliveries(alarm.id)

    with pytest.raises(MoveRefused, match=r"\.$") as refused:
        await engine.commands.run(ALL_SITES, methodcaller(wanted, alarm.id, RESPONDER))

    assert refused.value.alarm == before[0]
    after = await engine.alarm(alarm.id), await engine.journal(alarm.id), await engine.deliveries(alarm.id)
    assert after == before


async def test_a_command_on_an_unknown_alarm_says_so(engine: Engine) -> None:
    with pytest.raises(AlarmNotFound, match="nowhere"):
        await engine.acknowledge("nowhere")


async def test_every_change_raises_the_version_and_the_journal_tells_the_whole_story(engine: Engine) -> None:
    alarm = await engine.raise_alarm()
    moves: list[Any] = [
        lambda unit: unit.note(alarm.id, RESPONDER, "Who is there?"),
        lambda unit: unit.acknowledge(alarm.id, RESPONDER),
        lambda unit: unit.note(alarm.id, RESPONDER, "It was a mouse."),
        lambda unit: unit.resolve(alarm.id, RESPONDER),
        lambda unit: unit.note(alarm.id, RESPONDER, "Cheese bought."),
    ]

    versions = [(await engine.commands.run(ALL_SITES, move)).version for move in moves]

    assert versions == [2, 3, 4, 5, 6]
    assert await _story(engine, alarm.id) == [
        ("raised", "Porter", "yealink"),
        ("escalated", None, "escalation"),
        ("noted", "Anna", "ack_page"),
        ("acknowledged", "Anna", "ack_page"),
        ("noted", "Anna", "ack_page"),
        ("resolved", "Anna", "ack_page"),
        ("noted", "Anna", "ack_page"),
    ]
    assert [change for _, change in engine.news.changes] == [
        Change.RAISED,
        Change.NOTED,
        Change.ACKNOWLEDGED,
        Change.NOTED,
        Change.RESOLVED,
        Change.NOTED,
    ]
    closed = await engine.alarm(alarm.id)
    assert (closed.closed_by, closed.acknowledged_by) == ("Anna", "Anna")


async def test_a_note_goes_to_the_ticket_and_pages_nobody(engine: Engine) -> None:
    alarm = await engine.raise_alarm()
    await engine.dispatch()

    await engine.commands.run(ALL_SITES, lambda unit: unit.note(alarm.id, RESPONDER, "Door is open"))
    await engine.dispatch()

    assert [message.kind for message in engine.zammad.messages] == [MessageKind.PAGE, MessageKind.NOTE]
    assert engine.zammad.messages[-1].note == "Door is open"
    assert [message.kind for message in engine.signal.messages] == [MessageKind.PAGE]


async def test_cancelling_tells_those_who_were_paged(engine: Engine) -> None:
    alarm = await engine.raise_alarm()
    await engine.dispatch()

    after = await engine.commands.run(ALL_SITES, lambda unit: unit.cancel(alarm.id, RESPONDER))
    await engine.dispatch()

    assert (after.status, after.next_due_at) == (Status.CANCELLED, None)
    assert [message.kind for message in engine.signal.messages] == [MessageKind.PAGE, MessageKind.CANCELLED]


# --- escalation -----------------------------------------------------------------------------------------


async def test_nobody_answers_and_everybody_is_told_in_order_until_the_policy_is_exhausted(
    engine: Engine, clock: FrozenClock
) -> None:
    alarm = await engine.raise_alarm()

    for wait in (60, 120, 60, 119):
        clock.advance(wait)
        await engine.escalate()
    assert (await engine.alarm(alarm.id)).exhausted_at is None
    clock.advance(1)
    await engine.escalate()

    told = [
        entry.detail["told"] for entry in await engine.journal(alarm.id) if entry.event is Change.ESCALATED
    ]
    # The ticket is made once; people are told each time the policy comes round.
    assert told == [["Zammad", "Porter"], ["Guard"], ["Porter"], ["Guard"]]
    after = await engine.alarm(alarm.id)
    assert (after.exhausted_at, after.next_due_at, after.status) == (clock(), None, Status.TRIGGERED)
    assert [change for _, change in engine.news.changes] == [
        Change.RAISED,
        Change.ESCALATED,
        Change.ESCALATED,
        Change.ESCALATED,
        Change.EXHAUSTED,
    ]
    assert await engine.escalate() == 0


async def test_the_policys_own_last_resort_comes_before_the_houses(
    db: Database, clock: FrozenClock, directory: Directory
) -> None:
    await set_last_resort(db, GUARDS)
    engine = make_engine(db, clock)
    rules = policy(step(person("porter")), repeat_after=5, last_resort=[person("guard")])
    alarm = await engine.raise_alarm(trigger(policy=rules))

    clock.advance(5)
    await engine.escalate()
    await engine.acknowledge(alarm.id)

    last = (await engine.deliveries(alarm.id))[1]
    assert (last.kind, last.recipient) == (MessageKind.EXHAUSTED, "Guard")
    assert last.state is State.CANCELLED


async def test_an_alarm_keeps_the_policy_it_was_raised_with(engine: Engine, clock: FrozenClock) -> None:
    alarm = await engine.raise_alarm()
    changed = policy(step(person("porter"), after=9999))
    await engine.db.write(
        lambda conn: conn.execute(sa.update(tables.policy).values(body=changed.model_dump(mode="json")))
    )

    clock.advance(60)
    await engine.escalate()

    assert (await engine.deliveries(alarm.id))[-1].recipient == "Guard"


async def test_nothing_is_escalated_after_an_answer(engine: Engine, clock: FrozenClock) -> None:
    alarm = await engine.raise_alarm()
    await engine.acknowledge(alarm.id)
    before = await engine.deliveries(alarm.id)

    clock.advance(3600)

    assert await engine.escalate() == 0
    assert await engine.deliveries(alarm.id) == before


async def test_an_alarm_that_cannot_go_on_does_not_stop_the_others(
    engine: Engine, clock: FrozenClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Escalation practice: a poison row must not stop the loop (healthchecks)."""
    poison = await engine.raise_alarm()
    healthy = await engine.raise_alarm()
    await engine.db.write(
        lambda conn: conn.execute(
            sa.update(tables.alarm)
            .where(tables.alarm.c.id == poison.id)
            .values(policy={"from": "the future"})
        )
    )

    clock.advance(60)
    await engine.escalate()

    assert (await engine.deliveries(healthy.id))[-1].recipient == "Guard"
    assert poison.id in caplog.text
    # It is not forgotten either: it comes round again.
    clock.advance(10)
    assert len(await engine.db.read(lambda conn: due_alarms(ALL_SITES, conn, clock(), 50))) == 1


# --- fallback -------------------------------------------------------------------------------------------


async def test_a_refused_page_goes_to_the_persons_next_contact_point(engine: Engine) -> None:
    engine.signal.behaviours = [Refused(reason=Reason.quoting("not registered"))]
    alarm = await engine.raise_alarm()

    await engine.dispatch()

    assert [(message.address, message.recipient) for message in engine.sms.messages] == [("+491", "Porter")]
    failed = next(line for line in await engine.journal(alarm.id) if line.event is Change.DELIVERY_FAILED)
    assert (str(failed.detail["reason"]), failed.detail["instead"]) == ("not registered", "sms")
    assert engine.news.troubles == ["not registered"]


async def test_a_refusal_on_the_last_contact_point_goes_round_to_the_first(engine: Engine) -> None:
    engine.sms.behaviours = [Refused(reason=Reason.quoting("bad number"))]
    await engine.raise_alarm(trigger(policy=policy(step(person("porter", "sms")))))

    await engine.dispatch()

    assert [message.recipient for message in engine.signal.messages] == ["Porter"]


async def test_a_person_whom_nothing_reaches_is_tried_once_over_each(engine: Engine) -> None:
    engine.signal.behaviours = [Refused(reason=Reason.quoting("no"))] * 5
    engine.sms.behaviours = [Refused(reason=Reason.quoting("no"))] * 5
    alarm = await engine.raise_alarm(trigger(policy=policy(step(person("porter")))))

    await engine.dispatch()

    assert len(engine.signal.messages) == len(engine.sms.messages) == 1
    failed = [line for line in await engine.journal(alarm.id) if line.event is Change.DELIVERY_FAILED]
    assert [line.detail.get("instead") for line in failed] == ["sms", None]


async def test_nobody_is_paged_another_way_after_an_answer(
    db: Database, clock: FrozenClock, directory: Directory
) -> None:
    engine = make_engine(db, clock, claims=True)
    engine.signal.open.clear()
    engine.signal.behaviours = [Refused(reason=Reason.quoting("not registered"))]
    alarm = await engine.raise_alarm()
    await engine.signal.arrived.acquire()

    await engine.acknowledge(alarm.id)
    engine.signal.open.set()
    await engine.dispatch()

    assert engine.sms.pages == []


# --- retry by hand --------------------------------------------------------------------------------------


async def _refused_page(engine: Engine) -> tuple[Alarm, str]:
    engine.sms.behaviours = [Refused(reason=Reason.quoting("bad number"))]
    alarm = await engine.raise_alarm(trigger(policy=policy(step(person("guard")))))
    await engine.dispatch()
    return alarm, (await engine.deliveries(alarm.id))[0].id


async def test_a_delivery_that_was_given_up_can_be_tried_again_by_hand(engine: Engine) -> None:
    alarm, delivery_id = await _refused_page(engine)

    again = await engine.commands.run(ALL_SITES, lambda unit: unit.retry_delivery(delivery_id, RESPONDER))
    await engine.dispatch()

    assert (again.state, again.attempts) == (State.PENDING, 0)
    assert (await engine.deliveries(alarm.id))[0].state is State.SENT
    assert ("delivery_retried", "Anna", "ack_page") in await _story(engine, alarm.id)


async def test_a_page_is_not_tried_again_after_an_answer(engine: Engine) -> None:
    alarm, delivery_id = await _refused_page(engine)
    await engine.acknowledge(alarm.id)

    with pytest.raises(RetryRefused, match="acknowledged"):
        await engine.commands.run(ALL_SITES, lambda unit: unit.retry_delivery(delivery_id, RESPONDER))


async def test_the_last_resort_is_not_tried_again_after_an_answer(engine: Engine, clock: FrozenClock) -> None:
    rules = policy(step(person("porter")), repeat_after=5, last_resort=[person("guard")])
    alarm = await engine.raise_alarm(trigger(policy=rules))
    engine.sms.behaviours = [Refused(reason=Reason.quoting("bad number"))]
    clock.advance(5)
    await engine.escalate()
    await engine.dispatch()
    await engine.acknowledge(alarm.id)
    last = (await engine.deliveries(alarm.id))[1]
    assert last.kind is MessageKind.EXHAUSTED

    with pytest.raises(RetryRefused):
        await engine.commands.run(ALL_SITES, lambda unit: unit.retry_delivery(last.id, RESPONDER))


async def test_a_ticket_is_tried_again_also_after_an_answer(engine: Engine) -> None:
    engine.zammad.behaviours = [Refused(reason=Reason.quoting("401"))]
    alarm = await engine.raise_alarm()
    await engine.dispatch()
    await engine.acknowledge(alarm.id)
    ticket = (await engine.deliveries(alarm.id))[0]

    again = await engine.commands.run(ALL_SITES, lambda unit: unit.retry_delivery(ticket.id, RESPONDER))

    assert again.state is State.PENDING


async def test_what_was_sent_is_not_tried_again(engine: Engine) -> None:
    alarm = await engine.raise_alarm()
    await engine.dispatch()
    sent = (await engine.deliveries(alarm.id))[1]

    with pytest.raises(RetryRefused, match="sent"):
        await engine.commands.run(ALL_SITES, lambda unit: unit.retry_delivery(sent.id, RESPONDER))
    with pytest.raises(DeliveryNotFound):
        await engine.commands.run(ALL_SITES, lambda unit: unit.retry_delivery("nowhere", RESPONDER))


# --- the dispatcher is set going ------------------------------------------------------------------------


async def test_a_caller_that_goes_away_does_not_leave_a_page_without_a_sender(
    db: Database, clock: FrozenClock, directory: Directory
) -> None:
    """A page claimed in the transaction that made it would otherwise wait for its lease to end."""
    engine = make_engine(db, clock, claims=True)

    caller = asyncio.create_task(engine.raise_alarm())
    await asyncio.sleep(0)
    caller.cancel()
    async with asyncio.timeout(5):
        await engine.signal.arrived.acquire()

    assert caller.cancelled()
    assert [message.recipient for message in engine.signal.messages] == ["Porter"]
    await asyncio.gather(*engine.dispatcher.sending)


async def test_a_unit_that_fails_wakes_nobody_and_takes_nothing(engine: Engine) -> None:
    woken = engine.wake.subscribe()

    def fail(unit: AlarmTransaction) -> None:
        unit.raise_alarm(trigger(), PHONE)
        raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError):
        await engine.commands.run(ALL_SITES, fail)

    assert not woken.is_set()
    assert not engine.dispatcher.sending
    assert await engine.db.read(lambda conn: alarm_by_id(ALL_SITES, conn, "x")) is None


async def test_the_stored_policy_is_the_whole_policy(engine: Engine) -> None:
    alarm = await engine.raise_alarm()

    stored: Policy | None = (await engine.alarm(alarm.id)).policy

    assert stored == PORTER_THEN_GUARD
