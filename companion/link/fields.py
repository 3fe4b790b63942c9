"""What a value of the link may hold. Pure.

Texts for people are made storable and cut rather than refused: a strange name must not keep an alarm from being raised. For
the same reason what only adorns an event is left out where it is odd.
"""

import base64
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, get_args

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
)

from companion.alarms.model import Picture

MAX_SEQUENCE = 2**53
TEXT_LIMIT = 500
NOTE_LIMIT = 4000
ZONES_LIMIT = 100
EVIDENCE_LIMIT = 20
LINK_LIMIT = 2000
LANGUAGE_LIMIT = 35
PICTURE_LIMIT_BYTES = 180 * 1024
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


def storable(limit: int) -> BeforeValidator:
    """Return what makes a text storable and cuts it."""
    return BeforeValidator(lambda value: cleaned(value, limit) if isinstance(value, str) else value)


def cleaned(text: str, limit: int) -> str:
    """Return a text as both databases can store it, cut."""
    # PostgreSQL stores no NUL and neither database half a surrogate pair, both of which JSON can carry.
    return text[:limit].replace("\0", "").encode("utf-8", "replace").decode()


def first_of(most: int) -> BeforeValidator:
    """Return what cuts a list."""
    return BeforeValidator(lambda value: value[:most] if isinstance(value, list) else value)


def as_moment(value: object) -> datetime:
    """Return an ISO 8601 time with its zone, in UTC. Raises ValueError."""
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


def as_number(most: float) -> Callable[[object], float | None]:
    """Return what reads a number from 0 to `most`, and None for anything odd: what it adorns must not be late for that."""

    def number(value: object) -> float | None:
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= most:
            return None
        return float(value)

    return number


def as_moment_or_none(value: object) -> datetime | None:
    """Return the time, and None for anything odd."""
    try:
        return as_moment(value)
    except ValueError:
        return None


def as_language(value: object) -> str:
    """Return a tag of a language; what is none is English."""
    return value[:LANGUAGE_LIMIT] if isinstance(value, str) else "en"


def as_text_or_none(value: object) -> str | None:
    """Return a text, and None for anything odd."""
    return cleaned(value, TEXT_LIMIT) if isinstance(value, str) else None


def as_codes(value: object) -> tuple[str, ...]:
    """Return the codes in a list, without what is none."""
    found = [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
    return tuple(one for one in found if _CODE.fullmatch(one))[:EVIDENCE_LIMIT]


def only_an_object() -> BeforeValidator:
    """Return what takes anything but an object for nothing."""
    return BeforeValidator(lambda value: value if isinstance(value, dict) else None)


def as_web_link(value: object) -> str | None:
    """Return an address that a browser may be given, and None for anything odd."""
    if not isinstance(value, str) or len(value) > LINK_LIMIT or _WEB_LINK.fullmatch(value) is None:
        return None
    return value


def as_picture(value: object) -> Picture:
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


def as_object(value: object) -> Mapping[str, Any]:
    """Return an object of JSON. Raises ValueError."""
    if not isinstance(value, dict):
        raise ValueError("it is not an object")  # noqa: TRY004 # pydantic takes a ValueError for a refusal
    return value


type Id = Annotated[str, Strict(), StringConstraints(pattern=r"^[\x21-\x7e]{1,64}$")]
type Text = Annotated[str, Strict(), storable(TEXT_LIMIT)]
type Word = Annotated[str, Strict(), storable(32)]
type NoteText = Annotated[str, Strict(), storable(NOTE_LIMIT)]
type Names = Annotated[tuple[Text, ...], first_of(ZONES_LIMIT)]
type Count = Annotated[int, Strict(), Field(ge=0, le=MAX_SEQUENCE)]
type Sequence = Annotated[int, Strict(), Field(ge=1, le=MAX_SEQUENCE)]
type Moment = Annotated[datetime, PlainValidator(as_moment)]
type OnlyIfTrue = Annotated[bool, PlainValidator(lambda value: value is True)]


class Said(BaseModel):
    """Something that one side says: it never changes."""

    model_config = ConfigDict(frozen=True)


def names_of(union: Any, field: str) -> frozenset[str]:
    """Return what tells the members of a union apart on the wire."""
    members = get_args(union.__value__)
    return frozenset(name for one in members for name in get_args(one.model_fields[field].annotation))


def validated[T](shape: TypeAdapter[T], data: Mapping[str, Any]) -> T:
    """Return what `data` says. Raises BadFrame, which names the first thing that is wrong and never quotes it."""
    try:
        return shape.validate_python(data)
    except ValidationError as err:
        [first, *_] = err.errors(include_url=False, include_context=False, include_input=False)
        where = ".".join(str(part) for part in first["loc"][1:])
        raise BadFrame(f"{where}: {first['msg']}"[:WHY_LIMIT]) from err
