"""People answer over the channels they were told on: who it is, which alarm they mean, what becomes of it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.alarms import flood, inbound
from companion.alarms.inbound import InboundOfChannels
from companion.alarms.model import Actor, Alarm, Change, JournalEntry, Status
from companion.channels.base import (
    Answer,
    Message,
    Response,
    Sent,
    Understood,
    alarm_code,
)
from companion.store import tables
from companion.store.database import StoreUnavailable
from companion.store.scope import ALL_SITES
from tests.builders import Engine, channel, person, policy, set_last_resort, step, trigger, until
from tests.fakes.clock import FrozenClock

BOTH = policy(step(person("porter"), person("guard")))
PORTER = policy(step(person("porter")))
TOPIC = policy(step(channel("signal", "the-house", "Everybody"), person("porter")))
_EVENTS = count(1)


class Phones:
    """What the people of the directory say."""

    def __init__(self, engine: Engine) -> None:
        self._every = InboundOfChannels(engine.commands, "https://alarm.example/{}".format)

    async def say(
        self,
        words: str = "",
        *,
        sender: str = "+491",
        over: str = "signal",
        pressed: Message | None = None,
        to: str | None = None,
        event: str | None = None,
        at: datetime | None = None,
    ) -> Response | None:
        """Return what is said to somebody who wrote `words`, `pressed` the button of a message, or answered one."""
        answer = Answer(
            event_id=event or f"event-{next(_EVENTS)}",
            sender=sender,
            acknowledges=pressed is not None,
            words=words,
            token=None if pressed is None else pressed.ack_token,
            thread_ref=to,
            at=at,
        )
        return await self._every.of(over).answer(answer)

    async def understood(self, words: str = "", **how: object) -> Understood:
        response = await self.say(words, **how)  # type: ignore[arg-type] # as `say` has them
        assert response is not None
        return response.understood

    async def close(self) -> None:
        await self._every.close()


@pytest.fixture
async def phones(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Phones]:
    monkeypatch.setattr(inbound, "EARLY_S", 0.2)
    monkeypatch.setattr(inbound, "WRITE_AGAIN_S", 0.01)
    phones = Phones(engine)
    yield phones
    await phones.close()


async def told(engine: Engine, *, title: str = "Panic key: Reception", **changes: object) -> Alarm:
    """Return a new alarm that people were told of."""
    alarm = await engine.raise_alarm(trigger(**{"policy": BOTH, "title": title} | changes))
    await engine.dispatch()
    return alarm


def page_over_signal(engine: Engine, alarm: Alarm) -> Message:
    return next(one for one in engine.signal.pages if one.alarm_id == alarm.id)


async def answered(engine: Engine, *alarms: Alarm) -> None:
    """Wait until somebody has answered all of them."""
    async with asyncio.timeout(20):
        while {(await engine.alarm(one.id)).status for one in alarms} != {Status.ACKNOWLEDGED}:  # noqa: ASYNC110 # what is waited for is in a database
            await asyncio.sleep(0.01)


async def line(engine: Engine, alarm: Alarm, event: Change) -> JournalEntry:
    (found,) = [one for one in await engine.journal(alarm.id) if one.event is event]
    return found


async def test_the_button_of_a_message_acknowledges_its_alarm_and_stops_the_rest(
    engine: Engine, phones: Phones
) -> None:
    first, second = await told(engine), await told(engine, title="Panic key: Cellar")

    response = await phones.say(pressed=page_over_signal(engine, first))

    assert response == Response(
        understood=Understood.ACKNOWLEDGED,
        text="Thank you, Porter. You have acknowledged: Panic key: Reception.",
    )
    answered = await engine.alarm(first.id)
    assert (answered.status, answered.acknowledged_by) == (Status.ACKNOWLEDGED, "Porter")
    assert (await engine.alarm(second.id)).status is Status.TRIGGERED


async def test_the_journal_says_over_which_channel_and_in_which_words(engine: Engine, phones: Phones) -> None:
    alarm = await told(engine)

    await phones.say("OK", sender="+492", over="sms")

    entry = await line(engine, alarm, Change.ACKNOWLEDGED)
    assert (entry.actor, entry.via) == ("Guard", "reply")
    assert (entry.detail["channel"], entry.detail["words"]) == ("sms", "OK")


async def test_everybody_is_answered_in_their_own_language(engine: Engine, phones: Phones) -> None:
    await told(engine)

    response = await phones.say("ok", sender="+492", over="sms")

    assert response is not None
    assert response.text == "Danke, Guard. Sie haben übernommen: Paniktaste: Reception."


async def test_with_several_open_a_mere_yes_is_asked_which_one_is_meant(
    engine: Engine, phones: Phones
) -> None:
    first, second = await told(engine), await told(engine, title="Panic key: Cellar")

    response = await phones.say("yes")

    assert response is not None
    assert response.understood is Understood.WHICH
    assert response.text.splitlines()[1:] == [
        f"OK {alarm_code(second.id)}: Panic key: Cellar",
        f"OK {alarm_code(first.id)}: Panic key: Reception",
    ]
    assert {(await engine.alarm(one.id)).status for one in (first, second)} == {Status.TRIGGERED}

    assert await phones.understood(f"ok {alarm_code(first.id)}") is Understood.ACKNOWLEDGED
    assert (await engine.alarm(first.id)).status is Status.ACKNOWLEDGED
    assert (await engine.alarm(second.id)).status is Status.TRIGGERED


async def test_a_yes_that_may_be_for_an_alarm_that_has_just_been_answered_is_not_for_another_one(
    engine: Engine, phones: Phones, clock: FrozenClock
) -> None:
    """The guard was faster, a new alarm comes, and only now does the porter's "ok" arrive, which meant the first one."""
    first = await told(engine)
    await phones.say(sender="+492", over="sms", pressed=page_over_signal(engine, first))
    second = await told(engine, title="Panic key: Cellar")

    assert await phones.understood("ok") is Understood.WHICH
    assert (await engine.alarm(second.id)).status is Status.TRIGGERED

    clock.advance(11 * 60)
    assert await phones.understood("ok") is Understood.ACKNOWLEDGED
    assert (await engine.alarm(second.id)).status is Status.ACKNOWLEDGED


async def test_a_yes_that_its_provider_has_held_is_not_for_an_alarm_that_came_after_it(
    engine: Engine, phones: Phones, clock: FrozenClock
) -> None:
    alarm = await told(engine)
    written = clock() - timedelta(minutes=20)

    assert await phones.understood("ok", at=written) is Understood.WHICH
    assert (await engine.alarm(alarm.id)).status is Status.TRIGGERED

    assert await phones.understood("ok", at=clock() - timedelta(seconds=2)) is Understood.ACKNOWLEDGED


async def test_what_names_its_alarm_is_for_it_whatever_a_providers_clock_says(
    engine: Engine, phones: Phones, clock: FrozenClock
) -> None:
    alarm = await told(engine)

    said = f"ok {alarm_code(alarm.id)}"
    assert await phones.understood(said, at=clock() - timedelta(hours=2)) is Understood.ACKNOWLEDGED


async def test_a_reply_to_a_message_is_for_the_alarm_of_that_message(engine: Engine, phones: Phones) -> None:
    first, second = await told(engine), await told(engine, title="Panic key: Cellar")
    page = page_over_signal(engine, first)

    assert await phones.understood("ok", to=f"ref-{page.delivery_id}") is Understood.ACKNOWLEDGED

    assert (await engine.alarm(first.id)).status is Status.ACKNOWLEDGED
    assert (await engine.alarm(second.id)).status is Status.TRIGGERED


@pytest.mark.parametrize("sender", ["+491", "+4999"])
async def test_what_people_say_to_each_other_in_a_room_is_no_answer(
    engine: Engine, phones: Phones, sender: str
) -> None:
    alarm = await told(engine)
    before = await engine.journal(alarm.id)

    assert await phones.say("ok", to="a message of somebody else", sender=sender) is None

    assert (await engine.alarm(alarm.id)).status is Status.TRIGGERED
    assert await engine.journal(alarm.id) == before


async def test_a_button_of_an_alarm_that_is_not_known_any_more_is_for_no_other_one(
    engine: Engine, phones: Phones
) -> None:
    alarm = await told(engine)
    old = replace(page_over_signal(engine, alarm), ack_url="https://alarm.example/a/gone")

    assert await phones.understood(pressed=old) is Understood.WHICH
    assert (await engine.alarm(alarm.id)).status is Status.TRIGGERED


@pytest.mark.parametrize("words", ["ok 1000", "ok 1000 1001"])
async def test_a_code_that_no_alarm_has_is_asked_about(engine: Engine, phones: Phones, words: str) -> None:
    alarm = await told(engine)
    assert alarm_code(alarm.id) not in words

    assert await phones.understood(words) is Understood.WHICH
    assert (await engine.alarm(alarm.id)).status is Status.TRIGGERED


async def test_a_code_goes_before_the_message_that_was_answered(engine: Engine, phones: Phones) -> None:
    first, second = await told(engine), await told(engine, title="Panic key: Cellar")
    page = page_over_signal(engine, first)

    said = f"ok {alarm_code(second.id)}"
    assert await phones.understood(said, to=f"ref-{page.delivery_id}") is Understood.ACKNOWLEDGED

    assert (await engine.alarm(first.id)).status is Status.TRIGGERED
    assert (await engine.alarm(second.id)).status is Status.ACKNOWLEDGED


async def test_words_that_are_no_yes_are_noted_and_do_not_stop_anything(
    engine: Engine, phones: Phones
) -> None:
    alarm = await told(engine)

    response = await phones.say("I cannot come, call the neighbour")

    assert response is not None
    assert response.understood is Understood.NOTED
    assert response.text.endswith(f"To acknowledge, reply OK {alarm_code(alarm.id)}.")
    assert (await engine.alarm(alarm.id)).status is Status.TRIGGERED
    entry = await line(engine, alarm, Change.NOTED)
    assert (entry.actor, entry.detail["note"]) == ("Porter", "I cannot come, call the neighbour")


async def test_whoever_is_second_hears_who_was_first(engine: Engine, phones: Phones) -> None:
    alarm = await told(engine)
    await phones.say("ok", sender="+492", over="sms")

    response = await phones.say("ok")

    assert response is not None
    assert response.understood is Understood.ALREADY
    assert response.text.startswith("Guard has acknowledged already")
    assert (await line(engine, alarm, Change.ANSWERED_AGAIN)).actor == "Porter"


async def test_what_is_over_needs_no_answer(engine: Engine, phones: Phones) -> None:
    alarm = await told(engine)
    desk = Actor(name="Desk", via="dashboard")
    await engine.commands.run(ALL_SITES, lambda unit: unit.cancel(alarm.id, desk))

    assert await phones.understood(pressed=page_over_signal(engine, alarm)) is Understood.OVER
    assert await phones.understood("ok", sender="+492", over="sms") is Understood.OVER


async def test_without_any_alarm_a_yes_is_for_nothing(phones: Phones) -> None:
    assert await phones.understood("ok") is Understood.NONE_OPEN


async def test_a_page_that_has_not_been_sent_cannot_be_meant(engine: Engine, phones: Phones) -> None:
    alarm = await engine.raise_alarm(trigger(policy=PORTER))

    assert await phones.understood("ok") is Understood.NONE_OPEN
    assert (await engine.alarm(alarm.id)).status is Status.TRIGGERED


async def test_what_the_provider_says_twice_counts_once(engine: Engine, phones: Phones) -> None:
    alarm = await told(engine)

    first = await phones.say("hello", event="update-1")
    again = await phones.say("hello", event="update-1")
    elsewhere = await phones.say("hello", event="update-1", sender="+492", over="sms")

    assert first is not None
    assert again is None
    assert elsewhere is not None
    noted = [one.actor for one in await engine.journal(alarm.id) if one.event is Change.NOTED]
    assert noted == ["Porter", "Guard"]


async def test_a_stranger_acknowledges_nothing_even_with_the_button_of_somebody_elses_message(
    engine: Engine, phones: Phones
) -> None:
    alarm = await told(engine)

    response = await phones.say("ok", sender="+4999", pressed=page_over_signal(engine, alarm))

    assert response is not None
    assert response.understood is Understood.UNKNOWN_SENDER
    assert "Reception" not in response.text
    assert (await engine.alarm(alarm.id)).status is Status.TRIGGERED
    entry = await line(engine, alarm, Change.REPLY_REFUSED)
    assert (entry.actor, entry.detail["sender"], entry.detail["channel"]) == (None, "+4999", "signal")


async def test_a_strangers_words_without_a_message_say_nothing_of_any_alarm(
    engine: Engine, phones: Phones
) -> None:
    alarm = await told(engine)

    assert await phones.understood(f"ok {alarm_code(alarm.id)}", sender="+4999") is Understood.UNKNOWN_SENDER
    assert (await engine.alarm(alarm.id)).status is Status.TRIGGERED


async def test_an_address_that_a_step_names_answers_what_it_was_told(engine: Engine, phones: Phones) -> None:
    alarm = await told(engine, policy=TOPIC)
    page = next(one for one in engine.signal.pages if one.address == "the-house")

    assert await phones.understood(sender="the-house", pressed=page) is Understood.ACKNOWLEDGED
    assert (await engine.alarm(alarm.id)).acknowledged_by == "Everybody"


async def test_two_machines_that_answer_each_other_come_to_an_end_and_an_answer_still_counts(
    engine: Engine, phones: Phones
) -> None:
    alarm = await told(engine)

    responses = [await phones.say("I am away until Monday") for _ in range(12)]
    assert [response is None for response in responses] == [False] * 10 + [True] * 2

    assert await phones.say("ok") is None
    assert (await engine.alarm(alarm.id)).status is Status.ACKNOWLEDGED


async def test_one_answer_is_for_every_alarm_that_was_told_in_the_same_message(
    engine: Engine, phones: Phones, clock: FrozenClock
) -> None:
    alarms = [await told(engine, policy=PORTER) for _ in range(8)]
    clock.advance(120)
    await engine.commands.run(ALL_SITES, flood.run_due)
    await engine.dispatch()

    response = await phones.say(pressed=engine.signal.pages[-1])

    assert response is not None
    assert response.text.endswith("7 more alarms from the same source.")
    assert {(await engine.alarm(one.id)).status for one in alarms} == {Status.ACKNOWLEDGED}


async def test_a_channel_of_one_site_answers_nothing_of_another(engine: Engine, phones: Phones) -> None:
    await set_last_resort(engine.db, PORTER)
    alarm = await told(engine, site_id=None, site=None)
    page = page_over_signal(engine, alarm)
    await engine.db.write(
        lambda conn: conn.execute(
            sa.update(tables.channel).where(tables.channel.c.id == "signal").values(site_id="office")
        )
    )

    assert await phones.understood("ok", pressed=page) is Understood.NONE_OPEN
    assert (await engine.alarm(alarm.id)).status is Status.TRIGGERED


# --- what tries to be taken for something else ----------------------------------------------------------


async def test_a_yes_while_another_alarm_is_just_being_sent_is_for_neither(
    engine: Engine, phones: Phones
) -> None:
    first = await told(engine, policy=PORTER)
    engine.signal.open.clear()
    second = await engine.raise_alarm(trigger(policy=PORTER, title="Panic key: Cellar"))
    await engine.dispatcher.turn()
    await until(lambda: len(engine.signal.pages) == 2)

    understood = await phones.understood("ok")

    assert understood is Understood.WHICH
    assert {(await engine.alarm(one.id)).status for one in (first, second)} == {Status.TRIGGERED}
    engine.signal.open.set()
    await engine.dispatch()


async def test_an_answer_to_a_message_that_is_not_yet_written_down_as_sent_counts(
    engine: Engine, phones: Phones
) -> None:
    engine.signal.open.clear()
    alarm = await engine.raise_alarm(trigger(policy=PORTER))
    await engine.dispatcher.turn()
    await until(lambda: len(engine.signal.pages) == 1)
    ref = f"ref-{engine.signal.pages[0].delivery_id}"

    assert await phones.say("ok", to=ref) is None  # at once: nobody waits behind it
    engine.signal.open.set()
    await engine.dispatch()

    await answered(engine, alarm)
    assert (await engine.alarm(alarm.id)).acknowledged_by == "Porter"


async def test_an_answer_to_messages_of_two_alarms_that_have_one_name_is_for_neither(
    engine: Engine, phones: Phones
) -> None:
    engine.signal.outcome = Sent(provider_ref="1700000000000")
    first, second = await told(engine), await told(engine, title="Panic key: Cellar")

    assert await phones.understood("ok", to="1700000000000") is Understood.WHICH
    assert {(await engine.alarm(one.id)).status for one in (first, second)} == {Status.TRIGGERED}


async def test_an_alarm_of_long_ago_that_has_just_ended_may_be_meant_too(
    engine: Engine, phones: Phones, clock: FrozenClock
) -> None:
    old = await told(engine)
    clock.advance(2 * 3600)
    new = await told(engine, title="Panic key: Cellar")
    await engine.commands.run(ALL_SITES, lambda unit: unit.cancel(old.id, Actor(name="Guard", via="api")))

    assert await phones.understood("ok") is Understood.WHICH
    assert (await engine.alarm(new.id)).status is Status.TRIGGERED


@pytest.mark.parametrize("odd", ["\0", "\ud83d", "x" * 5000])
async def test_no_text_of_a_provider_keeps_an_answer_from_being_taken(
    engine: Engine, phones: Phones, odd: str
) -> None:
    alarm = await told(engine, policy=PORTER)

    await phones.say(f"hello {odd}", event=f"{odd}1")
    await phones.say("hello", sender=f"+4999{odd}", to=f"ref-{engine.signal.pages[0].delivery_id}")
    await phones.say("hello", to=f"ref{odd}")
    await phones.say("hello", event=f"{odd}2")

    noted = [one.detail for one in await engine.journal(alarm.id) if one.event is Change.NOTED]
    assert len(noted) == 2


async def test_what_an_outage_cuts_off_is_made_up_when_the_provider_says_it_again(
    engine: Engine, phones: Phones, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    alarms = [await told(engine, policy=PORTER) for _ in range(8)]
    clock.advance(120)
    await engine.commands.run(ALL_SITES, flood.run_due)
    await engine.dispatch()
    run, calls = engine.commands.run_patiently, count(1)

    async def once(*args: Any, **values: Any) -> Any:
        if next(calls) == 2:
            raise StoreUnavailable("away")
        return await run(*args, **values)

    monkeypatch.setattr(engine.commands, "run_patiently", once)
    page = engine.signal.pages[-1]
    await phones.say(pressed=page, event="update-1")

    await answered(engine, *alarms)


async def test_people_of_another_site_answer_nothing_over_a_channel_that_both_have(
    engine: Engine, phones: Phones
) -> None:
    await engine.db.write(add_other_site)
    alarm = await told(engine, policy=PORTER)

    pressed = page_over_signal(engine, alarm)
    response = await phones.say(sender="+4977", pressed=pressed)

    assert response is not None
    assert response.understood is Understood.UNKNOWN_SENDER
    assert "Reception" not in response.text
    assert (await engine.alarm(alarm.id)).status is Status.TRIGGERED


async def test_who_shares_an_address_in_another_site_is_not_named(engine: Engine, phones: Phones) -> None:
    await engine.db.write(add_other_site)
    await engine.db.write(
        lambda conn: conn.execute(
            sa.update(tables.contact_point)
            .where(tables.contact_point.c.person_id == "stranger")
            .values(address="+491")
        )
    )
    alarm = await told(engine, policy=PORTER)

    await phones.say("ok")

    assert (await engine.alarm(alarm.id)).acknowledged_by == "Porter"


def add_other_site(conn: Connection) -> None:
    conn.execute(sa.insert(tables.site).values(id="plant", name="Plant", timezone="UTC"))
    conn.execute(sa.insert(tables.person).values(id="stranger", name="Zoe", language="en", site_id="plant"))
    add_contact(conn, "stranger", "+4977")


def add_contact(conn: Connection, person_id: str, address: str) -> None:
    conn.execute(
        sa.insert(tables.contact_point).values(
            id=f"{person_id}-signal", person_id=person_id, channel_id="signal", address=address, position=2
        )
    )


async def test_what_somebody_got_at_an_address_that_they_share_may_be_meant_from_another_of_theirs(
    engine: Engine, phones: Phones
) -> None:
    await engine.db.write(lambda conn: add_contact(conn, "guard", "+491"))
    shared = await told(engine, policy=policy(step(person("porter", "signal"), person("guard", "signal"))))
    own = await told(engine, policy=policy(step(person("guard", "sms"))), title="Panic key: Cellar")

    assert await phones.understood("ok", sender="+492", over="sms") is Understood.WHICH
    assert {(await engine.alarm(one.id)).status for one in (shared, own)} == {Status.TRIGGERED}
