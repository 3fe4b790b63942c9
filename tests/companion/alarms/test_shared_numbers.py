"""One number that belongs to several: it is called once, and everybody keeps what is theirs."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.alarms import failover
from companion.alarms.ack_links import ack_link
from companion.alarms.model import Change
from companion.channels.base import MessageKind, Refused, TryAgain
from companion.dispatch.delivery import Reader, State
from companion.dispatch.readers import Told, next_way
from companion.store import tables
from companion.store.database import Database
from companion.store.scope import ALL_SITES
from companion.texts.reasons import Reason
from tests.builders import RESPONDER, Engine, channel, make_engine, person, policy, step, trigger, within
from tests.companion.conftest import Directory
from tests.companion.dispatch.conftest import crash
from tests.fakes.channel import FakeChannel, FakePool, Hang
from tests.fakes.clock import FrozenClock

ONCE, ANNAS, BERTS = "+4930", "+4931", "+4932"


def _couple(conn: Connection) -> None:
    """Anna and Bert share a mobile phone on Signal; Anna has another number, Bert an old phone."""
    people: list[dict[str, Any]] = [
        {"id": "anna", "site_id": "office", "name": "Anna", "language": "de"},
        {"id": "bert", "site_id": "office", "name": "Bert", "language": "en"},
    ]
    points = [
        ("anna", "signal", ONCE, 0),
        ("anna", "sms", ANNAS, 1),
        ("bert", "signal", ONCE, 0),
        ("bert", "sms", BERTS, 1),
    ]
    conn.execute(sa.insert(tables.person), people)
    conn.execute(
        sa.insert(tables.contact_point),
        [
            {
                "id": f"couple-{number}",
                "person_id": owner,
                "channel_id": on,
                "address": address,
                "position": place,
            }
            for number, (owner, on, address, place) in enumerate(points)
        ],
    )


@pytest.fixture
async def engine(engine: Engine, db: Database) -> Engine:
    """In the directory there is a couple besides: Anna and Bert, who share a number."""
    await db.write(_couple)
    return engine


def _told(channel: FakeChannel) -> list[tuple[str, str, str]]:
    return [(message.address, message.recipient, message.language) for message in channel.messages]


BOTH = policy(step(person("anna"), person("bert")))
ANNA_AND_HER_NUMBER = policy(step(channel("signal", ONCE, name="Duty phone"), person("anna")))


@pytest.mark.parametrize(
    "outcome",
    [Refused(reason=Reason.quoting("no such number")), TryAgain(reason=Reason.quoting("connection refused"))],
    ids=["refused", "down"],
)
async def test_one_message_goes_out_and_the_fall_back_of_each_person_is_followed(
    engine: Engine, outcome: TryAgain | Refused
) -> None:
    engine.signal.behaviours = [outcome]
    await engine.raise_alarm(trigger(policy=BOTH))

    await engine.dispatch()

    assert _told(engine.signal) == [(ONCE, "Anna / Bert", "de")]
    assert sorted(_told(engine.sms)) == [(ANNAS, "Anna", "de"), (BERTS, "Bert", "en")]


async def test_a_provider_that_hangs_is_passed_on_for_each_of_them(
    engine: Engine, clock: FrozenClock
) -> None:
    engine.signal.behaviours = [Hang()]
    await engine.raise_alarm(trigger(policy=BOTH))
    await engine.dispatcher.turn()

    clock.advance(15)
    assert await engine.commands.run(ALL_SITES, failover.run_due) == 1
    assert await engine.commands.run(ALL_SITES, failover.run_due) == 0

    await crash(engine)
    await engine.dispatch()
    assert sorted(message.address for message in engine.sms.messages) == [ANNAS, BERTS]


async def test_a_fixed_address_that_is_somebodys_own_keeps_their_fall_back(engine: Engine) -> None:
    engine.signal.behaviours = [Refused(reason=Reason.quoting("no such number"))]
    alarm = await engine.raise_alarm(trigger(policy=ANNA_AND_HER_NUMBER))

    await engine.dispatch()

    assert _told(engine.signal) == [(ONCE, "Anna", "de")]
    assert _told(engine.sms) == [(ANNAS, "Anna", "de")]
    [step_line] = [line for line in await engine.journal(alarm.id) if line.event is Change.ESCALATED]
    assert step_line.detail["told"] == ["Duty phone", "Anna"]


async def test_the_link_of_a_shared_message_is_nobodys_own_and_the_journal_names_everybody(
    engine: Engine,
) -> None:
    alarm = await engine.raise_alarm(trigger(policy=BOTH))
    await engine.dispatch()

    [message] = engine.signal.messages
    token = (message.ack_url or "").rsplit("/", 1)[1]
    link = await engine.db.read(lambda conn: ack_link(conn, token))
    assert link is not None
    assert (link.alarm_id, link.recipient) == (alarm.id, "Anna / Bert")
    [step_line] = [line for line in await engine.journal(alarm.id) if line.event is Change.ESCALATED]
    assert step_line.detail["told"] == ["Anna", "Bert"]


async def test_an_accepted_page_to_both_is_passed_on_to_nobody(engine: Engine, clock: FrozenClock) -> None:
    await engine.raise_alarm(trigger(policy=BOTH))
    await engine.dispatch()

    clock.advance(60)

    assert await engine.commands.run(ALL_SITES, failover.run_due) == 0
    assert engine.sms.messages == []


async def test_who_is_passed_on_to_a_number_that_another_was_paged_on_follows_that_page(
    engine: Engine,
) -> None:
    """Porter's SMS goes to the number on which the desk was paged already, and that page is refused too."""
    porters = [{"id": "c9", "person_id": "porter", "channel_id": "zammad", "address": "p", "position": 2}]
    await engine.db.write(lambda conn: conn.execute(sa.insert(tables.contact_point), porters))
    engine.signal.behaviours = [TryAgain(reason=Reason.quoting("down"))]
    engine.sms.behaviours = [TryAgain(reason=Reason.quoting("down"))]

    await engine.raise_alarm(trigger(policy=policy(step(person("porter"), channel("sms", "+491")))))
    await engine.dispatch()

    assert [message.address for message in engine.sms.messages] == ["+491"]
    assert [message.recipient for message in engine.zammad.messages] == ["Porter"]


async def test_news_for_a_shared_number_comes_once_and_names_everybody(
    engine: Engine, clock: FrozenClock
) -> None:
    rules = policy(step(person("anna")), step(person("bert"), after=60))
    alarm = await engine.raise_alarm(trigger(policy=rules))
    await engine.dispatch()
    clock.advance(60)
    await engine.escalate()
    await engine.dispatch()

    await engine.acknowledge(alarm.id)
    await engine.dispatch()

    news = [one for one in engine.signal.messages if one.kind is MessageKind.ACKNOWLEDGED]
    assert [(one.address, one.recipient) for one in news] == [(ONCE, "Anna / Bert")]


async def test_another_press_after_their_answer_is_told_to_both(engine: Engine) -> None:
    alarm = await engine.raise_alarm(trigger(policy=BOTH, dedup=within(60, "key")))
    await engine.dispatch()
    await engine.commands.run(
        ALL_SITES, lambda unit: unit.acknowledge(alarm.id, RESPONDER, link_of="Anna / Bert")
    )
    await engine.dispatch()
    engine.signal.behaviours = [Refused(reason=Reason.quoting("no such number"))]

    await engine.press(trigger(policy=BOTH, dedup=within(60, "key")))
    await engine.dispatch()

    again = [one for one in engine.sms.messages if one.kind is MessageKind.PRESSED_AGAIN]
    assert sorted(one.address for one in again) == [ANNAS, BERTS]


async def test_first_pages_that_are_claimed_at_once_are_shared_too(
    db: Database, clock: FrozenClock, directory: Directory
) -> None:
    await db.write(_couple)
    claiming = make_engine(
        db, clock, claims=True, pool=FakePool({kind: FakeChannel() for kind in ("signal", "sms")})
    )
    claiming.signal.behaviours = [Refused(reason=Reason.quoting("no such number"))]

    await claiming.raise_alarm(trigger(policy=BOTH))
    await claiming.dispatch()

    assert len(claiming.signal.messages) == 1
    assert len(claiming.sms.messages) == 2


# --- where somebody is told next, as a plain decision -----------------------------------------------------


class _Point:
    def __init__(self, address: str, position: int) -> None:
        self.channel_id, self.address, self.position = "sms", address, position


POINTS = [_Point("first", 0), _Point("second", 1), _Point("third", 2)]
MINE = Told("mine", State.FAILED, frozenset({"anna"}))


def _theirs(state: State) -> Told:
    return Told("theirs", state, frozenset({"bert"}))


@pytest.mark.parametrize(
    ("told", "where", "is_new", "joined"),
    [
        pytest.param({"first": MINE}, "second", True, 0, id="the next one"),
        pytest.param({"first": MINE, "second": MINE}, "third", True, 0, id="the one after"),
        pytest.param({"first": MINE, "second": _theirs(State.SENT)}, "second", False, 1, id="told there"),
        pytest.param(
            {"first": MINE, "second": _theirs(State.PROCESSING)}, "second", False, 1, id="on its way there"
        ),
        pytest.param(
            {"first": MINE, "second": _theirs(State.FAILED)}, "third", True, 1, id="tried there in vain"
        ),
        pytest.param({"first": MINE, "second": MINE, "third": MINE}, None, False, 0, id="nowhere left"),
    ],
)
def test_the_next_way_is_the_next_address_in_order_that_was_not_tried_in_vain(
    told: dict[str, Told], *, where: str | None, is_new: bool, joined: int
) -> None:
    by_address = {("sms", address): there for address, there in told.items()}

    way = next_way(POINTS, by_address, Reader("anna", 0))

    assert (way.point and way.point.address, way.is_new, len(way.joins)) == (where, is_new, joined)


def test_after_the_last_address_the_first_ones_come() -> None:
    way = next_way(POINTS, {("sms", "third"): MINE}, Reader("anna", 2))

    assert way.point is POINTS[0]
