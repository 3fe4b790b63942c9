"""A press after the answer: whoever gave it hears of it, and without a reaction the alarm is open again."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from companion.alarms.dedup import Dedup, ForEver, WhileOpen
from companion.alarms.model import LIFE, Actor, Alarm, AlarmKind, Change, Severity, Source, Status, Trigger
from companion.channels.base import Message, MessageKind, Refused
from companion.dispatch.delivery import State
from companion.store.scope import ALL_SITES
from companion.texts.reasons import Reason
from tests.builders import PORTER_THEN_GUARD, Engine, person, policy, step, trigger, within
from tests.fakes.clock import FrozenClock

KEY = trigger(policy=PORTER_THEN_GUARD, dedup=within(600, "device:desk-phone"))
PORTERS_LINK = "Porter"


async def answered(
    engine: Engine, key: Trigger = KEY, *, name: str = "Anna", link_of: str | None = None
) -> Alarm:
    """Raise an alarm, page the first step, and let somebody acknowledge."""
    alarm = await engine.raise_alarm(key)
    await engine.dispatch()
    actor = Actor(name=name, via="ack_page")
    await engine.commands.run(ALL_SITES, lambda unit: unit.acknowledge(alarm.id, actor, link_of=link_of))
    await engine.dispatch()
    return alarm


def again(messages: list[Message]) -> list[Message]:
    return [message for message in messages if message.kind is MessageKind.PRESSED_AGAIN]


async def events(engine: Engine, alarm: Alarm) -> list[Change]:
    return [line.event for line in await engine.journal(alarm.id)]


async def lapse(engine: Engine, clock: FrozenClock) -> None:
    clock.advance(120)
    await engine.escalate()
    await engine.dispatch()


async def test_whoever_answered_is_told_with_a_link_that_the_key_was_pressed_again(
    engine: Engine, clock: FrozenClock
) -> None:
    alarm = await answered(engine, link_of=PORTERS_LINK)

    pressed = await engine.press(KEY)
    await engine.dispatch()

    assert (pressed.created, pressed.alarm.id, pressed.alarm.status) == (False, alarm.id, Status.ACKNOWLEDGED)
    [message] = again(engine.signal.messages)
    assert (message.recipient, message.address) == ("Porter", "+491")
    assert message.ack_url is not None
    assert pressed.alarm.next_due_at == clock() + timedelta(seconds=120)
    assert len(again(engine.zammad.messages)) == 1
    assert (alarm.id, Change.PRESSED_AGAIN) in engine.news.changes


async def test_nobody_else_is_called_for_it_while_whoever_answered_may_still_react(engine: Engine) -> None:
    await answered(engine, link_of=PORTERS_LINK)

    await engine.press(KEY)
    await engine.escalate()
    await engine.dispatch()

    assert engine.sms.messages == []


async def test_who_answered_by_the_name_they_were_paged_with_is_told_whatever_they_answered_through(
    engine: Engine,
) -> None:
    await answered(engine, name="Porter")

    await engine.press(KEY)
    await engine.dispatch()

    assert [message.recipient for message in again(engine.signal.messages)] == ["Porter"]


async def test_of_an_answer_given_at_the_desk_everybody_hears_whom_a_page_reached(
    engine: Engine, clock: FrozenClock
) -> None:
    alarm = await engine.raise_alarm(KEY)
    await engine.dispatch()
    clock.advance(60)
    await engine.escalate()
    await engine.dispatch()
    await engine.commands.run(
        ALL_SITES, lambda unit: unit.acknowledge(alarm.id, Actor(name="Desk", via="dashboard"))
    )

    await engine.press(KEY)
    await engine.dispatch()

    told = again([*engine.signal.messages, *engine.sms.messages])
    assert sorted(message.recipient for message in told) == ["Guard", "Porter"]


async def test_without_a_reaction_the_alarm_waits_for_an_answer_again_and_the_next_step_is_told(
    engine: Engine, clock: FrozenClock
) -> None:
    alarm = await answered(engine, link_of=PORTERS_LINK)
    await engine.press(KEY)
    await engine.dispatch()

    await lapse(engine, clock)

    found = await engine.alarm(alarm.id)
    assert (found.status, found.acknowledged_by, found.acknowledged_at) == (Status.TRIGGERED, None, None)
    assert [(message.kind, message.recipient) for message in engine.sms.messages] == [
        (MessageKind.PAGE, "Guard")
    ]
    assert (await events(engine, alarm))[-3:] == [
        Change.REOPENED,
        Change.ESCALATED,
        Change.DELIVERY_SENT,
    ]
    assert engine.news.changes[-2:] == [(alarm.id, Change.REOPENED), (alarm.id, Change.ESCALATED)]


async def test_an_alarm_that_lapsed_can_be_answered_once_more(engine: Engine, clock: FrozenClock) -> None:
    alarm = await answered(engine, link_of=PORTERS_LINK)
    await engine.press(KEY)
    await lapse(engine, clock)

    await engine.acknowledge(alarm.id)

    found = await engine.alarm(alarm.id)
    assert (found.status, found.next_due_at) == (Status.ACKNOWLEDGED, None)


@pytest.mark.parametrize("reaction", ["acknowledge", "note", "cancel", "resolve"])
async def test_a_reaction_of_anybody_keeps_the_others_from_being_called(
    engine: Engine, clock: FrozenClock, reaction: str
) -> None:
    alarm = await answered(engine, link_of=PORTERS_LINK)
    await engine.press(KEY)
    anna = Actor(name="Anna", via="ack_page")
    do = {
        "acknowledge": lambda unit: unit.acknowledge(alarm.id, anna),
        "note": lambda unit: unit.note(alarm.id, anna, "I hear it"),
        "cancel": lambda unit: unit.cancel(alarm.id, anna),
        "resolve": lambda unit: unit.resolve(alarm.id, anna),
    }[reaction]

    await engine.commands.run(ALL_SITES, do)
    await lapse(engine, clock)

    assert engine.sms.messages == []
    assert again(engine.signal.messages) == []  # it was not sent yet, and nobody needs it any more
    assert Change.REOPENED not in await events(engine, alarm)
    assert (await engine.alarm(alarm.id)).next_due_at is None


async def test_more_presses_meanwhile_are_counted_and_tell_nobody_twice(
    engine: Engine, clock: FrozenClock
) -> None:
    alarm = await answered(engine, link_of=PORTERS_LINK)

    for _ in range(5):
        clock.advance(1)
        await engine.press(KEY)
    await engine.dispatch()

    found = await engine.alarm(alarm.id)
    assert (found.presses, len(again(engine.signal.messages))) == (6, 1)
    assert (await events(engine, alarm)).count(Change.PRESSED_AGAIN) == 5


async def test_a_press_after_the_reaction_tells_again(engine: Engine, clock: FrozenClock) -> None:
    alarm = await answered(engine, link_of=PORTERS_LINK)
    for _ in range(2):
        await engine.press(KEY)
        await engine.dispatch()
        await engine.acknowledge(alarm.id)
        clock.advance(1)

    assert len(again(engine.signal.messages)) == 2


async def test_who_cannot_be_reached_over_one_contact_is_told_over_the_next(
    engine: Engine, clock: FrozenClock
) -> None:
    await answered(engine, link_of=PORTERS_LINK)
    engine.signal.behaviours = [Refused(reason=Reason.quoting("not registered"))]

    await engine.press(KEY)
    await engine.dispatch()

    assert [(message.recipient, message.address) for message in again(engine.sms.messages)] == [
        ("Porter", "+491")
    ]


async def test_if_nobody_can_be_reminded_the_others_are_called_at_once(
    engine: Engine, clock: FrozenClock
) -> None:
    alarm = await answered(engine, link_of=PORTERS_LINK)
    engine.signal.behaviours, engine.sms.behaviours = (
        [Refused(reason=Reason.quoting("no"))],
        [Refused(reason=Reason.quoting("no"))],
    )

    await engine.press(KEY)
    await engine.dispatch()
    await engine.escalate()

    assert Change.REOPENED in await events(engine, alarm)


@pytest.mark.parametrize("exhausted", [False, True], ids=["still waiting", "exhausted before the answer"])
async def test_a_policy_whose_steps_have_all_run_is_told_once_more(
    engine: Engine, clock: FrozenClock, *, exhausted: bool
) -> None:
    only_porter = policy(step(person("porter")), repeat_after=60, last_resort=[{"person": "guard"}])
    key = trigger(policy=only_porter, dedup=within(600, "k"))
    alarm = await engine.raise_alarm(key)
    await engine.dispatch()
    if exhausted:
        clock.advance(60)
        await engine.escalate()
        await engine.dispatch()
    await engine.acknowledge(alarm.id)
    await engine.press(key)
    await engine.dispatch()
    before = len(engine.sms.messages)

    await lapse(engine, clock)
    pages = [message for message in engine.signal.messages if message.kind is MessageKind.PAGE]
    clock.advance(60)
    await engine.escalate()
    await engine.dispatch()

    assert len(pages) == 2
    assert [message.kind for message in engine.sms.messages[before:]] == [MessageKind.EXHAUSTED]
    assert (await engine.alarm(alarm.id)).exhausted_at == clock()


async def test_the_same_occurrence_told_twice_is_no_press(engine: Engine) -> None:
    occurrence = trigger(dedup=Dedup("ha:instance:uid", ForEver()))
    alarm = await answered(engine, occurrence, link_of=PORTERS_LINK)

    await engine.press(occurrence)
    await engine.dispatch()

    assert again(engine.signal.messages) == []
    assert (await engine.alarm(alarm.id)).next_due_at is None


# --- a program that says the same again -----------------------------------------------------------------


def of_program(**changes: Any) -> Trigger:
    values: dict[str, Any] = {
        "source": Source.API,
        "kind": AlarmKind.TECHNICAL,
        "severity": Severity.CRITICAL,
        "policy": PORTER_THEN_GUARD,
        "dedup": Dedup("api:boiler", WhileOpen()),
    }
    return trigger(**values | changes)


@pytest.mark.parametrize(
    ("kind", "severity", "is_told"),
    [
        *((kind, Severity.LOW, True) for kind in sorted(LIFE)),
        (AlarmKind.TECHNICAL, Severity.CRITICAL, True),
        (AlarmKind.TECHNICAL, Severity.HIGH, False),
        (AlarmKind.WATER, Severity.NORMAL, False),
    ],
)
async def test_a_repeat_after_the_answer_is_told_where_it_matters_and_journalled_everywhere(
    engine: Engine, kind: AlarmKind, severity: Severity, *, is_told: bool
) -> None:
    said = of_program(kind=kind, severity=severity)
    alarm = await answered(engine, said, link_of=PORTERS_LINK)

    await engine.press(said)
    await engine.dispatch()

    told = [message.recipient for message in again(engine.signal.messages)]
    assert told == (["Porter"] if is_told else [])
    assert (await engine.alarm(alarm.id)).awaits_reaction is is_told
    assert (await events(engine, alarm)).count(Change.PRESSED_AGAIN) == 1


async def test_a_repeat_that_nobody_reacts_to_calls_the_others(engine: Engine, clock: FrozenClock) -> None:
    said = of_program()
    await answered(engine, said, link_of=PORTERS_LINK)
    await engine.press(said)
    await engine.dispatch()

    await lapse(engine, clock)

    assert [message.recipient for message in engine.sms.messages] == ["Guard"]


async def test_a_loop_tells_whoever_reacts_each_time_once_in_the_time_of_a_reaction(
    engine: Engine, clock: FrozenClock
) -> None:
    """A monitoring system says the same every 10 s, and whoever is on it answers at once, each time."""
    said = of_program()
    alarm = await answered(engine, said, link_of=PORTERS_LINK)
    told_at: list[datetime] = []

    for _ in range(60):
        clock.advance(10)
        await engine.press(said)
        await engine.dispatch()
        if len(again(engine.signal.messages)) > len(told_at):
            told_at.append(clock())
            await engine.acknowledge(alarm.id)

    assert len(told_at) == 5
    assert min(later - earlier for earlier, later in pairwise(told_at)) >= timedelta(seconds=120)
    assert engine.sms.messages == []


async def test_a_repeat_soon_after_a_reaction_is_told_once_the_time_is_over_and_then_waits_for_a_reaction(
    engine: Engine, clock: FrozenClock
) -> None:
    said = of_program()
    alarm = await answered(engine, said, link_of=PORTERS_LINK)
    await engine.press(said)
    await engine.dispatch()
    await engine.acknowledge(alarm.id)
    clock.advance(30)
    await engine.press(said)
    await engine.dispatch()
    early = len(again(engine.signal.messages))

    clock.advance(90)
    await engine.escalate()
    await engine.dispatch()
    late = len(again(engine.signal.messages))
    await lapse(engine, clock)

    assert (early, late) == (1, 2)
    assert [message.recipient for message in engine.sms.messages] == ["Guard"]


async def test_pages_of_the_reminder_are_taken_back_with_the_reaction(engine: Engine) -> None:
    alarm = await answered(engine, link_of=PORTERS_LINK)
    await engine.press(KEY)

    await engine.acknowledge(alarm.id)

    states = {
        delivery.state
        for delivery in await engine.deliveries(alarm.id)
        if delivery.kind is MessageKind.PRESSED_AGAIN and not delivery.record
    }
    assert states == {State.CANCELLED}
