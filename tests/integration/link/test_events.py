"""What Home Assistant says has, word for word, the form of the frames that both halves read."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from custom_components.alarm_broker.core.panel.config import AlarmKind, ArmMode
from custom_components.alarm_broker.core.panel.effects import Ending
from custom_components.alarm_broker.core.panel.state import AreaStatus
from custom_components.alarm_broker.core.verification import Finding
from custom_components.alarm_broker.link.events import (
    FINDINGS,
    AlarmDisarmed,
    AlarmEvidence,
    AlarmFacts,
    AlarmPending,
    AlarmRaised,
    AreaState,
    Decided,
    Decision,
    HomeAssistantEvent,
    Notified,
    Outcome,
    PendingCleared,
    PushUnconfirmed,
    WhyFailed,
    ZoneTripped,
    body,
)
from tests.golden_frames import golden, golden_event

NOW = datetime(2026, 11, 20, 22, tzinfo=UTC)
UID = "0197a000-0000-7000-8000-0000000000b1"
ALARM_ID = "0197a000-0000-7000-8000-0000000000a1"


PICTURE = base64.b64decode(golden_event("alarm_evidence")["picture"]["data"])


@pytest.mark.parametrize(
    ("name", "event"),
    [
        (
            "area_state",
            AreaState(at=NOW, area="home", name="Home", state=AreaStatus.ARMED, mode=ArmMode.AWAY),
        ),
        (
            "area_state_unknown",
            AreaState(at=NOW, area="home", name="Home", state=AreaStatus.UNKNOWN, mode=None),
        ),
        (
            "alarm_pending",
            AlarmPending(
                at=NOW,
                uid=UID,
                area="home",
                name="Home",
                zone="Front door",
                until=NOW + timedelta(seconds=30),
            ),
        ),
        ("pending_cleared", PendingCleared(at=NOW, uid=UID, by="Anna Example")),
        (
            "alarm_raised",
            AlarmRaised(
                at=NOW,
                uid=UID,
                area="home",
                name="Home",
                alarm_kind=AlarmKind.BURGLARY,
                zones=("Front door",),
                facts=AlarmFacts(confirmed=True, recent_closing=True),
                hold_s=30,
            ),
        ),
        ("zone_tripped", ZoneTripped(at=NOW, uid=UID, zone="Hall motion", confirmed=True)),
        (
            "alarm_evidence",
            AlarmEvidence(
                at=NOW,
                uid=UID,
                level=2,
                findings=(Finding.PERSON_SEEN,),
                camera="Drive camera",
                label="person",
                score=0.87,
                taken_at=NOW - timedelta(seconds=2),
                link="https://home.example/api/frigate/notifications/1763675998.1-abc/clip.mp4",
                picture=PICTURE,
            ),
        ),
        (
            "push_unconfirmed",
            PushUnconfirmed(at=NOW, uid=UID, people=("Anna Example", "Ben Example"), after_s=45),
        ),
        (
            "notified",
            Notified(
                at=NOW,
                id="0197a000-0000-7000-8000-0000000000d1",
                channel="house",
                outcome=Outcome.FAILED,
                reason=WhyFailed.UNAVAILABLE,
            ),
        ),
        ("alarm_disarmed", AlarmDisarmed(at=NOW, uid=UID, by="Anna Example", ending=Ending.RESOLVED)),
        (
            "acknowledge",
            Decided(
                at=NOW,
                decision=Decision.ACKNOWLEDGE,
                alarm_id=ALARM_ID,
                uid="x",
                by="Anna Example",
                via="push",
            ),
        ),
        (
            "resolve",
            Decided(
                at=NOW,
                decision=Decision.RESOLVE,
                alarm_id=ALARM_ID,
                uid="x",
                by="Anna Example",
                via="service",
                note="All is well",
            ),
        ),
        (
            "cancel",
            Decided(
                at=NOW, decision=Decision.CANCEL, alarm_id=None, uid=UID, by="Anna Example", via="service"
            ),
        ),
        (
            "escalate",
            Decided(
                at=NOW,
                decision=Decision.ESCALATE,
                alarm_id=None,
                uid=UID,
                by="Anna Example",
                via="push",
                note="I am not at home",
            ),
        ),
    ],
)
def test_an_event_goes_on_the_wire_as_the_contract_says(name: str, event: HomeAssistantEvent) -> None:
    assert body(event) == golden_event(name)


def test_a_moment_by_another_clock_is_told_in_utc() -> None:
    berlin = datetime.fromisoformat("2026-11-20T23:00:00+01:00")

    assert body(PendingCleared(at=berlin, uid=UID, by=None))["at"] == "2026-11-20T22:00:00+00:00"


@pytest.mark.parametrize("name", ["alarm_raised", "alarm_evidence"])
def test_a_companion_that_knows_no_facts_yet_reads_what_it_read_before(name: str) -> None:
    before = golden(f"before_facts/event_{name}")["event"]

    assert before.keys() <= golden_event(name).keys()


def raised(*zones: str, test: bool = False, **facts: Any) -> AlarmRaised:
    return AlarmRaised(
        at=NOW,
        uid=UID,
        area="home",
        name="Home",
        alarm_kind=AlarmKind.BURGLARY,
        zones=zones,
        test=test,
        facts=AlarmFacts(**facts),
    )


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (raised("Door"), None),
        (raised(), "Raised by hand."),
        (raised("Door", by="Anna"), "Raised by Anna."),
        (raised(test=True), "Test alarm."),
        (raised(test=True, by="Anna"), "Test alarm by Anna."),
        (
            raised("Door", confirmed=True, exit_error=True),
            "Confirmed: more than one zone. Exit error: still open when the exit delay ended.",
        ),
        (
            raised("Door", recent_closing=True, during_outage=True),
            (
                "Recent closing: the area had just been armed. "
                "The entry delay ran out while Home Assistant was not running."
            ),
        ),
    ],
)
def test_a_companion_that_knows_no_facts_is_told_them_in_english(
    event: AlarmRaised, said: str | None
) -> None:
    assert body(event)["message"] == said


def test_every_finding_has_a_sentence_for_a_companion_that_knows_no_codes() -> None:
    assert set(FINDINGS) == set(Finding)
