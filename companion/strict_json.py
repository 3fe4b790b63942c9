"""JSON in which every key stands once: of two values under one name, two readers may take different ones (RFC 8259, section 4)."""

import json
from typing import Any


class DoubledKey(ValueError):
    """An object in the text names one of its keys twice."""


def refuse_doubled_keys(text: str | bytes) -> None:
    """Raise DoubledKey if any object names a key twice; what is no JSON at all is left to the reader that follows."""
    try:
        json.loads(text, object_pairs_hook=once_each)
    except DoubledKey:
        raise
    except ValueError, RecursionError:
        return


def once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object; raises DoubledKey."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DoubledKey("a key stands twice in one object")
    return found
