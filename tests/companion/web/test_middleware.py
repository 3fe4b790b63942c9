"""What every request goes through."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_network
from typing import Any

import pytest

from companion.store.database import StoreUnavailable
from companion.web.http import middleware
from companion.web.http.middleware import client_address, is_loopback
from companion.web.routes import table
from tests.companion.conftest import Directory
from tests.companion.databases import sqlite_only  # noqa: F401 - a fixture: nothing here depends on the kind
from tests.companion.web.harness import Api

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


async def test_an_address_that_does_not_exist_is_a_problem_document(api: Api) -> None:
    reply = await api.call("GET", "/v2/anything")

    assert (reply.status, reply.problem) == (404, "no-such-page")
    assert set(reply.json) == {"type", "title", "status", "detail"}


@pytest.mark.parametrize("path", sorted({route.path for route in table() if "{" not in route.path}))
async def test_head_changes_nothing_anywhere(api: Api, path: str) -> None:
    reply = await api.call("HEAD", path)

    assert reply.status == 405
    assert "HEAD" not in reply.headers["Allow"]


async def test_every_answer_forbids_to_keep_frame_or_guess_it(api: Api) -> None:
    replies = [
        await api.call("GET", path) for path in ("/healthz", "/v1/alarms", "/nothing", "/openapi.json")
    ]

    assert {reply.headers["Cache-Control"] for reply in replies} == {"no-store"}
    assert {reply.headers["X-Content-Type-Options"] for reply in replies} == {"nosniff"}
    assert {reply.headers["Referrer-Policy"] for reply in replies} == {"no-referrer"}
    assert all("default-src 'none'" in reply.headers["Content-Security-Policy"] for reply in replies)
    assert {reply.headers["Server"] for reply in replies} == {"alarm-broker"}


async def test_a_body_over_the_limit_is_refused(api: Api) -> None:
    body = io.BytesIO(json.dumps({"title": "x" * middleware.BODY_LIMIT}).encode())

    reply = await api.call("POST", "/v1/alarms", data=body, headers={"Content-Type": "application/json"})

    assert (reply.status, reply.problem) == (413, "body-too-large")


@pytest.mark.parametrize(
    ("body", "content_type", "status", "problem"),
    [
        (b"{", "application/json", 400, "malformed-request"),
        (b'{"title": "\\ud800"}', "application/json", 400, "malformed-request"),
        (b"\xff\xfe", "application/json", 400, "malformed-request"),
        (b"[]", "application/json", 422, "invalid-request"),
        (b"title=x", "application/x-www-form-urlencoded", 415, "unsupported-media-type"),
        (b"", "application/json", 400, "malformed-request"),
    ],
    ids=["half", "lone surrogate", "not UTF-8", "a list", "a form", "empty"],
)
async def test_a_body_that_is_not_the_json_we_want_is_refused(
    api: Api, body: bytes, content_type: str, status: int, problem: str
) -> None:
    reply = await api.call("POST", "/v1/alarms", data=body, headers={"Content-Type": content_type})

    assert (reply.status, reply.problem) == (status, problem)


async def test_a_body_that_is_not_encoded_as_it_says_is_refused(api: Api) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}

    reply = await api.call("POST", "/v1/alarms", data=b"not gzip at all", headers=headers)

    assert reply.status == 400


async def test_a_request_id_comes_back_and_a_strange_one_does_not(api: Api) -> None:
    good = await api.call("GET", "/healthz", headers={"X-Request-ID": "abc-123"})
    strange = await api.call("GET", "/healthz", headers={"X-Request-ID": "a b"})

    assert good.headers["X-Request-ID"] == "abc-123"
    assert strange.headers["X-Request-ID"] not in {"a b", ""}


# --- when something goes wrong --------------------------------------------------------------------------


class BrokenDatabase:
    """A database that answers every unit of work with the same error."""

    dialect = "sqlite"
    misplaced = False

    def __init__(self, error: Exception | None) -> None:
        self.error = error

    async def write(self, _work: Any) -> Any:
        """Fail, or never end."""
        if self.error is None:
            await asyncio.Event().wait()
        raise self.error or AssertionError

    read = write


@pytest.fixture
def breaking(api: Api) -> Iterator[Any]:
    """A function that breaks the database under the running application."""
    original = api.context.db

    def swap(db: Any) -> None:
        object.__setattr__(api.context, "db", db)  # a frozen context; nothing in the product ever changes it

    yield lambda error: swap(BrokenDatabase(error))
    swap(original)


async def test_a_database_that_is_away_is_said_so(api: Api, breaking: Any) -> None:
    breaking(StoreUnavailable("gone"))

    reply = await api.call("GET", "/v1/alarms")
    ready = await api.call("GET", "/readyz")

    assert (reply.status, reply.problem, reply.headers["Retry-After"]) == (503, "store-unavailable", "5")
    assert (ready.status, ready.problem) == (503, "not-ready")
    assert ready.json["checks"] == [
        {
            "name": "database",
            "status": "error",
            "code": "database_refuses",
            "message": "Nothing can be written (StoreUnavailable). Alarms cannot be taken; look at the log.",
        }
    ]
    assert (await api.call("GET", "/healthz")).status == 200


async def test_a_mistake_of_ours_tells_nothing_of_our_inside(
    api: Api, breaking: Any, caplog: pytest.LogCaptureFixture
) -> None:
    breaking(RuntimeError("SELECT secret FROM everything"))

    reply = await api.call("GET", "/v1/alarms")

    assert (reply.status, reply.problem) == (500, "internal")
    assert "SELECT" not in reply.text
    assert reply.headers["X-Request-ID"] in reply.json["detail"]
    assert "SELECT secret FROM everything" in caplog.text


async def test_a_request_that_takes_too_long_is_ended(
    api: Api, breaking: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(middleware, "TIME_LIMIT_S", 0.02)
    breaking(None)

    reply = await api.call("GET", "/v1/alarms")

    assert (reply.status, reply.problem) == (503, "took-too-long")


async def test_a_caller_that_goes_away_leaves_no_mistake_in_the_log(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    before = asyncio.all_tasks()
    reader, writer = await asyncio.open_connection("127.0.0.1", api.client.port)
    head = f"POST /v1/alarms HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.keys['admin']}\r\n"
    writer.write(head.encode() + b"Content-Type: application/json\r\nContent-Length: 100\r\n")
    writer.write(b"Expect: 100-continue\r\n\r\n{")
    assert await reader.readline() == b"HTTP/1.1 100 Continue\r\n"  # it waits for the rest
    serving = asyncio.all_tasks() - before
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    async with asyncio.timeout(5):
        await asyncio.wait(serving)

    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


# --- the log --------------------------------------------------------------------------------------------


async def test_the_log_has_one_line_a_request_and_no_token_in_it(
    api: Api, directory: Directory, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="companion.web")

    await api.press(directory.phone_token)
    await api.call("GET", "/a/a-token-in-the-path")

    lines = [record for record in caplog.records if record.name.startswith("companion.web")]
    assert lines[0].getMessage() == "GET /v1/yealink/alarm 200"
    assert len(lines) == 2
    everything = json.dumps([record.__dict__ for record in lines], default=str)
    assert directory.phone_token not in everything
    assert "a-token-in-the-path" not in everything


# --- whose request it is --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.1", ["198.51.100.7"], "192.0.2.1"),
        ("10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["1.1.1.1, 198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["1.1.1.1", "198.51.100.7, 10.0.0.2"], "198.51.100.7"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["nonsense"], "10.0.0.1"),
        ("fd00::1", ["2001:db8::7"], "2001:db8::7"),
        ("::ffff:10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("unknown", ["198.51.100.7"], "unknown"),
    ],
    ids=[
        "no proxy of ours",
        "one",
        "forged before",
        "two",
        "no header",
        "nonsense",
        "IPv6",
        "mapped",
        "socket",
    ],
)
def test_only_our_own_proxies_are_believed(peer: str, forwarded: list[str], client: str) -> None:
    assert client_address(peer, forwarded, TRUSTED) == client


@pytest.mark.parametrize(
    ("address", "local"),
    [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("10.0.0.1", False), ("unknown", False)],
)
def test_loopback_is_this_host(address: str, *, local: bool) -> None:
    assert is_loopback(address) is local
