"""A unit of work sees and changes the alarms of its scope only: one of another site is not there."""

from collections.abc import Callable

import pytest

from companion.alarms.dedup import Dedup, WhileOpen
from companion.alarms.errors import AlarmNotFound, DeliveryNotFound
from companion.alarms.model import Evidence, Status
from companion.alarms.transaction import AlarmTransaction
from companion.channels.base import Refused
from companion.dispatch.delivery import State
from companion.store.scope import OneSite, OutOfScope
from companion.texts.reasons import Reason
from tests.builders import PHONE, RESPONDER, Engine, person, policy, step, trigger

OFFICE, WAREHOUSE = OneSite("office"), OneSite("warehouse")
SURE = Evidence(level=3, reasons=(), camera=None, label=None, score=None, taken_at=None, link=None)


@pytest.mark.parametrize(
    "command",
    [
        lambda unit, alarm_id: unit.acknowledge(alarm_id, RESPONDER),
        lambda unit, alarm_id: unit.resolve(alarm_id, RESPONDER),
        lambda unit, alarm_id: unit.cancel(alarm_id, RESPONDER),
        lambda unit, alarm_id: unit.note(alarm_id, RESPONDER, "Door is open"),
        lambda unit, alarm_id: unit.confirm(alarm_id, RESPONDER, zone="Hall"),
        lambda unit, alarm_id: unit.evidence(alarm_id, RESPONDER, SURE, None, said_at=unit.now),
        lambda unit, alarm_id: unit.escalate(alarm_id, RESPONDER),
        lambda unit, alarm_id: unit.push_unconfirmed(alarm_id, RESPONDER),
    ],
    ids=["acknowledge", "resolve", "cancel", "note", "confirm", "evidence", "escalate", "push_unconfirmed"],
)
async def test_a_command_finds_no_alarm_of_another_site(
    engine: Engine, command: Callable[[AlarmTransaction, str], object]
) -> None:
    alarm = await engine.raise_alarm(trigger(site_id="office"))
    before = await engine.journal(alarm.id)

    with pytest.raises(AlarmNotFound):
        await engine.commands.run(WAREHOUSE, lambda unit: command(unit, alarm.id))

    assert await engine.alarm(alarm.id) == alarm
    assert await engine.journal(alarm.id) == before


async def test_a_site_raises_and_answers_its_own_alarms(engine: Engine) -> None:
    raised = await engine.commands.run(
        OFFICE, lambda unit: unit.raise_alarm(trigger(site_id="office"), PHONE)
    )
    answered = await engine.commands.run(OFFICE, lambda unit: unit.acknowledge(raised.alarm.id, RESPONDER))

    assert raised.created
    assert answered.status is Status.ACKNOWLEDGED
    assert await engine.deliveries(raised.alarm.id) != []


@pytest.mark.parametrize("site_id", ["office", None], ids=["of_another_site", "of_no_site"])
async def test_a_site_raises_no_alarm_but_its_own(engine: Engine, site_id: str | None) -> None:
    elsewhere = trigger(site_id=site_id, site=None)

    with pytest.raises(OutOfScope):
        await engine.commands.run(WAREHOUSE, lambda unit: unit.raise_alarm(elsewhere, PHONE))


async def test_a_delivery_of_another_sites_alarm_cannot_be_tried_again(engine: Engine) -> None:
    engine.sms.behaviours = [Refused(reason=Reason.quoting("bad number"))]
    alarm = await engine.raise_alarm(trigger(site_id="office", policy=policy(step(person("guard")))))
    await engine.dispatch()
    failed, *_ = before = await engine.deliveries(alarm.id)

    with pytest.raises(DeliveryNotFound):
        await engine.commands.run(WAREHOUSE, lambda unit: unit.retry_delivery(failed.id, RESPONDER))

    assert failed.state is State.ERROR
    assert await engine.deliveries(alarm.id) == before


async def test_a_key_that_means_an_alarm_of_another_site_raises_one_here(engine: Engine) -> None:
    """An alarm too many is better than none."""
    key = Dedup("uid:1", WhileOpen())
    there = await engine.raise_alarm(trigger(site_id="office", dedup=key))

    here = await engine.commands.run(
        WAREHOUSE, lambda unit: unit.raise_alarm(trigger(site_id="warehouse", dedup=key), PHONE)
    )
    again = await engine.commands.run(
        WAREHOUSE, lambda unit: unit.raise_alarm(trigger(site_id="warehouse", dedup=key), PHONE)
    )

    assert (here.created, again.created) == (True, False)
    assert again.alarm.id == here.alarm.id
    assert await engine.alarm(there.id) == there
