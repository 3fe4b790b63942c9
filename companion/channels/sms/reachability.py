"""Which rules for answers can never decide, because earlier ones take whatever they would fit, or because nothing fits."""

from collections.abc import Iterator, Sequence

from companion.channels.sms.answers import AnswerRule
from companion.channels.sms.automata import COST, Automaton, Effort, Undecided, text_with
from companion.channels.sms.re2_syntax import Chars, Choice, Node, NotRead, Place, Row, chars, parsed

STATUSES = frozenset(range(200, 600))
"""Those that an answer can have."""
LONGEST = 50
"""Rules that are looked at: more than anybody writes by hand."""
EFFORT = 2_000_000
"""States of automata that are looked at for one list: a second or two at the worst, some milliseconds for usual patterns."""


def dead_rules(rules: Sequence[AnswerRule]) -> Iterator[tuple[int, str]]:
    """Yield the rules that can never decide, and why. Not for the event loop: see EFFORT.

    Everything told is certain, for answers in UTF-8; docs/sms.md names what is not found.
    """
    found = _Reachability(rules[:LONGEST])
    for index in range(len(rules[:LONGEST])):
        earlier = tuple(range(index))
        if found.is_dead(index, earlier):
            yield index, _why(found.needed(index, earlier))


def _why(taken_by: Sequence[int]) -> str:
    match [f"answers[{index}]" for index in taken_by]:
        case []:
            return "can never decide: its pattern is found in no text (white space at either end of an answer is not looked at)"
        case [only]:
            return f"can never decide: {only} fits first"
        case several:
            return f"can never decide: {', '.join(several[:-1])} or {several[-1]} fits first"


class _Reachability:
    """Which answers are left for the rules of one list."""

    def __init__(self, rules: Sequence[AnswerRule]) -> None:
        self._rules = rules
        self._effort = Effort(EFFORT)
        self._automata: dict[str | frozenset[str], Automaton | None] = {}
        # Of the statuses that no rule tells apart one is enough.
        self._statuses = frozenset(
            {tuple(one.has_status(status) for one in rules): status for status in STATUSES}.values()
        )

    def needed(self, index: int, earlier: Sequence[int]) -> list[int]:
        """Return those of the earlier rules without which this one would not be dead."""
        needed = list(earlier)
        for one in reversed(earlier):
            fewer = [other for other in needed if other != one]
            if self.is_dead(index, fewer):
                needed = fewer
        return needed

    def is_dead(self, index: int, earlier: Sequence[int]) -> bool:
        """Return whether no answer reaches this rule past the earlier ones."""
        rule = self._rules[index]
        try:
            return all(
                self._is_taken(
                    rule, [self._rules[one] for one in earlier if self._rules[one].has_status(status)]
                )
                for status in self._statuses
                if rule.has_status(status)
            )
        except Undecided:
            return False

    def _is_taken(self, rule: AnswerRule, earlier: Sequence[AnswerRule]) -> bool:
        """Return whether the earlier rules, all of one status, take every answer of this status that `rule` fits."""
        # What stands at one place says nothing about another, except that something is around it.
        around = {place: _at(place, earlier) for place in _around(rule.pointer)}
        return self._is_value_taken(rule, _at(rule.pointer, earlier)) or any(
            self._is_pattern_taken(_around_pattern(rule.pointer, place), those)
            for place, those in around.items()
            if those
        )

    def _is_value_taken(self, rule: AnswerRule, earlier: Sequence[AnswerRule]) -> bool:
        if rule.equals is None:
            return self._is_pattern_taken(rule.matches, earlier)
        # To `equals` the null of JSON is the text "null"; to other rules it is nothing.
        is_null_too = rule.pointer is not None and "null" in rule.texts
        values: list[str | None] = [*rule.texts, *([None] if is_null_too else [])]
        self._effort.spend(COST * len(values) * len(earlier))
        return all(any(one.found_at(value) for one in earlier) for value in values)

    def _is_pattern_taken(self, pattern: str | None, earlier: Sequence[AnswerRule]) -> bool:
        """Return whether the earlier rules fit every text in which the pattern is found (None: every text)."""
        if any(one.equals is None and one.matches in {None, pattern} for one in earlier):
            return True
        self._effort.spend(COST)
        wanted = self._automaton(pattern or "")
        others = [found for one in earlier if (found := self._automaton(_taken(one)))]
        return wanted is not None and text_with(wanted, others, self._effort) is None

    def _automaton(self, wanted: str | frozenset[str]) -> Automaton | None:
        """Return an automaton for a pattern, or for these texts and no others; None: it is not known."""
        if wanted not in self._automata:
            try:
                tree = parsed(wanted) if isinstance(wanted, str) else _one_of(wanted)
                self._automata[wanted] = Automaton(tree)
            except NotRead:
                self._automata[wanted] = None
        return self._automata[wanted]


def _one_of(texts: frozenset[str]) -> Node:
    return Choice(
        tuple(
            Row((Place.TEXT_BEGINS, *(Chars(chars(one)) for one in text), Place.TEXT_ENDS)) for text in texts
        )
    )


def _taken(rule: AnswerRule) -> str | frozenset[str]:
    return rule.texts if rule.matches is None else rule.matches


def _at(pointer: str | None, rules: Sequence[AnswerRule]) -> list[AnswerRule]:
    return [one for one in rules if one.pointer == pointer]


def _around(pointer: str | None) -> list[str | None]:
    """Return the places of which something is known where a pointer leads somewhere: the text, and all above it."""
    if pointer is None:
        return []
    parts = pointer.split("/")
    return [None, *("/".join(parts[:count]) for count in range(1, len(parts)))]


def _around_pattern(pointer: str | None, place: str | None) -> str:
    """Return a pattern that is found in whatever stands at `place` where `pointer` leads somewhere."""
    inner = (pointer or "").removeprefix(place or "")
    if not inner:
        return "(?s)."
    key = inner.split("/")[1]
    return r"^[\[{]" if key.isdecimal() else r"^\{"
