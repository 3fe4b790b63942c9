"""Why something is as it is: a code and facts, put into words where they are read. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, override, runtime_checkable

from companion.texts.filling import filled
from companion.texts.language import ENGLISH
from companion.texts.model import Texts
from companion.texts.times import utc


@runtime_checkable
class Sayable(Protocol):
    """Something that is put into words only once it is known who reads them."""

    def said(self, texts: Texts) -> str:
        """Return it in the language of `texts`."""
        ...


type Fact = str | int | float | bool | datetime | Sayable | Sequence[str]


@dataclass(frozen=True, init=False)
class Reason(Sayable):
    """A code of `Texts.reasons`, and what its text says besides."""

    code: str
    facts: Mapping[str, Fact]

    def __init__(self, code: str, /, **facts: Fact) -> None:
        object.__setattr__(self, "code", code)
        object.__setattr__(self, "facts", facts)

    @override
    def said(self, texts: Texts) -> str:
        """Return the reason in words; of one that only a newer version knows, its code and its facts."""
        known = {name: spoken(fact, texts) for name, fact in self.facts.items()}
        text = texts.reasons.get(self.code)
        return " ".join([self.code, *known.values()]) if text is None else filled(text, known)

    @override
    def __str__(self) -> str:
        return self.said(ENGLISH)


def spoken(fact: Fact, texts: Texts) -> str:
    """Return a fact as it is read."""
    match fact:
        case Sayable():
            return fact.said(texts)
        case bool():
            return texts.desk.yes if fact else texts.desk.no
        case datetime():
            return utc(fact, texts)
        case float():
            return f"{fact:g}"
        case str() | int():
            return str(fact)
        case _:
            return ", ".join(fact)
