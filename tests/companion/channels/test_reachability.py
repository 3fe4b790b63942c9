"""Rules that can never decide are refused when they are applied, and no others."""

import json
from functools import cache
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from companion.channels.http import Reply
from companion.channels.registry import build_channel
from companion.channels.sms.answers import MISSING, TEXT_LIMIT, AnswerRule
from companion.channels.sms.reachability import STATUSES, dead_rules
from tests.companion.channels.test_answers import AT_THE_ROOT, BY_STATUS, IN_JSON, IN_NUMBERS, IN_WORDS, Rules
from tests.companion.directory.documents import office, read


def refused(rules: Rules) -> list[str]:
    """Return what `apply` says of a channel with these rules."""
    content = office()
    content["channels"][1]["config"] = {"url": "https://gw.example/send", "answers": rules}
    build_channel("sms", content["channels"][1]["config"])  # what is stored already goes on running
    return [str(problem).removeprefix("channels[1].config.") for problem in read(content).problems]


def rule(verdict: str = "sent", **named: Any) -> dict[str, Any]:
    return {**named, "verdict": verdict}


EVERYTHING_BUT_200 = sorted(STATUSES - {200})


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([rule(), rule(status=402)], "answers[1]: can never decide: answers[0] fits first"),
        ([rule(status=[400, 402]), rule(status=402, equals="x")], "answers[0] fits first"),
        ([rule(equals=[0, 1]), rule(equals="1")], "answers[0] fits first"),
        ([rule(matches="^ERR"), rule(equals="ERR 1")], "answers[0] fits first"),
        ([rule(pointer="/a"), rule(pointer="/a", matches="b")], "answers[0] fits first"),
        # the general before the special
        ([rule(matches="^ERR"), rule(matches=r"^ERR: 3\d\d,")], "answers[0] fits first"),
        ([rule(matches="(?i)error"), rule(matches="^ERROR:14$")], "answers[0] fits first"),
        ([rule(matches=r"\d"), rule(matches=r"^OK (?P<id>[0-9]+)")], "answers[0] fits first"),
        # several together
        ([rule(status=[200, 201]), rule(status=402), rule(status=[201, 402])], "answers[0] or answers[1] fits first"),
        ([rule(equals=1), rule(equals="x"), rule(equals=2), rule(equals=[1, 2])], "answers[0] or answers[2] fits first"),
        ([rule(status=200, equals=1), rule(status=402), rule(equals=1, status=[200, 402])], "answers[0] or answers[1]"),
        ([rule(status=EVERYTHING_BUT_200), rule(status=200), rule(equals=1)], "answers[0] or answers[1] fits first"),
        ([rule(status=EVERYTHING_BUT_200), rule(status=200, matches="(?s).*"), rule()], "answers[0] or answers[1]"),
        ([rule(matches="^OK"), rule(matches="^[^O]"), rule(matches="^(OK|ERR)")], "answers[0] or answers[1]"),
        ([rule(equals=[0, 1]), rule(matches="^[01]$")], "answers[0] fits first"),
        ([rule(equals=""), rule(matches="(?s)."), rule(matches="x")], "answers[1] fits first"),
        ([rule(equals=""), rule(matches="(?s)."), rule()], "answers[0] or answers[1] fits first"),
        # what stands somewhere has something around it
        ([rule(pointer="/a"), rule(pointer="/a/b", equals=1)], "answers[0] fits first"),
        ([rule(pointer=""), rule(pointer="/a")], "answers[0] fits first"),
        ([rule(matches=r"^\{"), rule(pointer="/a", equals=1)], "answers[0] fits first"),
        ([rule(matches=r"^[\[{]"), rule(pointer="/0", equals=1)], "answers[0] fits first"),
        ([rule(matches="."), rule(pointer="", equals=1)], "answers[0] fits first"),
        # nothing at all
        ([rule(matches=r"a\bb")], "answers[0]: can never decide: its pattern is found in no text"),
        ([rule(), rule(matches="$x")], "its pattern is found in no text"),
        ([rule(matches=r"^OK\r\n$")], "its pattern is found in no text"),
    ],
    ids=str,
)  # fmt: skip
def test_a_rule_that_can_never_decide_is_refused_and_told_why(rules: Rules, said: str) -> None:
    [problem] = refused(rules)

    assert said in problem
    assert problem.startswith(f"answers[{len(rules) - 1}]: can never decide")


@pytest.mark.parametrize(
    "rules",
    [
        IN_WORDS,
        IN_NUMBERS,
        IN_JSON,
        AT_THE_ROOT,
        BY_STATUS,
        [rule(pointer="/a"), rule(pointer="/a", equals=None)],
        [rule(pointer="/a"), rule(pointer="/a", equals="null")],
        [rule(pointer="/a", equals=1), rule(equals=1)],
        [rule(equals=1), rule(equals=True)],
        [rule(matches=r"^ERR: 3\d\d,"), rule(matches="^ERR")],
        [rule(matches=r"^\{"), rule(pointer="/0")],
        [rule(matches="."), rule()],
        [rule(matches="(?s)."), rule()],
        [rule(status=EVERYTHING_BUT_200), rule(equals=1)],
        [rule(pointer=""), rule(equals=100)],  # white space that JSON does not know may stand around it
        # not looked into, and so believed
        [rule(matches=r"^\pL"), rule(matches="^a")],
        [rule(matches="(?i)ü"), rule(matches="ü")],
    ],
    ids=str,
)
def test_rules_that_each_can_decide_are_taken(rules: Rules) -> None:
    assert refused(rules) == []


MANY = [str(number) for number in range(9_000)]


@pytest.mark.parametrize(
    "rules",
    [
        [rule(matches="[ab]*a[ab]{30}"), rule(matches="[ab]*a[ab]{30}x")],
        [rule(matches=f"[{'ab' * 100_000}]"), rule(matches="^a")],
        [*(rule(equals=number) for number in MANY), rule(equals="0")],
    ],
    ids=["automata", "class", "rules"],
)
def test_what_would_take_long_to_compare_is_believed(rules: Rules) -> None:
    assert refused(rules) == []


def test_long_lists_of_values_are_compared() -> None:
    [problem] = refused([rule(equals=[*MANY, "a"]), rule(equals=[*MANY, "b"]), rule(equals=MANY)])

    assert "answers[0] fits first" in problem


# --- every answer of a small world ----------------------------------------------------------------------

WORDS = [*map("".join, product("xy -", repeat=1)), *map("".join, product("xy -", repeat=2)), "", "null", "1"]
VALUES: list[Any] = [
    *{word.strip() for word in WORDS},
    "xyx",
    "yxy",
    "x y x",
    "{x",
    None,
    1,
    True,
    {},
    [],
    ["x"],
]
LONG = {"-" * TEXT_LIMIT: 0}
"""Before something it moves that out of what a pattern is looked for in."""


def bodies() -> set[str]:
    documents = [
        *VALUES,
        *({"x": value} for value in VALUES),
        *({**LONG, "x": value} for value in VALUES),
        *({**LONG, "x": {"y": value}} for value in VALUES),
        *({**LONG, "x": {**LONG, "y": value}} for value in VALUES),
    ]
    plain = [json.dumps(document) for document in documents]
    escaped = [text.replace("x", r"\u0078").replace("y", r"\u0079") for text in plain]
    words = [text for length in range(6) for text in map("".join, product("xy ", repeat=length))]
    return {*plain, *escaped, *words, *(f"\f{text}" for text in plain), "-", "--", "{", "{x", "[", '"', '"x'}


ANSWERS = [
    (reply, reply.json(default=MISSING))
    for body in bodies()
    for reply in [Reply(status=200, body=body.encode())]
]


@cache
def fitting(condition: str) -> int:
    """Return the answers that a rule fits, whatever its status, a bit each; `condition` is the rule as JSON."""
    one = AnswerRule.model_validate_json(condition)
    return sum(1 << bit for bit, answer in enumerate(ANSWERS) if one.found_in(*answer))


conditions: st.SearchStrategy[dict[str, Any]] = (
    st.fixed_dictionaries(
        {"equals": st.lists(st.sampled_from(["x", "xy", "", "1", 1, "null", None, True]), min_size=1, max_size=3)}
    )
    | st.fixed_dictionaries(
        {"matches": st.sampled_from(["", "x", "^x", "x$", "^x$", "xy", r"x\by", r"x\b", "^$", "(?s).", r"^\{", "^[xy]+$", "x.*y"])}
    )
    | st.just({})
)  # fmt: skip
statuses = st.sampled_from([None, [200], [402], [200, 402], sorted(STATUSES - {200}), sorted(STATUSES)])


def names_null(condition: dict[str, Any]) -> bool:
    return not {"null", None}.isdisjoint(condition.get("equals", []))


def rules_at(
    pointer: str | None, conditions: st.SearchStrategy[dict[str, Any]]
) -> st.SearchStrategy[AnswerRule]:
    return st.builds(
        lambda status, condition: AnswerRule.model_validate(
            {"status": status, "pointer": pointer, "verdict": "sent", **condition}
        ),
        statuses,
        conditions,
    )


# The text `null` and the null of JSON are the only ones that are always each other: not looked into.
of_text = rules_at(None, conditions.filter(lambda one: not names_null(one)))
of_json = st.one_of(*(rules_at(pointer, conditions) for pointer in ("", "/x", "/x/y")))
rules_of_a_small_world = st.lists(of_text | of_json, min_size=1, max_size=5)


@settings(max_examples=150, deadline=None)
@given(rules_of_a_small_world)
def test_a_rule_is_refused_if_and_only_if_no_answer_reaches_it(rules: list[AnswerRule]) -> None:
    reached: set[int] = set()
    for status in (200, 402, 500):
        taken = 0
        for index, one in enumerate(rules):
            condition = one.model_dump_json(exclude={"status"}, exclude_unset=True)
            fits = fitting(condition) if one.has_status(status) else 0
            if fits & ~taken:
                reached.add(index)
            taken |= fits

    assert {index for index, _why in dead_rules(rules)} == set(range(len(rules))) - reached
