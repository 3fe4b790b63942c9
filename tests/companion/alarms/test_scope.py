"""A unit of work sees and changes the alarms of its scope only: one of another site is not there."""

from collections.abc import Callable

import pytest

from companion.alarms.dedup import Dedup, WhileOpen
from companion.alarms.errors import AlarmNotFound, DeliveryNotFound
from companion.alarms.model import Evidence, Status
from companion.alarms.transaction import AlarmTransaction
from companion.channels.base import Refused
from companion.dispatch.delivery import State
from companion.store.database import Database
from companion.store.scope import OneSite, OutOfScope
from companion.texts.reasons import Reason
from tests.builders import PHONE, RESPONDER, Engine, engine, person, policy, step, trigger
from tests.companion.conftest import Directory
from tests.fakes.clock import FrozenClock

OFFICE, WAREHOUSE = OneSite("office"), OneSite("warehouse")
SURE = Evidence(level=3, reasons=(), camera=None, label=None, score=None, taken_at=None, link=None)


@pytest.fixture
def house(db: Database, clock: FrozenClock, directory: Directory) -> Engine:
    return engine(db, clock)


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
    house: Engine, command: Callable[[AlarmTransaction, str], object]
) -> None:
    alarm = await house.raise_alarm(trigger(site_id="office"))
    before = await house.journal(alarm.id)

    with pytest.raises(AlarmNotFound):
        await house.commands.run(WAREHOUSE, lambda unit: command(unit, alarm.id))

    assert await house.alarm(alarm.id) == alarm
    assert await house.journal(alarm.id) == before


async def test_a_site_raises_and_answers_its_own_alarms(house: Engine) -> None:
    raised = await house.commands.run(OFFICE, lambda unit: unit.raise_alarm(trigger(site_id="office"), PHONE))
    answered = await house.commands.run(OFFICE, lambda unit: unit.acknowledge(raised.alarm.id, RESPONDER))

    assert raised.created
    assert answered.status is Status.ACKNOWLEDGED
    assert await house.deliveries(raised.alarm.id) != []


@pytest.mark.parametrize("site_id", ["office", None], ids=["of_another_site", "of_no_site"])
async def test_a_site_raises_no_alarm_but_its_own(house: Engine, site_id: str | None) -> None:
    elsewhere = trigger(site_id=site_id, site=None)

    with pytest.raises(OutOfScope):
        await house.commands.run(WAREHOUSE, lambda unit: unit.raise_alarm(elsewhere, PHONE))


async def test_a_delivery_of_another_sites_alarm_cannot_be_tried_again(house: Engine) -> None:
    house.sms.behaviours = [Refused(reason=Reason.quoting("bad number"))]
    alarm = await house.raise_alarm(trigger(site_id="office", policy=policy(step(person("guard")))))
    await house.dispatch()
    failed, *_ = before = await house.deliveries(alarm.id)

    with pytest.raises(DeliveryNotFound):
        await house.commands.run(WAREHOUSE, lambda unit: unit.retry_delivery(failed.id, RESPONDER))

    assert failed.state is State.ERROR
    assert await house.deliveries(alarm.id) == before


async def test_a_key_that_means_an_alarm_of_another_site_raises_one_here(house: Engine) -> None:
    """An alarm too many is better than none."""
    key = Dedup("uid:1", WhileOpen())
    there = await house.raise_alarm(trigger(site_id="office", dedup=key))

    here = await house.commands.run(
        WAREHOUSE, lambda unit: unit.raise_alarm(trigger(site_id="warehouse", dedup=key), PHONE)
    )
    again = await house.commands.run(
        WAREHOUSE, lambda unit: unit.raise_alarm(trigger(site_id="warehouse", dedup=key), PHONE)
    )

    assert (here.created, again.created) == (True, False)
    assert again.alarm.id == here.alarm.id
    assert await house.alarm(there.id) == there
