"""Every channel against everything a provider can do wrong: the right outcome, in bounded time and memory."""

import _socket
import logging
import socket
import time
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from companion.channels.base import Channel, Outcome, Refused, Sent, TryAgain
from companion.channels.registry import build_channel
from tests.companion.channels.messages import ACK_URL, message
from tests.companion.channels.subjects import MARKS, SUBJECTS
from tests.fakes.misbehaviour import Behaviour
from tests.fakes.nasty import NastyServer

TIMES = {"timeout_s": 0.25, "read_timeout_s": 0.2}
ADDRESS = "491701234567"
"""A number, a chat, a topic: one that every kind can try."""

# Which outcome; then whether the message may exist, or whether the channel is broken.
UNCERTAIN = {
    Behaviour.HANG,
    Behaviour.DRIP,
    Behaviour.HUGE,
    Behaviour.BOMB,
    Behaviour.HALF,
    Behaviour.GARBAGE,
    Behaviour.RESET,
    Behaviour.NOT_HTTP,
    Behaviour.STATUS_500,
    Behaviour.STATUS_502,
    Behaviour.TAKE_AND_RESET,
    Behaviour.TAKE_AND_HANG,
}
NOT_SENT = {
    Behaviour.STATUS_400,
    Behaviour.STATUS_408,
    Behaviour.STATUS_503,
    Behaviour.STATUS_429,
    Behaviour.STATUS_429_DATE,
    Behaviour.HUGE_ERROR,
    Behaviour.REDIRECT,
}
BROKEN = {Behaviour.STATUS_401, Behaviour.STATUS_403, Behaviour.DRIPPING_401}
REFUSED = {Behaviour.STATUS_404}
BUSY = {Behaviour.STATUS_429_BARE, Behaviour.STATUS_429_ODD}
"""What they mean is a column of `test_every_channel.py`: not the same for all."""


@pytest.fixture(params=sorted(SUBJECTS))
def channel_at(request: pytest.FixtureRequest) -> Callable[[str], Channel]:
    subject = SUBJECTS[request.param]
    return lambda url: build_channel(subject.kind, subject.settings(url) | TIMES)


async def tried(channel_at: Callable[[str], Channel], behaviour: Behaviour) -> Outcome:
    async with NastyServer(behaviour=behaviour) as server:
        channel = channel_at(server.url)
        try:
            return await channel.send(message(address=ADDRESS))
        finally:
            await channel.close()


def test_every_behaviour_has_its_expected_outcome() -> None:
    assert set(Behaviour) == UNCERTAIN | NOT_SENT | BROKEN | REFUSED | BUSY


@pytest.mark.parametrize("behaviour", sorted(UNCERTAIN))
async def test_no_usable_answer_is_tried_again_and_marked_as_uncertain(
    channel_at: Callable[[str], Channel], behaviour: Behaviour
) -> None:
    outcome = await tried(channel_at, behaviour)

    assert isinstance(outcome, TryAgain), outcome
    assert outcome.uncertain


@pytest.mark.parametrize("behaviour", sorted(NOT_SENT))
async def test_a_provider_that_does_not_say_no_for_good_is_tried_again(
    channel_at: Callable[[str], Channel], behaviour: Behaviour
) -> None:
    outcome = await tried(channel_at, behaviour)

    assert isinstance(outcome, TryAgain), outcome
    assert not outcome.uncertain


@pytest.mark.parametrize("behaviour", [Behaviour.STATUS_429, Behaviour.STATUS_429_DATE])
async def test_the_wait_of_a_busy_provider_is_passed_on(
    channel_at: Callable[[str], Channel], behaviour: Behaviour
) -> None:
    outcome = await tried(channel_at, behaviour)

    assert isinstance(outcome, TryAgain)
    assert outcome.after is not None
    assert timedelta(seconds=70) < outcome.after <= timedelta(seconds=90)


@pytest.mark.parametrize("behaviour", sorted(BROKEN))
async def test_an_answer_that_no_message_can_change_breaks_the_channel(
    channel_at: Callable[[str], Channel], behaviour: Behaviour
) -> None:
    outcome = await tried(channel_at, behaviour)

    assert isinstance(outcome, Refused), outcome
    assert outcome.channel_broken


async def test_a_redirect_is_not_followed(channel_at: Callable[[str], Channel]) -> None:
    outcome = await tried(channel_at, Behaviour.REDIRECT)

    assert isinstance(outcome, TryAgain)
    assert outcome.status_code == 302


async def test_a_name_leads_nowhere_that_no_channel_may_go_and_no_proxy_of_the_environment_is_asked(
    channel_at: Callable[[str], Channel], monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_up(_host: str, *args: Any, **kwargs: Any) -> Any:
        return _socket.getaddrinfo("0.0.0.0", *args, **kwargs)  # it leads to this host

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    async with NastyServer() as canary:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, canary.url)
        channel = channel_at(f"http://canary.example:{canary.port}")
        outcomes = [await channel.send(message(address=ADDRESS)), await channel.check()]
        await channel.close()

    assert canary.received == []
    assert [(type(one), getattr(one, "channel_broken", None)) for one in outcomes] == [(Refused, True)] * 2


@pytest.mark.parametrize("behaviour", sorted(REFUSED))
async def test_a_refusal_that_is_final_is_not_repeated(
    channel_at: Callable[[str], Channel], behaviour: Behaviour
) -> None:
    outcome = await tried(channel_at, behaviour)

    assert isinstance(outcome, Refused)


async def test_a_closed_port_is_tried_again_and_was_certainly_not_sent(
    channel_at: Callable[[str], Channel],
) -> None:
    async with NastyServer() as server:
        url = server.url
    channel = channel_at(url)

    outcome = await channel.send(message(address=ADDRESS))
    await channel.close()

    assert isinstance(outcome, TryAgain), outcome
    assert not outcome.uncertain
    assert "refused" in str(outcome.reason)


@pytest.mark.parametrize("behaviour", [Behaviour.HUGE, Behaviour.HUGE_ERROR, Behaviour.BOMB])
async def test_an_answer_of_100_mb_is_not_taken_into_memory(
    channel_at: Callable[[str], Channel], behaviour: Behaviour
) -> None:
    tracemalloc.start()
    try:
        await tried(channel_at, behaviour)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 8 * 1024 * 1024


@pytest.mark.parametrize("behaviour", sorted(Behaviour))
async def test_nothing_takes_longer_than_the_channel_allows_and_neither_reason_nor_log_tells_a_secret(
    channel_at: Callable[[str], Channel], behaviour: Behaviour, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    started = time.monotonic()

    outcome = await tried(channel_at, behaviour)

    # Far above the limit of 0.25 s, since the machine may be busy; an unlimited wait would be endless.
    assert time.monotonic() - started < 3
    assert not isinstance(outcome, Sent)
    assert str(outcome.reason)
    assert len(str(outcome.reason)) <= 300
    assert not [mark for mark in (*MARKS, ACK_URL) if mark in f"{outcome} {caplog.text}"]
    assert "127.0.0.1" not in str(outcome.reason)


def test_neither_channel_nor_settings_show_a_secret(channel_at: Callable[[str], Channel]) -> None:
    channel = channel_at("http://127.0.0.1:9")

    assert not [mark for mark in MARKS if mark in f"{channel!r} {vars(channel)['_config']!r}"]


@pytest.mark.parametrize("behaviour", sorted(Behaviour))
async def test_a_check_never_raises_and_never_calls_a_bad_provider_good(
    channel_at: Callable[[str], Channel], behaviour: Behaviour
) -> None:
    async with NastyServer(behaviour=behaviour) as server:
        channel = channel_at(server.url)

        outcome = await channel.check()
        await channel.close()

    assert not isinstance(outcome, Sent) or outcome.warning
