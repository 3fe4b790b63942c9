"""Whether a text exists that one pattern is found in and others are not: by automata, exact within bounds. Pure."""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from companion.channels.sms.re2_syntax import (
    ANY,
    NEWLINE,
    WORD,
    Chars,
    Choice,
    Node,
    NotRead,
    Place,
    Ranges,
    Repeat,
    Row,
    chars,
)

LARGEST = 2000
"""States of an automaton."""
COST = 20
"""What trying a character or a value costs, in states looked at."""
# What `str.strip` takes away.
SPACE = chars("".join(one for one in map(chr, range(0x3001)) if one.isspace()))
SURROGATES: Ranges = ((0xD800, 0xDFFF),)


class Undecided(Exception):
    """It would take too long to say."""


@dataclass
class Effort:
    """How much may still be looked at: the worst patterns take time that grows without reason."""

    left: int

    def spend(self, steps: int) -> None:
        """Take these steps. Raises Undecided when they are used up."""
        self.left -= steps
        if self.left < 0:
            raise Undecided


class Beside(Enum):
    """What stands beside a place in a text."""

    EDGE = auto()
    """Nothing: the text begins or ends here."""
    NEWLINE = auto()
    WORD = auto()
    SPACE = auto()
    OTHER = auto()


def _holds(place: Place, before: Beside, after: Beside) -> bool:
    match place:
        case Place.TEXT_BEGINS:
            return before is Beside.EDGE
        case Place.TEXT_ENDS:
            return after is Beside.EDGE
        case Place.LINE_BEGINS:
            return before in {Beside.EDGE, Beside.NEWLINE}
        case Place.LINE_ENDS:
            return after in {Beside.EDGE, Beside.NEWLINE}
        case Place.BOUNDARY:
            return (before is Beside.WORD) != (after is Beside.WORD)
        case Place.NO_BOUNDARY:
            return (before is Beside.WORD) == (after is Beside.WORD)


class Automaton:
    """Finds a pattern anywhere in a text (Thompson's construction). Raises NotRead if it is too large."""

    START = 0

    def __init__(self, tree: Node) -> None:
        self.free: list[list[tuple[Place | None, int]]] = []
        """From each state: where it may go without a character, and what must hold for that."""
        self.moves: list[list[tuple[Ranges, int]]] = []
        self._state()
        self.moves[self.START].append((ANY, self.START))
        begin = self._state()
        self.free[self.START].append((None, begin))
        self.found = self._built(tree, begin)
        # A state of its own: what is found stays found, whatever follows.
        last = self._state()
        self.free[self.found].append((None, last))
        self.found = last
        self.moves[last].append((ANY, last))

    def _state(self) -> int:
        if len(self.free) >= LARGEST:
            raise NotRead("too large")
        self.free.append([])
        self.moves.append([])
        return len(self.free) - 1

    def _built(self, node: Node, at: int) -> int:
        """Add what `node` matches from the state `at`, and return the state after it."""
        match node:
            case Chars(ranges):
                end = self._state()
                self.moves[at].append((ranges, end))
            case Place():
                end = self._state()
                self.free[at].append((node, end))
            case Row(parts):
                end = at
                for part in parts:
                    end = self._built(part, end)
            case Choice(options):
                end = self._state()
                for option in options:
                    begin = self._state()
                    self.free[at].append((None, begin))
                    self.free[self._built(option, begin)].append((None, end))
            case Repeat(part, least, most):
                for _copy in range(least):
                    at = self._built(part, at)
                end = self._state()
                self.free[at].append((None, end))
                if most is None:
                    self.free[self._built(part, end)].append((None, end))
                else:
                    for _copy in range(most - least):
                        at = self._built(part, at)
                        self.free[at].append((None, end))
        return end


@dataclass(frozen=True)
class _Letter:
    """Stands for all characters that nothing here tells apart."""

    number: int
    sample: str
    beside: Beside


class _Alphabet:
    """The characters, as far as these automata tell them apart."""

    def __init__(self, automata: Sequence[Automaton], effort: Effort) -> None:
        sets = {ranges for one in automata for moves in one.moves for ranges, _to in moves}
        sets |= {WORD, NEWLINE, SPACE, SURROGATES}
        cuts = sorted({0, *(cut for ranges in sets for low, high in ranges for cut in (low, high + 1))})
        members: list[set[Ranges]] = [set() for _cut in cuts]
        for ranges in sets:
            for low, high in ranges:
                first, behind = bisect_left(cuts, low), bisect_left(cuts, high + 1)
                effort.spend(behind - first)
                for place in range(first, behind):
                    members[place].add(ranges)
        alike: dict[frozenset[Ranges], int] = {}
        for cut, its in zip(cuts, members, strict=True):
            if ANY in its and SURROGATES not in its:  # texts are UTF-8, which has no surrogates
                alike.setdefault(frozenset(its), cut)
        self.letters = tuple(
            _Letter(number, chr(cut), _beside(its)) for number, (its, cut) in enumerate(alike.items())
        )
        self._of: dict[Ranges, set[int]] = {ranges: set() for ranges in sets}
        for number, known in enumerate(alike):
            for ranges in known:
                self._of[ranges].add(number)

    def has(self, ranges: Ranges, letter: _Letter) -> bool:
        return letter.number in self._of[ranges]


def _beside(its: frozenset[Ranges]) -> Beside:
    return (
        Beside.NEWLINE
        if NEWLINE in its
        else Beside.WORD
        if WORD in its
        else Beside.SPACE
        if SPACE in its
        else Beside.OTHER
    )


type _States = frozenset[int]


class _Run:
    """One automaton on its way through texts; what it has worked out is kept."""

    def __init__(self, automaton: Automaton, alphabet: _Alphabet, effort: Effort) -> None:
        self._automaton = automaton
        self.found = automaton.found
        self._alphabet = alphabet
        self._effort = effort
        self._reached: dict[tuple[_States, Beside, Beside], _States] = {}
        self._after: dict[tuple[_States, Beside, int], _States] = {}

    def has_found(self, states: _States, before: Beside, after: Beside) -> bool:
        """Return whether the pattern is found, whatever comes after what stands beside this place."""
        return self._automaton.found in self._free(states, before, after)

    def after(self, states: _States, before: Beside, letter: _Letter) -> _States:
        """Return the states after one more character."""
        key = (states, before, letter.number)
        if key not in self._after:
            here = self._free(states, before, letter.beside)
            moves = [move for state in here for move in self._automaton.moves[state]]
            self._effort.spend(len(moves))
            self._after[key] = frozenset(to for ranges, to in moves if self._alphabet.has(ranges, letter))
        return self._after[key]

    def _free(self, states: _States, before: Beside, after: Beside) -> _States:
        key = (states, before, after)
        if key not in self._reached:
            found, new = set(states), list(states)
            while new:
                for place, to in self._automaton.free[new.pop()]:
                    if to not in found and (place is None or _holds(place, before, after)):
                        found.add(to)
                        new.append(to)
            self._effort.spend(len(found))
            self._reached[key] = frozenset(found)
        return self._reached[key]


_WHITE = {Beside.SPACE, Beside.NEWLINE}

type _Here = tuple[int, Beside, tuple[_States, ...]]
"""In a text: a state of the wanted one, what stands before, and the states of each other."""


def text_with(wanted: Automaton, but: Sequence[Automaton], effort: Effort) -> str | None:
    """Return a shortest text in which `wanted` is found and none of `but`, or None: there is none.

    Texts have no white space at either end. Raises Undecided.
    """
    alphabet = _Alphabet([wanted, *but], effort)
    run, others = _Run(wanted, alphabet, effort), [_Run(one, alphabet, effort) for one in but]
    begin: _Here = (Automaton.START, Beside.EDGE, tuple(frozenset({Automaton.START}) for _one in but))
    came: dict[_Here, tuple[_Here, str] | None] = {begin: None}
    new = deque([begin])
    step = COST * (1 + len(but))
    while new:
        here = new.popleft()
        if _may_end(run, others, here):
            return _text_to(here, came)
        for letter in alphabet.letters:
            effort.spend(step)
            for there in _after(run, others, here, letter):
                if there not in came:
                    came[there] = (here, letter.sample)
                    new.append(there)
    return None


def _text_to(here: _Here, came: Mapping[_Here, tuple[_Here, str] | None]) -> str:
    letters: list[str] = []
    while step := came[here]:
        here, letter = step
        letters.append(letter)
    return "".join(reversed(letters))


def _may_end(run: _Run, others: Sequence[_Run], here: _Here) -> bool:
    state, before, states = here
    return (
        before not in _WHITE
        and run.has_found(frozenset({state}), before, Beside.EDGE)
        and not any(
            other.has_found(its, before, Beside.EDGE) for other, its in zip(others, states, strict=True)
        )
    )


def _after(run: _Run, others: Sequence[_Run], here: _Here, letter: _Letter) -> Iterator[_Here]:
    state, before, states = here
    if before is Beside.EDGE and letter.beside in _WHITE:
        return
    wanted = run.after(frozenset({state}), before, letter)
    pairs = list(zip(others, states, strict=True))
    if not wanted or any(other.has_found(its, before, letter.beside) for other, its in pairs):
        return
    theirs = tuple(other.after(its, before, letter) for other, its in pairs)
    # What is found stays found: then no other state can lead further.
    for to in {run.found} if run.found in wanted else wanted:
        yield to, letter.beside, theirs
