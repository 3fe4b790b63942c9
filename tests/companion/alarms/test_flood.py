"""A source that floods: every alarm is recorded and escalates, and people get one running message."""

import random
from collections.abc import Sequence

import pytest
import sqlalchemy as sa

from companion.alarms import failover, flood
from companion.alarms.model import Alarm, AlarmKind, Change, Severity, Status, Trigger
from companion.channels.base import Message, MessageKind, Refused
from companion.dispatch.delivery import Delivery, State
from companion.dispatch.folding import FREE, WINDOW
from companion.store import tables
from companion.store.database import Database
from companion.store.scope import ALL_SITES
from companion.texts.reasons import Reason
from tests.builders import ELSEWHERE, Engine, channel, make_engine, person, policy, step, trigger
from tests.companion.conftest import Directory
from tests.fakes.clock import FrozenClock

PORTER = policy(step(person("porter")))
EVERY_S = 30


def burglary(number: int = 0, **changes: object) -> Trigger:
    values = {
        "kind": AlarmKind.BURGLARY,
        "title": f"Burglary: Window {number}",
        "policy": PORTER,
        **changes,
    }
    return trigger(**values)


async def flooded(engine: Engine, count: int, **changes: object) -> list[Alarm]:
    return [await engine.raise_alarm(burglary(number, **changes)) for number in range(count)]


async def release(engine: Engine) -> None:
    await engine.commands.run(ALL_SITES, flood.run_due)
    await engine.dispatch()


def said(messages: Sequence[Message]) -> list[tuple[str, int]]:
    return [(message.title.removeprefix("Burglary: Window "), message.more) for message in messages]


async def test_the_first_alarms_of_a_source_are_told_one_by_one_and_the_rest_in_one_message(
    engine: Engine, clock: FrozenClock
) -> None:
    alarms = await flooded(engine, FREE + 7)
    await engine.dispatch()
    before = said(engine.signal.pages)

    clock.advance(EVERY_S)
    await release(engine)

    assert before == [(str(number), 0) for number in range(FREE)]
    assert said(engine.signal.pages)[FREE:] == [("11", 6)]
    assert [(await engine.alarm(alarm.id)).status for alarm in alarms] == [Status.TRIGGERED] * len(alarms)
    [line] = [line for line in await engine.journal(alarms[7].id) if line.event is Change.FOLDED]
    assert (line.detail["recipient"], line.detail["told_with"]) == ("Porter", alarms[-1].id)


async def test_a_flood_that_goes_on_is_told_twice_a_minute(engine: Engine, clock: FrozenClock) -> None:
    for number in range(240):
        await engine.raise_alarm(burglary(number))
        clock.advance(1)
        await release(engine)

    messages = engine.signal.pages
    assert FREE + 240 / EVERY_S - 2 <= len(messages) <= FREE + 240 / EVERY_S + 1
    told = sum(1 + message.more for message in messages)
    assert 240 - EVERY_S <= told <= 240


async def test_a_source_that_was_quiet_is_told_one_by_one_again(engine: Engine, clock: FrozenClock) -> None:
    await flooded(engine, FREE + 2)
    clock.advance(EVERY_S)
    await release(engine)
    clock.advance(WINDOW.total_seconds() + 1)

    await engine.raise_alarm(burglary(99))
    await engine.dispatch()

    assert said(engine.signal.pages)[-1] == ("99", 0)


@pytest.mark.parametrize(
    "other",
    [
        trigger(policy=PORTER),
        trigger(policy=PORTER, kind=AlarmKind.FIRE, title="Fire: Kitchen"),
        burglary(99, device_id="other-phone"),
        burglary(99, site_id="home"),
        burglary(99, severity=Severity.HIGH),
        burglary(99, kind=AlarmKind.TAMPER),
    ],
    ids=["panic", "fire", "other device", "other site", "other severity", "other kind"],
)
async def test_what_comes_from_another_source_is_told_at_once_in_the_middle_of_a_flood(
    engine: Engine, other: Trigger
) -> None:
    await flooded(engine, FREE + 3)

    raised = await engine.raise_alarm(other)
    await engine.dispatch()

    assert raised.id in [message.alarm_id for message in engine.signal.pages]


async def test_panic_keys_of_many_rooms_are_never_folded(engine: Engine) -> None:
    for number in range(3 * FREE):
        await engine.raise_alarm(trigger(policy=PORTER, room=f"Room {number}", device_id=None))
    await engine.dispatch()

    assert len(engine.signal.pages) == 3 * FREE


async def test_a_drill_that_floods_folds_no_real_alarm(engine: Engine) -> None:
    await flooded(engine, FREE + 3, test=True)

    raised = await engine.raise_alarm(burglary(99))
    await engine.dispatch()

    assert raised.id in [message.alarm_id for message in engine.signal.pages]


async def test_each_alarm_keeps_its_ticket_and_its_steps(engine: Engine, clock: FrozenClock) -> None:
    rules = policy(step(channel("zammad"), person("porter")), step(person("guard"), after=60))
    alarms = await flooded(engine, FREE + 2, policy=rules)
    clock.advance(60)
    await engine.escalate()
    await release(engine)

    assert len(engine.zammad.pages) == FREE + 2
    assert [(await engine.alarm(alarm.id)).steps_run for alarm in alarms] == [2] * (FREE + 2)
    guards = [
        page for alarm in alarms for page in await engine.deliveries(alarm.id) if page.recipient == "Guard"
    ]
    assert [page.state for page in guards] == [State.SENT] * FREE + [State.FOLDED] * 2


async def test_what_was_answered_meanwhile_is_not_in_the_running_message(
    engine: Engine, clock: FrozenClock
) -> None:
    alarms = await flooded(engine, FREE + 4)
    await engine.dispatch()
    for answered in (alarms[-1], alarms[-2]):
        await engine.acknowledge(answered.id)

    clock.advance(EVERY_S)
    await release(engine)

    assert said(engine.signal.pages)[FREE:] == [(str(FREE + 1), 1)]


async def test_nobody_hears_news_of_an_alarm_that_was_told_with_others(
    engine: Engine, clock: FrozenClock
) -> None:
    alarms = await flooded(engine, FREE + 4)
    clock.advance(EVERY_S)
    await engine.dispatch()
    await release(engine)

    await engine.acknowledge(alarms[FREE].id)
    await engine.dispatch()

    assert MessageKind.ACKNOWLEDGED not in [message.kind for message in engine.signal.messages]


async def test_an_answer_that_withdraws_the_running_message_lets_another_one_tell_the_others(
    engine: Engine, clock: FrozenClock
) -> None:
    alarms = await flooded(engine, FREE + 3)
    clock.advance(EVERY_S)
    await engine.commands.run(ALL_SITES, flood.run_due)

    await engine.acknowledge(alarms[-1].id)
    await release(engine)

    assert said(engine.signal.pages)[FREE:] == [(str(FREE + 1), 1)]


async def test_a_running_message_that_is_refused_goes_to_the_next_contact_with_what_it_stands_for(
    engine: Engine, clock: FrozenClock
) -> None:
    await flooded(engine, FREE + 3)
    await engine.dispatch()
    clock.advance(EVERY_S)
    engine.signal.behaviours = [Refused(reason=Reason.quoting("no"))]

    await release(engine)

    assert said(engine.sms.pages) == [(str(FREE + 2), 2)]
    clock.advance(60)
    assert await engine.commands.run(ALL_SITES, failover.run_due) == 0


async def test_a_running_message_that_is_refused_everywhere_is_followed_by_another_about_the_rest(
    engine: Engine, clock: FrozenClock
) -> None:
    await flooded(engine, FREE + 3)
    await engine.dispatch()
    clock.advance(EVERY_S)
    engine.signal.behaviours = [Refused(reason=Reason.quoting("no"))]
    engine.sms.behaviours = [Refused(reason=Reason.quoting("no"))]
    await release(engine)
    await release(engine)
    refused = len(engine.signal.pages)

    clock.advance(EVERY_S)
    await release(engine)

    assert refused == FREE + 1
    assert said(engine.signal.pages)[refused:] == [(str(FREE + 1), 1)]


async def test_another_process_sends_the_running_message_of_one_that_died(
    db: Database, clock: FrozenClock, directory: Directory
) -> None:
    await flooded(make_engine(db, clock), FREE + 3)
    clock.advance(EVERY_S)

    other = make_engine(db, clock, owner=ELSEWHERE)
    await release(other)

    assert ("7", 2) in said(other.signal.pages)


async def test_a_page_whose_facts_were_lost_keeps_no_running_message_back(
    engine: Engine, clock: FrozenClock
) -> None:
    alarms = await flooded(engine, FREE + 3)
    await engine.db.write(
        lambda conn: conn.execute(
            sa.update(tables.delivery)
            .where(tables.delivery.c.alarm_id.in_([alarms[-1].id, alarms[-2].id]))
            .values(message=["what no version writes"])
        )
    )
    clock.advance(EVERY_S)

    await release(engine)

    assert engine.signal.pages[-1].more == 2


async def test_the_first_pages_that_are_claimed_at_once_are_folded_too(
    db: Database, clock: FrozenClock, directory: Directory
) -> None:
    claiming = make_engine(db, clock, claims=True)
    await flooded(claiming, FREE + 3)
    await claiming.dispatch()

    assert len(claiming.signal.pages) == FREE


async def _told(engine: Engine, alarms: Sequence[Alarm]) -> list[str]:
    """Return the alarms that wait for an answer and of which nobody was told."""
    told: dict[str, Delivery] = {}
    for alarm in alarms:
        told |= {page.id: page for page in await engine.deliveries(alarm.id)}
    untold = []
    for alarm in alarms:
        pages = [page for page in told.values() if page.alarm_id == alarm.id]
        sent = [told.get(page.folded_into or "", page) for page in pages]
        is_told = any(page.state is State.SENT for page in sent)
        if not is_told and (await engine.alarm(alarm.id)).status is Status.TRIGGERED:
            untold.append(alarm.id)
    return untold


@pytest.mark.parametrize("seed", range(4))
async def test_in_any_order_every_open_alarm_is_told_by_itself_or_with_others(
    engine: Engine, clock: FrozenClock, seed: int
) -> None:
    chance = random.Random(seed)
    alarms: list[Alarm] = []
    for number in range(60):
        match chance.randrange(6):
            case 0 | 1 | 2:
                alarms.append(await engine.raise_alarm(burglary(number)))
            case 3 if alarms:
                answered = chance.choice(alarms)
                if (await engine.alarm(answered.id)).status is Status.TRIGGERED:
                    await engine.acknowledge(answered.id)
            case 4:
                clock.advance(chance.choice([1, 10, 40]))
                await engine.commands.run(ALL_SITES, flood.run_due)
            case _:
                await engine.dispatch()

    for _ in range(3):
        clock.advance(60)
        await release(engine)

    assert await _told(engine, alarms) == []


async def test_what_is_answered_together_is_looked_for_among_open_alarms_not_in_all_that_was_ever_told(
    engine: Engine, db: Database
) -> None:
    alarms = await flooded(engine, FREE + 2)
    asked: list[tuple[str, object]] = []

    def plans(conn: sa.Connection) -> list[str]:
        def listen(_conn: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
            asked.append((statement, parameters))

        sa.event.listen(conn, "before_cursor_execute", listen)
        together = flood.told_together(conn, alarms[0], "Porter")
        sa.event.remove(conn, "before_cursor_execute", listen)
        explain = "EXPLAIN " if conn.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "
        [(statement, parameters)] = asked
        return [str(together), *map(str, conn.exec_driver_sql(explain + statement, parameters))]  # type: ignore[arg-type] # as it was asked

    together, *plan = await db.write(plans)

    assert together == str([alarm.id for alarm in alarms[1:]])
    assert "ix_delivery_source" not in "\n".join(plan)
