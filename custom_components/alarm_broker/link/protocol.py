"""The frames of the link, as docs/link-protocol.md fixes them. Pure: text in, frozen values out.

Whatever arrives here comes from the network. A frame that is not exactly what the contract says raises BadFrame;
nothing past this file sees an unchecked value.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .wire import BadFrame, seconds, text, text_or_none, texts, whole_number

PROTOCOL_VERSION = 1
MAX_FRAME_BYTES = 256 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Hello:
    """First frame, from Home Assistant: who I am and what I have kept of your stream."""

    version: int
    stream: str
    instance: str
    name: str
    language: str = "en"
    """In which the companion tells reasons: only it has their texts."""
    can: tuple[str, ...] = ()
    """What the companion may ask for."""
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


def parse(frame: str) -> Frame:
    """Return a frame that came over the wire. Raises BadFrame for anything that the contract does not know."""
    try:
        data = json.loads(frame)
    except (ValueError, RecursionError) as err:
        raise BadFrame("the frame is not JSON") from err
    if not isinstance(data, dict):
        raise BadFrame("the frame is not an object")
    match data.get("type"):
        case "hello":
            return Hello(
                version=whole_number(data, "version"),
                stream=text(data, "stream"),
                instance=text(data, "instance"),
                name=text(data, "name"),
                language=text_or_none(data, "language") or "en",
                can=texts(data, "can"),
                received=whole_number(data, "received"),
            )
        case "welcome":
            return Welcome(
                version=whole_number(data, "version"),
                stream=text(data, "stream"),
                instance=text(data, "instance"),
                name=text(data, "name"),
                received=whole_number(data, "received"),
                heartbeat_s=seconds(data, "heartbeat_s"),
            )
        case "event":
            event = data.get("event")
            if not isinstance(event, dict) or not isinstance(event.get("kind"), str):
                raise BadFrame("the event has no body with a kind")
            return Event(seq=whole_number(data, "seq", least=1), event=event)
        case "confirm":
            return Confirm(seq=whole_number(data, "seq"))
        case "ping":
            return Ping()
        case "pong":
            return Pong()
        case "error":
            return Refusal(code=text(data, "code"), detail=text(data, "detail"))
        case _:
            raise BadFrame("the frame has no type that version 1 knows")
