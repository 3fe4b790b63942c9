"""An alarm's picture goes with its messages where a channel can show it, and is in no message's way."""

import asyncio

import pytest
import sqlalchemy as sa

from companion.alarms.model import Actor, Alarm, Evidence, Picture, PictureShows
from companion.channels.base import MessageKind, Picture as Shown, Refused, TryAgain
from companion.dispatch import worker
from companion.store import tables
from companion.store.database import Database
from companion.store.scope import ALL_SITES
from companion.texts.reasons import Reason
from tests.builders import RESPONDER, Engine, make_engine, person, policy, step, trigger
from tests.companion.conftest import Directory
from tests.fakes.channel import FakeChannel, FakePool
from tests.fakes.clock import FrozenClock

JPEG = Picture(media_type="image/jpeg", data=b"\xff\xd8\xff\xe0")
SHOWN = Shown(media_type="image/jpeg", data=JPEG.data, camera="Drive")
PANEL = Actor(name=None, via="panel")
LATER_S = 1.0
"""The alarm is older than a picture could be."""


@pytest.fixture
def showing(engine: Engine) -> Engine:
    engine.pool.pictures = True
    return engine


async def photographed(engine: Engine) -> Alarm:
    alarm = await engine.raise_alarm(trigger(policy=policy(step(person("guard")))))
    await photograph(engine, alarm)
    return alarm


async def photograph(engine: Engine, alarm: Alarm, *, level: int = 1) -> None:
    """Let a camera see something, at this level of certainty."""
    found = Evidence(
        level=level,
        reasons=(),
        camera="Drive",
        label=None,
        score=None,
        taken_at=None,
        link=None,
        picture=PictureShows(camera="Drive", taken_at=None),
    )
    await engine.commands.run(
        ALL_SITES, lambda unit: unit.evidence(alarm.id, PANEL, found, JPEG, said_at=unit.now)
    )


async def told(engine: Engine, clock: FrozenClock) -> list[tuple[MessageKind, Shown | None]]:
    """Return what has been said since, and with which picture."""
    clock.advance(LATER_S)
    await engine.dispatch()
    return [(message.kind, message.picture) for message in engine.sms.messages]


async def test_a_page_shows_what_a_camera_saw(showing: Engine, clock: FrozenClock) -> None:
    await photographed(showing)

    assert await told(showing, clock) == [(MessageKind.PAGE, SHOWN)]


async def test_so_do_the_news_that_somebody_is_there(showing: Engine, clock: FrozenClock) -> None:
    alarm = await showing.raise_alarm(trigger(policy=policy(step(person("guard")))))
    await showing.dispatch()
    assert [message.picture for message in showing.sms.messages] == [None]
    await photograph(showing, alarm, level=2)

    assert (await told(showing, clock))[1:] == [(MessageKind.VERIFIED, SHOWN)]


async def test_who_is_told_that_somebody_has_answered_needs_no_picture(
    showing: Engine, clock: FrozenClock
) -> None:
    alarm = await photographed(showing)
    await told(showing, clock)

    await showing.commands.run(ALL_SITES, lambda unit: unit.acknowledge(alarm.id, RESPONDER))

    assert (MessageKind.ACKNOWLEDGED, None) in await told(showing, clock)


async def test_a_channel_that_shows_none_gets_none(engine: Engine, clock: FrozenClock) -> None:
    await photographed(engine)

    assert await told(engine, clock) == [(MessageKind.PAGE, None)]


async def test_what_is_refused_with_a_picture_is_sent_without_it(showing: Engine, clock: FrozenClock) -> None:
    await photographed(showing)
    showing.sms.behaviours = [Refused(reason=Reason.quoting("413: too large"))]

    assert await told(showing, clock) == [(MessageKind.PAGE, SHOWN), (MessageKind.PAGE, None)]


async def test_what_may_have_been_sent_goes_without_it_the_next_time(
    showing: Engine, clock: FrozenClock
) -> None:
    await photographed(showing)
    showing.sms.behaviours = [TryAgain(reason=Reason.quoting("no answer"), uncertain=True)]
    await told(showing, clock)
    clock.advance(60)

    assert (MessageKind.PAGE, None) in await told(showing, clock)


async def test_a_picture_that_cannot_be_read_is_left_out(
    showing: Engine, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: object) -> None:
        raise OSError("disk")

    await photographed(showing)
    monkeypatch.setattr("companion.alarms.pictures.picture_of", unreadable)

    assert await told(showing, clock) == [(MessageKind.PAGE, None)]


async def test_a_picture_that_takes_its_time_is_not_waited_for(
    db: Database, directory: Directory, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_alarm_id: str) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(worker, "PICTURE_S", 0.01)
    engine = make_engine(db, clock, pool=FakePool({"sms": FakeChannel()}, pictures=True), picture=never)
    await photographed(engine)

    assert await told(engine, clock) == [(MessageKind.PAGE, None)]


async def test_a_picture_that_was_kept_long_enough_is_shown_no_more(
    showing: Engine, clock: FrozenClock
) -> None:
    await photographed(showing)
    await showing.db.write(lambda conn: conn.execute(sa.delete(tables.picture)))

    assert await told(showing, clock) == [(MessageKind.PAGE, None)]
