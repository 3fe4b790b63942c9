"""The frames of the link, as docs/link-protocol.md fixes them. Pure: text in, frozen values out.

Whatever arrives here comes from the network. What is not as the contract says raises BadFrame; nothing past this file
sees an unchecked value.
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, Strict, TypeAdapter

from companion.link.fields import (
    BadFrame,
    Count,
    Id,
    Said,
    Sequence,
    Text,
    as_codes,
    as_language,
    as_object,
    names_of,
    validated,
)
from companion.strict_json import once_each

PROTOCOL_VERSION = 1
MAX_FRAME_BYTES = 256 * 1024


class _Introduction(Said):
    version: Count
    stream: Id
    instance: Id
    name: Text
    received: Count


class Hello(_Introduction):
    """First frame, from Home Assistant: who I am and what I have kept of your stream."""

    type: Literal["hello"] = "hello"
    language: Annotated[str, PlainValidator(as_language)] = "en"
    """In which reasons are told; of an older Home Assistant, which does not say, English."""
    can: Annotated[tuple[str, ...], PlainValidator(as_codes)] = ()
    """What I can be asked for, such as `notify`; an older Home Assistant says nothing of it."""


class Welcome(_Introduction):
    """Our answer: the same from the other side."""

    type: Literal["welcome"] = "welcome"
    heartbeat_s: Annotated[float, Strict(), Field(gt=0, le=3600)]


class Event(Said):
    """One numbered event; its sender keeps it until it is confirmed."""

    type: Literal["event"] = "event"
    seq: Sequence
    event: Annotated[Mapping[str, Any], PlainValidator(as_object)]


class Confirm(Said):
    """Everything up to `seq` of your stream is on my disk."""

    type: Literal["confirm"] = "confirm"
    seq: Count


class Ping(Said):
    """Asks for a sign of life."""

    type: Literal["ping"] = "ping"


class Pong(Said):
    """The sign of life."""

    type: Literal["pong"] = "pong"


class ErrorCode(StrEnum):
    """Why the companion closes the link."""

    VERSION_UNSUPPORTED = "version_unsupported"
    BAD_FRAME = "bad_frame"
    SITE_UNKNOWN = "site_unknown"


class Refusal(Said):
    """The `error` frame: the companion says why, then closes."""

    type: Literal["error"] = "error"
    code: ErrorCode
    detail: Text


type Frame = Hello | Welcome | Event | Confirm | Ping | Pong | Refusal


_FRAMES: TypeAdapter[Frame] = TypeAdapter(Annotated[Frame, Field(discriminator="type")])
_TYPES = names_of(Frame, "type")


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
    return validated(_FRAMES, data)
