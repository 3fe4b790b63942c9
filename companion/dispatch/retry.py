"""What follows an outcome: done, again at a time, or given up; with a reason."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from companion.channels.base import Outcome, Refused, Sent, TryAgain
from companion.texts.reasons import Reason

MAX_DOUBLINGS = 24
"""Half a year from one second: longer than any cap, and no span of time overflows."""


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How often and how far apart. The first page of a new alarm is tried again within seconds first."""

    attempts: int = 5
    base: timedelta = timedelta(seconds=30)
    cap: timedelta = timedelta(seconds=7200)
    page_cap: timedelta = timedelta(seconds=60)
    """A page waits no longer for a provider's `Retry-After` than this, or than it would without one."""
    quick: tuple[timedelta, ...] = (timedelta(seconds=2), timedelta(seconds=5), timedelta(seconds=15))
    wait: timedelta = timedelta(seconds=60)
    """When it is looked again whether there is a way to try it at all."""
    jitter: float = 0.2
    """Each wait is longer or shorter by up to this share, so that a provider that is back is not hit by all at once."""


@dataclass(frozen=True)
class Done:
    """The provider has it."""


@dataclass(frozen=True)
class Again:
    """Another attempt at `at`."""

    at: datetime
    reason: Reason


@dataclass(frozen=True)
class GiveUp:
    """No further attempt: the next contact point, and an operator, must hear of it."""

    reason: Reason


@dataclass(frozen=True)
class Wait:
    """Nothing was tried; it is looked at again at `at`."""

    at: datetime
    reason: Reason


type Verdict = Done | Again | Wait | GiveUp


def decide(
    outcome: Outcome,
    *,
    attempt: int,
    first_page: bool,
    policy: RetryPolicy,
    now: datetime,
    chance: float,
    page: bool = False,
) -> Verdict:
    """Return what follows attempt number `attempt` (the first is 1). `chance` (0..1) picks the jitter.

    `page`: somebody waits for it, so the provider's wish to be left alone counts less than for a record or news.
    """
    match outcome:
        case Sent():
            return Done()
        case Refused(reason=reason):
            return GiveUp(reason)
        case TryAgain(tried=False, reason=reason):
            return Wait(now + policy.wait, reason)
        case TryAgain(reason=reason, after=after):
            # What may be a no for good is not asked for minutes: the next step waits for whom this one did not reach.
            brief = page and outcome.unknown
            quick = policy.quick if first_page or brief else ()
            if attempt >= len(quick) + (1 if brief else policy.attempts):
                return GiveUp(Reason("given_up", attempts=attempt, reason=reason))
            own = _back_off(attempt, quick, policy, chance)
            if after is None:
                return Again(now + own, reason)
            # The provider's own word wins over the back-off, but not without end. RFC 9110, 10.2.3: Retry-After.
            cap = max(own, policy.page_cap) if page else policy.cap
            return Again(now + max(timedelta(seconds=1), min(after, cap)), reason)


def _back_off(attempt: int, quick: tuple[timedelta, ...], policy: RetryPolicy, chance: float) -> timedelta:
    if attempt <= len(quick):
        wait = quick[attempt - 1]
    else:
        doublings = min(attempt - len(quick) - 1, MAX_DOUBLINGS)
        wait = min(policy.base * 2**doublings, policy.cap)
    return wait * (1 + policy.jitter * (2 * chance - 1))
