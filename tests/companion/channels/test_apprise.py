"""Apprise in its own process: what arrives, what its answers mean, and that it can neither hang nor reach what it must not."""

import asyncio
import json
import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, override

import pytest
from aiohttp import web

from companion.channels.apprise.process import Done, environment
from companion.channels.apprise.sender import outcome_of
from companion.channels.base import Channel, MessageKind, Outcome, Refused, Sent, TryAgain
from companion.channels.registry import ChannelConfigError, build_channel, mistakes, validated
from tests.companion.channels.messages import ACK_URL, message
from tests.companion.channels.pages import examples_of
from tests.fakes.misbehaviour import Behaviour
from tests.fakes.ports import free_port
from tests.fakes.server import FakeServer

SECRET = "hunter2-very-secret"


class Service(FakeServer):
    """Takes what Apprise's `json://` sends, and answers with the status that its path ends with."""

    canary_port = 0

    @override
    def routes(self) -> list[web.RouteDef]:
        """Serve every path."""
        return [web.post("/{path:.*}", self._take)]

    async def _take(self, request: web.Request) -> web.Response:
        last = request.path.rsplit("/", 1)[-1]
        status = int(last) if last.isdecimal() else 200
        away = {"Location": f"http://0.0.0.0:{self.canary_port}/meta"} if status == 307 else {}
        return web.Response(status=status, headers=away)


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with Service() as server:
        yield server


@asynccontextmanager
async def canary() -> AsyncIterator[Canary]:
    """Listen on every address of this host: 0.0.0.0, which no channel may call, leads here."""
    found = Canary()
    server = await asyncio.start_server(found.came, "127.0.0.1", found.port)
    try:
        yield found
    finally:
        server.close()
        server.close_clients()


class Canary:
    """Somebody who must not be called, or who says nothing."""

    def __init__(self) -> None:
        self.port = free_port()
        self.called = asyncio.Event()

    async def came(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.called.set()
        with suppress(ConnectionError):
            await reader.read()
        writer.close()


def channel_at(url: str, **config: Any) -> Channel:
    return build_channel("apprise", {"url": url, **config})


async def sent(url: str, kind: MessageKind = MessageKind.PAGE, **config: Any) -> Outcome:
    channel = channel_at(url, **config)
    outcome = await channel.send(message(kind, address="an/na?"))
    await channel.close()
    return outcome


def at(service: FakeServer, path: str) -> str:
    return f"json://127.0.0.1:{service.port}/{path}"


def workers() -> list[str]:
    """Return the command lines of Apprise's processes that this process has started."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = place.joinpath("stat").read_text().rpartition(")")[2].split()[1]
            line = place.joinpath("cmdline").read_bytes()
            if int(parent) == os.getpid() and b"apprise" in line:
                found.append((line + place.joinpath("environ").read_bytes()).decode(errors="replace"))
    return found


# --- what arrives ---------------------------------------------------------------------------------------


async def test_a_page_arrives_with_its_link_and_is_never_more_than_sent(service: Service) -> None:
    outcome = await sent(at(service, f"{SECRET}/{{to}}"))

    assert outcome == Sent(provider_ref=None)
    (request,) = service.received
    assert request.path == f"/{SECRET}/an/na?"
    body = request.body
    assert (body["title"], body["type"]) == ("ALARM: Panic key: Reception", "failure")
    assert body["message"].startswith("Where: Reception, Main office")
    assert f"Acknowledge here: {ACK_URL}" in body["message"]
    assert workers() == []


def no(*, understood: bool = True, status: int | None = None) -> Done:
    return Done(understood=understood, sent=False, status=status, forbidden=False)


@pytest.mark.parametrize(
    ("done", "kind", "broken", "uncertain", "said"),
    [
        (no(status=401), Refused, True, False, "credentials"),
        (no(status=404), Refused, False, False, "HTTP 404"),
        (no(status=503), TryAgain, False, False, "HTTP 503"),
        (no(status=500), TryAgain, False, True, "HTTP 500"),
        (no(), TryAgain, False, True, "does not say why"),
        (None, TryAgain, False, True, "ended without an answer"),
        (no(understood=False), Refused, True, False, "knows no such service"),
    ],
)
def test_a_no_means_what_its_status_says_and_without_one_the_message_may_have_been_sent(
    done: Done | None,
    kind: type[Outcome],
    broken: bool,  # noqa: FBT001 - a column of the table
    uncertain: bool,  # noqa: FBT001 - a column of the table
    said: str,
) -> None:
    outcome = outcome_of(done)

    assert isinstance(outcome, kind)
    assert not isinstance(outcome, Sent)
    assert (getattr(outcome, "channel_broken", False), getattr(outcome, "uncertain", False)) == (
        broken,
        uncertain,
    )
    assert said in str(outcome.reason)


async def test_the_status_of_a_no_is_known_and_the_url_is_not_told(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    outcome = await sent(at(service, f"{SECRET}/401"))

    assert isinstance(outcome, Refused)
    assert outcome.status_code == 401
    assert SECRET not in str(outcome.reason) + caplog.text


async def test_a_check_asks_apprise_alone(service: Service) -> None:
    channel = channel_at(at(service, "x"))

    outcome = await channel.check()

    assert isinstance(outcome, Sent)
    assert "only a message shows" in str(outcome.warning)
    assert service.received == []


def test_a_service_that_apprise_does_not_know_is_refused_when_it_is_applied() -> None:
    (found,) = mistakes("apprise", validated("apprise", {"url": f"pigeon://{SECRET}"}))

    assert (found.where, SECRET in found.message) == (".url", False)


# --- it can neither hang nor stay -----------------------------------------------------------------------


async def test_a_service_that_hangs_is_given_up_and_its_process_is_gone() -> None:
    async with canary() as silent:
        # Apprise itself would wait for five minutes.
        channel = channel_at(f"json://127.0.0.1:{silent.port}/{SECRET}?rto=300")
        sending = asyncio.create_task(channel.send(message()))
        await silent.called.wait()
        (running,) = workers()
        assert SECRET not in running
        sending.cancel()
        async with asyncio.timeout(20):
            with pytest.raises(asyncio.CancelledError):
                await sending

    assert workers() == []


async def test_what_takes_longer_than_it_may_is_ended_and_may_have_been_sent(service: Service) -> None:
    outcome = await sent(at(service, "x"), timeout_s=0.05)

    assert isinstance(outcome, TryAgain)
    assert outcome.uncertain
    assert workers() == []


async def test_an_answer_without_an_end_ends_the_process_and_not_the_host(service: Service) -> None:
    service.behave(Behaviour.HUGE)

    outcome = await sent(at(service, "x"))

    assert isinstance(outcome, TryAgain | Sent)
    assert workers() == []


# --- where it cannot go ---------------------------------------------------------------------------------


async def test_an_address_that_no_channel_may_call_is_not_called() -> None:
    async with canary() as forbidden:
        channel = channel_at(f"json://{{to}}:{forbidden.port}/x")
        outcome = await channel.send(message(address="0.0.0.0"))  # leads to this host

    assert isinstance(outcome, Refused)
    assert outcome.channel_broken
    assert "no channel may call this address" in str(outcome.reason)
    assert not forbidden.called.is_set()


async def test_a_redirect_leads_nowhere_that_a_channel_may_not_go(service: Service) -> None:
    async with canary() as forbidden:
        service.canary_port = forbidden.port
        outcome = await sent(at(service, "307?redirect=yes"))

    assert isinstance(outcome, Refused)
    assert "no channel may call this address" in str(outcome.reason)
    assert not forbidden.called.is_set()


async def test_proxies_and_secrets_of_the_environment_stay_outside(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALARM_BROKER_SECRET_KEY", SECRET)
    async with canary() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        outcome = await sent(at(service, "x"))

    assert isinstance(outcome, Sent)
    assert not proxy.called.is_set()
    assert SECRET not in environment().values()


ATTEMPTS = """
import json, os, socket, subprocess, sys
from companion.channels.apprise.guard import guarded
guarded()
port = int(sys.argv[1])
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
attempts = {
    "allowed": lambda: socket.create_connection(("127.0.0.1", port), 5),
    "any address": lambda: socket.create_connection(("0.0.0.0", port), 5),
    "spelled otherwise": lambda: socket.create_connection(("0", port), 5),
    "mapped": lambda: socket.create_connection(("::ffff:0.0.0.0", port), 5),
    "metadata": lambda: socket.socket().connect_ex(("169.254.169.254", 80)),
    "name in connect": lambda: socket.socket().connect(("localhost", port)),
    "datagram": lambda: udp.sendto(b"x", ("169.254.169.254", 53)),
    "message": lambda: udp.sendmsg([b"x"], [], 0, ("169.254.169.254", 53)),
    "socket of the host": lambda: socket.socket(socket.AF_UNIX).connect("/run/docker.sock"),
    "program": lambda: subprocess.run(["/bin/true"]),
    "shell": lambda: os.system("true"),
    "fork": os.fork,
}
for name, attempt in attempts.items():
    try:
        attempt()
        print(name, "went")
    except OSError as err:
        print(name, type(err).__name__)
"""


async def test_whatever_a_library_tries_in_the_process_is_looked_at_where_python_calls() -> None:
    async with canary() as there:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", ATTEMPTS, str(there.port)), stdout=subprocess.PIPE
        )
        said, _ = await process.communicate()

    outcomes = dict(line.rsplit(" ", 1) for line in said.decode().splitlines())
    programs = dict.fromkeys(("program", "shell", "fork"), "PermissionError")
    assert outcomes.pop("allowed") == "went"
    assert {name: outcomes.pop(name) for name in programs} == programs
    assert len(outcomes) == 8
    assert set(outcomes.values()) == {"ForbiddenAddressError"}


# --- settings -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["", "hunter2", "json://a json://b", "json://a,json://b", "json://a\r\nx"])
def test_what_is_not_one_url_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ChannelConfigError, match="url") as raised:
        channel_at(url)

    assert not url or url not in str(raised.value)


def test_a_channel_shows_no_url_and_loads_no_apprise_into_the_service() -> None:
    channel = channel_at(f"json://host/{SECRET}")

    assert SECRET not in repr(channel) + repr(vars(channel))
    assert "apprise" not in sys.modules


def test_the_examples_of_the_page_are_channels() -> None:
    examples = examples_of("apprise")

    assert len(examples) == 2
    for one in examples:
        build_channel("apprise", one)


def test_the_answer_of_a_process_that_says_anything_else_is_none() -> None:
    for said in (b"", b"[]", b"{}", b"null", json.dumps({"sent": True, "evil": 1}).encode()):
        assert Done.read(said) is None
