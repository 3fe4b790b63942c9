"""The next contact point: told as soon as the first has not said yes, once, whatever breaks."""

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from companion.alarms import failover
from companion.alarms.model import Change
from companion.channels.base import Outcome, Refused, TryAgain
from companion.escalation import plan
from companion.store.database import Database
from companion.store.scope import ALL_SITES
from companion.texts.reasons import Reason
from tests.builders import ELSEWHERE, Engine, channel, engine, person, policy, step, trigger
from tests.companion.conftest import Directory
from tests.fakes.channel import Hang
from tests.fakes.clock import FrozenClock

PORTER = policy(step(person("porter")))


@pytest.fixture
def house(db: Database, clock: FrozenClock, directory: Directory) -> Engine:
    return engine(db, clock)


async def _pass_on(house: Engine) -> int:
    return await house.commands.run(ALL_SITES, failover.run_due)


def _down() -> list[Outcome | Hang | Exception]:
    return [TryAgain(reason=Reason.quoting("connection refused"))] * 30


@pytest.mark.parametrize(
    "outcome",
    [
        TryAgain(reason=Reason.quoting("connection refused")),
        TryAgain(reason=Reason.quoting("no answer"), uncertain=True),
        TryAgain(reason=Reason.quoting("busy"), after=timedelta(hours=1)),
        Refused(reason=Reason.quoting("bad number")),
    ],
    ids=["down", "uncertain", "retry_after", "refused"],
)
async def test_whatever_is_not_accepted_is_told_another_way_at_once(house: Engine, outcome: Outcome) -> None:
    house.signal.behaviours = [outcome]
    alarm = await house.raise_alarm(trigger(policy=PORTER))

    await house.dispatch()

    assert [message.recipient for message in house.sms.messages] == ["Porter"]
    (line,) = [line for line in await house.journal(alarm.id) if line.event is Change.FAILED_OVER]
    assert (line.detail["channel"], line.detail["instead"]) == ("signal", "sms")


async def test_the_first_address_goes_on_being_tried_and_its_arrival_is_remarked(
    house: Engine, clock: FrozenClock
) -> None:
    house.signal.behaviours = [TryAgain(reason=Reason.quoting("busy"), after=timedelta(hours=1))]
    alarm = await house.raise_alarm(trigger(policy=PORTER))
    await house.dispatch()

    clock.advance(61)
    await house.dispatch()

    assert len(house.signal.messages) == 2
    assert len(house.sms.messages) == 1
    sent = [line.detail for line in await house.journal(alarm.id) if line.event is Change.DELIVERY_SENT]
    assert [(line["channel"], line.get("after_failover")) for line in sent] == [
        ("sms", None),
        ("signal", True),
    ]


async def test_a_page_is_passed_on_once_however_often_it_fails(house: Engine, clock: FrozenClock) -> None:
    house.signal.behaviours = _down()
    await house.raise_alarm(trigger(policy=PORTER))

    for _ in range(10):
        await house.dispatch()
        await _pass_on(house)
        clock.advance(600)

    assert len(house.sms.messages) == 1


async def test_a_provider_that_hangs_holds_nobody_up_for_longer_than_the_time(
    db: Database, clock: FrozenClock, directory: Directory
) -> None:
    house = engine(db, clock, claims=True)
    house.signal.open.clear()
    alarm = await house.raise_alarm(trigger(policy=PORTER))
    await house.signal.arrived.acquire()

    clock.advance(14)
    assert await _pass_on(house) == 0
    clock.advance(1)
    assert await _pass_on(house) == 1
    assert await _pass_on(house) == 0

    told = [(page.channel_id, page.address) for page in await house.deliveries(alarm.id)]
    assert told == [("signal", "+491"), ("sms", "+491")]
    house.signal.open.set()
    await asyncio.gather(*house.dispatcher._tasks)
    last = [line for line in await house.journal(alarm.id) if line.event is Change.DELIVERY_SENT][-1]
    assert last.detail.get("after_failover") is True


async def test_another_process_passes_on_what_a_dead_one_was_sending(
    db: Database, clock: FrozenClock, directory: Directory
) -> None:
    dead = engine(db, clock, owner=ELSEWHERE, claims=True)
    dead.signal.open.clear()
    alarm = await dead.raise_alarm(trigger(policy=PORTER))
    for task in list(dead.dispatcher._tasks):
        task.cancel()

    clock.advance(15)
    one, other = engine(db, clock), engine(db, clock)
    await asyncio.gather(_pass_on(one), _pass_on(other))

    assert [page.channel_id for page in await one.deliveries(alarm.id)] == ["signal", "sms"]


async def test_an_accepted_page_is_not_passed_on(house: Engine, clock: FrozenClock) -> None:
    await house.raise_alarm(trigger(policy=PORTER))
    await house.dispatch()

    clock.advance(60)

    assert await _pass_on(house) == 0
    assert house.sms.messages == []


async def test_an_answered_alarm_is_not_passed_on(house: Engine, clock: FrozenClock) -> None:
    alarm = await house.raise_alarm(trigger(policy=PORTER))
    await house.acknowledge(alarm.id)

    clock.advance(60)

    assert await _pass_on(house) == 0
    assert [page.channel_id for page in await house.deliveries(alarm.id)] == ["signal"]


async def test_a_ticket_system_that_is_down_pages_nobody_instead(house: Engine, clock: FrozenClock) -> None:
    house.zammad.behaviours = _down()
    await house.raise_alarm(trigger(policy=policy(step(channel("zammad")))))
    await house.dispatch()
    clock.advance(60)

    assert await _pass_on(house) == 0
    assert house.sms.messages == house.signal.messages == []


async def test_a_step_that_everybody_refuses_reaches_nobody_and_the_next_is_due_at_once(
    house: Engine,
) -> None:
    house.signal.behaviours = [Refused(reason=Reason.quoting("no"))]
    house.sms.behaviours = [Refused(reason=Reason.quoting("no"))]
    rules = policy(step(channel("zammad"), person("porter")), step(person("guard"), after=600))
    alarm = await house.raise_alarm(trigger(policy=rules))

    await house.dispatch()
    await house.escalate()
    await house.dispatch()

    assert house.sms.messages[-1].recipient == "Guard"
    assert Change.NOBODY_REACHED in [line.event for line in await house.journal(alarm.id)]
    assert [one.kind for one in house.news.service_troubles] == ["step_reached_nobody"]
    await house.acknowledge(alarm.id)
    assert [one.is_open for one in house.news.service_troubles] == [True, False]


async def test_an_unknown_no_holds_the_next_step_for_seconds_and_not_for_minutes(
    house: Engine, clock: FrozenClock
) -> None:
    house.sms.behaviours = [TryAgain(reason=Reason.quoting("HTTP 400"), unknown=True)] * 4
    rules = policy(step(person("guard")), step(person("porter"), after=600))
    await house.raise_alarm(trigger(policy=rules))

    for _ in range(4):
        await house.dispatch()
        clock.advance(18)
    await house.escalate()
    await house.dispatch()

    assert [message.recipient for message in house.sms.messages] == ["Guard"] * 4
    assert [message.recipient for message in house.signal.messages] == ["Porter"]


async def test_a_step_whose_people_have_no_contact_reaches_nobody_though_it_makes_a_ticket(
    house: Engine,
) -> None:
    rules = policy(step(channel("zammad"), person("nobody")), step(person("guard"), after=600))
    alarm = await house.raise_alarm(trigger(policy=rules))

    assert await house.escalate() == 1

    assert "sms" in {page.channel_id for page in await house.deliveries(alarm.id)}
    assert Change.NOBODY_REACHED in [line.event for line in await house.journal(alarm.id)]


async def test_the_wait_before_a_repeat_is_kept_when_everybody_refuses(
    house: Engine, clock: FrozenClock
) -> None:
    house.sms.behaviours = [Refused(reason=Reason.quoting("no"))]
    await house.raise_alarm(trigger(policy=policy(step(person("guard")), repeat=3, repeat_after=120)))

    await house.dispatch()

    assert await house.escalate() == 0
    clock.advance(120)
    assert await house.escalate() == 1


@given(st.integers(0, 20), st.lists(st.floats(0, 600), min_size=1, max_size=8), st.integers(0, 20))
def test_only_the_place_right_after_a_step_follows_it(repeat: int, afters: list[float], round_: int) -> None:
    rules = policy(*(step(person("guard"), after=after) for after in afters), repeat=repeat)
    runs, now = [], FrozenClock()()
    position = plan.Next(min(round_, repeat), 0, now)
    while isinstance(run := plan.due(rules, position, position.due_at), plan.Run):
        runs.append((run, run.then))
        position = run.then

    for (earlier, then), (later, _) in pairwise(runs):
        assert plan.follows(earlier.occurrence, then) == (not later.occurrence.endswith(".0"))
        assert not plan.follows(later.occurrence, then)
    assert plan.follows(runs[-1][0].occurrence, position)
