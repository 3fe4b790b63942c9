import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from companion.channels.base import Refused, TryAgain
from companion.channels.http import (
    REASON_LIMIT,
    Reply,
    answered_at,
    failure_of_error,
    failure_of_status,
    retry_after,
    scrubbed,
)
from companion.channels.resolver import PER_NAME, ChannelResolver

NOW = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 501, 502, 503, 504, 599])
def test_trouble_that_may_pass_is_tried_again(status: int) -> None:
    assert isinstance(failure_of_status(Reply(status=status), NOW), TryAgain)


@pytest.mark.parametrize("status", [404, 405, 410, 413, 422])
def test_a_message_that_is_not_liked_is_refused_without_blaming_the_channel(status: int) -> None:
    outcome = failure_of_status(Reply(status=status), NOW)

    assert isinstance(outcome, Refused)
    assert not outcome.channel_broken


@pytest.mark.parametrize("status", [400, 402, 409, 418, 420, 451, 499])
@pytest.mark.parametrize("detail", ["", "no such user", "connection refused"])
def test_a_refusal_that_http_does_not_name_as_final_is_tried_again(status: int, detail: str) -> None:
    outcome = failure_of_status(Reply(status=status), NOW, detail)

    assert isinstance(outcome, TryAgain)
    assert outcome.unknown


@pytest.mark.parametrize("status", [404, 410, 422])
@pytest.mark.parametrize("detail", ["java.net.ConnectException: connection timed out", "try again later"])
def test_no_word_of_the_provider_makes_a_final_status_pass(status: int, detail: str) -> None:
    assert isinstance(failure_of_status(Reply(status=status), NOW, detail), Refused)


@pytest.mark.parametrize("status", [302, 303, 307])
def test_a_redirect_for_the_time_being_is_tried_again(status: int) -> None:
    assert isinstance(failure_of_status(Reply(status=status), NOW), TryAgain)


@pytest.mark.parametrize("status", [401, 403, 301, 308])
def test_bad_credentials_and_redirects_break_the_channel(status: int) -> None:
    outcome = failure_of_status(Reply(status=status), NOW)

    assert isinstance(outcome, Refused)
    assert outcome.channel_broken


@pytest.mark.parametrize(
    ("status", "uncertain"), [(500, True), (502, True), (504, True), (503, False), (429, False)]
)
def test_a_failure_behind_the_gateway_may_have_sent_the_message(status: int, uncertain: bool) -> None:  # noqa: FBT001 - a column of the table
    outcome = failure_of_status(Reply(status=status), NOW)

    assert isinstance(outcome, TryAgain)
    assert outcome.uncertain is uncertain


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("120", timedelta(seconds=120)),
        (" 7 ", timedelta(seconds=7)),
        ("Fri, 20 Nov 2026 22:01:30 GMT", timedelta(seconds=90)),
        ("Fri, 20 Nov 2026 21:00:00 GMT", timedelta(0)),
        ("999999999999999999999", timedelta(days=7)),
        ("soon", None),
        ("-5", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str | None, wait: timedelta | None) -> None:
    assert retry_after(header, NOW) == wait


@pytest.mark.parametrize(
    "said", [{"Date": "Fri, 20 Nov 2026 12:00:00 GMT"}, {"Date": "Fri, 20 Nov 2026 12:00:00 -0000"}]
)
def test_a_date_to_try_again_at_is_read_by_the_clock_of_who_says_it(said: dict[str, str]) -> None:
    reply = Reply(status=503, headers={"Retry-After": "Fri, 20 Nov 2026 12:00:40 GMT", **said})

    assert failure_of_status(reply, answered_at(reply)).after == timedelta(seconds=40)  # type: ignore[union-attr] # 503


@pytest.mark.parametrize("said", [{}, {"Date": "yesterday"}])
def test_without_a_usable_date_the_answer_is_of_now(said: dict[str, str]) -> None:
    assert abs(answered_at(Reply(status=503, headers=said)) - datetime.now(UTC)) < timedelta(minutes=1)


def test_the_wait_a_provider_asks_for_reaches_the_dispatcher() -> None:
    outcome = failure_of_status(Reply(status=503, headers={"Retry-After": "30"}), NOW)

    assert isinstance(outcome, TryAgain)
    assert outcome.after == timedelta(seconds=30)


def test_an_unknown_error_after_connecting_leaves_the_fate_of_the_message_open() -> None:
    outcome = failure_of_error(ConnectionResetError("http://user:hunter2@host"))

    assert isinstance(outcome, TryAgain)
    assert outcome.uncertain
    assert "hunter2" not in str(outcome.reason)


def test_what_a_provider_says_is_quoted_without_secrets_links_and_line_breaks() -> None:
    said = 'bad\ntoken "s3cr3t" or s%2Fq for\x00 https://alarm.example/a/abc?x=1 <b>'

    assert scrubbed(said, ["s3cr3t", "s/q"]) == 'bad token "***" or *** for (link) <b>'


def test_an_empty_secret_hides_nothing() -> None:
    assert scrubbed("no such number", ["", "hunter2"]) == "no such number"


def test_a_long_reason_is_cut() -> None:
    outcome = failure_of_status(Reply(status=400), NOW, "x" * 5000)

    assert len(str(outcome.reason)) <= REASON_LIMIT


class NameServer:
    """The host's resolver, which does not answer for some names until it is told to."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.asked: list[str] = []
        self._ask = socket.getaddrinfo

    def getaddrinfo(self, host: str, *args: Any, **kwargs: Any) -> Any:
        self.asked.append(host)
        if host.startswith("slow"):
            self.go_on.wait(30)
            raise socket.gaierror
        return self._ask(host, *args, **kwargs)


@pytest.fixture
async def names(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[NameServer]:
    server = NameServer()
    monkeypatch.setattr(socket, "getaddrinfo", server.getaddrinfo)
    yield server
    server.go_on.set()
    await lookups_ended()


async def lookups_ended() -> None:
    for thread in threading.enumerate():
        if thread.name == "channel-names":
            await asyncio.to_thread(thread.join, 10)


@pytest.mark.parametrize("same_channel", [True, False])
async def test_slow_names_hold_up_no_other(names: NameServer, *, same_channel: bool) -> None:
    one = ChannelResolver()
    other = one if same_channel else ChannelResolver()
    waiting = [asyncio.create_task(one.resolve(f"slow{number}.example")) for number in range(40)]
    await asyncio.sleep(0)

    async with asyncio.timeout(10):
        found = await other.resolve("localhost", 80)
        await asyncio.to_thread(int)

    names.go_on.set()
    failed = await asyncio.gather(*waiting, return_exceptions=True)
    assert (found[0]["host"], found[0]["port"]) == ("127.0.0.1", 80)
    assert {type(one) for one in failed} == {socket.gaierror}


async def test_one_slow_name_is_looked_up_a_few_times_at_once_and_no_more(names: NameServer) -> None:
    resolver = ChannelResolver()
    waiting = [asyncio.create_task(resolver.resolve("slow.example")) for _ in range(40)]
    await asyncio.sleep(0)

    names.go_on.set()
    failed = await asyncio.gather(*waiting, return_exceptions=True)

    assert {type(one) for one in failed} == {socket.gaierror}
    await lookups_ended()
    assert len(names.asked) == PER_NAME


async def test_who_gives_up_waiting_for_a_name_takes_it_from_nobody_else(names: NameServer) -> None:
    resolver = ChannelResolver()
    waiting = [asyncio.create_task(resolver.resolve("slow.example")) for _ in range(2)]
    await asyncio.sleep(0)

    waiting[0].cancel()
    await asyncio.sleep(0)
    names.go_on.set()

    with pytest.raises(socket.gaierror):
        await waiting[1]
