"""How a gateway's answer is read: an ordered list of rules, of which the first that fits decides."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from companion.channels.http import Reply

type Scalar = str | int | float | bool | None

TEXT_LIMIT = 4000
"""Characters of an answer, or of a value in it, that a rule looks at."""
# RE2 takes time in proportion to the text and to the pattern: both are bounded, so no pattern can hold up the service.
PATTERN_MEMORY = 1_000_000


@lru_cache(256)
def compiled(pattern: str) -> Any:
    """Return the compiled pattern; raises ValueError."""
    import re2  # for rules with patterns: the first is compiled while the settings are checked, not at a message

    options = re2.Options()
    options.max_mem = PATTERN_MEMORY
    options.log_errors = False
    try:
        return re2.compile(pattern, options=options)
    except re2.error as err:
        raise ValueError(
            "is not a regular expression of RE2 (no look-around, no back references), or is too large"
        ) from err


def usable_pattern(pattern: str) -> str:
    """Return a pattern that compiles."""
    compiled(pattern)
    return pattern


def listed(value: Any) -> Any:
    """Return one value as a list of it: both can be written."""
    return value if isinstance(value, list | tuple | set | frozenset) else [value]


type Pointer = Annotated[str, Field(pattern=r"^(/([^/~]|~[01])*)*$")]


class Verdict(StrEnum):
    """What an answer means."""

    SENT = "sent"
    AGAIN = "again"
    REFUSED = "refused"


class _Missing:
    """Nothing is there, not even null."""


MISSING = _Missing()


@dataclass(frozen=True)
class Found:
    """A rule fits."""

    message_id: str | None = None


class AnswerRule(BaseModel):
    """An answer that fulfils all that is named here has this verdict."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    status: (
        Annotated[
            frozenset[Annotated[int, Field(ge=200, le=599)]], BeforeValidator(listed), Field(min_length=1)
        ]
        | None
    ) = Field(default=None, description="HTTP status, or a list of them; absent: any.")
    pointer: Pointer | None = Field(
        default=None,
        description='What is looked at: a JSON pointer such as /messages/0/status ("" is the whole JSON); absent: the text.',
    )
    equals: Annotated[Annotated[tuple[Scalar, ...], Field(min_length=1)] | None, BeforeValidator(listed)] = (
        Field(default=None, description='What it must be, or a list of such values; 0 and "0" are the same.')
    )
    matches: Annotated[str, AfterValidator(usable_pattern)] | None = Field(
        default=None,
        description="Regular expression (RE2) that must be found in it; a group named `id` is the gateway's id.",
    )
    verdict: Verdict = Field(description="What the gateway says with it: sent, again or refused.")

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if self.equals is not None and self.matches is not None:
            raise ValueError("equals and matches are two rules: write two")
        return self

    def found_in(self, reply: Reply, document: Any) -> Found | None:
        """Return what in the answer fulfils this rule, or None; `document` is its JSON, or MISSING."""
        if not self.has_status(reply.status):
            return None
        value = reply.text.strip() if self.pointer is None else pointed(document, self.pointer)
        return None if value is MISSING else self.found_at(value)

    def has_status(self, status: int) -> bool:
        """Return whether the rule speaks of answers with this status."""
        return self.status is None or status in self.status

    def found_at(self, value: Any) -> Found | None:
        """Return what in the value that the rule looks at fulfils it, or None."""
        if self.equals is not None:
            return Found() if as_text(value) in self.texts else None
        if value is None:
            return None
        if self.matches is not None:
            found = searched(self.matches, value)
            return Found(found.groupdict().get("id")) if found else None
        return Found()

    @cached_property
    def texts(self) -> frozenset[str]:
        """What the value must be, as texts."""
        return frozenset(as_text(one) for one in self.equals or ())


@dataclass(frozen=True)
class Reading:
    """What the first rule that fits makes of an answer."""

    verdict: Verdict
    rule: str
    """Which rule, for an operator: `answers[1]`."""
    message_id: str | None


def read(rules: Sequence[AnswerRule], reply: Reply) -> Reading | None:
    """Return what the rules say of an answer; None: none of them knows it."""
    document = reply.json(default=MISSING)
    for index, rule in enumerate(rules):
        found = rule.found_in(reply, document)
        if found is not None:
            return Reading(rule.verdict, f"answers[{index}]", found.message_id)
    return None


def pointed(document: Any, pointer: str) -> Any:
    """Return what a JSON pointer (RFC 6901) names, or MISSING."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict) and key in document:
            document = document[key]
        elif isinstance(document, list) and key.isdecimal() and int(key[:9]) < len(document):
            document = document[int(key[:9])]
        else:
            return MISSING
    return document


def searched(pattern: str, value: Any) -> Any:
    """Return where the pattern is found first in a value of JSON, or None."""
    return compiled(pattern).search(as_text(value)[:TEXT_LIMIT].rstrip())


def as_text(value: Any) -> str:
    """Return a value of JSON as the text that it is compared as: 0, 0.0 and "0" are one, and so are true and "true"."""
    match value:
        case str():
            text = value.strip()
        case float() if value.is_integer():
            text = str(int(value))
        case _:
            text = json.dumps(value, ensure_ascii=False)
    # Half characters (lone surrogates) have no UTF-8, on which RE2 works.
    return text.encode(errors="replace").decode()
