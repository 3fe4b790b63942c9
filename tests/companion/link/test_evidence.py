"""What cameras saw, a push that nobody confirmed, a word to hurry and a house on vacation: from Home Assistant to people."""

import base64
import logging
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from companion.alarms.model import Change, Evidence, JournalEntry, Picture, PictureShows, Status
from companion.alarms.pictures import picture_of
from companion.channels.render import context
from companion.store import tables
from companion.store.migrate import MIGRATIONS
from companion.store.scope import ALL_SITES
from tests.builders import Engine
from tests.companion.conftest import POLICY, Directory
from tests.companion.link.conftest import Panel, meet
from tests.companion.link.exchange import (
    AT,
    DISARMED,
    JPEG,
    PNG,
    alarm_raised,
    decide,
    heard,
    pass_time,
    porter_told,
    the_alarm,
)
from tests.fakes.clock import FrozenClock

LATER = "2026-11-20T12:00:10+00:00"
UNCONFIRMED = {"kind": "push_unconfirmed", "at": AT, "uid": "b1", "people": ["Anna", "Ben"], "after_s": 45}


def evidence(level: int = 2, **values: Any) -> dict[str, Any]:
    return {
        "kind": "alarm_evidence",
        "at": AT,
        "uid": "b1",
        "level": level,
        "evidence": ["A person was seen."],
        "camera": "Drive",
        "label": "person",
        "score": 0.9,
        "taken_at": AT,
        "link": "https://home.example/clip.mp4",
        "picture": None,
        **values,
    }


def sent(raw: bytes, media_type: str = "image/jpeg") -> dict[str, str]:
    return {"type": media_type, "data": base64.b64encode(raw).decode()}


async def lines_of(engine: Engine, change: Change) -> list[JournalEntry]:
    lines = await engine.journal((await the_alarm(engine.db)).id)
    return [line for line in lines if line.event is change]


async def picture(engine: Engine) -> Picture | None:
    alarm = await the_alarm(engine.db)
    return await engine.db.read(lambda conn: picture_of(ALL_SITES, conn, alarm.id))


async def said_of(engine: Engine) -> Evidence:
    found = (await the_alarm(engine.db)).evidence
    assert found is not None
    return found


# --- evidence: what is kept -----------------------------------------------------------------------------


async def test_evidence_is_kept_with_its_picture_and_journalled_without_the_bytes(
    engine: Engine, panel: Panel
) -> None:
    await panel.say(alarm_raised("b1"), evidence(picture=sent(JPEG)))

    found = await said_of(engine)
    [line] = await lines_of(engine, Change.EVIDENCE)
    assert (found.level, found.reasons, found.label, found.score) == (
        2,
        ("A person was seen.",),
        "person",
        0.9,
    )
    assert found.picture == PictureShows(camera="Drive", taken_at=found.taken_at)
    assert await picture(engine) == Picture(media_type="image/jpeg", data=JPEG)
    assert line.via == "panel"
    assert line.detail == {
        "level": 2,
        "reasons": ["A person was seen."],
        "camera": "Drive",
        "label": "person",
        "score": 0.9,
        "taken_at": "2026-11-20T12:00:00Z",
        "link": "https://home.example/clip.mp4",
        "picture": True,
        "said_at": AT,
    }


async def test_the_newest_word_replaces_what_was_said_and_a_word_without_a_picture_keeps_the_picture(
    engine: Engine, panel: Panel
) -> None:
    await panel.say(alarm_raised("b1"), evidence(picture=sent(JPEG)))

    await panel.say(
        evidence(0, at=LATER, evidence=[], camera="Hall", label=None, score=None, taken_at=None, link=None)
    )

    found = await said_of(engine)
    assert (found.level, found.reasons, found.camera, found.label, found.link) == (0, (), "Hall", None, None)
    assert found.picture is not None
    assert found.picture.camera == "Drive"
    assert await picture(engine) == Picture(media_type="image/jpeg", data=JPEG)


async def test_a_newer_picture_takes_the_place_of_the_older_one(engine: Engine, panel: Panel) -> None:
    await panel.say(alarm_raised("b1"), evidence(picture=sent(JPEG)))

    await panel.say(evidence(at=LATER, picture=sent(PNG, "image/png")))

    rows = await engine.db.read(lambda conn: conn.execute(sa.select(tables.picture)).all())
    assert [(row.media_type, row.data) for row in rows] == [("image/png", PNG)]


async def test_a_bad_picture_is_dropped_and_logged_and_the_rest_counts(
    engine: Engine, panel: Panel, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "companion.link.inbound"):
        await panel.say(alarm_raised("b1"), evidence(3, picture=sent(PNG, "image/jpeg")))

    alarm = await the_alarm(engine.db)
    assert (await said_of(engine)).level == 3
    assert await picture(engine) is None
    assert (
        f"{alarm.id}: the picture of its evidence was dropped: it does not begin as image/jpeg" in caplog.text
    )


async def test_a_word_that_says_nothing_new_is_not_written_down(engine: Engine, panel: Panel) -> None:
    await panel.say(alarm_raised("b1"), evidence(picture=sent(JPEG)))
    before = await the_alarm(engine.db)

    await panel.say(evidence(at=LATER, picture=sent(JPEG)), evidence(at=LATER))

    assert len(await lines_of(engine, Change.EVIDENCE)) == 1
    assert await the_alarm(engine.db) == before


async def test_words_that_are_said_again_in_a_new_stream_change_nothing(
    engine: Engine, panel: Panel, directory: Directory
) -> None:
    story = [alarm_raised("b1"), evidence(1), evidence(3, at=LATER, picture=sent(JPEG))]
    await panel.say(*story, UNCONFIRMED, decide("escalate", uid="b1", note="Hurry"))
    before, lines = await the_alarm(engine.db), await engine.journal((await the_alarm(engine.db)).id)
    again = Panel(engine.commands, await meet(engine.commands, site_id=directory.site, stream="s2"))

    await again.say(*story, UNCONFIRMED, decide("escalate", uid="b1", note="Hurry"))

    assert await the_alarm(engine.db) == before
    assert await engine.journal(before.id) == lines


async def test_evidence_of_an_alarm_that_nobody_knows_is_ignored(engine: Engine, panel: Panel) -> None:
    await panel.say(alarm_raised("b1"), evidence(uid="b2"), {**UNCONFIRMED, "uid": "b2"})

    alarm = await the_alarm(engine.db)
    assert alarm.evidence is None
    assert {line.event for line in await engine.journal(alarm.id)} == {Change.RAISED, Change.ESCALATED}


@pytest.mark.parametrize(
    "word",
    [evidence(picture=sent(JPEG)), UNCONFIRMED, decide("escalate", uid="b1")],
    ids=lambda word: word["kind"],
)
async def test_a_word_on_an_alarm_of_another_site_is_ignored(
    engine: Engine, panel: Panel, word: dict[str, Any]
) -> None:
    await panel.say(alarm_raised("b1"))
    before = await the_alarm(engine.db)
    await engine.db.write(lambda conn: conn.execute(sa.update(tables.alarm).values(site_id="elsewhere")))

    await panel.say(word)

    after = await the_alarm(engine.db)
    assert (after.evidence, after.next_due_at, after.version) == (None, before.next_due_at, before.version)
    assert await picture(engine) is None


async def test_evidence_its_picture_and_its_place_in_the_stream_are_one_transaction(
    engine: Engine, panel: Panel
) -> None:
    await panel.say(alarm_raised("b1"))
    await engine.dispatch()
    alarm = await the_alarm(engine.db)
    engine.news.fails = RuntimeError("the power is gone")

    with pytest.raises(RuntimeError):
        await panel.say(evidence(3, picture=sent(JPEG)))

    assert await the_alarm(engine.db) == alarm
    assert await picture(engine) is None
    assert await lines_of(engine, Change.EVIDENCE) == []
    assert [one.kind for one in await engine.deliveries(alarm.id)] == ["page", "page"]


# --- evidence: who hears of it --------------------------------------------------------------------------


async def test_whoever_was_paged_hears_once_that_somebody_is_there(engine: Engine, panel: Panel) -> None:
    await panel.say(alarm_raised("b1"), evidence(1))
    await engine.dispatch()

    await panel.say(
        evidence(2, at=LATER), evidence(1, at=LATER), evidence(3, at=LATER), evidence(4, at=LATER)
    )
    await engine.dispatch()

    assert heard(engine) == porter_told("page", "verified")
    message = engine.signal.messages[-1]
    assert (message.level, message.label, message.camera) == (2, "person", "Drive")


async def test_a_later_page_says_level_label_and_camera(
    engine: Engine, panel: Panel, clock: FrozenClock
) -> None:
    await panel.say(alarm_raised("b1"), evidence(1))

    await pass_time(engine, clock, 60)

    assert [(page.level, page.label, page.camera) for page in engine.sms.pages] == [(1, "person", "Drive")]


async def test_evidence_within_the_hold_tells_nobody_before_its_end(
    engine: Engine, panel: Panel, clock: FrozenClock
) -> None:
    await panel.say(alarm_raised("b1", hold_s=30), evidence(3))
    await pass_time(engine, clock, 29.9)
    while_held = heard(engine)

    await pass_time(engine, clock, 0.1)

    assert (while_held, heard(engine)) == (porter_told(), porter_told("page"))
    assert engine.signal.messages[0].level == 3


async def test_evidence_of_a_closed_alarm_is_kept_and_nobody_is_told(engine: Engine, panel: Panel) -> None:
    await panel.say(alarm_raised("b1"), {**DISARMED, "ending": "cancelled"})
    await engine.dispatch()
    before = heard(engine)

    await panel.say(evidence(3, picture=sent(JPEG)))
    await engine.dispatch()

    assert heard(engine) == before
    assert (await the_alarm(engine.db)).status is Status.CANCELLED
    assert (await said_of(engine)).level == 3
    assert len(await lines_of(engine, Change.EVIDENCE)) == 1


async def test_nothing_to_respond_to_does_not_stop_the_escalation(
    engine: Engine, panel: Panel, clock: FrozenClock
) -> None:
    await panel.say(alarm_raised("b1"), evidence(0))

    await pass_time(engine, clock, 60)

    assert (await the_alarm(engine.db)).status is Status.TRIGGERED
    assert heard(engine)["sms"] == ["page"]


# --- a word to hurry ------------------------------------------------------------------------------------


async def test_the_next_step_runs_at_once_when_somebody_asks_for_it_and_the_journal_says_who(
    engine: Engine, panel: Panel, clock: FrozenClock
) -> None:
    await panel.say(alarm_raised("b1"))
    await engine.dispatch()

    await panel.say(decide("escalate", uid="b1", via="push", note="I am away"))
    await pass_time(engine, clock, 0)

    [line] = await lines_of(engine, Change.ESCALATION_ASKED)
    assert heard(engine)["sms"] == ["page"]
    assert (line.actor, line.via, line.detail) == ("Anna", "push", {"note": "I am away", "said_at": AT})


async def test_the_delays_after_a_hurried_step_count_from_it(
    engine: Engine, panel: Panel, clock: FrozenClock
) -> None:
    await panel.say(alarm_raised("b1"))
    await pass_time(engine, clock, 10)

    await panel.say(decide("escalate", uid="b1"))
    await pass_time(engine, clock, 0)

    due = (await the_alarm(engine.db)).next_due_at
    assert due is not None
    assert (due - clock()).total_seconds() == POLICY.repeat_after


async def test_a_word_to_hurry_by_our_id_ends_the_hold(
    engine: Engine, panel: Panel, clock: FrozenClock
) -> None:
    await panel.say(alarm_raised("b1", hold_s=30))
    alarm = await the_alarm(engine.db)

    await panel.say(decide("escalate", alarm_id=alarm.id))
    is_held = (await the_alarm(engine.db)).is_held(clock())
    await pass_time(engine, clock, 0)

    assert not is_held
    assert heard(engine) == porter_told("page")


@pytest.mark.parametrize("answer", ["acknowledge", "cancel"])
@pytest.mark.parametrize("word", [decide("escalate", uid="b1"), UNCONFIRMED], ids=lambda word: word["kind"])
async def test_on_an_alarm_that_has_its_answer_a_word_to_hurry_is_only_written_down(
    engine: Engine, panel: Panel, clock: FrozenClock, answer: str, word: dict[str, Any]
) -> None:
    await panel.say(alarm_raised("b1"), decide(answer, uid="b1"))
    before = await the_alarm(engine.db)
    lines = await engine.journal(before.id)

    await panel.say(word)
    await pass_time(engine, clock, 1000)

    assert await the_alarm(engine.db) == before
    assert heard(engine)["sms"] == []
    assert len([line for line in await engine.journal(before.id) if line.via != "dispatch"]) == len(lines) + 1


async def test_on_an_alarm_whose_policy_has_run_out_a_word_to_hurry_is_only_written_down(
    engine: Engine, panel: Panel, clock: FrozenClock
) -> None:
    await panel.say(alarm_raised("b1"))
    for _ in range(5):
        await pass_time(engine, clock, 200)
    before = await the_alarm(engine.db)

    await panel.say(decide("escalate", uid="b1"))

    assert before.exhausted_at is not None
    assert await the_alarm(engine.db) == before
    assert len(await lines_of(engine, Change.ESCALATION_ASKED)) == 1


async def test_a_word_to_hurry_wakes_the_escalation(engine: Engine, panel: Panel) -> None:
    await panel.say(alarm_raised("b1"))
    woken = engine.wake.subscribe()
    woken.clear()

    await panel.say(decide("escalate", uid="b1"))

    assert woken.is_set()


# --- a push that nobody confirmed -----------------------------------------------------------------------


async def test_when_nobody_at_home_confirms_the_push_the_next_step_does_not_wait(
    engine: Engine, panel: Panel, clock: FrozenClock
) -> None:
    await panel.say(alarm_raised("b1"))
    await engine.dispatch()

    await panel.say(UNCONFIRMED)
    await pass_time(engine, clock, 0)

    [line] = await lines_of(engine, Change.PUSH_UNCONFIRMED)
    assert heard(engine)["sms"] == ["page"]
    assert line.detail == {"people": ["Anna", "Ben"], "after_s": 45.0, "said_at": AT}


async def test_an_unconfirmed_push_does_not_end_the_hold(
    engine: Engine, panel: Panel, clock: FrozenClock
) -> None:
    await panel.say(alarm_raised("b1", hold_s=30), UNCONFIRMED)

    await pass_time(engine, clock, 29.9)

    assert heard(engine) == porter_told()
    assert len(await lines_of(engine, Change.PUSH_UNCONFIRMED)) == 1


# --- a house on vacation --------------------------------------------------------------------------------


async def vacation_policy(engine: Engine) -> None:
    """Let the office tell only the guard while it is on vacation."""

    def work(conn: Connection) -> None:
        away = POLICY.model_copy(update={"id": "away", "steps": POLICY.steps[1:]})
        row = {"id": "away", "name": "Away", "body": away.model_dump(mode="json")}
        conn.execute(sa.insert(tables.policy).values(**row))
        conn.execute(sa.update(tables.site).values(vacation_policy_id="away"))

    await engine.db.write(work)


@pytest.mark.parametrize(("vacation", "policy"), [(True, "away"), (False, "standard")])
async def test_a_site_may_follow_another_policy_while_the_house_is_on_vacation(
    engine: Engine, panel: Panel, policy: str, *, vacation: bool
) -> None:
    await vacation_policy(engine)

    await panel.say(alarm_raised("b1", vacation=vacation))

    alarm = await the_alarm(engine.db)
    assert alarm.policy is not None
    assert alarm.policy.id == policy


async def test_on_vacation_without_a_policy_for_it_the_sites_own_one_holds_and_the_pages_say_vacation(
    engine: Engine, panel: Panel
) -> None:
    await panel.say(alarm_raised("b1", vacation=True))
    await engine.dispatch()

    alarm = await the_alarm(engine.db)
    assert alarm.policy is not None
    assert alarm.policy.id == "standard"
    assert engine.signal.messages[0].details["vacation"] == "yes"
    assert ("vacation", "The house is in its vacation window") in context(engine.signal.messages[0])


async def test_an_alarm_of_an_ordinary_day_says_nothing_of_vacation(engine: Engine, panel: Panel) -> None:
    await panel.say(alarm_raised("b1"))

    assert "vacation" not in (await the_alarm(engine.db)).details


async def test_an_older_word_that_comes_again_without_its_picture_changes_nothing(
    engine: Engine, directory: Directory, panel: Panel
) -> None:
    first = evidence(2, picture=sent(JPEG))
    second = evidence(3, at=LATER, evidence=["Two persons."], picture=sent(PNG, "image/png"))
    await panel.say(alarm_raised("b1"), first, second)
    anew = Panel(engine.commands, await meet(engine.commands, site_id=directory.site, stream="s2"))

    await anew.say(alarm_raised("b1"), {**first, "picture": None}, second)

    assert (await said_of(engine)).level == 3
    assert len(await lines_of(engine, Change.EVIDENCE)) == 2


async def test_after_an_upgrade_an_open_alarm_knows_what_it_had_heard_before(
    engine: Engine, directory: Directory, panel: Panel
) -> None:
    """An earlier version kept neither the highest level nor what was said, but the journal."""
    story = [
        alarm_raised("b1", zones=["Front door", "Garage"]),
        evidence(3, picture=sent(JPEG)),
        evidence(1, at=LATER, taken_at=None),
        {"kind": "zone_tripped", "at": AT, "uid": "b1", "zone": "Hall"},
        {"kind": "zone_tripped", "at": AT, "uid": "b1", "zone": "Attic", "confirmed": True},
        UNCONFIRMED,
        decide("escalate", uid="b1", note="Hurry"),
    ]
    await panel.say(*story)
    before = await the_alarm(engine.db)
    lines = await engine.journal(before.id)

    def as_it_was(conn: Connection) -> None:
        stored = conn.execute(sa.select(tables.alarm.c.evidence)).scalar_one()
        conn.execute(sa.delete(tables.heard_event))
        conn.execute(sa.update(tables.alarm).values(evidence={**stored, "level": 1} | {"highest": 0}))

    def migrate(conn: Connection) -> None:
        with Operations.context(MigrationContext.configure(conn)):
            ScriptDirectory(str(MIGRATIONS)).get_revision("0016").module.upgrade()
        heard = [dict(row._mapping) for row in conn.execute(sa.select(tables.heard_event))]
        conn.execute(sa.delete(tables.heard_event))
        conn.execute(sa.insert(tables.heard_event), heard)  # stored as 0019 does

    await engine.db.write(as_it_was)

    await engine.db.write(migrate)
    again = Panel(engine.commands, await meet(engine.commands, site_id=directory.site, stream="s2"))
    await again.say(*story)

    assert await the_alarm(engine.db) == before
    assert await engine.journal(before.id) == lines
    assert (await said_of(engine)).highest == 3
