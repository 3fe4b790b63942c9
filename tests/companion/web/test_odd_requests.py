"""Bytes that no client of ours sends, and what people and proxies make of a phone's address."""

import asyncio
import gzip
import logging
import zlib
from typing import Any

import pytest

from companion.directory.store import put_token
from companion.ids import token_hash
from companion.store.scope import ALL_SITES
from tests.companion.conftest import Directory
from tests.companion.web.harness import PHONE, Api
from tests.companion.web.people_pages import log_in


async def _raw(api: Api, *lines: bytes, body: bytes = b"") -> bytes:
    """Return the answer to a request as it stands."""
    reader, writer = await asyncio.open_connection("127.0.0.1", api.client.port)
    writer.write(b"\r\n".join([*lines, b"Host: alarm", b"Connection: close", b"", body]))
    answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ((b"GET /v1/alarms HTTP/1.1", b"Authorization: Bearer geheim-\xff\xfe"), b"401"),
        ((b"GET /v1/yealink/alarm HTTP/1.1", b"X-Alarm-Token: geheim-\xff"), b"404"),
        ((b"GET /v1/yealink/alarm HTTP/1.1", b"Authorization: Bearer geheim-\xe4"), b"404"),
        ((b"GET /healthz HTTP/1.1", b"X-Request-ID: geheim-\xff"), b"200"),
        ((b"GET /admin HTTP/1.1", b"Cookie: alarm_broker=geheim-\xff.\xff"), b"303"),
        ((b"GET /a/geheim-%FF-geheim HTTP/1.1",), b"404"),
    ],
)
async def test_bytes_over_127_are_a_wrong_token_and_stand_in_no_log(
    api: Api, directory: Directory, caplog: pytest.LogCaptureFixture, lines: tuple[bytes, ...], status: bytes
) -> None:
    with caplog.at_level(logging.INFO):
        answer = await _raw(api, *lines)

    assert answer.split(b" ", 2)[1] == status, answer
    # The test server's own access log is not one of ours.
    ours = [record for record in caplog.records if record.name != "aiohttp.access"]
    assert "geheim" not in "".join(f"{record.getMessage()}{record.exc_text}" for record in ours)


@pytest.mark.parametrize(
    "kept", [b"note.done.0.geheim-\xff", b'"note.done.0.geheim-\\000"', b'"note.done.0.\\377"']
)
async def test_a_kept_button_with_bytes_that_no_text_has_is_none(api: Api, kept: bytes) -> None:
    await log_in(api)
    session = "; ".join(f"{one.key}={one.value}" for one in api.client.session.cookie_jar)

    answer = await _raw(
        api,
        b"GET /admin HTTP/1.1",
        b"Cookie: alarm_broker_pressed=%s; %s" % (kept, session.encode()),
    )

    assert answer.split(b" ", 2)[1] == b"200", answer


async def test_a_login_with_bytes_over_127_is_refused(api: Api) -> None:
    body = b"form_token=a&key=geheim-\xff"
    answer = await _raw(
        api,
        b"POST /admin/login HTTP/1.1",
        b"Cookie: alarm_broker_login=\xff",
        b"Content-Type: application/x-www-form-urlencoded",
        b"Content-Length: %d" % len(body),
        body=body,
    )

    assert answer.split(b" ", 2)[1] == b"403", answer


@pytest.mark.parametrize(
    "target",
    [
        f"{PHONE}?mac=001565aabbcc&amp;token=T",
        f"{PHONE}?token=T%20",
        f"{PHONE}?token=T%0D%0A",
        f"{PHONE}?token=T?mac=001565aabbcc",
        f"{PHONE}?mac=001565aabbcc?token=T",
        f"{PHONE}/?token=T",
        f"/{PHONE}?token=T",
        "/v1//yealink/alarm?token=T",
        f"{PHONE}?token=&token=T",
    ],
)
async def test_a_phones_address_may_be_typed_as_people_type_it(
    api: Api, directory: Directory, target: str
) -> None:
    line = f"GET {target.replace('T', directory.phone_token, 1)} HTTP/1.1".encode()

    answer = await _raw(api, line)

    assert answer.split(b" ", 2)[1] == b"200", answer


@pytest.mark.parametrize("typed", ["aB3+/4dEf+g5/hIjKlMnOp+==", "aB3%2B/4dEf%2bg5/hIjKlMnOp%2B=="])
async def test_an_older_token_in_base64_works_as_it_is_typed(
    api: Api, directory: Directory, typed: str
) -> None:
    stored = token_hash("aB3+/4dEf+g5/hIjKlMnOp+==")
    await api.context.db.write(lambda conn: put_token(ALL_SITES, conn, directory.phone, stored))

    answer = await _raw(api, f"GET {PHONE}?token={typed} HTTP/1.1".encode())

    assert answer.split(b" ", 2)[1] == b"200", answer


async def test_a_proxys_own_credentials_do_not_hide_the_phones_token(api: Api, directory: Directory) -> None:
    headers = {"Authorization": "Bearer of-the-proxy", "X-Alarm-Token": "also-of-the-proxy"}

    reply = await api.call("GET", PHONE, None, headers=headers, params={"token": directory.phone_token})

    assert reply.status == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/alarms", '{"kind": "panic", "kind": "fire", "title": "x", "site": "office"}'),
        ("/v1/admin/seed", '{"sites": [], "sites": []}'),
        (PHONE, '{"token": "a", "token": "b"}'),
    ],
)
async def test_a_key_that_stands_twice_is_refused(api: Api, path: str, body: str) -> None:
    headers = {"Content-Type": "application/json"}

    reply = await api.call("POST", path, data=body, headers=headers)

    assert (reply.status, reply.problem) == (400, "malformed-request")
    assert "twice" in reply.json["detail"]


async def test_no_answer_names_the_versions_of_libraries(api: Api) -> None:
    answers: list[Any] = [await api.call("GET", path) for path in ("/healthz", "/nothing", "/v1/alarms")]

    assert {answer.headers["Server"] for answer in answers} == {"alarm-broker"}


@pytest.mark.parametrize(
    ("coding", "body", "status"),
    [
        ("gzip", gzip.compress(b'{"kind": "panic", "title": "Help", "site": "office"}'), 201),
        ("deflate", zlib.compress(b'{"kind": "panic", "title": "Help", "site": "office"}'), 201),
        ("gzip", gzip.compress(bytes(900 * 1024**2 // 9)), 413),
        ("deflate", zlib.compress(bytes(900 * 1024**2 // 9)), 413),
        ("gzip", gzip.compress(b'{"kind": "panic"}')[:-5], 400),
        ("br", b"x", 415),
        ("zstd", b"x", 415),
        ("gzip, gzip", b"x", 415),
    ],
    ids=["gzip", "deflate", "gzip bomb", "deflate bomb", "cut off", "br", "zstd", "twice"],
)
async def test_a_packed_body_is_unpacked_only_as_far_as_it_may_be_long(
    api: Api, directory: Directory, coding: str, body: bytes, status: int
) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": coding}

    reply = await api.call("POST", "/v1/alarms", data=body, headers=headers)

    assert reply.status == status, reply.text


async def test_a_packed_form_is_bounded_too(api: Api) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Content-Encoding": "gzip"}

    reply = await api.call(
        "POST", "/admin/login", None, data=gzip.compress(b"key=" + bytes(10 * 1024**2)), headers=headers
    )

    assert reply.status == 413
