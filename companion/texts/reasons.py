"""Why something is as it is: a code and facts, put into words where they are read. Pure.

    Reason("http_status_said", status=404, said="No such group")   # kept, sent and compared as this
    str(reason)                                                    # HTTP 404: No such group
    reason.said(texts)                                             # the same in the reader's language

What a provider said is a fact: it stays a quotation in its own words. A code of a channel's kind (`sms.no_rule`) has its
texts in that channel's folder, every other in `Texts.reasons`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, Self, override, runtime_checkable

from companion.texts.catalogues import reason_texts
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


@dataclass(frozen=True)
class Label(Sayable):
    """A code that stands among `Texts.labels`, as a fact: a state, a mode."""

    code: str

    @override
    def said(self, texts: Texts) -> str:
        """Return what the code is called; what is no code of ours stays as it is."""
        return texts.labels.get(self.code, self.code)


type Fact = str | int | float | bool | datetime | Sayable | Sequence[str] | Sequence[Reason]


@dataclass(frozen=True, init=False)
class Reason(Sayable):
    """A code, and what its text says besides."""

    code: str
    facts: Mapping[str, Fact]

    def __init__(self, code: str, /, **facts: Fact) -> None:
        object.__setattr__(self, "code", code)
        object.__setattr__(self, "facts", facts)

    @override
    def __hash__(self) -> int:
        return hash((self.code, *sorted(self.facts)))

    @classmethod
    def quoting(cls, words: str) -> Self:
        """Return somebody else's words, as they are."""
        return cls("as_said", said=words)

    @override
    def said(self, texts: Texts) -> str:
        """Return the reason in words; of one that only a newer version knows, its code and its facts."""
        known = {name: spoken(fact, texts) for name, fact in self.facts.items()}
        text = reason_texts(self.code, texts).get(self.code)
        return " ".join([self.code, *known.values()]) if text is None else filled(text, known)

    @override
    def __str__(self) -> str:
        return self.said(ENGLISH)

    # --- kept -------------------------------------------------------------------------------------------

    def as_json(self) -> dict[str, Any]:
        """Return what can be kept as JSON; raises TypeError for facts that are neither JSON nor reasons."""
        return {"reason": self.code, "facts": {name: as_json(fact) for name, fact in self.facts.items()}}

    @classmethod
    def from_json(cls, stored: object) -> Self | None:
        """Return the reason that `as_json` made this of; None: it is none."""
        if not isinstance(stored, Mapping) or stored.keys() != {"reason", "facts"}:
            return None
        facts = stored["facts"]
        if not isinstance(facts, Mapping):
            return None
        return cls(str(stored["reason"]), **{name: _read(fact) for name, fact in facts.items()})

    def as_text(self) -> str:
        """Return what can be kept as a text."""
        return json.dumps(self.as_json(), ensure_ascii=False)

    @classmethod
    def from_text(cls, stored: str) -> Self:
        """Return the reason that `as_text` made this of; any other text, as earlier versions have kept, is a quotation."""
        try:
            found = cls.from_json(json.loads(stored)) if stored.startswith("{") else None
        except ValueError, RecursionError:
            found = None
        return cls.quoting(stored) if found is None else found


def spoken(fact: Fact | None, texts: Texts) -> str:
    """Return a fact as it is read; one that is missing as `?`."""
    match fact:
        case None:
            return "?"
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
            are_sentences = any(isinstance(one, Reason) for one in fact)
            return ("; " if are_sentences else ", ").join(spoken(one, texts) for one in fact)


def as_json(fact: Fact) -> Any:
    """Return a fact as it can be kept in JSON; raises TypeError for one that is only there to be read."""
    match fact:
        case Reason():
            return fact.as_json()
        case Label(code):
            return {"label": code}
        case str():
            return storable(fact)
        case bool() | int() | float():
            return fact
        case datetime() | Sayable():
            raise TypeError(f"{type(fact).__name__} is there to be read and cannot be kept")
        case _:
            return [as_json(one) for one in fact]


def spelled_out(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values for programs: a reason in English, and beside it `…_code` and `…_facts`."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Reason):
            facts = value.as_json()["facts"]
            found |= {name: str(value), f"{name}_code": value.code, f"{name}_facts": facts}
        else:
            found[name] = value
    return found


def _read(stored: Any) -> Fact:
    if isinstance(stored, list):
        return tuple(_read(one) for one in stored)  # type: ignore[return-value] # of one sort, as they were kept
    if isinstance(stored, Mapping) and stored.keys() == {"label"}:
        return Label(str(stored["label"]))
    found: Fact = Reason.from_json(stored) or stored
    return found


def storable(text: str) -> str:
    """Return a text without what no database can hold: half characters, and U+0000 (PostgreSQL).

    A result that cannot be written down would be sent again and again, for what a provider said.
    """
    return text.encode(errors="ignore").decode().replace("\0", "")
