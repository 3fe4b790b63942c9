"""The frames of the link and the companion's events, as docs/link-protocol.md fixes them. Pure: text in, frozen values out.

Whatever arrives here comes from the network. A frame that is not exactly what the contract says raises BadFrame;
nothing past this file sees an unchecked value.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

PROTOCOL_VERSION = 1
MAX_FRAME_BYTES = 256 * 1024
LARGEST_INTEGER = 2**53 - 1
"""RFC 8259, section 6: up to here all implementations of JSON agree."""


class BadFrame(Exception):
    """The other side sent something that the contract does not know."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hello:
    """First frame, from Home Assistant: who I am and what I have kept of your stream."""

    version: int
    stream: str
    instance: str
    name: str
    language: str = "en"
    """In which the companion tells reasons: only it has their texts."""
    received: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Welcome:
    """The companion's answer: the same from the other side."""

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """The companion's `error` frame: it says why and closes."""

    code: str
    detail: str


type Frame = Hello | Welcome | Event | Confirm | Ping | Pong | Refusal


class Status(StrEnum):
    """Where an alarm is in its life. The order is the only one it moves in; both last ones are ends."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True, slots=True)
class TitleParts:
    """A title that the companion has made: whoever reads it gets it in their own words."""

    head: str
    """What it is, a code such as `panic_key`."""
    where: str
    room_unknown: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmSnapshot:
    """The companion's whole word about one alarm at one version; the newest version wins."""

    alarm_id: str
    uid: str | None
    version: int
    change: str
    status: Status
    source: str
    alarm_kind: str
    severity: str
    title: str
    title_parts: TitleParts | None = None
    """None: the title is a person's or a program's own words."""
    site: str | None
    room: str | None
    person: str | None
    test: bool
    raised_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    closed_at: datetime | None
    closed_by: str | None
    step: int


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryTrouble:
    """The companion gave a delivery up: somebody was not told."""

    alarm_id: str
    channel: str
    recipient: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceTrouble:
    """Something is wrong with the companion itself, or is well again (`is_open` false)."""

    key: str
    """The same from its beginning to its end."""
    trouble: str
    """What is wrong, a code such as `channel_refuses`."""
    subject: str
    """What it is about, a name."""
    severity: str
    """`error` or `warning`."""
    is_open: bool
    facts: Mapping[str, str]
    """Values for the text."""
    subject_parts: TitleParts | None = None
    """Where the subject is the title of an alarm."""


def dump(frame: Frame) -> str:
    """Return the text that goes on the wire."""
    match frame:
        case Hello() | Welcome() | Confirm():
            body = {"type": type(frame).__name__.lower(), **asdict(frame)}
        case Event(seq=seq, event=event):
            body = {"type": "event", "seq": seq, "event": dict(event)}
        case Ping() | Pong():
            body = {"type": type(frame).__name__.lower()}
        case Refusal(code=code, detail=detail):
            body = {"type": "error", "code": code, "detail": detail}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def parse(text: str) -> Frame:
    """Return the frame in `text`. Raises BadFrame for anything that the contract does not know."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as err:
        raise BadFrame("the frame is not JSON") from err
    if not isinstance(data, dict):
        raise BadFrame("the frame is not an object")
    match data.get("type"):
        case "hello":
            return Hello(
                version=_integer(data, "version"),
                stream=_text(data, "stream"),
                instance=_text(data, "instance"),
                name=_text(data, "name"),
                language=_text_or_none(data, "language") or "en",
                received=_integer(data, "received"),
            )
        case "welcome":
            return Welcome(
                version=_integer(data, "version"),
                stream=_text(data, "stream"),
                instance=_text(data, "instance"),
                name=_text(data, "name"),
                received=_integer(data, "received"),
                heartbeat_s=_seconds(data, "heartbeat_s"),
            )
        case "event":
            event = data.get("event")
            if not isinstance(event, dict) or not isinstance(event.get("kind"), str):
                raise BadFrame("the event has no body with a kind")
            return Event(seq=_integer(data, "seq", least=1), event=event)
        case "confirm":
            return Confirm(seq=_integer(data, "seq"))
        case "ping":
            return Ping()
        case "pong":
            return Pong()
        case "error":
            return Refusal(code=_text(data, "code"), detail=_text(data, "detail"))
        case _:
            raise BadFrame("the frame has no type that version 1 knows")


def parse_event(body: Mapping[str, Any]) -> AlarmSnapshot | DeliveryTrouble | ServiceTrouble | None:
    """Return what the companion says in an event, or None for a kind that a newer companion invented.

    Raises BadFrame when a known kind lacks what the contract promises.
    """
    match body.get("kind"):
        case "alarm":
            return _alarm_snapshot(body)
        case "delivery_trouble":
            return DeliveryTrouble(
                alarm_id=_text(body, "alarm_id"),
                channel=_text(body, "channel"),
                recipient=_text(body, "recipient"),
                reason=_text(body, "reason"),
            )
        case "trouble":
            return _service_trouble(body)
        case _:
            return None


def _alarm_snapshot(body: Mapping[str, Any]) -> AlarmSnapshot:
    try:
        status = Status(_text(body, "status"))
    except ValueError as err:
        raise BadFrame("the alarm has a status that version 1 does not know") from err
    test = body.get("test")
    if not isinstance(test, bool):
        raise BadFrame("test is not a boolean")
    raised_at = _moment(body, "raised_at")
    if raised_at is None:
        raise BadFrame("raised_at is missing")
    return AlarmSnapshot(
        alarm_id=_text(body, "alarm_id"),
        uid=_text_or_none(body, "uid"),
        version=_integer(body, "version", least=1),
        change=_text(body, "change"),
        status=status,
        source=_text(body, "source"),
        alarm_kind=_text(body, "alarm_kind"),
        severity=_text(body, "severity"),
        title=_text(body, "title"),
        title_parts=_title_parts(body.get("title_parts")),
        site=_text_or_none(body, "site"),
        room=_text_or_none(body, "room"),
        person=_text_or_none(body, "person"),
        test=test,
        raised_at=raised_at,
        acknowledged_at=_moment(body, "acknowledged_at"),
        acknowledged_by=_text_or_none(body, "acknowledged_by"),
        closed_at=_moment(body, "closed_at"),
        closed_by=_text_or_none(body, "closed_by"),
        step=_integer(body, "step"),
    )


def _service_trouble(body: Mapping[str, Any]) -> ServiceTrouble:
    is_open, facts = body.get("open"), body.get("facts")
    if not isinstance(is_open, bool):
        raise BadFrame("open is not a boolean")
    if not isinstance(facts, dict):
        raise BadFrame("facts is not an object")
    return ServiceTrouble(
        key=_text(body, "key"),
        trouble=_text(body, "trouble"),
        subject=_text(body, "subject"),
        severity=_text(body, "severity"),
        is_open=is_open,
        facts={name: _text(facts, name) for name in facts},
        subject_parts=_title_parts(body.get("subject_parts")),
    )


def _title_parts(said: object) -> TitleParts | None:
    """Return the parts of a title; of what is odd, or missing as with an older companion, the title itself is shown."""
    if not isinstance(said, Mapping):
        return None
    try:
        head, where = _text(said, "head"), _text(said, "where")
    except BadFrame:
        return None
    return TitleParts(head=head, where=where, room_unknown=said.get("room_unknown") is True)


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str):
        raise BadFrame(f"{key} is not a text")
    try:
        value.encode()
    except UnicodeEncodeError as err:
        # Half a surrogate pair: Python's JSON reader lets it in, and nothing can store it.
        raise BadFrame(f"{key} is not a text in Unicode") from err
    return value


def _text_or_none(data: Mapping[str, Any], key: str) -> str | None:
    return None if data.get(key) is None else _text(data, key)


def _integer(data: Mapping[str, Any], key: str, *, least: int = 0) -> int:
    value = data.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= LARGEST_INTEGER:
        raise BadFrame(f"{key} is not a whole number from {least} to {LARGEST_INTEGER}")
    return value


def _seconds(data: Mapping[str, Any], key: str) -> float:
    value = data.get(key)
    # "0 < value" is also what turns NaN away, which Python's JSON reader lets in.
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= 3600:
        raise BadFrame(f"{key} is not a number of seconds up to an hour")
    return value


def _moment(data: Mapping[str, Any], key: str) -> datetime | None:
    value = _text_or_none(data, key)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as err:
        raise BadFrame(f"{key} is not an ISO 8601 time") from err
    if moment.tzinfo is None:
        raise BadFrame(f"{key} has no time zone")
    return moment.astimezone(UTC)
