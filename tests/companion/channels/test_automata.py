"""What automata say of patterns, held against RE2 itself."""

from itertools import product

import pytest
from hypothesis import given, settings, strategies as st

from companion.channels.sms.answers import compiled
from companion.channels.sms.automata import Automaton, Effort, Undecided, text_with
from companion.channels.sms.re2_syntax import NotRead, parsed

EFFORT = 100_000
TEXTS = [
    text
    for length in range(4)
    for text in map("".join, product("ab \nk\u212a_-", repeat=length))
    if text == text.strip()
]

SINGLES = [
    r"a",
    r"b",
    r"k",
    r"K",
    r"_",
    r"-",
    r"\n",
    r"\x61",
    r"\x{212a}",
    r".",
    r"\w",
    r"\W",
    r"\s",
    r"\S",
    r"\d",
    r"[ab]",
    r"[^a]",
    r"[^\s]",
    r"[[:alpha:]]",
    r"[^[:^alpha:]k]",
    r"[a-k]",
    r"[\w-]",
    r"[^\W]",
    r"[]a]",
    r"[a-]",
    r"[^\x00-\x{10FFFF}]",
]
PLACES = [r"^", r"$", r"\b", r"\B", r"\A", r"\z"]
GROUPS = [
    "({})",
    "(?:{})",
    "(?i:{})",
    "(?m:{})",
    "(?s:{})",
    "(?i)(?:{})",
    "(?ms-i:{})",
    "(?<name>{})",
    "a(?i){}|k",
]
REPEATS = ["", "", "", "*", "+", "?", "{0}", "{2}", "{1,2}", "{2,}", "{0,1}?", "*?"]


def patterns() -> st.SearchStrategy[str]:
    """Return patterns of RE2 that hold every form of which the automata speak, however odd."""
    single = st.sampled_from([*SINGLES, *PLACES, " "])

    def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        group = st.builds(lambda form, one: form.format(one), st.sampled_from(GROUPS), inner)
        part = st.builds(lambda one, sign: one + sign, single | group, st.sampled_from(REPEATS))
        return st.lists(st.lists(part, max_size=4).map("".join), min_size=1, max_size=2).map("|".join)

    return st.recursive(single, grown, max_leaves=6).filter(is_of_re2)


def is_of_re2(pattern: str) -> bool:
    try:
        compiled(pattern)
    except ValueError:
        return False
    return True


def text_for(wanted: str, *but: str, effort: int = EFFORT) -> str | None:
    return text_with(Automaton(parsed(wanted)), [Automaton(parsed(one)) for one in but], Effort(effort))


def reaches(text: str, wanted: str, but: list[str]) -> bool:
    return bool(compiled(wanted).search(text)) and not any(compiled(one).search(text) for one in but)


@settings(max_examples=200, deadline=None)
@given(patterns(), st.lists(patterns(), max_size=2))
def test_a_text_that_is_named_is_one_and_where_none_is_named_there_is_none(
    wanted: str, but: list[str]
) -> None:
    try:
        text = text_for(wanted, *but)
    except NotRead, Undecided:
        return

    if text is None:
        assert not [one for one in TEXTS if reaches(one, wanted, but)]
    else:
        assert reaches(text, wanted, but)
        assert text == text.strip()


@pytest.mark.parametrize(
    "pattern",
    [r"a\bb", "$x", "x^y", r"[^\x00-\x{10FFFF}]", r"^OK\r\n$", r"^\s", r"\Bab\b_", r"a\z\s", "(?m)a$^b", r"\w\b\w", r"\x{D800}"],
)  # fmt: skip
def test_some_patterns_are_found_in_no_text(pattern: str) -> None:
    assert text_for(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "text"),
    [(r"(?m)a$\n^b", "a\nb"), (r"a\b b", "a b"), (r"^\s*OK\s*$", "OK"), (r"", ""), ("(?i)^err", "ERR")],
)
def test_the_shortest_text_is_named(pattern: str, text: str) -> None:
    assert text_for(pattern) == text


@pytest.mark.parametrize(
    "pattern", [r"\pL", r"\Qa+\E", r"\012", r"\C", "(?i)ü", "a{900}{1}b{1000}c{1000}", "(" * 60 + ")" * 60]
)
def test_what_is_not_looked_into_is_said_to_be_so(pattern: str) -> None:
    with pytest.raises(NotRead):
        text_for(pattern)


@pytest.mark.parametrize(
    ("wanted", "but"),
    [("[ab]*a[ab]{30}x", "[ab]*a[ab]{30}"), (".{900}", "[ab]{900}"), ("^(a?){0,300}a{300}b$", "ab")],
)
def test_what_would_take_for_ever_is_left_undecided(wanted: str, but: str) -> None:
    with pytest.raises(Undecided):
        text_for(wanted, but)
