"""What follows an outcome."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from companion.channels.base import Refused, Sent, TryAgain
from companion.dispatch.retry import Again, Done, GiveUp, RetryPolicy, Verdict, Wait, decide
from companion.texts.reasons import Reason

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
POLICY = RetryPolicy()

chances = st.floats(min_value=0, max_value=1)
attempts = st.integers(min_value=1, max_value=POLICY.attempts + len(POLICY.quick) - 1)
spans = st.timedeltas(min_value=timedelta(days=-1), max_value=timedelta(days=30))


def verdict(
    attempt: int, *, first_page: bool = False, chance: float = 0.5, after: timedelta | None = None
) -> Verdict:
    failed = TryAgain(reason=Reason.quoting("busy"), after=after)
    return decide(failed, attempt=attempt, first_page=first_page, policy=POLICY, now=NOW, chance=chance)


def wait_s(attempt: int, *, first_page: bool = False, chance: float = 0.5) -> float:
    again = verdict(attempt, first_page=first_page, chance=chance)
    assert isinstance(again, Again)
    return (again.at - NOW).total_seconds()


def test_without_chance_the_waits_double_from_half_a_minute() -> None:
    assert [wait_s(attempt) for attempt in range(1, 5)] == [30, 60, 120, 240]


def test_the_first_page_of_an_alarm_is_tried_again_within_seconds_before_that() -> None:
    assert [wait_s(attempt, first_page=True) for attempt in range(1, 8)] == [2, 5, 15, 30, 60, 120, 240]


@pytest.mark.parametrize("attempt", [1, 8, 1000])
def test_what_could_not_be_tried_at_all_waits_and_is_not_given_up(attempt: int) -> None:
    untried = TryAgain(reason=Reason.quoting("no such kind"), tried=False)

    found = decide(untried, attempt=attempt, first_page=True, policy=POLICY, now=NOW, chance=0.5, page=True)

    assert found == Wait(NOW + POLICY.wait, untried.reason)


def test_it_is_given_up_after_five_attempts_and_the_quick_ones() -> None:
    assert isinstance(verdict(5), GiveUp)
    assert isinstance(verdict(7, first_page=True), Again)
    assert isinstance(verdict(8, first_page=True), GiveUp)


@pytest.mark.parametrize("first_page", [True, False])
def test_a_page_that_may_be_refused_for_good_is_tried_a_few_times_quickly(*, first_page: bool) -> None:
    def answer(attempt: int, *, page: bool) -> Verdict:
        no = TryAgain(reason=Reason.quoting("HTTP 400"), unknown=True)
        return decide(
            no, attempt=attempt, first_page=first_page, policy=POLICY, now=NOW, chance=0.5, page=page
        )

    waits = [answer(attempt, page=True) for attempt in range(1, 4)]
    assert waits == [Again(NOW + wait, Reason.quoting("HTTP 400")) for wait in POLICY.quick]
    assert isinstance(answer(4, page=True), GiveUp)
    # A ticket wakes nobody, and nobody waits for it: it has its usual time.
    assert isinstance(answer(4, page=False), Again)


def test_what_is_given_up_says_how_often_it_was_tried_and_why() -> None:
    assert verdict(5) == GiveUp(Reason("given_up", attempts=5, reason=Reason.quoting("busy")))


@given(
    attempt=st.integers(min_value=POLICY.attempts + len(POLICY.quick)),
    first_page=st.booleans(),
    chance=chances,
    after=st.none() | spans,
)
def test_no_outcome_is_tried_for_ever(
    *, attempt: int, first_page: bool, chance: float, after: timedelta | None
) -> None:
    assert isinstance(verdict(attempt, first_page=first_page, chance=chance, after=after), GiveUp)


@given(attempts, chances)
def test_every_wait_is_within_its_jitter_and_the_cap(attempt: int, chance: float) -> None:
    waited = wait_s(attempt, first_page=True, chance=chance)
    middle = wait_s(attempt, first_page=True)

    assert 0.8 * middle - 0.001 <= waited <= 1.2 * middle + 0.001
    assert 0 < waited <= POLICY.cap.total_seconds() * 1.2


@given(chances, chances)
def test_two_that_failed_together_do_not_come_back_together(one: float, other: float) -> None:
    apart = abs(one - other) * 2 * POLICY.jitter * 30

    assert abs(abs(wait_s(1, chance=one) - wait_s(1, chance=other)) - apart) < 0.001


def test_a_long_row_of_failures_waits_no_longer_than_the_cap() -> None:
    patient = RetryPolicy(attempts=100)

    again = decide(
        TryAgain(reason=Reason.quoting("busy")),
        attempt=99,
        first_page=False,
        policy=patient,
        now=NOW,
        chance=0.5,
    )

    assert again == Again(NOW + POLICY.cap, Reason.quoting("busy"))


@given(attempt=attempts, first_page=st.booleans(), chance=chances, after=spans)
def test_the_providers_own_word_is_obeyed_within_the_cap(
    *, attempt: int, first_page: bool, chance: float, after: timedelta
) -> None:
    found = verdict(min(attempt, 4), first_page=first_page, chance=chance, after=after)

    assert isinstance(found, Again)
    assert found.at - NOW == max(timedelta(seconds=1), min(after, POLICY.cap))


@given(attempt=st.integers(1, 4), first_page=st.booleans(), chance=chances, after=spans)
def test_a_page_waits_no_longer_for_the_providers_word_than_a_minute_or_its_own_wait(
    *, attempt: int, first_page: bool, chance: float, after: timedelta
) -> None:
    def at(wish: timedelta | None) -> timedelta:
        busy = TryAgain(reason=Reason.quoting("busy"), after=wish)
        again = decide(
            busy, attempt=attempt, first_page=first_page, policy=POLICY, now=NOW, chance=chance, page=True
        )
        assert isinstance(again, Again)
        return again.at - NOW

    longest = max(at(None), POLICY.page_cap)
    assert at(after) == max(timedelta(seconds=1), min(after, longest))


@given(attempt=st.integers(min_value=1, max_value=100), first_page=st.booleans(), chance=chances)
def test_what_is_refused_is_never_tried_again(*, attempt: int, first_page: bool, chance: float) -> None:
    refused = Refused(reason=Reason.quoting("bad number"))

    found = decide(refused, attempt=attempt, first_page=first_page, policy=POLICY, now=NOW, chance=chance)

    assert found == GiveUp(Reason.quoting("bad number"))


@pytest.mark.parametrize("attempt", [1, 5, 50])
def test_what_is_sent_is_done(attempt: int) -> None:
    sent = Sent(provider_ref="1")

    assert decide(sent, attempt=attempt, first_page=True, policy=POLICY, now=NOW, chance=0) == Done()
