"""What was stored is read as it was, or not at all: nothing odd gets into the panel, the link or a phone's buttons."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given, strategies as st

from custom_components.alarm_broker.core.household.serial import as_dict, from_dict
from custom_components.alarm_broker.core.household.state import HouseholdState
from custom_components.alarm_broker.core.panel.clock_jumps import clamped
from custom_components.alarm_broker.core.panel.config import AlarmKind, ZoneKind
from custom_components.alarm_broker.core.panel.deadlines import next_due
from custom_components.alarm_broker.core.panel.serial import StateUnreadableError, durable, parsed, serialised
from custom_components.alarm_broker.core.panel.state import PanelState
from custom_components.alarm_broker.core.stored import UNREADABLE, made
from custom_components.alarm_broker.core.verification import (
    Detector,
    Finding,
    Level,
    Occasion,
    Sighting,
    TrippedZone,
)
from custom_components.alarm_broker.link.alarm import Alarm, bounded, moved, raised_here
from custom_components.alarm_broker.link.companion_events import ServiceTrouble, Status
from custom_components.alarm_broker.link.events import AlarmRaised, body
from custom_components.alarm_broker.link.outbox import Outbox, still_telling
from custom_components.alarm_broker.push.actions import IssuedButtons, PushAction
from custom_components.alarm_broker.verification.model import (
    Assessment,
    Evidence,
    Snapshot,
    assessed,
    evidence_from,
    kept_form,
)
from tests.integration.disk import JSON, bent
from tests.integration.panel.test_serial import stories

NOW = datetime(2026, 11, 20, 22, tzinfo=UTC)
RAISED = AlarmRaised(
    at=NOW, uid="a1", area="home", name="Home", alarm_kind=AlarmKind.BURGLARY, zones=("Front door",)
)
SEEN = Sighting(
    camera_id="yard", event_id="e1", label="person", score=1.0, started_at=NOW, ended_at=None, known_as="Ben"
)
EVIDENCE = Evidence(
    uid="a1",
    occasion=Occasion(
        kind=AlarmKind.BURGLARY,
        area_id="home",
        tripped=(TrippedZone(zone_id="door", kind=ZoneKind.ENTRY_EXIT, detector=Detector.OPENING),),
        moments=(NOW,),
        word=Level.SIGNAL,
    ),
    raised_at=NOW,
    cameras=("yard",),
    sightings=(SEEN,),
    shot=Snapshot(
        file="1.jpg", media_type="image/jpeg", camera_id="yard", camera="Yard", taken_at=NOW, sighting=SEEN
    ),
    judgements=(Assessment(at=NOW, level=Level.SIGNAL, by=None, findings=(Finding.CANCELLED.value,)),),
)


def household() -> dict[str, Any]:
    return {
        "persons": {"anna": ["away", NOW.isoformat()]},
        "empty_since": NOW.isoformat(),
        "last_left": ["anna", NOW.isoformat()],
        "first_arrived": None,
        "remind_at": [NOW.isoformat(), 300],
        "arm_at": [NOW.isoformat(), 300],
        "called_off": False,
        "guests": False,
        "windows": ["vacation"],
    }


def outbox() -> dict[str, Any]:
    area = {"kind": "area_state", "area": "home", "state": "armed"}
    pending = {"kind": "alarm_pending", "uid": "a1", "area": "home"}
    return {"stream": "s1", "last": 4, "kept": [area, pending, body(RAISED)]}


def buttons() -> dict[str, Any]:
    sent = IssuedButtons(None)
    sent.issue("a1", PushAction.ACKNOWLEDGE, NOW, users=["anna"])
    return sent.as_dict()


def uses_outbox(read: Outbox) -> None:
    read.append(body(RAISED))
    read.begin_write()(taken=True)
    assert still_telling([kept for _, kept in read.after(0)])
    read.resume(1)
    read.restart()
    json.dumps(read.as_dict())


def uses_alarm(alarm: Alarm) -> None:
    bounded({alarm.id: alarm, "a2": raised_here(replace(RAISED, uid="a2"))})
    moved(alarm, Status.RESOLVED, by="Anna", at=NOW)
    assert alarm.where is None or alarm.where.strip()
    json.dumps(alarm.as_dict())


def uses_buttons(read: IssuedButtons) -> None:
    read.redeem(read.issue("a1", PushAction.ACKNOWLEDGE, NOW, users=["anna"]), "anna", NOW)
    read.withdraw("a1")
    json.dumps(read.as_dict())


def uses_trouble(trouble: ServiceTrouble) -> None:
    f"{trouble.key}{trouble.subject}".encode(errors="surrogatepass")
    assert all(isinstance(fact, str) for fact in trouble.facts.values())


def uses_evidence(read: Evidence) -> None:
    evidence = assessed(read, {}, now=NOW)
    assert evidence.occasion.begin < evidence.occasion.end + timedelta(days=1)
    json.dumps(kept_form(evidence))


def uses_household(state: HouseholdState) -> None:
    for deadline in (state.remind_at, state.arm_at):
        assert deadline is None or deadline.clamped(NOW).due_at <= NOW + deadline.delay
    json.dumps(as_dict(state))


def uses_panel(read: PanelState) -> None:
    state = clamped(read, NOW)
    assert next_due(state) is None or next_due(state)
    assert parsed(serialised(state)) == durable(state)


PARTS: dict[str, tuple[Any, Callable[[Any], Any], Callable[[Any], None]]] = {
    "outbox": (outbox(), Outbox, uses_outbox),
    "alarm": (raised_here(RAISED).as_dict(), Alarm.from_dict, uses_alarm),
    "buttons": (buttons(), IssuedButtons, uses_buttons),
    "trouble": (
        {
            "key": "k",
            "trouble": "t",
            "subject": "s",
            "severity": "error",
            "is_open": True,
            "facts": {"reason": "r"},
        },
        partial(made, ServiceTrouble),
        uses_trouble,
    ),
    "evidence": (kept_form(EVIDENCE), evidence_from, uses_evidence),
    "household": (household(), from_dict, uses_household),
    **{f"panel, {name}": (serialised(panel.state), parsed, uses_panel) for name, panel in stories().items()},
}


each_part = pytest.mark.parametrize(("good", "read", "use"), PARTS.values(), ids=PARTS)


@each_part
def test_what_was_stored_is_read(good: Any, read: Callable[[Any], Any], use: Callable[[Any], None]) -> None:
    use(read(json.loads(json.dumps(good))))


@each_part
@given(data=st.data())
def test_what_is_odd_is_refused_or_does_no_harm(
    data: st.DataObject, good: Any, read: Callable[[Any], Any], use: Callable[[Any], None]
) -> None:
    stored = data.draw(bent_json(json.loads(json.dumps(good))))

    try:
        found = read(stored)
    except (StateUnreadableError, *UNREADABLE):
        return
    use(found)


@st.composite
def bent_json(draw: st.DrawFn, good: Any) -> Any:
    """Return a stored value with something odd in it."""
    return bent(good, draw(JSON), draw)


def test_a_whole_evidence_is_read_as_it_was() -> None:
    assert evidence_from(json.loads(json.dumps(kept_form(EVIDENCE)))) == EVIDENCE
