"""A trouble is told once to the operators and to Home Assistant, and once that it is over."""

import asyncio
import re
from collections.abc import Callable
from functools import partial

import pytest
import sqlalchemy as sa

from companion.alarms.transaction import AlarmTransaction
from companion.channels.base import MessageKind, Refused, TryAgain
from companion.channels.render import sms_text
from companion.directory.reach import Cause
from companion.dispatch.compose import compose
from companion.store import tables
from companion.store.database import Database
from companion.store.scope import ALL_SITES, OneSite
from companion.texts.language import LANGUAGES, texts_for
from companion.texts.reasons import Reason
from companion.texts.troubles import trouble_advice, trouble_title
from companion.troubles import reporting, store
from companion.troubles.model import Fact, TroubleKind, TroubleSeverity
from tests.builders import Engine, make_engine, messages_to_operators, person, policy, step, trigger
from tests.companion.conftest import Directory
from tests.fakes.clock import FrozenClock

REASON: dict[str, Fact] = {"failures": 3, "reason": "401: unknown key"}


@pytest.fixture
async def engine(engine: Engine, db: Database, directory: Directory) -> Engine:
    """Its operators are the porter and the guard, who reads German."""
    row = {"id": "installation", "operators": [directory.porter, directory.guard]}
    await db.write(lambda conn: conn.execute(sa.insert(tables.installation).values(**row)))
    return engine


async def report(engine: Engine, channel: str = "zammad") -> None:
    await engine.commands.run(
        ALL_SITES,
        lambda unit: reporting.report(
            unit, TroubleKind.CHANNEL_REFUSES, channel, subject=channel.capitalize(), facts=REASON
        ),
    )


async def clear(engine: Engine, channel: str = "zammad") -> None:
    await engine.commands.run(
        ALL_SITES, lambda unit: reporting.clear(unit, TroubleKind.CHANNEL_REFUSES, channel)
    )


async def who_is_told(engine: Engine) -> list[tuple[MessageKind, str, str]]:
    """Return what the operators are told: kind, person, channel."""
    return [(one.kind, one.recipient, one.channel_id) for one in await messages_to_operators(engine.db)]


async def test_a_trouble_that_begins_is_told_to_every_operator_and_to_home_assistant(engine: Engine) -> None:
    await report(engine)

    assert sorted(await who_is_told(engine)) == [
        (MessageKind.TROUBLE, "Guard", "sms"),
        (MessageKind.TROUBLE, "Porter", "signal"),
    ]
    assert [(one.kind, one.is_open) for one in engine.news.service_troubles] == [("channel_refuses", True)]


async def test_reported_again_it_is_the_same_trouble_with_newer_facts(
    engine: Engine, clock: FrozenClock
) -> None:
    await report(engine)
    clock.advance(7200)

    await report(engine)

    [trouble] = await engine.db.read(partial(store.open_troubles, ALL_SITES))
    assert (trouble.last_at - trouble.since).total_seconds() == 7200
    assert len(await who_is_told(engine)) == 2
    assert len(engine.news.service_troubles) == 1


async def test_what_is_well_again_is_told_to_those_who_knew_of_the_trouble(
    engine: Engine, clock: FrozenClock
) -> None:
    await report(engine)
    clock.advance(600)

    await clear(engine)
    await clear(engine)

    assert [kind for kind, *_ in await who_is_told(engine)] == [MessageKind.TROUBLE] * 2 + [
        MessageKind.TROUBLE_OVER
    ] * 2
    assert [one.is_open for one in engine.news.service_troubles] == [True, False]
    assert await engine.db.read(partial(store.open_troubles, ALL_SITES)) == []


async def test_one_that_comes_and_goes_is_told_once_an_hour(engine: Engine, clock: FrozenClock) -> None:
    for _ in range(5):
        await report(engine)
        clock.advance(60)
        await clear(engine)
        clock.advance(60)

    assert [kind for kind, *_ in await who_is_told(engine)] == [MessageKind.TROUBLE] * 2 + [
        MessageKind.TROUBLE_OVER
    ] * 2


async def test_one_that_came_back_soon_and_stays_is_told_when_the_hour_is_over(
    engine: Engine, clock: FrozenClock
) -> None:
    await report(engine)
    clock.advance(60)
    await clear(engine)
    await report(engine)
    await engine.commands.run(ALL_SITES, reporting.tell_due)
    before = len(await who_is_told(engine))

    clock.advance(3600)
    await engine.commands.run(ALL_SITES, reporting.tell_due)

    assert (before, len(await who_is_told(engine))) == (4, 6)


async def many(engine: Engine, work: Callable[..., None], *, of: int = 30) -> None:
    """Do it to the trouble of each of many alarms, each in a transaction of its own."""
    for number in range(of):
        await engine.commands.run(
            ALL_SITES, partial(work, kind=TroubleKind.ALARM_UNANSWERED, subject_id=f"alarm-{number}")
        )


def unanswered(unit: AlarmTransaction, kind: TroubleKind, subject_id: str) -> None:
    reporting.report(unit, kind, subject_id, subject="Panic key: Hall")


async def test_of_many_troubles_of_one_kind_the_first_are_told_singly_and_the_rest_together(
    engine: Engine, clock: FrozenClock
) -> None:
    await many(engine, unanswered)
    singly = len(await who_is_told(engine)) / 2
    await report(engine)  # of another kind: at once
    clock.advance(60)

    await engine.commands.run(ALL_SITES, reporting.tell_due)
    await engine.commands.run(ALL_SITES, reporting.tell_due)
    await engine.dispatch()

    last = engine.sms.messages[-1]
    title = trouble_title(last.trouble or "", subject=last.title, facts=last.details, texts=texts_for("de"))
    assert (singly, len(await who_is_told(engine)) / 2) == (3, 5)
    assert title.endswith("Panic key: Hall (und 26 weitere)")
    assert len(engine.news.service_troubles) == 31


async def test_of_many_troubles_that_are_over_the_last_few_say_so(engine: Engine, clock: FrozenClock) -> None:
    await many(engine, unanswered)
    clock.advance(60)
    await engine.commands.run(ALL_SITES, reporting.tell_due)
    before = len(await who_is_told(engine))

    await many(engine, reporting.clear)

    over = (await who_is_told(engine))[before:]
    assert [kind for kind, *_ in over] == [MessageKind.TROUBLE_OVER] * 2 * 3


async def test_those_that_came_one_at_a_time_are_each_told_and_each_told_to_be_over(
    engine: Engine, clock: FrozenClock
) -> None:
    for number in range(6):
        await engine.commands.run(
            ALL_SITES, partial(unanswered, kind=TroubleKind.ALARM_UNANSWERED, subject_id=f"alarm-{number}")
        )
        clock.advance(1800)

    await many(engine, reporting.clear, of=6)

    assert len(await who_is_told(engine)) == 2 * 6 * 2


async def test_an_operator_is_told_past_the_channel_that_is_in_trouble(engine: Engine) -> None:
    await report(engine, "signal")

    assert (MessageKind.TROUBLE, "Porter", "sms") in await who_is_told(engine)


@pytest.mark.parametrize(
    "outcome",
    [TryAgain(reason=Reason.quoting("connection refused")), Refused(reason=Reason.quoting("bad number"))],
    ids=["down", "refused"],
)
async def test_what_one_contact_point_does_not_accept_is_told_over_the_next_at_once(
    engine: Engine, outcome: TryAgain | Refused
) -> None:
    engine.signal.behaviours = [outcome]
    await report(engine)

    await engine.dispatch()

    porters = [one.channel_id for one in await messages_to_operators(engine.db) if one.recipient == "Porter"]
    assert porters == ["signal", "sms"]
    assert "Porter" in [message.recipient for message in engine.sms.messages]


async def test_a_provider_that_hangs_is_not_waited_for_and_the_next_contact_is_told_once(
    engine: Engine, clock: FrozenClock
) -> None:
    engine.signal.open.clear()
    await report(engine)
    await engine.dispatcher.turn()
    await engine.signal.arrived.acquire()

    clock.advance(14)
    await engine.commands.run(ALL_SITES, reporting.run_due)
    before = await messages_to_operators(engine.db)
    clock.advance(1)
    await engine.commands.run(ALL_SITES, reporting.run_due)
    await engine.commands.run(ALL_SITES, reporting.run_due)

    porters = [one.channel_id for one in await messages_to_operators(engine.db) if one.recipient == "Porter"]
    assert (len(before), porters) == (2, ["signal", "sms"])
    engine.signal.open.set()
    await asyncio.gather(*engine.dispatcher.sending)


async def test_what_is_accepted_is_told_once(engine: Engine, clock: FrozenClock) -> None:
    await report(engine)
    await engine.dispatch()

    clock.advance(60)
    await engine.commands.run(ALL_SITES, reporting.run_due)

    assert len(await messages_to_operators(engine.db)) == 2


async def test_operators_who_share_a_number_are_told_once_and_each_over_their_own_next_contact(
    engine: Engine,
) -> None:
    def share(conn: sa.Connection) -> None:
        points = tables.contact_point
        conn.execute(sa.delete(points).where(points.c.id == "c1"))
        conn.execute(sa.update(points).where(points.c.id == "c3").values(address="+491"))
        more = [("c8", "porter", "+4971"), ("c9", "guard", "+4972")]
        conn.execute(
            sa.insert(points),
            [
                {"id": name, "person_id": owner, "channel_id": "signal", "address": number, "position": 5}
                for name, owner, number in more
            ],
        )

    await engine.db.write(share)
    engine.sms.behaviours = [Refused(reason=Reason.quoting("bad number"))]
    await report(engine)

    await engine.dispatch()

    assert [message.recipient for message in engine.sms.messages] == ["Porter / Guard"]
    assert sorted(message.address for message in engine.signal.messages) == ["+4971", "+4972"]


async def test_an_operator_reads_of_it_in_their_language(engine: Engine) -> None:
    await report(engine)
    await engine.dispatch()

    [german] = engine.sms.messages
    assert german.kind is MessageKind.TROUBLE
    assert trouble_title(
        german.trouble or "", subject=german.title, facts=german.details, texts=texts_for("de")
    ) == ("Kanal Zammad nimmt keine Nachrichten an")
    assert german.language == "de"


async def test_what_is_about_all_of_the_only_site_is_told_by_that_sites_clock(engine: Engine) -> None:
    await report(engine)

    assert {one.message["timezone"] for one in await messages_to_operators(engine.db)} == {"Europe/Berlin"}


async def test_what_several_sites_share_is_told_in_utc_which_is_named_also_in_a_short_message(
    engine: Engine,
) -> None:
    other = sa.insert(tables.site).values(id="warehouse", name="Warehouse", timezone="Asia/Tokyo")
    await engine.db.write(lambda conn: conn.execute(other))

    await report(engine)

    said = [sms_text(compose(one, None, None, None)) for one in await messages_to_operators(engine.db)]
    assert len(said) == 2
    assert all(re.search(r" \d\d:\d\d UTC", text) for text in said), said


async def test_an_alarm_in_a_trouble_is_called_by_its_title_in_the_readers_language(engine: Engine) -> None:
    await engine.raise_alarm(trigger(policy=policy(step(person("nobody")))))
    await engine.dispatch()

    german = next(message for message in engine.sms.messages if message.language == "de")
    assert sms_text(german, unicode=True).startswith(
        "STÖRUNG: Ein Schritt eines Alarms hat niemanden erreicht: Paniktaste: Reception"
    )


async def test_a_trouble_without_operators_is_kept_and_shown_all_the_same(
    db: Database, clock: FrozenClock, directory: Directory
) -> None:
    engine = make_engine(db, clock)

    await report(engine)

    assert len(await db.read(partial(store.open_troubles, ALL_SITES))) == 1
    assert await who_is_told(engine) == []


async def test_a_trouble_that_cannot_be_told_does_not_undo_what_it_was_found_in(engine: Engine) -> None:
    engine.news.fails = RuntimeError("a bug")

    def work(unit: AlarmTransaction) -> str:
        reporting.report(unit, TroubleKind.CHANNEL_REFUSES, "sms", subject="SMS")
        return "committed"

    assert await engine.commands.run(ALL_SITES, work) == "committed"


async def test_errors_come_before_warnings_and_a_site_sees_its_own_and_what_all_share(engine: Engine) -> None:
    await engine.commands.run(
        ALL_SITES, lambda unit: unanswered(unit, TroubleKind.ALARM_UNANSWERED, "of no site")
    )
    await engine.commands.run(
        ALL_SITES,
        lambda unit: reporting.report(
            unit,
            TroubleKind.SITE_REACHES_NOBODY,
            "home",
            subject="Home",
            site_id="home",
            severity=TroubleSeverity.WARNING,
        ),
    )
    await report(engine)

    everything = await engine.db.read(partial(store.open_troubles, ALL_SITES))
    office = await engine.db.read(partial(store.open_troubles, OneSite("office")))
    home = await engine.db.read(partial(store.open_troubles, OneSite("home")))

    assert [one.kind for one in everything] == ["alarm_unanswered", "channel_refuses", "site_reaches_nobody"]
    assert [one.kind for one in office] == ["channel_refuses"]
    assert [one.kind for one in home] == ["channel_refuses", "site_reaches_nobody"]


@pytest.mark.parametrize("kind", TroubleKind)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_has_texts_in_every_language(kind: TroubleKind, language: str) -> None:
    assert kind.value in texts_for(language).troubles


@pytest.mark.parametrize("cause", list(Cause))
@pytest.mark.parametrize("language", LANGUAGES)
def test_why_nobody_would_be_told_is_said_in_words(cause: Cause, language: str) -> None:
    texts = texts_for(language)

    said = trouble_advice("site_reaches_nobody", facts={"cause": cause.value}, texts=texts)

    assert said.startswith(texts.causes[cause.value])
