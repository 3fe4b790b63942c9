"""Single values of what came over the link. Pure: whatever is not what the contract says raises BadFrame."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

LARGEST_INTEGER = 2**53 - 1
"""RFC 8259, section 6: up to here all implementations of JSON agree."""


class BadFrame(Exception):
    """The other side sent something that the contract does not know."""


def text(data: Mapping[str, Any], key: str) -> str:
    """Return a text that can be stored."""
    value = data.get(key)
    if not isinstance(value, str):
        raise BadFrame(f"{key} is not a text")
    try:
        value.encode()
    except UnicodeEncodeError as err:
        # Half a surrogate pair: Python's JSON reader lets it in, and nothing can store it.
        raise BadFrame(f"{key} is not a text in Unicode") from err
    return value


def text_or_none(data: Mapping[str, Any], key: str) -> str | None:
    """Return a text; None where there is none, or null."""
    return None if data.get(key) is None else text(data, key)


def texts(data: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """Return texts; none where there is no list."""
    values = data.get(key, ())
    if not isinstance(values, list):
        return ()
    return tuple(text({key: value}, key) for value in values)


def whole_number(data: Mapping[str, Any], key: str, *, least: int = 0) -> int:
    """Return a whole number from `least` on, as far as every JSON reader agrees what it is."""
    value = data.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= LARGEST_INTEGER:
        raise BadFrame(f"{key} is not a whole number from {least} to {LARGEST_INTEGER}")
    return value


def seconds(data: Mapping[str, Any], key: str) -> float:
    """Return a number of seconds above none, up to an hour."""
    value = data.get(key)
    # "0 < value" is also what turns NaN away, which Python's JSON reader lets in.
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= 3600:
        raise BadFrame(f"{key} is not a number of seconds up to an hour")
    return value


def moment(data: Mapping[str, Any], key: str) -> datetime | None:
    """Return an ISO 8601 time with a zone, in UTC; None where there is none."""
    value = text_or_none(data, key)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as err:
        raise BadFrame(f"{key} is not an ISO 8601 time") from err
    if moment.tzinfo is None:
        raise BadFrame(f"{key} has no time zone")
    return moment.astimezone(UTC)
