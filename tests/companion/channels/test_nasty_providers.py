"""Every channel against everything a provider can do wrong: the right outcome, in bounded time and memory."""

import _socket
import logging
import socket
import time
import tracemalloc
from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from companion.channels.base import Channel, Outcome, Refused, Sent, TryAgain
from companion.channels.registry import build_channel
from tests.companion.channels.messages import ACK_URL, message
from tests.fakes.misbehaviour import Behaviour
from tests.fakes.nasty import NastyServer

SECRET = "hunter2-very-secret"
TIMES = {"timeout_s": 0.25, "read_timeout_s": 0.2}
TWILIO = {"account_sid": "AC" + "0" * 32, "auth_token": SECRET, "sender": "+4930123456"}
ADDRESS = "491701234567"
"""A number, a chat, a topic: one that every kind can try."""

CHANNELS: dict[str, Callable[[str], Channel]] = {
    "zammad": lambda url: build_channel(
        "zammad", {"url": url, "token": SECRET, "group": "Alarm", "customer": "alarm@site.example", **TIMES}
    ),
    "signal": lambda url: build_channel(
        "signal",
        {"url": url, "number": "+4930123456", "header_name": "X-Key", "header_value": SECRET, **TIMES},
    ),
    "matrix": lambda url: build_channel("matrix", {"url": url, "token": SECRET, **TIMES}),
    "mattermost": lambda url: build_channel("mattermost", {"url": f"{url}/hooks/{SECRET}", **TIMES}),
    "mattermost, a bot": lambda url: build_channel("mattermost", {"url": url, "token": SECRET, **TIMES}),
    "opsgenie": lambda url: build_channel("opsgenie", {"url": url, "api_key": SECRET, **TIMES}),
    "pagerduty": lambda url: build_channel(
        "pagerduty", {"url": url, "routing_key": f"{SECRET:x<32}", **TIMES}
    ),
    "discord": lambda url: build_channel("discord", {"url": f"{url}/api/webhooks/1/{SECRET}", **TIMES}),
    "teams": lambda url: build_channel("teams", {"url": f"{url}/invoke?sig={SECRET}", **TIMES}),
    "slack": lambda url: build_channel("slack", {"url": f"{url}/services/{SECRET}", **TIMES}),
    "slack, an app": lambda url: build_channel(
        "slack", {"url": url, "token": SECRET, "signing_secret": SECRET, **TIMES}
    ),
    "sms": lambda url: build_channel(
        "sms",
        {
            "url": f"{url}/send?key={SECRET}",
            "headers": {"Authorization": f"Bearer {SECRET}"},
            "success": {"pointer": "/status", "equals": "queued"},
            **TIMES,
        },
    ),
    "whatsapp": lambda url: build_channel(
        "whatsapp", {"url": url, "phone_number_id": "106540352242922", "token": SECRET, **TIMES}
    ),
    "twilio_sms": lambda url: build_channel("twilio_sms", {"url": url, **TWILIO, **TIMES}),
    "twilio_voice": lambda url: build_channel("twilio_voice", {"url": url, **TWILIO, **TIMES}),
    "pushover": lambda url: build_channel("pushover", {"url": url, "token": SECRET, **TIMES}),
    "webhook": lambda url: build_channel(
        "webhook",
        {
            "url": f"{url}/hook/{SECRET}",
            "signing_keys": [f"whsec_{b64encode(SECRET.encode() * 2).decode()}"],
            **TIMES,
        },
    ),
    "ntfy": lambda url: build_channel("ntfy", {"url": url, "token": SECRET, **TIMES}),
    "telegram": lambda url: build_channel("telegram", {"url": url, "token": f"1:{SECRET}", **TIMES}),
}

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


@pytest.fixture(params=sorted(CHANNELS))
def channel_at(request: pytest.FixtureRequest) -> Callable[[str], Channel]:
    return CHANNELS[request.param]


async def tried(channel_at: Callable[[str], Channel], behaviour: Behaviour) -> Outcome:
    async with NastyServer(behaviour=behaviour) as server:
        channel = channel_at(server.url)
        try:
            return await channel.send(message(address=ADDRESS))
        finally:
            await channel.close()


def test_every_behaviour_has_its_expected_outcome() -> None:
    assert set(Behaviour) == UNCERTAIN | NOT_SENT | BROKEN | REFUSED


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


@pytest.mark.parametrize("behaviour", sorted(Behaviour))
async def test_no_behaviour_takes_longer_than_the_channel_allows(
    channel_at: Callable[[str], Channel], behaviour: Behaviour
) -> None:
    started = time.monotonic()

    await tried(channel_at, behaviour)

    # Far above the limit of 0.25 s, since the machine may be busy; an unlimited wait would be endless.
    assert time.monotonic() - started < 3


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
async def test_neither_reason_nor_log_tells_a_secret(
    channel_at: Callable[[str], Channel], behaviour: Behaviour, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    outcome = await tried(channel_at, behaviour)

    assert not isinstance(outcome, Sent)
    assert str(outcome.reason)
    assert len(str(outcome.reason)) <= 300
    assert SECRET not in str(outcome.reason) + caplog.text
    assert ACK_URL not in str(outcome.reason) + caplog.text
    assert "127.0.0.1" not in str(outcome.reason)


def test_neither_channel_nor_settings_show_a_secret(channel_at: Callable[[str], Channel]) -> None:
    channel = channel_at("http://127.0.0.1:9")

    assert SECRET not in repr(channel) + repr(vars(channel)["_config"])


@pytest.mark.parametrize("behaviour", sorted(Behaviour))
async def test_a_check_never_raises_and_never_calls_a_bad_provider_good(
    channel_at: Callable[[str], Channel], behaviour: Behaviour
) -> None:
    async with NastyServer(behaviour=behaviour) as server:
        channel = channel_at(server.url)

        outcome = await channel.check()
        await channel.close()

    assert not isinstance(outcome, Sent) or outcome.warning
