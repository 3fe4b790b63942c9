"""What an option is: declared once, as a field of the configuration that reads it, with its default and its limits.

    abort_window: timedelta = duration(30, "s", within(0, 45, cp01=(15, 45), en_g2=(30, 45)))

The field of the form (`flows/fields`), what a profile forbids (`panel/profiles`) and the value that is read from what
is stored follow from the declaration. An option is stored under the name of its field unless it has a `key` of its own.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import time, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Literal, override

from .stored import UNREADABLE, texts


class Profile(StrEnum):
    """A set of allowed settings."""

    DEFAULT = "default"
    CP01 = "cp01"
    """ANSI/SIA CP-01: false alarm reduction."""
    EN_G2 = "en-g2"
    """EN 50131-1, grade 2."""


type Range = tuple[float, float]
"""The least and the most, both allowed."""
type TimeUnit = Literal["s", "min", "h"]

_SPANS: Mapping[TimeUnit, timedelta] = {
    "s": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
}
_AS_WRITTEN = re.compile(r"\+?[0-9](?:[ ()/.-]*[0-9]){2,19}")
"""A phone number as people write it; emergency numbers are short."""
_SPEC = "option"


class Value[T](ABC):
    """What kind of value an option has."""

    @abstractmethod
    def read(self, stored: Any) -> T:
        """Return the value of what is stored; raises one of `stored.UNREADABLE` for what is none."""

    def kept(self, answer: Any) -> Any:
        """Return how a form's answer is stored."""
        return answer

    def wrong(self, _answer: Any, /) -> str | None:
        """Return the key of the text that says what is wrong with a form's answer, or None."""
        return None

    def forbidden(self, _profile: Profile, _stored: Any, /) -> str | None:
        """Return what a profile allows instead, as a person reads it; None where it allows what is stored."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Number[T](Value[T]):
    """A number between two bounds, which may depend on the profile."""

    limits: Mapping[Profile, Range]
    unit: str | None = None
    step: float = 1

    @override
    def kept(self, answer: Any) -> Any:
        return int(answer) if self.step == 1 else answer

    @override
    def forbidden(self, profile: Profile, stored: Any, /) -> str | None:
        least, most = self.limits[profile]
        return None if isinstance(stored, int | float) and least <= stored <= most else f"{least} … {most}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration(Number[timedelta]):
    """A length of time, stored in its unit."""

    unit: TimeUnit

    @override
    def read(self, stored: Any) -> timedelta:
        return _span(stored, self.unit)


class Count(Number[int]):
    """A whole number."""

    @override
    def read(self, stored: Any) -> int:
        return int(stored)


class Measure(Number[float]):
    """A number with decimals."""

    @override
    def read(self, stored: Any) -> float:
        return float(stored)


@dataclass(frozen=True, slots=True)
class Flag(Value[bool]):
    """Yes or no."""

    must_be_on: frozenset[Profile] = frozenset()

    @override
    def read(self, stored: Any) -> bool:
        return bool(stored)

    @override
    def forbidden(self, profile: Profile, stored: Any, /) -> str | None:
        return "on" if profile in self.must_be_on and stored is not True else None


@dataclass(frozen=True, slots=True)
class Choice[E: StrEnum](Value[E]):
    """One of several words, which the translations know as the selector `words`."""

    words: str
    kind: type[E]
    offered: tuple[E, ...]

    @override
    def read(self, stored: Any) -> E:
        return self.kind(stored)


class WallClock(Value[time]):
    """A time of day where the house stands."""

    @override
    def read(self, stored: Any) -> time:
        return time.fromisoformat(stored)


@dataclass(frozen=True, slots=True)
class EntityId(Value[str]):
    """An entity of one of the domains."""

    domains: tuple[str, ...]

    @override
    def read(self, stored: Any) -> str:
        return str(stored)


@dataclass(frozen=True, slots=True)
class EntityIds(Value[Sequence[str]]):
    """Any number of entities of the domains."""

    domains: tuple[str, ...]

    @override
    def read(self, stored: Any) -> Sequence[str]:
        # Home Assistant's own list: not a second one for each zone.
        found: Sequence[str] = stored
        texts(found)
        return found


class NotifyTargets(Value[Sequence[str]]):
    """Any number of notify services and notify entities."""

    @override
    def read(self, stored: Any) -> Sequence[str]:
        return tuple(texts(stored))

    @override
    def wrong(self, answer: Any, /) -> str | None:
        right = all(target.startswith("notify.") and target != "notify." for target in answer)
        return None if right else "not_a_notify_target"


class PhoneNumber(Value[str]):
    """A number that a phone can dial, stored without what people write between the digits."""

    @override
    def read(self, stored: Any) -> str:
        return str(stored)

    @override
    def kept(self, answer: Any) -> str | None:
        return re.sub(r"[^+0-9]", "", answer) or None

    @override
    def wrong(self, answer: Any, /) -> str | None:
        return None if _AS_WRITTEN.fullmatch(answer) else "not_a_phone_number"


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionSpec:
    """A field of a form: its key, what it may hold, and what it holds before anybody has touched it."""

    field: str = ""
    """Of the configuration that reads it."""
    key: str
    """Of what is stored, of the form and of the translations."""
    value: Value[Any]
    default: Any
    """As it is stored; None: it may be left empty."""
    section: str = ""
    """The part of a form it is in, where one configuration is asked for in several."""

    def read(self, stored: Mapping[str, Any]) -> Any:
        """Return the option's value; the default where nothing is stored. Raises one of `stored.UNREADABLE`."""
        found = stored.get(self.key)
        if found is None:
            found = self.default
        return None if found is None else self.value.read(found)

    def read_or_default(self, stored: Mapping[str, Any]) -> Any:
        """Return the option's value; the default also where this version cannot read what is stored."""
        try:
            return self.read(stored)
        except UNREADABLE:
            return self.read({})

    def kept(self, answers: Mapping[str, Any]) -> Any:
        """Return how a form's answer is stored: a field that was left empty is not among them."""
        answer = answers.get(self.key)
        return None if answer is None else self.value.kept(answer)


@cache
def specs_of(config: type) -> tuple[OptionSpec, ...]:
    """Return the options that a configuration reads, in the order of its fields."""
    declared = ((one.name, one.metadata.get(_SPEC)) for one in fields(config))
    return tuple(
        replace(spec, field=name, key=spec.key or name) for name, spec in declared if spec is not None
    )


def spec_of(config: type, name: str) -> OptionSpec:
    """Return the option that a field is."""
    return next(spec for spec in specs_of(config) if spec.field == name)


def read_options(config: type, stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a configuration that are stored, by its fields; raises one of `stored.UNREADABLE`.

    `Rules(**read_options(Rules, entry.options))`: the others are the defaults of its fields.
    """
    return {
        spec.field: spec.value.read(found)
        for spec in specs_of(config)
        if (found := stored.get(spec.key)) is not None
    }


def within(
    least: float, most: float, *, cp01: Range | None = None, en_g2: Range | None = None
) -> Mapping[Profile, Range]:
    """Return the limits of a number, with those of the profiles that are narrower."""
    widest = (least, most)
    return {Profile.DEFAULT: widest, Profile.CP01: cp01 or widest, Profile.EN_G2: en_g2 or widest}


def duration(
    default: int, unit: TimeUnit, limits: Mapping[Profile, Range], *, key: str = "", section: str = ""
) -> timedelta:
    """Declare a length of time; default and limits are in its unit."""
    return _declared(Duration(limits=limits, unit=unit), default, key, section)


def optional_duration(
    unit: TimeUnit, limits: Mapping[Profile, Range], *, key: str = "", section: str = ""
) -> timedelta | None:
    """Declare a length of time that may be left empty."""
    return _optional(Duration(limits=limits, unit=unit), key, section)


def count(
    default: int,
    limits: Mapping[Profile, Range],
    *,
    unit: str | None = None,
    key: str = "",
    section: str = "",
) -> int:
    """Declare a whole number."""
    return _declared(Count(limits=limits, unit=unit), default, key, section)


def optional_measure(limits: Mapping[Profile, Range]) -> float | None:
    """Declare a number with two decimals that may be left empty."""
    return _optional(Measure(limits=limits, step=0.01), "", "")


def flag(*, default: bool, must_be_on: Iterable[Profile] = (), section: str = "") -> bool:
    """Declare a yes or no, with the profiles that allow only yes."""
    return _declared(Flag(frozenset(must_be_on)), default, "", section)


def choice[E: StrEnum](default: E, words: str, *, without: Iterable[E] = (), section: str = "") -> E:
    """Declare one of the words of an enumeration, without those that nobody may choose."""
    kind = type(default)
    offered = tuple(one for one in kind if one not in without)
    return _declared(Choice(words, kind, offered), default.value, "", section)


def optional_wall_clock() -> time | None:
    """Declare a time of day that may be left empty."""
    return _optional(WallClock(), "", "")


def optional_entity(*domains: str) -> str | None:
    """Declare an entity that may be left empty."""
    return _optional(EntityId(domains), "", "")


def entities(*domains: str, section: str = "") -> Sequence[str]:
    """Declare any number of entities, none unless some are chosen."""
    return _declared(EntityIds(domains), (), "", section)


def targets() -> Sequence[str]:
    """Declare any number of notify services and notify entities, none unless some are chosen."""
    return _declared(NotifyTargets(), (), "", "")


def optional_phone_number() -> str | None:
    """Declare a number to dial that may be left empty."""
    return _optional(PhoneNumber(), "", "")


def _declared[T](value: Value[T], default: Any, key: str, section: str) -> T:
    spec = OptionSpec(key=key, value=value, default=default, section=section)
    return field(default=value.read(default), metadata={_SPEC: spec})


def _optional[T](value: Value[T], key: str, section: str) -> T | None:
    spec = OptionSpec(key=key, value=value, default=None, section=section)
    return field(default=None, metadata={_SPEC: spec})


@cache
def _span(number: float, unit: TimeUnit) -> timedelta:
    return number * _SPANS[unit]
