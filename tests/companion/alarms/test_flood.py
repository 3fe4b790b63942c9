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
from tests.builders import ELSEWHERE, Engine, channel, engine, person, policy, step, trigger
from tests.companion.conftest import Directory
from tests.fakes.clock import FrozenClock

PORTER = policy(step(person("porter")))
EVERY_S = 30


@pytest.fixture
def house(db: Database, clock: FrozenClock, directory: Directory) -> Engine:
    return engine(db, clock)


def burglary(number: int = 0, **changes: object) -> Trigger:
    values = {
        "kind": AlarmKind.BURGLARY,
        "title": f"Burglary: Window {number}",
        "policy": PORTER,
        **changes,
    }
    return trigger(**values)


async def flooded(house: Engine, count: int, **changes: object) -> list[Alarm]:
    return [await house.raise_alarm(burglary(number, **changes)) for number in range(count)]


async def release(house: Engine) -> None:
    await house.commands.run(ALL_SITES, flood.run_due)
    await house.dispatch()


def said(messages: Sequence[Message]) -> list[tuple[str, int]]:
    return [(message.title.removeprefix("Burglary: Window "), message.more) for message in messages]


async def test_the_first_alarms_of_a_source_are_told_one_by_one_and_the_rest_in_one_message(
    house: Engine, clock: FrozenClock
) -> None:
    alarms = await flooded(house, FREE + 7)
    await house.dispatch()
    before = said(house.signal.pages)

    clock.advance(EVERY_S)
    await release(house)

    assert before == [(str(number), 0) for number in range(FREE)]
    assert said(house.signal.pages)[FREE:] == [("11", 6)]
    assert [(await house.alarm(alarm.id)).status for alarm in alarms] == [Status.TRIGGERED] * len(alarms)
    [line] = [line for line in await house.journal(alarms[7].id) if line.event is Change.FOLDED]
    assert (line.detail["recipient"], line.detail["told_with"]) == ("Porter", alarms[-1].id)


async def test_a_flood_that_goes_on_is_told_twice_a_minute(house: Engine, clock: FrozenClock) -> None:
    for number in range(240):
        await house.raise_alarm(burglary(number))
        clock.advance(1)
        await release(house)

    messages = house.signal.pages
    assert FREE + 240 / EVERY_S - 2 <= len(messages) <= FREE + 240 / EVERY_S + 1
    told = sum(1 + message.more for message in messages)
    assert 240 - EVERY_S <= told <= 240


async def test_a_source_that_was_quiet_is_told_one_by_one_again(house: Engine, clock: FrozenClock) -> None:
    await flooded(house, FREE + 2)
    clock.advance(EVERY_S)
    await release(house)
    clock.advance(WINDOW.total_seconds() + 1)

    await house.raise_alarm(burglary(99))
    await house.dispatch()

    assert said(house.signal.pages)[-1] == ("99", 0)


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
    house: Engine, other: Trigger
) -> None:
    await flooded(house, FREE + 3)

    raised = await house.raise_alarm(other)
    await house.dispatch()

    assert raised.id in [message.alarm_id for message in house.signal.pages]


async def test_panic_keys_of_many_rooms_are_never_folded(house: Engine) -> None:
    for number in range(3 * FREE):
        await house.raise_alarm(trigger(policy=PORTER, room=f"Room {number}", device_id=None))
    await house.dispatch()

    assert len(house.signal.pages) == 3 * FREE


async def test_a_drill_that_floods_folds_no_real_alarm(house: Engine) -> None:
    await flooded(house, FREE + 3, test=True)

    raised = await house.raise_alarm(burglary(99))
    await house.dispatch()

    assert raised.id in [message.alarm_id for message in house.signal.pages]


async def test_each_alarm_keeps_its_ticket_and_its_steps(house: Engine, clock: FrozenClock) -> None:
    rules = policy(step(channel("zammad"), person("porter")), step(person("guard"), after=60))
    alarms = await flooded(house, FREE + 2, policy=rules)
    clock.advance(60)
    await house.escalate()
    await release(house)

    assert len(house.zammad.pages) == FREE + 2
    assert [(await house.alarm(alarm.id)).steps_run for alarm in alarms] == [2] * (FREE + 2)
    guards = [
        page for alarm in alarms for page in await house.deliveries(alarm.id) if page.recipient == "Guard"
    ]
    assert [page.state for page in guards] == [State.SENT] * FREE + [State.FOLDED] * 2


async def test_what_was_answered_meanwhile_is_not_in_the_running_message(
    house: Engine, clock: FrozenClock
) -> None:
    alarms = await flooded(house, FREE + 4)
    await house.dispatch()
    for answered in (alarms[-1], alarms[-2]):
        await house.acknowledge(answered.id)

    clock.advance(EVERY_S)
    await release(house)

    assert said(house.signal.pages)[FREE:] == [(str(FREE + 1), 1)]


async def test_nobody_hears_news_of_an_alarm_that_was_told_with_others(
    house: Engine, clock: FrozenClock
) -> None:
    alarms = await flooded(house, FREE + 4)
    clock.advance(EVERY_S)
    await house.dispatch()
    await release(house)

    await house.acknowledge(alarms[FREE].id)
    await house.dispatch()

    assert MessageKind.ACKNOWLEDGED not in [message.kind for message in house.signal.messages]


async def test_an_answer_that_withdraws_the_running_message_lets_another_one_tell_the_others(
    house: Engine, clock: FrozenClock
) -> None:
    alarms = await flooded(house, FREE + 3)
    clock.advance(EVERY_S)
    await house.commands.run(ALL_SITES, flood.run_due)

    await house.acknowledge(alarms[-1].id)
    await release(house)

    assert said(house.signal.pages)[FREE:] == [(str(FREE + 1), 1)]


async def test_a_running_message_that_is_refused_goes_to_the_next_contact_with_what_it_stands_for(
    house: Engine, clock: FrozenClock
) -> None:
    await flooded(house, FREE + 3)
    await house.dispatch()
    clock.advance(EVERY_S)
    house.signal.behaviours = [Refused(reason=Reason.quoting("no"))]

    await release(house)

    assert said(house.sms.pages) == [(str(FREE + 2), 2)]
    clock.advance(60)
    assert await house.commands.run(ALL_SITES, failover.run_due) == 0


async def test_a_running_message_that_is_refused_everywhere_is_followed_by_another_about_the_rest(
    house: Engine, clock: FrozenClock
) -> None:
    await flooded(house, FREE + 3)
    await house.dispatch()
    clock.advance(EVERY_S)
    house.signal.behaviours = [Refused(reason=Reason.quoting("no"))]
    house.sms.behaviours = [Refused(reason=Reason.quoting("no"))]
    await release(house)
    await release(house)
    refused = len(house.signal.pages)

    clock.advance(EVERY_S)
    await release(house)

    assert refused == FREE + 1
    assert said(house.signal.pages)[refused:] == [(str(FREE + 1), 1)]


async def test_another_process_sends_the_running_message_of_one_that_died(
    db: Database, clock: FrozenClock, directory: Directory
) -> None:
    await flooded(engine(db, clock), FREE + 3)
    clock.advance(EVERY_S)

    other = engine(db, clock, owner=ELSEWHERE)
    await release(other)

    assert ("7", 2) in said(other.signal.pages)


async def test_a_page_whose_facts_were_lost_keeps_no_running_message_back(
    house: Engine, clock: FrozenClock
) -> None:
    alarms = await flooded(house, FREE + 3)
    await house.db.write(
        lambda conn: conn.execute(
            sa.update(tables.delivery)
            .where(tables.delivery.c.alarm_id.in_([alarms[-1].id, alarms[-2].id]))
            .values(message=["what no version writes"])
        )
    )
    clock.advance(EVERY_S)

    await release(house)

    assert house.signal.pages[-1].more == 2


async def test_the_first_pages_that_are_claimed_at_once_are_folded_too(
    db: Database, clock: FrozenClock, directory: Directory
) -> None:
    claiming = engine(db, clock, claims=True)
    await flooded(claiming, FREE + 3)
    await claiming.dispatch()

    assert len(claiming.signal.pages) == FREE


async def _told(house: Engine, alarms: Sequence[Alarm]) -> list[str]:
    """Return the alarms that wait for an answer and of which nobody was told."""
    told: dict[str, Delivery] = {}
    for alarm in alarms:
        told |= {page.id: page for page in await house.deliveries(alarm.id)}
    untold = []
    for alarm in alarms:
        pages = [page for page in told.values() if page.alarm_id == alarm.id]
        sent = [told.get(page.folded_into or "", page) for page in pages]
        is_told = any(page.state is State.SENT for page in sent)
        if not is_told and (await house.alarm(alarm.id)).status is Status.TRIGGERED:
            untold.append(alarm.id)
    return untold


@pytest.mark.parametrize("seed", range(4))
async def test_in_any_order_every_open_alarm_is_told_by_itself_or_with_others(
    house: Engine, clock: FrozenClock, seed: int
) -> None:
    chance = random.Random(seed)
    alarms: list[Alarm] = []
    for number in range(60):
        match chance.randrange(6):
            case 0 | 1 | 2:
                alarms.append(await house.raise_alarm(burglary(number)))
            case 3 if alarms:
                answered = chance.choice(alarms)
                if (await house.alarm(answered.id)).status is Status.TRIGGERED:
                    await house.acknowledge(answered.id)
            case 4:
                clock.advance(chance.choice([1, 10, 40]))
                await house.commands.run(ALL_SITES, flood.run_due)
            case _:
                await house.dispatch()

    for _ in range(3):
        clock.advance(60)
        await release(house)

    assert await _told(house, alarms) == []


async def test_what_is_answered_together_is_looked_for_among_open_alarms_not_in_all_that_was_ever_told(
    house: Engine, db: Database
) -> None:
    alarms = await flooded(house, FREE + 2)
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
