"""The frames of the link and Home Assistant's events, as docs/link-protocol.md fixes them. Pure: text in, frozen values out.

Whatever arrives here comes from the network. What is not as the contract says raises BadFrame; nothing past this file
sees an unchecked value. Texts for people are made storable and cut rather than refused: a strange name must not keep
an alarm from being raised.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

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
PICTURE_LIMIT_BYTES = 180 * 1024
LONGEST_WAIT_S = 86_400

_ID = re.compile(r"[\x21-\x7e]{1,64}")
_WEB_LINK = re.compile(r"https?://(?![/?#])[^\s\x00-\x1f\x7f\ud800-\udfff]+", re.IGNORECASE)
_PICTURE_BEGINS = {
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/webp": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
}


class BadFrame(Exception):
    """The other side sent something that the contract does not know; the message says what."""


# --- frames ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Hello:
    """First frame, from Home Assistant: who I am and what I have kept of your stream."""

    version: int
    stream: str
    instance: str
    name: str
    received: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Welcome:
    """Our answer: the same from the other side."""

    version: int
    stream: str
    instance: str
    name: str
    received: int
    heartbeat_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One numbered event; its sender keeps it until it is confirmed."""

    seq: int
    event: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Confirm:
    """Everything up to `seq` of your stream is on my disk."""

    seq: int


@dataclass(frozen=True, slots=True)
class Ping:
    """Asks for a sign of life."""


@dataclass(frozen=True, slots=True)
class Pong:
    """The sign of life."""


class ErrorCode(StrEnum):
    """Why the companion closes the link."""

    VERSION_UNSUPPORTED = "version_unsupported"
    BAD_FRAME = "bad_frame"
    SITE_UNKNOWN = "site_unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """The `error` frame: the companion says why, then closes."""

    code: ErrorCode
    detail: str


type Frame = Hello | Welcome | Event | Confirm | Ping | Pong | Refusal


# --- events of Home Assistant ---------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class AreaState:
    """An area of the panel is in another state."""

    at: datetime
    area: str
    name: str
    state: str
    mode: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmPending:
    """An entry delay runs until `until`, by Home Assistant's clock."""

    at: datetime
    uid: str
    area: str
    name: str
    zone: str
    until: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class PendingCleared:
    """Somebody disarmed in time."""

    at: datetime
    uid: str
    by: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmRaised:
    """The panel has triggered."""

    at: datetime
    uid: str
    area: str
    name: str
    alarm_kind: str
    """As sent: a newer Home Assistant may know kinds that we do not."""
    zones: tuple[str, ...]
    silent: bool
    test: bool
    message: str | None
    hold_s: float
    """The abort window: nobody is told before it is over."""
    vacation: bool
    """The house is in its vacation window."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ZoneTripped:
    """Another zone in the same alarm."""

    at: datetime
    uid: str
    zone: str
    confirmed: bool
    """It makes the alarm a confirmed one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmEvidence:
    """How sure the alarm is by now, why, and what a camera saw."""

    at: datetime
    uid: str
    level: int
    """0 to 4, the validation level in the manner of ANSI/TMA-AVS-01."""
    evidence: tuple[str, ...]
    camera: str | None
    label: str | None
    score: float | None
    """How sure the camera's own recognition is of the label, 0 to 1."""
    taken_at: datetime | None
    link: str | None
    picture: Picture | None
    dropped: str | None
    """Why the picture that was sent is not here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PushUnconfirmed:
    """No phone of anybody at home has confirmed the notification of the alarm."""

    at: datetime
    uid: str
    people: tuple[str, ...]
    after_s: float | None


class Ending(StrEnum):
    """How disarming ends an alarm."""

    ABORTED = "aborted"
    CANCELLED = "cancelled"
    RESOLVED = "resolved"


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmDisarmed:
    """Somebody with a code was there."""

    at: datetime
    uid: str
    by: str | None
    ending: Ending


class Decision(StrEnum):
    """What somebody at Home Assistant decided about an alarm."""

    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    CANCEL = "cancel"
    ESCALATE = "escalate"
    """Whoever is told next is to be told now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decided:
    """Somebody at Home Assistant decides about the alarm with our id or with theirs."""

    at: datetime
    decision: Decision
    alarm_id: str | None
    uid: str | None
    by: str | None
    via: str
    note: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Unknown:
    """An event of a kind that a newer Home Assistant invented: confirmed, otherwise ignored."""

    kind: str


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
    | Unknown
)


# --- in and out -----------------------------------------------------------------------------------------


def dump(frame: Frame) -> str:
    """Return the text that goes on the wire."""
    match frame:
        case Hello() | Welcome() | Event() | Confirm() | Ping() | Pong():
            body = {"type": type(frame).__name__.lower(), **asdict(frame)}
        case Refusal(code=code, detail=detail):
            body = {"type": "error", "code": code.value, "detail": detail}
    return json.dumps(body, separators=(",", ":"))


def parse(text: str) -> Frame:
    """Return the frame in `text`. Raises BadFrame for anything that the contract does not know."""
    try:
        data = json.loads(text, object_pairs_hook=once_each)
    except (ValueError, RecursionError) as err:
        raise BadFrame("the frame is not JSON") from err
    if not isinstance(data, dict):
        raise BadFrame("the frame is not an object")
    match data.get("type"):
        case "hello":
            return Hello(**_introduction(data))
        case "welcome":
            return Welcome(**_introduction(data), heartbeat_s=_seconds(data, "heartbeat_s"))
        case "event":
            event = data.get("event")
            if not isinstance(event, dict):
                raise BadFrame("event is not an object")
            return Event(seq=_integer(data, "seq", least=1), event=event)
        case "confirm":
            return Confirm(seq=_integer(data, "seq"))
        case "ping":
            return Ping()
        case "pong":
            return Pong()
        case "error":
            return Refusal(code=_error_code(data), detail=_text(data, "detail"))
        case _:
            raise BadFrame("the frame has no type that version 1 knows")


def parse_event(body: Mapping[str, Any]) -> HomeAssistantEvent:
    """Return what Home Assistant says. Raises BadFrame when a known kind lacks what the contract promises."""
    match body.get("kind"):
        case "area_state":
            return AreaState(
                at=_moment(body, "at"),
                area=_id(body, "area"),
                name=_text(body, "name"),
                state=_text(body, "state", limit=16),
                mode=_text_or_none(body, "mode", limit=32),
            )
        case "alarm_pending":
            return AlarmPending(
                at=_moment(body, "at"),
                uid=_id(body, "uid"),
                area=_id(body, "area"),
                name=_text(body, "name"),
                zone=_text(body, "zone"),
                until=_moment(body, "until"),
            )
        case "pending_cleared":
            return PendingCleared(at=_moment(body, "at"), uid=_id(body, "uid"), by=_text_or_none(body, "by"))
        case "alarm_raised":
            return AlarmRaised(
                at=_moment(body, "at"),
                uid=_id(body, "uid"),
                area=_id(body, "area"),
                name=_text(body, "name"),
                alarm_kind=_text(body, "alarm_kind", limit=32),
                zones=_texts(body, "zones"),
                silent=_boolean(body, "silent"),
                test=_boolean(body, "test"),
                message=_text_or_none(body, "message", limit=NOTE_LIMIT),
                hold_s=_number(body.get("hold_s"), HOLD_LIMIT_S) or 0.0,
                vacation=body.get("vacation") is True,
            )
        case "zone_tripped":
            return ZoneTripped(
                at=_moment(body, "at"),
                uid=_id(body, "uid"),
                zone=_text(body, "zone"),
                confirmed=body.get("confirmed") is True,
            )
        case "alarm_evidence":
            return _evidence(body)
        case "push_unconfirmed":
            return PushUnconfirmed(
                at=_moment(body, "at"),
                uid=_id(body, "uid"),
                people=_texts(body, "people"),
                after_s=_number(body.get("after_s"), LONGEST_WAIT_S),
            )
        case "alarm_disarmed":
            return AlarmDisarmed(
                at=_moment(body, "at"),
                uid=_id(body, "uid"),
                by=_text_or_none(body, "by"),
                ending=_ending(body),
            )
        case "acknowledge" | "resolve" | "cancel" | "escalate" as kind:
            return _decided(body, Decision(kind))
        case str(kind):
            return Unknown(kind=kind)
        case _:
            raise BadFrame("the event has no kind")


def _decided(body: Mapping[str, Any], decision: Decision) -> Decided:
    alarm_id = None if body.get("alarm_id") is None else _id(body, "alarm_id")
    uid = None if body.get("uid") is None else _id(body, "uid")
    if alarm_id is None and uid is None:
        raise BadFrame("the decision names no alarm: neither alarm_id nor uid")
    return Decided(
        at=_moment(body, "at"),
        decision=decision,
        alarm_id=alarm_id,
        uid=uid,
        by=_text_or_none(body, "by"),
        via=_text_or_none(body, "via", limit=32) or "home_assistant",
        note=_text_or_none(body, "note", limit=NOTE_LIMIT),
    )


def _evidence(body: Mapping[str, Any]) -> AlarmEvidence:
    """Return the evidence, without what is odd about its ornaments: a camera's bad picture must not end the link."""
    level = _integer(body, "level")
    if level > HIGHEST_LEVEL:
        raise BadFrame(f"level is not a whole number from 0 to {HIGHEST_LEVEL}")
    taken_at, link = body.get("taken_at"), body.get("link")
    picture, dropped = None, None
    try:
        taken_at = None if taken_at is None else _moment(body, "taken_at")
    except BadFrame:
        taken_at = None
    if not isinstance(link, str) or len(link) > LINK_LIMIT or _WEB_LINK.fullmatch(link) is None:
        link = None
    try:
        picture = None if body.get("picture") is None else _picture(body["picture"])
    except ValueError as err:
        dropped = str(err)
    return AlarmEvidence(
        at=_moment(body, "at"),
        uid=_id(body, "uid"),
        level=level,
        evidence=_texts(body, "evidence", most=EVIDENCE_LIMIT),
        camera=_text_or_none(body, "camera"),
        label=_text_or_none(body, "label"),
        score=_number(body.get("score"), 1),
        taken_at=taken_at,
        link=link,
        picture=picture,
        dropped=dropped,
    )


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


def _number(value: object, most: float) -> float | None:
    """Return a number from 0 to `most`; None for anything odd: what it stands beside must not be late for that."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= most:
        return None
    return float(value)


def _ending(body: Mapping[str, Any]) -> Ending:
    """Return the ending; one that is missing or unknown means that somebody was there."""
    try:
        return Ending(body.get("ending", Ending.RESOLVED))
    except ValueError:
        return Ending.RESOLVED


def _introduction(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "version": _integer(data, "version"),
        "stream": _id(data, "stream"),
        "instance": _id(data, "instance"),
        "name": _text(data, "name"),
        "received": _integer(data, "received"),
    }


def _error_code(data: Mapping[str, Any]) -> ErrorCode:
    try:
        return ErrorCode(_text(data, "code"))
    except ValueError as err:
        raise BadFrame("code is not one that version 1 knows") from err


def _id(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or _ID.fullmatch(value) is None:
        raise BadFrame(f"{key} is not an id of 1 to 64 printable ASCII characters")
    return value


def _text(data: Mapping[str, Any], key: str, *, limit: int = TEXT_LIMIT) -> str:
    return _storable(data.get(key), key, limit)


def _text_or_none(data: Mapping[str, Any], key: str, *, limit: int = TEXT_LIMIT) -> str | None:
    return None if data.get(key) is None else _text(data, key, limit=limit)


def _texts(data: Mapping[str, Any], key: str, *, most: int = ZONES_LIMIT) -> tuple[str, ...]:
    values = data.get(key)
    if not isinstance(values, list):
        raise BadFrame(f"{key} is not a list")
    return tuple(_storable(value, key, TEXT_LIMIT) for value in values[:most])


def _storable(value: object, key: str, limit: int) -> str:
    if not isinstance(value, str):
        raise BadFrame(f"{key} is not a text")
    # PostgreSQL stores no NUL and neither database half a surrogate pair, both of which JSON can carry.
    return value[:limit].replace("\0", "").encode("utf-8", "replace").decode()


def _boolean(data: Mapping[str, Any], key: str) -> bool:
    value = data.get(key)
    if not isinstance(value, bool):
        raise BadFrame(f"{key} is not a boolean")
    return value


def _integer(data: Mapping[str, Any], key: str, *, least: int = 0) -> int:
    value = data.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= MAX_SEQUENCE:
        raise BadFrame(f"{key} is not a whole number of at least {least}")
    return value


def _seconds(data: Mapping[str, Any], key: str) -> float:
    value = data.get(key)
    # "0 < value" is also what turns NaN away, which Python's JSON reader lets in.
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= 3600:
        raise BadFrame(f"{key} is not a number of seconds up to an hour")
    return value


def _moment(data: Mapping[str, Any], key: str) -> datetime:
    value = data.get(key)
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise BadFrame(f"{key} is not an ISO 8601 time with its zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError as err:
        raise BadFrame(f"{key} is beyond the calendar") from err
