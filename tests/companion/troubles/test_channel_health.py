"""What messages and probes say about a channel, and when it is in trouble."""

from datetime import timedelta

import pytest

from companion.channels.base import Outcome, Refused, Sent, TryAgain
from companion.texts.reasons import Reason
from companion.troubles.channel_health import (
    PROBE_AGAIN_AFTER,
    PROBE_EVERY,
    SPREAD_S,
    ChannelHealth,
    Try,
    after,
    is_worth_writing,
    next_probe_at,
)
from tests.fakes.clock import START

NEW = ChannelHealth(channel_id="sms", revision=1)
TAKEN = Sent(provider_ref="r")
BUSY = TryAgain(reason=Reason.quoting("503"))
BROKEN = Refused(reason=Reason.quoting("401"), channel_broken=True)
BAD_NUMBER = Refused(reason=Reason.quoting("400: no such number"))


def tried(*tries: tuple[Try, Outcome]) -> ChannelHealth:
    health = NEW
    for what, outcome in tries:
        health = after(health, what, outcome, START)
    return health


@pytest.mark.parametrize("failure", [BUSY, BROKEN], ids=["busy", "broken"])
def test_three_messages_or_two_probes_in_a_row_are_a_trouble(failure: Outcome) -> None:
    assert not tried(*[(Try.SEND, failure)] * 2).is_refusing
    assert tried(*[(Try.SEND, failure)] * 3).is_refusing
    assert not tried((Try.PROBE, failure)).is_refusing
    assert tried(*[(Try.PROBE, failure)] * 2).is_refusing


def test_a_message_that_is_refused_for_itself_says_nothing_about_the_channel() -> None:
    assert tried(*[(Try.SEND, BAD_NUMBER)] * 9) == NEW


def test_a_message_that_is_taken_proves_everything() -> None:
    health = tried(*[(Try.SEND, BUSY)] * 3, *[(Try.PROBE, BUSY)] * 3, (Try.SEND, TAKEN))

    assert (health.is_failing, health.failing_since, health.reason) == (False, None, None)
    assert health.sent_at == START


def test_a_probe_that_passes_does_not_prove_that_messages_are_taken() -> None:
    health = tried(*[(Try.SEND, BROKEN)] * 3, (Try.PROBE, TAKEN))

    assert health.is_refusing
    assert str(health.reason) == "401"


def test_a_probe_that_passes_ends_what_probes_have_found() -> None:
    assert not tried(*[(Try.PROBE, BUSY)] * 2, (Try.PROBE, TAKEN)).is_failing


def test_a_channel_is_probed_at_once_then_hourly_and_soon_again_after_a_failure() -> None:
    passed, failed = tried((Try.PROBE, TAKEN)), tried((Try.PROBE, BUSY))

    assert next_probe_at(NEW) is None
    at = next_probe_at(passed)
    assert at is not None
    assert PROBE_EVERY <= at - START < PROBE_EVERY + timedelta(seconds=SPREAD_S)
    assert next_probe_at(failed) == START + PROBE_AGAIN_AFTER


def test_not_every_message_that_a_healthy_channel_takes_is_written_down() -> None:
    before = tried((Try.SEND, TAKEN))

    assert not is_worth_writing(before, after(before, Try.SEND, TAKEN, START + timedelta(seconds=59)))
    assert is_worth_writing(before, after(before, Try.SEND, TAKEN, START + timedelta(seconds=60)))
    assert is_worth_writing(before, after(before, Try.SEND, BUSY, START))
    assert is_worth_writing(NEW, before)
