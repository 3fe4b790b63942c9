"""A press after the answer: whoever gave it hears of it, and without a reaction the alarm is open again."""

from datetime import timedelta

import pytest

from companion.alarms.dedup import Dedup, ForEver
from companion.alarms.model import Actor, Alarm, Change, Status, Trigger
from companion.channels.base import Message, MessageKind, Refused
from companion.dispatch.delivery import State
from companion.store.database import Database
from companion.store.scope import ALL_SITES
from companion.texts.reasons import Reason
from tests.builders import PORTER_THEN_GUARD, Engine, engine, person, policy, step, trigger, within
from tests.companion.conftest import Directory
from tests.fakes.clock import FrozenClock

KEY = trigger(policy=PORTER_THEN_GUARD, dedup=within(600, "device:desk-phone"))
PORTERS_LINK = "Porter"


@pytest.fixture
def house(db: Database, clock: FrozenClock, directory: Directory) -> Engine:
    return engine(db, clock)


async def answered(
    house: Engine, key: Trigger = KEY, *, name: str = "Anna", link_of: str | None = None
) -> Alarm:
    """Raise an alarm, page the first step, and let somebody acknowledge."""
    alarm = await house.raise_alarm(key)
    await house.dispatch()
    actor = Actor(name=name, via="ack_page")
    await house.commands.run(ALL_SITES, lambda unit: unit.acknowledge(alarm.id, actor, link_of=link_of))
    await house.dispatch()
    return alarm


def again(messages: list[Message]) -> list[Message]:
    return [message for message in messages if message.kind is MessageKind.PRESSED_AGAIN]


async def events(house: Engine, alarm: Alarm) -> list[Change]:
    return [line.event for line in await house.journal(alarm.id)]


async def lapse(house: Engine, clock: FrozenClock) -> None:
    clock.advance(120)
    await house.escalate()
    await house.dispatch()


async def test_whoever_answered_is_told_with_a_link_that_the_key_was_pressed_again(
    house: Engine, clock: FrozenClock
) -> None:
    alarm = await answered(house, link_of=PORTERS_LINK)

    pressed = await house.press(KEY)
    await house.dispatch()

    assert (pressed.created, pressed.alarm.id, pressed.alarm.status) == (False, alarm.id, Status.ACKNOWLEDGED)
    [message] = again(house.signal.messages)
    assert (message.recipient, message.address) == ("Porter", "+491")
    assert message.ack_url is not None
    assert pressed.alarm.next_due_at == clock() + timedelta(seconds=120)
    assert len(again(house.zammad.messages)) == 1
    assert (alarm.id, Change.PRESSED_AGAIN) in house.news.changes


async def test_nobody_else_is_called_for_it_while_whoever_answered_may_still_react(house: Engine) -> None:
    await answered(house, link_of=PORTERS_LINK)

    await house.press(KEY)
    await house.escalate()
    await house.dispatch()

    assert house.sms.messages == []


async def test_who_answered_by_the_name_they_were_paged_with_is_told_whatever_they_answered_through(
    house: Engine,
) -> None:
    await answered(house, name="Porter")

    await house.press(KEY)
    await house.dispatch()

    assert [message.recipient for message in again(house.signal.messages)] == ["Porter"]


async def test_of_an_answer_given_at_the_desk_everybody_hears_whom_a_page_reached(
    house: Engine, clock: FrozenClock
) -> None:
    alarm = await house.raise_alarm(KEY)
    await house.dispatch()
    clock.advance(60)
    await house.escalate()
    await house.dispatch()
    await house.commands.run(
        ALL_SITES, lambda unit: unit.acknowledge(alarm.id, Actor(name="Desk", via="dashboard"))
    )

    await house.press(KEY)
    await house.dispatch()

    told = again([*house.signal.messages, *house.sms.messages])
    assert sorted(message.recipient for message in told) == ["Guard", "Porter"]


async def test_without_a_reaction_the_alarm_waits_for_an_answer_again_and_the_next_step_is_told(
    house: Engine, clock: FrozenClock
) -> None:
    alarm = await answered(house, link_of=PORTERS_LINK)
    await house.press(KEY)
    await house.dispatch()

    await lapse(house, clock)

    found = await house.alarm(alarm.id)
    assert (found.status, found.acknowledged_by, found.acknowledged_at) == (Status.TRIGGERED, None, None)
    assert [(message.kind, message.recipient) for message in house.sms.messages] == [
        (MessageKind.PAGE, "Guard")
    ]
    assert (await events(house, alarm))[-3:] == [
        Change.REOPENED,
        Change.ESCALATED,
        Change.DELIVERY_SENT,
    ]
    assert house.news.changes[-2:] == [(alarm.id, Change.REOPENED), (alarm.id, Change.ESCALATED)]


async def test_an_alarm_that_lapsed_can_be_answered_once_more(house: Engine, clock: FrozenClock) -> None:
    alarm = await answered(house, link_of=PORTERS_LINK)
    await house.press(KEY)
    await lapse(house, clock)

    await house.acknowledge(alarm.id)

    found = await house.alarm(alarm.id)
    assert (found.status, found.next_due_at) == (Status.ACKNOWLEDGED, None)


@pytest.mark.parametrize("reaction", ["acknowledge", "note", "cancel", "resolve"])
async def test_a_reaction_of_anybody_keeps_the_others_from_being_called(
    house: Engine, clock: FrozenClock, reaction: str
) -> None:
    alarm = await answered(house, link_of=PORTERS_LINK)
    await house.press(KEY)
    anna = Actor(name="Anna", via="ack_page")
    do = {
        "acknowledge": lambda unit: unit.acknowledge(alarm.id, anna),
        "note": lambda unit: unit.note(alarm.id, anna, "I hear it"),
        "cancel": lambda unit: unit.cancel(alarm.id, anna),
        "resolve": lambda unit: unit.resolve(alarm.id, anna),
    }[reaction]

    await house.commands.run(ALL_SITES, do)
    await lapse(house, clock)

    assert house.sms.messages == []
    assert again(house.signal.messages) == []  # it was not sent yet, and nobody needs it any more
    assert Change.REOPENED not in await events(house, alarm)
    assert (await house.alarm(alarm.id)).next_due_at is None


async def test_more_presses_meanwhile_are_counted_and_tell_nobody_twice(
    house: Engine, clock: FrozenClock
) -> None:
    alarm = await answered(house, link_of=PORTERS_LINK)

    for _ in range(5):
        clock.advance(1)
        await house.press(KEY)
    await house.dispatch()

    found = await house.alarm(alarm.id)
    assert (found.presses, len(again(house.signal.messages))) == (6, 1)
    assert (await events(house, alarm)).count(Change.PRESSED_AGAIN) == 5


async def test_a_press_after_the_reaction_tells_again(house: Engine, clock: FrozenClock) -> None:
    alarm = await answered(house, link_of=PORTERS_LINK)
    for _ in range(2):
        await house.press(KEY)
        await house.dispatch()
        await house.acknowledge(alarm.id)
        clock.advance(1)

    assert len(again(house.signal.messages)) == 2


async def test_who_cannot_be_reached_over_one_contact_is_told_over_the_next(
    house: Engine, clock: FrozenClock
) -> None:
    await answered(house, link_of=PORTERS_LINK)
    house.signal.behaviours = [Refused(reason=Reason.quoting("not registered"))]

    await house.press(KEY)
    await house.dispatch()

    assert [(message.recipient, message.address) for message in again(house.sms.messages)] == [
        ("Porter", "+491")
    ]


async def test_if_nobody_can_be_reminded_the_others_are_called_at_once(
    house: Engine, clock: FrozenClock
) -> None:
    alarm = await answered(house, link_of=PORTERS_LINK)
    house.signal.behaviours, house.sms.behaviours = (
        [Refused(reason=Reason.quoting("no"))],
        [Refused(reason=Reason.quoting("no"))],
    )

    await house.press(KEY)
    await house.dispatch()
    await house.escalate()

    assert Change.REOPENED in await events(house, alarm)


@pytest.mark.parametrize("exhausted", [False, True], ids=["still waiting", "exhausted before the answer"])
async def test_a_policy_whose_steps_have_all_run_is_told_once_more(
    house: Engine, clock: FrozenClock, *, exhausted: bool
) -> None:
    only_porter = policy(step(person("porter")), repeat_after=60, last_resort=[{"person": "guard"}])
    key = trigger(policy=only_porter, dedup=within(600, "k"))
    alarm = await house.raise_alarm(key)
    await house.dispatch()
    if exhausted:
        clock.advance(60)
        await house.escalate()
        await house.dispatch()
    await house.acknowledge(alarm.id)
    await house.press(key)
    await house.dispatch()
    before = len(house.sms.messages)

    await lapse(house, clock)
    pages = [message for message in house.signal.messages if message.kind is MessageKind.PAGE]
    clock.advance(60)
    await house.escalate()
    await house.dispatch()

    assert len(pages) == 2
    assert [message.kind for message in house.sms.messages[before:]] == [MessageKind.EXHAUSTED]
    assert (await house.alarm(alarm.id)).exhausted_at == clock()


async def test_the_same_occurrence_told_twice_is_no_press(house: Engine) -> None:
    occurrence = trigger(dedup=Dedup("ha:instance:uid", ForEver()))
    alarm = await answered(house, occurrence, link_of=PORTERS_LINK)

    await house.press(occurrence)
    await house.dispatch()

    assert again(house.signal.messages) == []
    assert (await house.alarm(alarm.id)).next_due_at is None


async def test_pages_of_the_reminder_are_taken_back_with_the_reaction(house: Engine) -> None:
    alarm = await answered(house, link_of=PORTERS_LINK)
    await house.press(KEY)

    await house.acknowledge(alarm.id)

    states = {
        delivery.state
        for delivery in await house.deliveries(alarm.id)
        if delivery.kind is MessageKind.PRESSED_AGAIN and not delivery.record
    }
    assert states == {State.CANCELLED}
