"""Texts with their placeholders filled. Pure."""

from collections.abc import Mapping
from typing import override


class _Known(dict[str, str]):
    """The facts that there are, and a question mark for the others: a text of ours must not fail for one that is missing."""

    def __missing__(self, name: str) -> str:
        return _Fact("?")


class _Fact(str):
    """A fact that knows which words fit it: `one|many` in a placeholder, with `#` for the number."""

    __slots__ = ()

    @override
    def __format__(self, words: str, /) -> str:
        one, bar, many = words.partition("|")
        return (one if self == "1" else many).replace("#", self) if bar else super().__format__(words)


def filled(text: str, facts: Mapping[str, object]) -> str:
    """Return the text with each `{name}` replaced by that fact, and the words that fit a number: `{n:# test|# tests}`."""
    return text.format_map(_Known({name: _Fact(fact) for name, fact in facts.items()}))
