"""Types of values in bodies and queries: bounded, and without what a database would choke on."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from companion.web.http.route import ID

# PostgreSQL takes no NUL in a text; other control characters only confuse whoever reads the message.
_PRINTABLE = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"

Identifier = Annotated[str, Field(pattern=f"^{ID}$", max_length=64)]
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=_PRINTABLE)]
"""A name, a title."""
LongText = Annotated[str, Field(min_length=1, max_length=2000, pattern=_PRINTABLE)]
"""A note."""
DetailName = Annotated[str, Field(min_length=1, max_length=40, pattern=_PRINTABLE)]
DetailValue = Annotated[str, Field(max_length=500, pattern=_PRINTABLE)]

_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9999, 12, 30, tzinfo=UTC)


def _as_moment(value: Any) -> Any:
    if isinstance(value, str) and not _RFC3339.fullmatch(value):
        raise ValueError("write it like 2026-11-20T08:30:00Z, with Z or an offset")
    return value


def _within_time(value: datetime) -> datetime:
    """Return the moment in UTC; what lies outside of the calendar's middle is moved to its edge."""
    try:
        return min(max(value.astimezone(UTC), _EARLIEST), _LATEST)
    except OverflowError:
        return _EARLIEST if value.year < 1970 else _LATEST


Moment = Annotated[
    datetime,
    BeforeValidator(_as_moment),
    AfterValidator(_within_time),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""RFC 3339, with an offset."""
