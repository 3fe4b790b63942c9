"""The next step of a policy, and when: facts in, a decision out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from companion.escalation.policy import Policy, Step, Target


@dataclass(frozen=True)
class Next:
    """A step that will run, or the moment at which the policy has run out (`step` is past the last one)."""

    round: int
    step: int
    due_at: datetime


@dataclass(frozen=True)
class Run:
    """This step is due now; `then` is what follows it."""

    step: Step
    occurrence: str
    """Names this run of this step within the alarm: `round.step`."""
    first: bool
    then: Next


@dataclass(frozen=True)
class Exhausted:
    """The last repeat of the last step has waited long enough."""


def first(policy: Policy, raised_at: datetime) -> Next:
    """Return when the first step runs."""
    return Next(0, 0, raised_at + timedelta(seconds=policy.steps[0].after))


def everybody(policy: Policy) -> tuple[Target, ...]:
    """Return whom any of the policy's steps names, and its last resort."""
    return (*(target for step in policy.steps for target in step.targets), *policy.last_resort)


def due(policy: Policy, position: Next, now: datetime) -> Run | Exhausted | None:
    """Return what to do at `now`, or None while the position still has time.

    One step a call, however late it is: after an outage the steps keep their distances instead of all falling at once.
    """
    if now < position.due_at:
        return None
    if position.step >= len(policy.steps):
        return Exhausted()
    step = policy.steps[position.step]
    return Run(
        step=step,
        occurrence=f"{position.round}.{position.step}",
        first=position.round == 0 and position.step == 0,
        then=_after(policy, position, now),
    )


def again(policy: Policy, position: Next) -> Next:
    """Return where a policy goes on whose answer has lapsed: with its next step, or all of it once more."""
    if position.step < len(policy.steps):
        return position
    return Next(position.round + 1, 0, position.due_at)


def end(policy: Policy | None, round_: int) -> str:
    """Name the end of a policy within the alarm: each time that it has run out again is another one."""
    extra = 0 if policy is None else round_ - policy.repeat
    return f"exhausted.{extra}" if extra > 0 else "exhausted"


def follows(occurrence: str, position: Next) -> bool:
    """Return whether `position` is the step, or the end, that comes right after the step of `occurrence` in its round."""
    round_, _, step = occurrence.partition(".")
    if not (round_.isdecimal() and step.isdecimal()):
        return False
    return (position.round, position.step) == (int(round_), int(step) + 1)


def _after(policy: Policy, position: Next, ran_at: datetime) -> Next:
    following = position.step + 1
    if following < len(policy.steps):
        return Next(position.round, following, ran_at + timedelta(seconds=policy.steps[following].after))
    wait = timedelta(seconds=policy.repeat_after)
    if position.round < policy.repeat:
        return Next(position.round + 1, 0, ran_at + max(wait, timedelta(seconds=policy.steps[0].after)))
    return Next(position.round, following, ran_at + wait)
