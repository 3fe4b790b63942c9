"""The frames of the link and Home Assistant's events, as docs/link-protocol.md fixes them. Pure: text in, frozen values out.

Whatever arrives here comes from the network. What is not as the contract says raises BadFrame; nothing past this file
sees an unchecked value. Texts for people are made storable and cut rather than refused: a strange name must not keep
an alarm from being raised. For the same reason what only adorns an event is left out where it is odd.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    Strict,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from companion.alarms.model import Picture
from companion.strict_json import once_each

PROTOCOL_VERSION = 1
MAX_FRAME_BYTES = 256 * 1024
MAX_SEQUENCE = 2**53
TEXT_LIMIT = 500
NOTE_LIMIT = 4000
HOLD_LIMIT_S = 300
ZONES_LIMIT = 100
HIGHEST_LEVEL = 4
EVIDENCE_LIMIT = 20
LINK_LIMIT = 2000
LANGUAGE_LIMIT = 35
PICTURE_LIMIT_BYTES = 180 * 1024
LONGEST_WAIT_S = 86_400
WHY_LIMIT = 200

_CODE = re.compile(r"[a-z][a-z0-9_]{0,31}")
_WEB_LINK = re.compile(r"https?://(?![/?#])[^\s\x00-\x1f\x7f\ud800-\udfff]+", re.IGNORECASE)
_PICTURE_BEGINS = {
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/webp": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
}


class BadFrame(Exception):
    """The other side sent something that the contract does not know; the message says what."""


# --- what a field may hold ------------------------------------------------------------------------------


def _storable(limit: int) -> BeforeValidator:
    return BeforeValidator(lambda value: _cleaned(value, limit) if isinstance(value, str) else value)


def _cleaned(text: str, limit: int) -> str:
    # PostgreSQL stores no NUL and neither database half a surrogate pair, both of which JSON can carry.
    return text[:limit].replace("\0", "").encode("utf-8", "replace").decode()


def _first(most: int) -> BeforeValidator:
    return BeforeValidator(lambda value: value[:most] if isinstance(value, list) else value)


def _moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError("it is not an ISO 8601 time with its zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError as err:
        raise ValueError("it is beyond the calendar") from err


def _number(most: float) -> Callable[[object], float | None]:
    """Return what reads a number from 0 to `most`, and None for anything odd: what it adorns must not be late for that."""

    def number(value: object) -> float | None:
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= most:
            return None
        return float(value)

    return number


def _moment_or_none(value: object) -> datetime | None:
    try:
        return _moment(value)
    except ValueError:
        return None


def _language(value: object) -> str:
    return value[:LANGUAGE_LIMIT] if isinstance(value, str) else "en"


def _text_or_none(value: object) -> str | None:
    return _cleaned(value, TEXT_LIMIT) if isinstance(value, str) else None


def _codes(value: object) -> tuple[str, ...]:
    """Return the codes in a list, without what is none."""
    found = [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
    return tuple(one for one in found if _CODE.fullmatch(one))[:EVIDENCE_LIMIT]


def _only_an_object() -> BeforeValidator:
    return BeforeValidator(lambda value: value if isinstance(value, dict) else None)


def _web_link(value: object) -> str | None:
    if not isinstance(value, str) or len(value) > LINK_LIMIT or _WEB_LINK.fullmatch(value) is None:
        return None
    return value


def _picture(value: object) -> Picture:
    """Return the picture; raises ValueError for anything that a browser must not be given as one."""
    media_type, data = (value.get("type"), value.get("data")) if isinstance(value, Mapping) else (None, None)
    if not isinstance(media_type, str) or media_type not in _PICTURE_BEGINS or not isinstance(data, str):
        raise ValueError(f"it is no {' or '.join(_PICTURE_BEGINS)} in base64")
    raw = base64.b64decode(data, validate=True)
    if len(raw) > PICTURE_LIMIT_BYTES:
        raise ValueError(f"it has more than {PICTURE_LIMIT_BYTES // 1024} KiB")
    if _PICTURE_BEGINS[media_type].match(raw) is None:
        raise ValueError(f"it does not begin as {media_type} does")
    return Picture(media_type=media_type, data=raw)


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("it is not an object")  # noqa: TRY004 # pydantic takes a ValueError for a refusal
    return value


type Id = Annotated[str, Strict(), StringConstraints(pattern=r"^[\x21-\x7e]{1,64}$")]
type Text = Annotated[str, Strict(), _storable(TEXT_LIMIT)]
type Word = Annotated[str, Strict(), _storable(32)]
type NoteText = Annotated[str, Strict(), _storable(NOTE_LIMIT)]
type Names = Annotated[tuple[Text, ...], _first(ZONES_LIMIT)]
type Count = Annotated[int, Strict(), Field(ge=0, le=MAX_SEQUENCE)]
type Sequence = Annotated[int, Strict(), Field(ge=1, le=MAX_SEQUENCE)]
type Moment = Annotated[datetime, PlainValidator(_moment)]
type OnlyIfTrue = Annotated[bool, PlainValidator(lambda value: value is True)]


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True)


# --- frames ---------------------------------------------------------------------------------------------


class _Introduction(_Said):
    version: Count
    stream: Id
    instance: Id
    name: Text
    received: Count


class Hello(_Introduction):
    """First frame, from Home Assistant: who I am and what I have kept of your stream."""

    type: Literal["hello"] = "hello"
    language: Annotated[str, PlainValidator(_language)] = "en"
    """In which reasons are told; of an older Home Assistant, which does not say, English."""


class Welcome(_Introduction):
    """Our answer: the same from the other side."""

    type: Literal["welcome"] = "welcome"
    heartbeat_s: Annotated[float, Strict(), Field(gt=0, le=3600)]


class Event(_Said):
    """One numbered event; its sender keeps it until it is confirmed."""

    type: Literal["event"] = "event"
    seq: Sequence
    event: Annotated[Mapping[str, Any], PlainValidator(_object)]


class Confirm(_Said):
    """Everything up to `seq` of your stream is on my disk."""

    type: Literal["confirm"] = "confirm"
    seq: Count


class Ping(_Said):
    """Asks for a sign of life."""

    type: Literal["ping"] = "ping"


class Pong(_Said):
    """The sign of life."""

    type: Literal["pong"] = "pong"


class ErrorCode(StrEnum):
    """Why the companion closes the link."""

    VERSION_UNSUPPORTED = "version_unsupported"
    BAD_FRAME = "bad_frame"
    SITE_UNKNOWN = "site_unknown"


class Refusal(_Said):
    """The `error` frame: the companion says why, then closes."""

    type: Literal["error"] = "error"
    code: ErrorCode
    detail: Text


type Frame = Hello | Welcome | Event | Confirm | Ping | Pong | Refusal


# --- events of Home Assistant ---------------------------------------------------------------------------


class AreaState(_Said):
    """An area of the panel is in another state."""

    kind: Literal["area_state"] = "area_state"
    at: Moment
    area: Id
    name: Text
    state: Annotated[str, Strict(), _storable(16)]
    mode: Word | None = None


class AlarmPending(_Said):
    """An entry delay runs until `until`, by Home Assistant's clock."""

    kind: Literal["alarm_pending"] = "alarm_pending"
    at: Moment
    uid: Id
    area: Id
    name: Text
    zone: Text
    until: Moment


class PendingCleared(_Said):
    """Somebody disarmed in time."""

    kind: Literal["pending_cleared"] = "pending_cleared"
    at: Moment
    uid: Id
    by: Text | None = None


class AlarmFacts(_Said):
    """What a responder must know beyond the zones; what is odd is left out."""

    by: Annotated[str | None, PlainValidator(_text_or_none)] = None
    """Who raised it by hand, or whose code it was."""
    confirmed: OnlyIfTrue = False
    """More than one zone says the same (BS 8243)."""
    exit_error: OnlyIfTrue = False
    """A zone was still open when the exit delay ended."""
    recent_closing: OnlyIfTrue = False
    """The area had just been armed."""
    during_outage: OnlyIfTrue = False
    """The entry delay ran out while Home Assistant was not running."""


class AlarmRaised(_Said):
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
    facts: Annotated[AlarmFacts | None, _only_an_object()] = None
    hold_s: Annotated[float, PlainValidator(lambda value: _number(HOLD_LIMIT_S)(value) or 0.0)] = 0.0
    """The abort window: nobody is told before it is over."""
    vacation: OnlyIfTrue = False
    """The house is in its vacation window."""


class ZoneTripped(_Said):
    """Another zone in the same alarm."""

    kind: Literal["zone_tripped"] = "zone_tripped"
    at: Moment
    uid: Id
    zone: Text
    confirmed: OnlyIfTrue = False
    """It makes the alarm a confirmed one."""


class AlarmEvidence(_Said):
    """How sure the alarm is by now, why, and what a camera saw."""

    kind: Literal["alarm_evidence"] = "alarm_evidence"
    at: Moment
    uid: Id
    level: Annotated[int, Strict(), Field(ge=0, le=HIGHEST_LEVEL)]
    """0 to 4, the validation level in the manner of ANSI/TMA-AVS-01."""
    evidence: Annotated[tuple[Text, ...], _first(EVIDENCE_LIMIT)]
    """In English what `findings` say, for a companion that does not know them."""
    findings: Annotated[tuple[str, ...], PlainValidator(_codes)] = ()
    camera: Text | None = None
    label: Text | None = None
    score: Annotated[float | None, PlainValidator(_number(1))] = None
    """How sure the camera's own recognition is of the label, 0 to 1."""
    taken_at: Annotated[datetime | None, PlainValidator(_moment_or_none)] = None
    link: Annotated[str | None, PlainValidator(_web_link)] = None
    picture: Annotated[Picture | None, PlainValidator(lambda value: value)] = None
    dropped: str | None = None
    """Why the picture that was sent is not here."""

    @model_validator(mode="before")
    @classmethod
    def _without_an_odd_picture(cls, sent: Any) -> Any:
        picture, dropped = None, None
        try:
            picture = None if sent.get("picture") is None else _picture(sent["picture"])
        except ValueError as err:
            dropped = str(err)
        return {**sent, "picture": picture, "dropped": dropped}


class PushUnconfirmed(_Said):
    """No phone of anybody at home has confirmed the notification of the alarm."""

    kind: Literal["push_unconfirmed"] = "push_unconfirmed"
    at: Moment
    uid: Id
    people: Names
    after_s: Annotated[float | None, PlainValidator(_number(LONGEST_WAIT_S))] = None


class Ending(StrEnum):
    """How disarming ends an alarm."""

    ABORTED = "aborted"
    CANCELLED = "cancelled"
    RESOLVED = "resolved"


def _ending(value: object) -> Ending:
    """Return the ending; one that is unknown means that somebody was there."""
    return next((one for one in Ending if one == value), Ending.RESOLVED)


class AlarmDisarmed(_Said):
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


class Decided(_Said):
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


class Unknown(_Said):
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
)
type HomeAssistantEvent = KnownEvent | Unknown


# --- in and out -----------------------------------------------------------------------------------------


def _names_of(union: Any, field: str) -> frozenset[str]:
    """Return what tells the members of a union apart on the wire."""
    members = get_args(union.__value__)
    return frozenset(name for one in members for name in get_args(one.model_fields[field].annotation))


_FRAMES: TypeAdapter[Frame] = TypeAdapter(Annotated[Frame, Field(discriminator="type")])
_EVENTS: TypeAdapter[KnownEvent] = TypeAdapter(Annotated[KnownEvent, Field(discriminator="kind")])
_TYPES = _names_of(Frame, "type")
_KINDS = _names_of(KnownEvent, "kind")


def dump(frame: Frame) -> str:
    """Return the text that goes on the wire."""
    return json.dumps(frame.model_dump(), separators=(",", ":"))


def parse(text: str) -> Frame:
    """Return the frame in `text`. Raises BadFrame for anything that the contract does not know."""
    try:
        data = json.loads(text, object_pairs_hook=once_each)
    except (ValueError, RecursionError) as err:
        raise BadFrame("the frame is not JSON") from err
    if not isinstance(data, dict):
        raise BadFrame("the frame is not an object")
    if not isinstance(data.get("type"), str) or data["type"] not in _TYPES:
        raise BadFrame("the frame has no type that version 1 knows")
    return _validated(_FRAMES, data)


def parse_event(body: Mapping[str, Any]) -> HomeAssistantEvent:
    """Return what Home Assistant says. Raises BadFrame when a known kind lacks what the contract promises."""
    kind = body.get("kind")
    if not isinstance(kind, str):
        raise BadFrame("the event has no kind")
    return _validated(_EVENTS, body) if kind in _KINDS else Unknown(kind=kind)


def _validated[T](shape: TypeAdapter[T], data: Mapping[str, Any]) -> T:
    try:
        return shape.validate_python(data)
    except ValidationError as err:
        [first, *_] = err.errors(include_url=False, include_context=False, include_input=False)
        where = ".".join(str(part) for part in first["loc"][1:])
        raise BadFrame(f"{where}: {first['msg']}"[:WHY_LIMIT]) from err
