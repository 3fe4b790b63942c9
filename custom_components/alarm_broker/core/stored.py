"""Reads stored JSON values strictly: what is not what we write raises, so that nothing odd gets any further.

A file may have been written by another version, or have been damaged. Every function here raises one of UNREADABLE;
whoever reads a file decides what follows from it.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What reading may raise; the types are many, as an ill-formed value goes through functions of the library."""
YEARS = range(1970, 9000)
SPANS = (timedelta(0), timedelta(days=3660))
"""Beyond these, later sums of times could have no result."""


def made[T](cls: type[T], stored: object) -> T:
    """Return the dataclass of which this is the stored form; a field that is missing has its default.

    Its fields may be texts, numbers, flags, enumerations, moments (ISO 8601), lengths of time (seconds), dataclasses,
    and tuples, sets, mappings or None of these. Keys that it does not know are left: a newer version wrote them.

        made(Sighting, {"camera_id": "yard", "event_id": "1", "label": "person", "score": 0.9, …})
    """
    kept, hints = mapping(stored), get_type_hints(cls)
    known = [one.name for one in fields(cls) if one.init and one.name in kept]  # type: ignore[arg-type] # checked by the caller's type
    return cls(**{name: _value(hints[name], kept[name]) for name in known})


def mapping(stored: object) -> Mapping[str, Any]:
    """Return a stored object."""
    if not isinstance(stored, Mapping):
        raise TypeError(f"{type(stored).__name__} instead of an object")
    return stored


def listed(stored: object) -> list[Any]:
    """Return a stored list."""
    if not isinstance(stored, list | tuple):
        raise TypeError(f"{type(stored).__name__} instead of a list")
    return list(stored)


def text(stored: object) -> str:
    """Return a stored text."""
    if not isinstance(stored, str):
        raise TypeError(f"{type(stored).__name__} instead of a text")
    return stored


def texts(stored: object) -> list[str]:
    """Return a stored list of texts."""
    return [text(one) for one in listed(stored)]


def whole(stored: object) -> int:
    """Return a stored count, zero or more."""
    if not isinstance(stored, int) or isinstance(stored, bool) or stored < 0:
        raise TypeError(f"{type(stored).__name__} instead of a count")
    return stored


def flag(stored: object) -> bool:
    """Return a stored yes or no."""
    if not isinstance(stored, bool):
        raise TypeError(f"{type(stored).__name__} instead of yes or no")
    return stored


def moment(stored: object) -> datetime:
    """Return a stored moment, aware UTC."""
    found = datetime.fromisoformat(text(stored))
    if found.tzinfo is None or found.year not in YEARS:
        raise ValueError(f"{stored} is no moment that we would write")
    return found.astimezone(UTC)


def span(stored: object) -> timedelta:
    """Return a stored length of time, in seconds."""
    if not isinstance(stored, int | float) or isinstance(stored, bool):
        raise TypeError(f"{type(stored).__name__} instead of seconds")
    found = timedelta(seconds=stored)
    if not SPANS[0] <= found <= SPANS[1]:
        raise ValueError(f"{stored} is no length of time that we would write")
    return found


def _value(hint: Any, stored: Any) -> Any:
    origin, args = get_origin(hint), get_args(hint)
    if origin in (UnionType, Union):
        [kind] = [one for one in args if one is not NoneType]
        return None if stored is None else _value(kind, stored)
    if origin in (tuple, frozenset):
        return origin(_value(args[0], one) for one in listed(stored))
    if origin is Mapping:
        return {_value(args[0], key): _value(args[1], one) for key, one in mapping(stored).items()}
    if is_dataclass(hint) and isinstance(hint, type):
        return made(hint, stored)
    return _plain(hint, stored)


def _plain(kind: Any, stored: Any) -> Any:
    if issubclass(kind, datetime):  # not `is`: tests freeze the clock with a class of their own
        return moment(stored)
    if kind is timedelta:
        return span(stored)
    if issubclass(kind, Enum):
        return kind(stored)
    if kind is float and type(stored) is int:
        return float(stored)
    if type(stored) is not kind:
        raise TypeError(f"{type(stored).__name__} instead of {kind.__name__}")
    return stored
