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
from tests.builders import ELSEWHERE, Engine, channel, make_engine, person, policy, step, trigger
from tests.companion.conftest import Directory
from tests.companion.dispatch.conftest import crash
from tests.fakes.channel import Hang
from tests.fakes.clock import FrozenClock

PORTER = policy(step(person("porter")))


async def _pass_on(engine: Engine) -> int:
    return await engine.commands.run(ALL_SITES, failover.run_due)


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
async def test_whatever_is_not_accepted_is_told_another_way_at_once(engine: Engine, outcome: Outcome) -> None:
    engine.signal.behaviours = [outcome]
    alarm = await engine.raise_alarm(trigger(policy=PORTER))

    await engine.dispatch()

    assert [message.recipient for message in engine.sms.messages] == ["Porter"]
    (line,) = [line for line in await engine.journal(alarm.id) if line.event is Change.FAILED_OVER]
    assert (line.detail["channel"], line.detail["instead"]) == ("signal", "sms")


async def test_the_first_address_goes_on_being_tried_and_its_arrival_is_remarked(
    engine: Engine, clock: FrozenClock
) -> None:
    engine.signal.behaviours = [TryAgain(reason=Reason.quoting("busy"), after=timedelta(hours=1))]
    alarm = await engine.raise_alarm(trigger(policy=PORTER))
    await engine.dispatch()

    clock.advance(61)
    await engine.dispatch()

    assert len(engine.signal.messages) == 2
    assert len(engine.sms.messages) == 1
    sent = [line.detail for line in await engine.journal(alarm.id) if line.event is Change.DELIVERY_SENT]
    assert [(line["channel"], line.get("after_failover")) for line in sent] == [
        ("sms", None),
        ("signal", True),
    ]


async def test_a_page_is_passed_on_once_however_often_it_fails(engine: Engine, clock: FrozenClock) -> None:
    engine.signal.behaviours = _down()
    await engine.raise_alarm(trigger(policy=PORTER))

    for _ in range(10):
        await engine.dispatch()
        await _pass_on(engine)
        clock.advance(600)

    assert len(engine.sms.messages) == 1


async def test_a_provider_that_hangs_holds_nobody_up_for_longer_than_the_time(
    db: Database, clock: FrozenClock, directory: Directory
) -> None:
    engine = make_engine(db, clock, claims=True)
    engine.signal.open.clear()
    alarm = await engine.raise_alarm(trigger(policy=PORTER))
    await engine.signal.arrived.acquire()

    clock.advance(14)
    assert await _pass_on(engine) == 0
    clock.advance(1)
    assert await _pass_on(engine) == 1
    assert await _pass_on(engine) == 0

    told = [(page.channel_id, page.address) for page in await engine.deliveries(alarm.id)]
    assert told == [("signal", "+491"), ("sms", "+491")]
    engine.signal.open.set()
    await asyncio.gather(*engine.dispatcher.sending)
    last = [line for line in await engine.journal(alarm.id) if line.event is Change.DELIVERY_SENT][-1]
    assert last.detail.get("after_failover") is True


async def test_another_process_passes_on_what_a_dead_one_was_sending(
    db: Database, clock: FrozenClock, directory: Directory
) -> None:
    dead = make_engine(db, clock, owner=ELSEWHERE, claims=True)
    dead.signal.open.clear()
    alarm = await dead.raise_alarm(trigger(policy=PORTER))
    await crash(dead)

    clock.advance(15)
    one, other = make_engine(db, clock), make_engine(db, clock)
    await asyncio.gather(_pass_on(one), _pass_on(other))

    assert [page.channel_id for page in await one.deliveries(alarm.id)] == ["signal", "sms"]


async def test_an_accepted_page_is_not_passed_on(engine: Engine, clock: FrozenClock) -> None:
    await engine.raise_alarm(trigger(policy=PORTER))
    await engine.dispatch()

    clock.advance(60)

    assert await _pass_on(engine) == 0
    assert engine.sms.messages == []


async def test_an_answered_alarm_is_not_passed_on(engine: Engine, clock: FrozenClock) -> None:
    alarm = await engine.raise_alarm(trigger(policy=PORTER))
    await engine.acknowledge(alarm.id)

    clock.advance(60)

    assert await _pass_on(engine) == 0
    assert [page.channel_id for page in await engine.deliveries(alarm.id)] == ["signal"]


async def test_a_ticket_system_that_is_down_pages_nobody_instead(engine: Engine, clock: FrozenClock) -> None:
    engine.zammad.behaviours = _down()
    await engine.raise_alarm(trigger(policy=policy(step(channel("zammad")))))
    await engine.dispatch()
    clock.advance(60)

    assert await _pass_on(engine) == 0
    assert engine.sms.messages == engine.signal.messages == []


async def test_a_step_that_everybody_refuses_reaches_nobody_and_the_next_is_due_at_once(
    engine: Engine,
) -> None:
    engine.signal.behaviours = [Refused(reason=Reason.quoting("no"))]
    engine.sms.behaviours = [Refused(reason=Reason.quoting("no"))]
    rules = policy(step(channel("zammad"), person("porter")), step(person("guard"), after=600))
    alarm = await engine.raise_alarm(trigger(policy=rules))

    await engine.dispatch()
    await engine.escalate()
    await engine.dispatch()

    assert engine.sms.messages[-1].recipient == "Guard"
    assert Change.NOBODY_REACHED in [line.event for line in await engine.journal(alarm.id)]
    assert [one.kind for one in engine.news.service_troubles] == ["step_reached_nobody"]
    await engine.acknowledge(alarm.id)
    assert [one.is_open for one in engine.news.service_troubles] == [True, False]


async def test_an_unknown_no_holds_the_next_step_for_seconds_and_not_for_minutes(
    engine: Engine, clock: FrozenClock
) -> None:
    engine.sms.behaviours = [TryAgain(reason=Reason.quoting("HTTP 400"), unknown=True)] * 4
    rules = policy(step(person("guard")), step(person("porter"), after=600))
    await engine.raise_alarm(trigger(policy=rules))

    for _ in range(4):
        await engine.dispatch()
        clock.advance(18)
    await engine.escalate()
    await engine.dispatch()

    assert [message.recipient for message in engine.sms.messages] == ["Guard"] * 4
    assert [message.recipient for message in engine.signal.messages] == ["Porter"]


async def test_a_step_whose_people_have_no_contact_reaches_nobody_though_it_makes_a_ticket(
    engine: Engine,
) -> None:
    rules = policy(step(channel("zammad"), person("nobody")), step(person("guard"), after=600))
    alarm = await engine.raise_alarm(trigger(policy=rules))

    assert await engine.escalate() == 1

    assert "sms" in {page.channel_id for page in await engine.deliveries(alarm.id)}
    assert Change.NOBODY_REACHED in [line.event for line in await engine.journal(alarm.id)]


async def test_the_wait_before_a_repeat_is_kept_when_everybody_refuses(
    engine: Engine, clock: FrozenClock
) -> None:
    engine.sms.behaviours = [Refused(reason=Reason.quoting("no"))]
    await engine.raise_alarm(trigger(policy=policy(step(person("guard")), repeat=3, repeat_after=120)))

    await engine.dispatch()

    assert await engine.escalate() == 0
    clock.advance(120)
    assert await engine.escalate() == 1


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
