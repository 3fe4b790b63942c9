"""Whoever speaks about an alarm, it moves forward only, and it stays one alarm."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, strategies as st

from custom_components.alarm_broker.core.panel.config import AlarmKind
from custom_components.alarm_broker.link.alarm import (
    CLOSED_KEPT,
    Alarm,
    bounded,
    find,
    merge_snapshot,
    moved,
    raised_here,
)
from custom_components.alarm_broker.link.companion_events import AlarmSnapshot, Status
from custom_components.alarm_broker.link.events import AlarmFacts, AlarmRaised

NOW = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
RANK = {Status.TRIGGERED: 0, Status.ACKNOWLEDGED: 1, Status.RESOLVED: 2, Status.CANCELLED: 2}


def snapshot(version: int = 1, status: Status = Status.TRIGGERED, **fields: Any) -> AlarmSnapshot:
    return AlarmSnapshot(
        **{
            "alarm_id": "a1",
            "uid": None,
            "version": version,
            "change": "raised",
            "status": status,
            "source": "yealink",
            "alarm_kind": "panic",
            "severity": "critical",
            "title": "Panic key",
            "site": "Office",
            "room": None,
            "person": None,
            "test": False,
            "raised_at": NOW,
            "acknowledged_at": None,
            "acknowledged_by": None,
            "closed_at": None,
            "closed_by": None,
            "step": 0,
            **fields,
        }
    )


def local(**fields: Any) -> Alarm:
    event = AlarmRaised(
        at=NOW,
        uid="u1",
        area="home",
        name="Home",
        alarm_kind=AlarmKind.BURGLARY,
        zones=("Front door", "Hall"),
    )
    return raised_here(replace(event, **fields))


def test_a_first_snapshot_is_news() -> None:
    change = merge_snapshot(None, snapshot())

    assert change is not None
    assert (change.change, change.alarm.id, change.alarm.status) == ("raised", "a1", Status.TRIGGERED)


def test_an_alarm_first_heard_of_when_acknowledged_is_told_as_that() -> None:
    change = merge_snapshot(None, snapshot(3, Status.ACKNOWLEDGED))

    assert change is not None
    assert change.change == "acknowledged"


def test_an_older_version_changes_nothing() -> None:
    known = merge_snapshot(None, snapshot(3, Status.ACKNOWLEDGED))
    assert known is not None

    assert merge_snapshot(known.alarm, snapshot(2)) is None
    assert merge_snapshot(known.alarm, snapshot(3, Status.ACKNOWLEDGED)) is None


def test_the_companions_word_about_a_panel_alarm_is_the_same_alarm() -> None:
    change = merge_snapshot(local(), snapshot(uid="u1"))

    assert change is not None
    assert (change.alarm.id, change.alarm.alarm_id, change.alarm.local) == ("u1", "a1", True)
    assert change.change is None


def test_what_the_panel_adds_for_a_responder_stays_when_the_companion_speaks() -> None:
    facts = AlarmFacts(exit_error=True)

    change = merge_snapshot(local(facts=facts), snapshot(uid="u1"))

    assert change is not None
    assert (change.alarm.facts, change.alarm.zones) == (facts, ("Front door", "Hall"))


def test_what_was_disarmed_here_stays_closed_when_older_news_arrives() -> None:
    disarmed = moved(local(), Status.RESOLVED, by="Anna", at=NOW)
    assert disarmed is not None

    change = merge_snapshot(disarmed.alarm, snapshot(uid="u1"))

    assert change is not None
    assert (change.alarm.status, change.alarm.closed_by, change.change) == (Status.RESOLVED, "Anna", None)


def test_an_answer_that_has_lapsed_opens_the_alarm_again() -> None:
    answered = merge_snapshot(None, snapshot(2, Status.ACKNOWLEDGED, acknowledged_by="Anna"))
    assert answered is not None

    reopened = merge_snapshot(answered.alarm, snapshot(3, Status.TRIGGERED, change="reopened"))

    assert reopened is not None
    assert (reopened.alarm.status, reopened.alarm.acknowledged_by) == (Status.TRIGGERED, None)
    assert reopened.change == "escalated"


def test_an_answer_that_lapses_opens_nothing_that_was_closed_here() -> None:
    closed = moved(local(), Status.RESOLVED, by="Anna", at=NOW)
    assert closed is not None

    reopened = merge_snapshot(closed.alarm, snapshot(3, Status.TRIGGERED, change="reopened", uid="u1"))

    assert reopened is not None
    assert (reopened.alarm.status, reopened.change) == (Status.RESOLVED, None)


def test_a_decision_that_goes_back_is_none() -> None:
    closed = moved(local(), Status.CANCELLED, by="Anna", at=NOW)
    assert closed is not None

    assert moved(closed.alarm, Status.ACKNOWLEDGED, by="Ben", at=NOW) is None
    assert moved(closed.alarm, Status.RESOLVED, by="Ben", at=NOW) is None


def test_a_panel_alarm_says_where_it_tripped_first() -> None:
    alarm = local()

    assert alarm.title == "Home: Front door, Hall"
    assert alarm.where == "Home, Front door"


def test_silent_alarms_are_hidden() -> None:
    told_of_duress = merge_snapshot(None, snapshot(alarm_kind="duress"))

    assert local(silent=True).hidden
    assert told_of_duress is not None
    assert told_of_duress.alarm.hidden


def test_either_id_finds_the_alarm() -> None:
    known = replace(local(), alarm_id="a1")

    assert find({"u1": known}, "a1") is known
    assert find({"u1": known}, "u1") is known
    assert find({"u1": known}, "x") is None


def test_every_open_alarm_and_the_newest_closed_ones_are_kept() -> None:
    alarms = {
        str(number): replace(
            local(),
            id=str(number),
            raised_at=NOW + timedelta(minutes=number),
            status=Status.RESOLVED if number % 2 else Status.TRIGGERED,
        )
        for number in range(4 * CLOSED_KEPT)
    }

    kept = bounded(alarms)

    assert sum(alarm.is_open for alarm in kept.values()) == 2 * CLOSED_KEPT
    closed = [int(alarm.id) for alarm in kept.values() if not alarm.is_open]
    assert closed == list(range(2 * CLOSED_KEPT + 1, 4 * CLOSED_KEPT, 2))


def test_an_alarm_survives_storing() -> None:
    alarm = replace(local(), told=Status.TRIGGERED, acknowledged_at=NOW, status=Status.ACKNOWLEDGED)

    assert Alarm.from_dict(alarm.as_dict()) == alarm


@given(
    st.lists(
        st.tuples(st.sampled_from(["companion", "here"]), st.integers(1, 6), st.sampled_from(list(Status)))
    )
)
def test_no_order_of_news_moves_an_alarm_back_or_tells_a_status_twice(
    news: list[tuple[str, int, Status]],
) -> None:
    alarm, told, ranks = local(), ["raised"], [0]

    for source, version, status in news:
        change = (
            merge_snapshot(alarm, snapshot(version, status, uid="u1"))
            if source == "companion"
            else moved(alarm, status, by="Anna", at=NOW)
        )
        if change is not None:
            alarm = change.alarm
            ranks.append(RANK[alarm.status])
            told += [change.change] if change.change else []

    assert ranks == sorted(ranks)
    assert len(told) == len(set(told))
