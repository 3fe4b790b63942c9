"""Looks into tables of texts, of whatever half."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass
from string import Formatter


def leaves(found: object, path: str = "", *, but: Collection[str] = ()) -> Iterator[tuple[str, str]]:
    """Yield where each text stands, and the text; `but` are fields that are not looked into."""
    match found:
        case str():
            yield path, found
        case Mapping():
            for name, value in found.items():
                yield from leaves(value, f"{path}.{name}", but=but)
        case frozenset():
            pass  # what is understood, not what is said: as many words as a language has for it
        case tuple():
            for index, value in enumerate(found):
                yield from leaves(value, f"{path}[{index}]", but=but)
        case _:
            assert is_dataclass(found)
            for field in fields(found):
                if field.name not in but:
                    yield from leaves(getattr(found, field.name), f"{path}.{field.name}", but=but)


def placeholders(text: str) -> list[str]:
    """Return the names that stand for facts, each as often as it stands there."""
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)
