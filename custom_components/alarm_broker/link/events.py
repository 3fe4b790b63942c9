"""What Home Assistant tells the companion: each event typed, and the body that it has on the wire. Pure.

docs/link-protocol.md has the contract, one row an event. A body is made here and nowhere else, when the outbox takes
it; until then an event is what it says.
"""

import base64
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from enum import Enum, StrEnum
from typing import Any, ClassVar, Literal

from ..core.panel.config import AlarmKind, ArmMode
from ..core.panel.effects import Ending
from ..core.panel.state import AreaStatus
from ..core.verification import Finding
from ..texts.language import FALLBACK, LANGUAGES
from ..texts.model import RemarkTexts


@dataclass(frozen=True, kw_only=True, slots=True)
class AreaState:
    """An area is in another state."""

    kind: ClassVar = "area_state"
    at: datetime
    area: str
    name: str
    state: AreaStatus
    mode: ArmMode | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmPending:
    """An entry delay runs until `until`, or became shorter."""

    kind: ClassVar = "alarm_pending"
    at: datetime
    uid: str
    area: str
    name: str
    zone: str
    until: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class PendingCleared:
    """Somebody disarmed in time."""

    kind: ClassVar = "pending_cleared"
    at: datetime
    uid: str
    by: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmFacts:
    """What a responder must know of an alarm beyond its zones; each reader gets it in their own words."""

    by: str | None = None
    """Who raised it by hand, or whose duress code it was."""
    confirmed: bool = False
    """More than one zone says the same."""
    exit_error: bool = False
    """A zone was still open when the exit delay ended."""
    recent_closing: bool = False
    """The area had just been armed."""
    during_outage: bool = False
    """The entry delay ran out while Home Assistant was not running."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmRaised:
    """The panel has triggered."""

    kind: ClassVar = "alarm_raised"
    at: datetime
    uid: str
    area: str
    name: str
    alarm_kind: AlarmKind
    zones: tuple[str, ...]
    """Names, the first tripped first."""
    silent: bool = False
    test: bool = False
    facts: AlarmFacts = AlarmFacts()
    hold_s: float = 0
    """The abort window: nobody outside is told before it is over."""
    vacation: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ZoneTripped:
    """Another zone in the same alarm."""

    kind: ClassVar = "zone_tripped"
    at: datetime
    uid: str
    zone: str
    confirmed: bool
    """It makes the alarm a confirmed one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmEvidence:
    """How sure an alarm is by now, why, and what a camera saw."""

    kind: ClassVar = "alarm_evidence"
    at: datetime
    uid: str
    level: int
    """0 to 4."""
    findings: tuple[Finding, ...]
    camera: str | None = None
    label: str | None = None
    score: float | None = None
    """How sure the camera server is of the label, 0 to 1."""
    taken_at: datetime | None = None
    link: str | None = None
    picture: bytes | None = None
    """A JPEG that the link takes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PushUnconfirmed:
    """No phone at home has said that it shows the alarm."""

    kind: ClassVar = "push_unconfirmed"
    at: datetime
    uid: str
    people: tuple[str, ...]
    after_s: float | None
    """How long was waited; None: no target could be reached."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmDisarmed:
    """Somebody with a code ended the alarm."""

    kind: ClassVar = "alarm_disarmed"
    at: datetime
    uid: str
    by: str | None
    ending: Ending


class Decision(StrEnum):
    """What somebody decides about an alarm."""

    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    CANCEL = "cancel"
    ESCALATE = "escalate"
    """Whoever is told next is to be told now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decided:
    """Somebody decided about an alarm. The companion's own id is preferred; it may not have answered for it yet."""

    at: datetime
    decision: Decision
    alarm_id: str | None
    uid: str
    by: str
    via: Literal["service", "push"]
    note: str | None = None

    @property
    def kind(self) -> str:
        """Return what it is called on the wire."""
        return self.decision.value


class Outcome(StrEnum):
    """What became of something that the companion asked for."""

    DONE = "done"
    ACCEPTED = "accepted"
    """Handed on; what becomes of it nobody says."""
    FAILED = "failed"


class WhyFailed(StrEnum):
    """Why something was not done; the companion has the words."""

    TOO_LATE = "too_late"
    NOBODY = "nobody"
    """Nobody is notified under this name."""
    UNKNOWN_TARGET = "unknown_target"
    UNAVAILABLE = "unavailable"
    NO_VOICE = "no_voice"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    """The companion may not ask for it."""
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Notified:
    """What became of an errand."""

    kind: ClassVar = "notified"
    at: datetime
    id: str
    channel: str
    outcome: Outcome
    reason: WhyFailed | None = None


type HomeAssistantEvent = (
    AreaState
    | AlarmPending
    | PendingCleared
    | AlarmRaised
    | ZoneTripped
    | AlarmEvidence
    | PushUnconfirmed
    | AlarmDisarmed
    | Decided
    | Notified
)

_SAYS_VIA = (Decision.ACKNOWLEDGE, Decision.ESCALATE)


def body(event: HomeAssistantEvent) -> dict[str, Any]:
    """Return an event as it goes on the wire: JSON values only."""
    said = {"kind": event.kind} | {one.name: _on_the_wire(getattr(event, one.name)) for one in fields(event)}
    match event:
        case AlarmRaised():
            # For a companion that does not know facts.
            english = LANGUAGES[FALLBACK].remarks
            said["message"] = (
                " ".join(sentences(event.facts, english, test=event.test, has_zones=bool(event.zones)))
                or None
            )
        case AlarmEvidence(findings=findings, picture=picture):
            said["evidence"] = [FINDINGS[one] for one in findings]
            if picture is not None:
                said["picture"] = {"type": "image/jpeg", "data": base64.b64encode(picture).decode()}
        case Decided(decision=decision, alarm_id=alarm_id):
            del said["decision"]
            if alarm_id is not None:
                said["uid"] = None
            if decision not in _SAYS_VIA:
                del said["via"]
    return said


FINDINGS: Mapping[Finding, str] = {
    Finding.SIGNAL: "A zone tripped.",
    Finding.OTHER_KIND: "This kind of alarm is urgent by itself.",
    Finding.TWO_DETECTORS: "Two detectors of different kinds tripped.",
    Finding.PERSON_SEEN: "A camera saw a person.",
    Finding.PERSON_INSIDE: "A camera saw a person inside.",
    Finding.FORCED_ENTRY: "The zones speak of a forced entry.",
    Finding.KNOWN_PERSON: "The only person seen is known by name.",
    Finding.CANCELLED: "It was disarmed as a false alarm.",
    Finding.HUMAN_WORD: "Somebody has looked.",
}
"""In English, for a companion that does not know the codes."""


def sentences(facts: AlarmFacts, texts: RemarkTexts, *, test: bool, has_zones: bool) -> list[str]:
    """Return what facts say to somebody who reads it."""
    found = []
    if test:
        found.append(texts.test if facts.by is None else texts.test_by.format(by=facts.by))
    elif facts.by is not None:
        found.append(texts.by.format(by=facts.by))
    elif not has_zones:
        found.append(texts.by_hand)
    said = ("confirmed", "exit_error", "recent_closing", "during_outage")
    return found + [getattr(texts, name) for name in said if getattr(facts, name)]


def _on_the_wire(value: object) -> Any:
    match value:
        case AlarmFacts():
            return asdict(value)
        case datetime():
            return value.astimezone(UTC).isoformat()
        case Enum():
            return value.value
        case tuple():
            return [_on_the_wire(one) for one in value]
        case _:
            return value
