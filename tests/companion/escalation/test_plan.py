"""The plan of a policy, walked by wake-ups that come when they please."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from companion.escalation.plan import Exhausted, Next, Run, due, first
from companion.escalation.policy import Policy
from tests.builders import person, policy, step

RAISED = datetime(2026, 11, 20, 12, tzinfo=UTC)

seconds = st.integers(min_value=0, max_value=86_400_000).map(lambda ms: ms / 1000)
policies = st.builds(
    lambda afters, repeat, repeat_after: policy(
        *(step(person(f"p{number}"), after=after) for number, after in enumerate(afters)),
        repeat=repeat,
        repeat_after=repeat_after,
    ),
    st.lists(seconds, min_size=1, max_size=5),
    st.integers(min_value=0, max_value=4),
    st.floats(min_value=1, max_value=86_400, allow_nan=False),
)
delays = st.lists(st.floats(min_value=0, max_value=7200, allow_nan=False), min_size=1)


@dataclass(frozen=True)
class Walk:
    """What a policy did: when each step ran, where it stood then, and when it had run out."""

    runs: list[tuple[datetime, Run]]
    positions: list[Next]
    exhausted_at: datetime


def walk(rules: Policy, late: list[float]) -> Walk:
    """Wake at every due time, but late by these many seconds, over and over again."""
    position = first(rules, RAISED)
    runs: list[tuple[datetime, Run]] = []
    positions = [position]
    while True:
        now = position.due_at + timedelta(seconds=late[len(runs) % len(late)])
        match due(rules, position, now):
            case Run() as run:
                runs.append((now, run))
                position = run.then
                positions.append(position)
            case Exhausted():
                return Walk(runs, positions, now)
            case None:
                raise AssertionError("a due position must do something")


@given(policies, delays)
def test_every_step_of_every_round_runs_once_and_in_order(rules: Policy, late: list[float]) -> None:
    runs = [run for _, run in walk(rules, late).runs]

    wanted = [(turn, number) for turn in range(rules.repeat + 1) for number in range(len(rules.steps))]
    assert [run.occurrence for run in runs] == [f"{turn}.{number}" for turn, number in wanted]
    assert [run.step for run in runs] == [rules.steps[number] for _, number in wanted]


@given(policies, delays)
def test_only_the_very_first_step_is_the_first(rules: Policy, late: list[float]) -> None:
    runs = [run for _, run in walk(rules, late).runs]

    assert [run.first for run in runs] == [True] + [False] * (len(runs) - 1)


@given(policies, delays)
def test_however_late_a_step_runs_the_next_keeps_its_distance(rules: Policy, late: list[float]) -> None:
    """After an outage the steps must not all fall at once."""
    ran = walk(rules, late).runs

    for (earlier, _), (later, run) in pairwise(ran):
        assert later - earlier >= timedelta(seconds=run.step.after)


@given(policies, delays)
def test_somebody_has_time_to_answer_before_it_is_repeated_or_given_up(
    rules: Policy, late: list[float]
) -> None:
    walked = walk(rules, late)
    wait = timedelta(seconds=rules.repeat_after)
    last_of_each_round = walked.runs[len(rules.steps) - 1 :: len(rules.steps)]
    first_of_next = walked.runs[len(rules.steps) :: len(rules.steps)]

    for (ended, _), (began, _) in zip(last_of_each_round, first_of_next, strict=False):
        assert began - ended >= wait
    assert walked.exhausted_at - walked.runs[-1][0] >= wait


@given(policies, delays)
def test_due_times_never_go_backwards(rules: Policy, late: list[float]) -> None:
    times = [position.due_at for position in walk(rules, late).positions]

    assert times == sorted(times)
    assert times[0] == RAISED + timedelta(seconds=rules.steps[0].after)


@given(policies, st.floats(min_value=0.001, max_value=3600, allow_nan=False))
def test_nothing_runs_before_its_time(rules: Policy, early_s: float) -> None:
    position = first(rules, RAISED)

    assert due(rules, position, position.due_at - timedelta(seconds=early_s)) is None


@given(policies, st.integers(min_value=0, max_value=10_000))
def test_a_wake_up_after_any_outage_runs_one_step_only(rules: Policy, hours: int) -> None:
    now = first(rules, RAISED).due_at + timedelta(hours=hours)

    run = due(rules, first(rules, RAISED), now)

    assert isinstance(run, Run)
    assert run.occurrence == "0.0"
    again = due(rules, run.then, now)
    distance = rules.steps[1].after if len(rules.steps) > 1 else rules.repeat_after
    assert (again is None) == (distance > 0)


@given(policies)
def test_a_policy_in_time_ends_exactly_when_its_waits_add_up(rules: Policy) -> None:
    walked = walk(rules, [0])

    afters = [timedelta(seconds=step.after) for step in rules.steps]
    wait = timedelta(seconds=rules.repeat_after)
    one_round = sum(afters[1:], timedelta())
    rounds = (rules.repeat + 1) * one_round + rules.repeat * max(wait, afters[0])
    assert walked.exhausted_at - RAISED == afters[0] + rounds + wait


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"steps": []}, id="no steps"),
        pytest.param({"repeat": 21}, id="repeated too often"),
        pytest.param({"repeat_after": 0}, id="no time to answer"),
        pytest.param({"steps": [{"targets": []}]}, id="a step for nobody"),
        pytest.param({"steps": [{"after": -1, "targets": [{"person": "a"}]}]}, id="a step in the past"),
        pytest.param({"steps": [{"targets": [{"person": "a", "phone": "1"}]}]}, id="a word nobody knows"),
    ],
)
def test_a_policy_that_cannot_work_is_refused(wrong: dict[str, object]) -> None:
    right: dict[str, object] = {"id": "p", "name": "P", "steps": [{"targets": [{"person": "a"}]}]}

    with pytest.raises(ValueError, match="validation error"):
        Policy.model_validate(right | wrong)
