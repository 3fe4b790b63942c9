"""The abort window, the cancel window and the confirmed alarm, from the panel's word to what people read."""

from typing import Any

import pytest

from companion.alarms.model import Actor, Alarm, Change, Status
from companion.channels.base import MessageKind
from companion.link import events, inbound
from companion.link.protocol import Hello, parse_event
from companion.store.alarms import list_alarms
from companion.store.database import Database
from companion.store.journal import journal_of
from tests.builders import Engine, engine
from tests.companion.conftest import Directory
from tests.companion.link.conftest import INSTANCE, Panel, alarm_raised, meet
from tests.companion.link.test_inbound import DISARMED, TRIPPED
from tests.fakes.clock import FrozenClock

CONFIRMED = {**TRIPPED, "confirmed": True}


@pytest.fixture
def house(db: Database, clock: FrozenClock, directory: Directory) -> Engine:
    return engine(db, clock)


@pytest.fixture
async def panel(house: Engine, directory: Directory) -> Panel:
    return Panel(house.commands, await meet(house.commands, site_id=directory.site))


async def test_a_page_after_the_hold_does_not_say_that_nobody_is_told(
    house: Engine, panel: Panel, clock: FrozenClock
) -> None:
    await panel.say(alarm_raised("b1", hold_s=30))
    clock.advance(30)
    await house.escalate()
    await house.dispatch()

    assert [message.details for message in house.signal.messages] == [{"zones": "Front door"}]


async def test_whoever_was_paged_learns_in_one_message_which_zone_confirmed(
    house: Engine, panel: Panel
) -> None:
    await panel.say(alarm_raised("b1"))
    await house.dispatch()

    await panel.say(CONFIRMED)
    await house.dispatch()

    assert [message.kind.value for message in house.signal.messages] == ["page", "confirmed"]
