"""What Home Assistant says in its events, as docs/link-protocol.md fixes it. Pure; what the companion says is in `publishing`."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PlainValidator, Strict, TypeAdapter, model_validator

from companion.alarms.model import Picture
from companion.link.fields import (
    EVIDENCE_LIMIT,
    BadFrame,
    Id,
    Moment,
    Names,
    NoteText,
    OnlyIfTrue,
    Said,
    Text,
    Word,
    as_codes,
    as_moment_or_none,
    as_number,
    as_picture,
    as_text_or_none,
    as_web_link,
    first_of,
    names_of,
    only_an_object,
    storable,
    validated,
)

HOLD_LIMIT_S = 300
HIGHEST_LEVEL = 4
LONGEST_WAIT_S = 86_400


class AreaState(Said):
    """An area of the panel is in another state."""

    kind: Literal["area_state"] = "area_state"
    at: Moment
    area: Id
    name: Text
    state: Annotated[str, Strict(), storable(16)]
    mode: Word | None = None


class AlarmPending(Said):
    """An entry delay runs until `until`, by Home Assistant's clock."""

    kind: Literal["alarm_pending"] = "alarm_pending"
    at: Moment
    uid: Id
    area: Id
    name: Text
    zone: Text
    until: Moment


class PendingCleared(Said):
    """Somebody disarmed in time."""

    kind: Literal["pending_cleared"] = "pending_cleared"
    at: Moment
    uid: Id
    by: Text | None = None


class AlarmFacts(Said):
    """What a responder must know beyond the zones; what is odd is left out."""

    by: Annotated[str | None, PlainValidator(as_text_or_none)] = None
    """Who raised it by hand, or whose code it was."""
    confirmed: OnlyIfTrue = False
    """More than one zone says the same (BS 8243)."""
    exit_error: OnlyIfTrue = False
    """A zone was still open when the exit delay ended."""
    recent_closing: OnlyIfTrue = False
    """The area had just been armed."""
    during_outage: OnlyIfTrue = False
    """The entry delay ran out while Home Assistant was not running."""


class AlarmRaised(Said):
    """The panel has triggered."""

    kind: Literal["alarm_raised"] = "alarm_raised"
    at: Moment
    uid: Id
    area: Id
    name: Text
    alarm_kind: Word
    """As sent: a newer Home Assistant may know kinds that we do not."""
    zones: Names
    silent: Annotated[bool, Strict()]
    test: Annotated[bool, Strict()]
    message: NoteText | None = None
    """In English what `facts` say, for a companion that does not know them."""
    facts: Annotated[AlarmFacts | None, only_an_object()] = None
    hold_s: Annotated[float, PlainValidator(lambda value: as_number(HOLD_LIMIT_S)(value) or 0.0)] = 0.0
    """The abort window: nobody is told before it is over."""
    vacation: OnlyIfTrue = False
    """The house is in its vacation window."""


class ZoneTripped(Said):
    """Another zone in the same alarm."""

    kind: Literal["zone_tripped"] = "zone_tripped"
    at: Moment
    uid: Id
    zone: Text
    confirmed: OnlyIfTrue = False
    """It makes the alarm a confirmed one."""


class AlarmEvidence(Said):
    """How sure the alarm is by now, why, and what a camera saw."""

    kind: Literal["alarm_evidence"] = "alarm_evidence"
    at: Moment
    uid: Id
    level: Annotated[int, Strict(), Field(ge=0, le=HIGHEST_LEVEL)]
    """0 to 4, the validation level in the manner of ANSI/TMA-AVS-01."""
    evidence: Annotated[tuple[Text, ...], first_of(EVIDENCE_LIMIT)]
    """In English what `findings` say, for a companion that does not know them."""
    findings: Annotated[tuple[str, ...], PlainValidator(as_codes)] = ()
    camera: Text | None = None
    label: Text | None = None
    score: Annotated[float | None, PlainValidator(as_number(1))] = None
    """How sure the camera's own recognition is of the label, 0 to 1."""
    taken_at: Annotated[datetime | None, PlainValidator(as_moment_or_none)] = None
    link: Annotated[str | None, PlainValidator(as_web_link)] = None
    picture: Annotated[Picture | None, PlainValidator(lambda value: value)] = None
    dropped: str | None = None
    """Why the picture that was sent is not here."""

    @model_validator(mode="before")
    @classmethod
    def _without_an_odd_picture(cls, sent: Any) -> Any:
        picture, dropped = None, None
        try:
            picture = None if sent.get("picture") is None else as_picture(sent["picture"])
        except ValueError as err:
            dropped = str(err)
        return {**sent, "picture": picture, "dropped": dropped}


class PushUnconfirmed(Said):
    """No phone of anybody at home has confirmed the notification of the alarm."""

    kind: Literal["push_unconfirmed"] = "push_unconfirmed"
    at: Moment
    uid: Id
    people: Names
    after_s: Annotated[float | None, PlainValidator(as_number(LONGEST_WAIT_S))] = None


class Ending(StrEnum):
    """How disarming ends an alarm."""

    ABORTED = "aborted"
    CANCELLED = "cancelled"
    RESOLVED = "resolved"


def _ending(value: object) -> Ending:
    """Return the ending; one that is unknown means that somebody was there."""
    return next((one for one in Ending if one == value), Ending.RESOLVED)


class AlarmDisarmed(Said):
    """Somebody with a code was there."""

    kind: Literal["alarm_disarmed"] = "alarm_disarmed"
    at: Moment
    uid: Id
    by: Text | None = None
    ending: Annotated[Ending, PlainValidator(_ending)] = Ending.RESOLVED


class Decision(StrEnum):
    """What somebody at Home Assistant decided about an alarm."""

    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    CANCEL = "cancel"
    ESCALATE = "escalate"
    """Whoever is told next is to be told now."""


class Decided(Said):
    """Somebody at Home Assistant decides about the alarm with our id or with theirs."""

    kind: Literal["acknowledge", "resolve", "cancel", "escalate"]
    at: Moment
    alarm_id: Id | None = None
    uid: Id | None = None
    by: Text | None = None
    via: Annotated[Word, BeforeValidator(lambda value: value or "home_assistant")] = "home_assistant"
    note: NoteText | None = None

    @property
    def decision(self) -> Decision:
        """Return what was decided."""
        return Decision(self.kind)

    @model_validator(mode="after")
    def _names_an_alarm(self) -> Self:
        if self.alarm_id is None and self.uid is None:
            raise ValueError("the decision names no alarm: neither alarm_id nor uid")
        return self


class Notified(Said):
    """What became of a `notify`."""

    kind: Literal["notified"] = "notified"
    at: Moment
    id: Id
    channel: Id
    outcome: Word
    """`done`, `accepted` (nobody can say more), or `failed`; of a newer Home Assistant perhaps something else."""
    reason: Annotated[str | None, PlainValidator(as_text_or_none)] = None
    """Why it failed, a code."""


class Unknown(Said):
    """An event of a kind that a newer Home Assistant invented: confirmed, otherwise ignored."""

    kind: Text


type KnownEvent = (
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
type HomeAssistantEvent = KnownEvent | Unknown


_EVENTS: TypeAdapter[KnownEvent] = TypeAdapter(Annotated[KnownEvent, Field(discriminator="kind")])
_KINDS = names_of(KnownEvent, "kind")


def parse_event(body: Mapping[str, Any]) -> HomeAssistantEvent:
    """Return what Home Assistant says. Raises BadFrame when a known kind lacks what the contract promises."""
    kind = body.get("kind")
    if not isinstance(kind, str):
        raise BadFrame("the event has no kind")
    return validated(_EVENTS, body) if kind in _KINDS else Unknown(kind=kind)
