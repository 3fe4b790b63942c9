"""Patterns of RE2 as a tree, to reason about what they match; RE2 itself shows none. Pure.

Not read: classes of Unicode, quoted stretches, octal escapes, single bytes, and letters beyond ASCII where case does not
matter.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise

type Ranges = tuple[tuple[int, int], ...]
"""Characters, as first and last of each run of them: in order, and no two touch."""

LAST = 0x10FFFF
LONGEST = 2000
"""Characters of a pattern."""
DEEPEST = 50
"""Groups within groups."""


class NotRead(ValueError):
    """The pattern has something that is not looked into here; RE2 itself may well take it."""


class Place(Enum):
    """What holds between two characters."""

    TEXT_BEGINS = auto()
    TEXT_ENDS = auto()
    LINE_BEGINS = auto()
    LINE_ENDS = auto()
    BOUNDARY = auto()
    NO_BOUNDARY = auto()


@dataclass(frozen=True)
class Chars:
    """One of these characters."""

    ranges: Ranges


@dataclass(frozen=True)
class Row:
    """One after the other."""

    parts: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Choice:
    """Any one of these."""

    options: tuple[Node, ...]


@dataclass(frozen=True)
class Repeat:
    """The same again and again."""

    part: Node
    least: int
    most: int | None
    """None: without end."""


type Node = Chars | Row | Choice | Repeat | Place


def joined(ranges: Ranges) -> Ranges:
    """Return any runs of characters in order, those that touch as one."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return tuple(found)


def without(ranges: Ranges) -> Ranges:
    """Return all other characters."""
    edges = [(-1, -1), *joined(ranges), (LAST + 1, LAST + 1)]
    return tuple((one[1] + 1, other[0] - 1) for one, other in pairwise(edges) if one[1] + 1 < other[0])


def chars(text: str) -> Ranges:
    """Return the characters of a text; `a-z` stands for itself, not for a run."""
    return joined(tuple((ord(one), ord(one)) for one in text))


DIGIT: Ranges = ((0x30, 0x39),)
UPPER: Ranges = ((0x41, 0x5A),)
LOWER: Ranges = ((0x61, 0x7A),)
ALPHA = UPPER + LOWER
WORD = joined(DIGIT + ALPHA + chars("_"))
NEWLINE = chars("\n")
ANY: Ranges = ((0, LAST),)

PERL = {"d": DIGIT, "s": chars("\t\n\f\r "), "w": WORD}
POSIX = {
    "alnum": DIGIT + ALPHA,
    "alpha": ALPHA,
    "ascii": ((0, 0x7F),),
    "blank": chars("\t "),
    "cntrl": ((0, 0x1F), (0x7F, 0x7F)),
    "digit": DIGIT,
    "graph": ((0x21, 0x7E),),
    "lower": LOWER,
    "print": ((0x20, 0x7E),),
    "punct": ((0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)),
    "space": chars("\t\n\v\f\r "),
    "upper": UPPER,
    "word": WORD,
    "xdigit": (*DIGIT, (0x41, 0x46), (0x61, 0x66)),
}
CONTROLS = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
PLACES = {"A": Place.TEXT_BEGINS, "z": Place.TEXT_ENDS, "b": Place.BOUNDARY, "B": Place.NO_BOUNDARY}

_REPEATED = re.compile(r"(?:([*+?])|\{([0-9]+)(,?)([0-9]*)\})\??")
_NAMED = re.compile(r"\?P?<\w+>")
_FLAGS = re.compile(r"\?([imsU]*)(?:-([imsU]+))?([:)])")
_HEX = re.compile(r"x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))")
_POSIX = re.compile(r"\[:(\^?)([a-z]+):\]")


def parsed(pattern: str) -> Node:
    """Return the tree of a pattern that RE2 has compiled. Raises NotRead."""
    if len(pattern) > LONGEST:
        raise NotRead("too long")
    return _Parser(pattern).whole()


class _Parser:
    """Goes through a pattern once. RE2 has compiled it: what would be a mistake does not come."""

    def __init__(self, pattern: str) -> None:
        self._rest = pattern
        self._flags: frozenset[str] = frozenset()
        self._depth = 0

    def whole(self) -> Node:
        found = self._choice()
        if self._rest:
            raise NotRead(self._rest)
        return found

    def _took(self, text: str) -> bool:
        if not self._rest.startswith(text):
            return False
        self._rest = self._rest.removeprefix(text)
        return True

    def _matched(self, form: re.Pattern[str]) -> re.Match[str] | None:
        found = form.match(self._rest)
        if found:
            self._rest = self._rest[found.end() :]
        return found

    def _next(self) -> str:
        if not self._rest:
            raise NotRead("the pattern ends too early")
        one, self._rest = self._rest[0], self._rest[1:]
        return one

    def _choice(self) -> Node:
        options = [self._row()]
        while self._took("|"):
            options.append(self._row())
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _row(self) -> Node:
        parts: list[Node] = []
        while self._rest and self._rest[0] not in "|)":
            parts.append(self._repeated(self._atom()))
        return Row(tuple(parts))

    def _repeated(self, part: Node) -> Node:
        found = self._matched(_REPEATED)
        if found is None:
            return part
        sign, least, comma, most = found.groups()
        if sign:
            return Repeat(part, 1 if sign == "+" else 0, 1 if sign == "?" else None)
        return Repeat(part, int(least), int(most) if most else None if comma else int(least))

    def _atom(self) -> Node:
        match self._next():
            case "(":
                return self._group()
            case "[":
                return Chars(self._class())
            case ".":
                return Chars(ANY if "s" in self._flags else without(NEWLINE))
            case "^":
                return Place.LINE_BEGINS if "m" in self._flags else Place.TEXT_BEGINS
            case "$":
                return Place.LINE_ENDS if "m" in self._flags else Place.TEXT_ENDS
            case "\\" if self._rest[:1] in PLACES:
                return PLACES[self._next()]
            case "\\" if self._rest[:1].lower() in PERL:
                return Chars(self._perl())
            case "\\":
                return Chars(self._cased(chars(self._escaped())))
            case one:
                return Chars(self._cased(chars(one)))

    def _group(self) -> Node:
        outside = self._flags
        if self._rest.startswith("?") and not self._matched(_NAMED):
            flags = self._matched(_FLAGS)
            if flags is None:
                raise NotRead(self._rest)
            self._flags = (self._flags | set(flags[1])) - set(flags[2] or "")
            if flags[3] == ")":  # they hold until the group around them ends
                return Row()
        self._depth += 1
        if self._depth > DEEPEST:
            raise NotRead("groups within groups")
        inner = self._choice()
        self._depth -= 1
        self._flags = outside
        if not self._took(")"):
            raise NotRead(self._rest)
        return inner

    def _perl(self) -> Ranges:
        name = self._next()
        ranges = self._cased(PERL[name.lower()])
        return without(ranges) if name.isupper() else ranges

    def _escaped(self) -> str:
        """Return the character that is meant by what follows a backslash."""
        found = self._matched(_HEX)
        if found:
            return chr(int(found[1] or found[2], 16))
        name = self._next()
        if name in CONTROLS:
            return CONTROLS[name]
        if name.isalnum():
            raise NotRead(name)
        return name

    def _class(self) -> Ranges:
        is_negated = self._took("^")
        found: Ranges = ()
        is_first = True
        while is_first or not self._took("]"):
            is_first = False
            named = self._matched(_POSIX)
            if named:
                ranges = self._cased(joined(POSIX[named[2]]))
                found += without(ranges) if named[1] else ranges
            elif self._rest[:1] == "\\" and self._rest[1:2].lower() in PERL:
                self._next()
                found += self._perl()
            else:
                found += self._cased(self._run())
        return without(found) if is_negated else joined(found)

    def _run(self) -> Ranges:
        low = self._member()
        if self._rest[:1] != "-" or self._rest[1:2] == "]":
            return chars(low)
        self._next()
        return ((ord(low), ord(self._member())),)

    def _member(self) -> str:
        one = self._next()
        return self._escaped() if one == "\\" else one

    def _cased(self, ranges: Ranges) -> Ranges:
        """Return the characters, and where case does not matter those that differ from them only by it."""
        if "i" not in self._flags:
            return ranges
        if any(high > 0x7F for _low, high in ranges):
            raise NotRead("case of other letters than those of ASCII")
        found = list(ranges)
        for low, high in ranges:
            found += [
                (ord(one.swapcase()), ord(one.swapcase()))
                for one in map(chr, range(low, high + 1))
                if one.isalpha()
            ]
            # Unicode knows two more: the sign of Kelvin and the long s.
            found += [(0x212A, 0x212A)] * (_has(low, high, "k")) + [(0x17F, 0x17F)] * (_has(low, high, "s"))
        return joined(tuple(found))


def _has(low: int, high: int, letter: str) -> bool:
    return low <= ord(letter) <= high or low <= ord(letter.upper()) <= high
