"""One address that opens all it can keeps nobody else out: a real process, real sockets."""

import asyncio
import os
import signal
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from companion.web.http.connections import (
    HEADERS_S,
    Limits,
    as_phones_write,
    in_the_reserve,
    is_unfinished_line,
)
from tests.e2e.processes import ROOT, CompanionProcess
from tests.fakes.certificates import HouseCa

HALVES = (b"", b"GET /healthz HT", b"POST /v1/alarms HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf")

HALF_PRESS = b"POST /v1/yealink/alarm HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf"


type _Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _asked(
    port: int,
    *,
    source: str,
    target: bytes = b"/v1/yealink/alarm?token=none",
    trusted: ssl.SSLContext | None = None,
) -> _Client:
    """Return the connection of a client at `source` that has sent its request, over TLS if it trusts somebody."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0), ssl=trusted)
    writer.write(b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % target)
    await writer.drain()
    return reader, writer


async def _status_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """Return the status of the answer."""
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    return answer.split(b" ", 2)[1] if answer else b""


async def _status(
    port: int,
    *,
    source: str,
    target: bytes = b"/v1/yealink/alarm?token=none",
    trusted: ssl.SSLContext | None = None,
) -> bytes:
    """Return the status of an answer to a client at `source`."""
    async with asyncio.timeout(5):
        return await _status_in(*await _asked(port, source=source, target=target, trusted=trusted))


@pytest.mark.parametrize(("descriptors", "flood"), [(1024, 1100), (64, 80)])
async def test_a_flood_from_one_address_keeps_no_press_of_another_out(
    tmp_path: Path, descriptors: int, flood: int
) -> None:
    process = CompanionProcess(tmp_path)
    serve = " ".join(process.arguments)
    process.arguments = ["bash", "-c", f"ulimit -n {descriptors}; exec {serve}"]
    await process.ready()
    held: list[socket.socket] = []
    try:
        for number in range(flood):
            one = socket.socket()
            held.append(one)
            one.setblocking(False)
            with suppress(BlockingIOError):
                one.connect(("127.0.0.1", process.port))
            await asyncio.sleep(0)
            with suppress(OSError):
                one.send(HALVES[number % len(HALVES)])
        started = time.monotonic()

        during = await _status(process.port, source="127.0.0.2")

        took_s = time.monotonic() - started
        for one in held:
            one.close()
        after = await _status(process.port, source="127.0.0.2")
        log = process.log.read_text()
    finally:
        for one in held:
            one.close()
        await process.stop()
    assert (during, after) == (b"404", b"404")
    assert took_s < 4
    assert log.count("Connections refused") <= 2
    assert "out of system resource" not in log


async def test_a_phone_may_send_umlauts_and_spaces_as_they_are(tmp_path: Path) -> None:
    process = CompanionProcess(tmp_path)
    await process.ready()
    try:
        target = b"/v1/yealink/alarm?token=none&display_local=M\xc3\xbcller J\xf6rg"
        assert await _status(process.port, source="127.0.0.1", target=target) == b"404"
        assert await _status(process.port, source="127.0.0.1", target=b"/healthz?x=a b") == b"400"
        assert "display_local" not in process.log.read_text()
    finally:
        await process.stop()


ODD_PRESSES = {
    "in two pieces": (b"GET /v1/yealink/alarm?token=none&active_user=M\xfcl", b"ler Max HTTP/1.1\r\n"),
    "cut in its method": (b"GE", b"T /v1/yealink/alarm?token=none&active_user=M\xfcller HTTP/1.1\r\n"),
    "cut in its end": (b"GET /v1/yealink/alarm?token=none&active_user=M\xfcller Max HTTP/1.1\r", b"\n"),
    "whole address": (b"GET http://alarm.example:80/v1/yealink/alarm?token=none&u=\xfc b HTTP/1.1\r\n",),
    "whole address in two pieces": (
        b"GET HTTP",
        b"://alarm.example/v1/yealink/alarm?token=none&u=\xfc b HTTP/1.1\r\n",
    ),
    "after an empty line": (b"\r\nGET /v1/yealink/alarm?token=none&u=\xfc b HTTP/1.1\r\n",),
    "after an empty line of its own": (b"\r\n", b"GET /v1/yealink/alarm?token=none&u=\xfc b HTTP/1.1\r\n"),
    "after a bare line feed": (b"\n\nGET /v1/yealink/alarm?token=none&u=\xfc b HTTP/1.1\r\n",),
}


async def test_a_phones_line_is_mended_however_it_comes(tmp_path: Path) -> None:
    process = CompanionProcess(tmp_path)
    await process.ready()
    answers: dict[str, bytes] = {}
    try:
        for name, pieces in ODD_PRESSES.items():
            reader, writer = await asyncio.open_connection("127.0.0.1", process.port)
            for piece in (*pieces, b"Host: a\r\nConnection: close\r\n\r\n"):
                writer.write(piece)
                # So that it comes by itself: whoever answers this has read what came before.
                await _status(process.port, source="127.0.0.2", target=b"/healthz")
            answers[name] = await _status_in(reader, writer)
    finally:
        await process.stop()
    assert answers == dict.fromkeys(ODD_PRESSES, b"404")


async def test_a_request_line_that_never_ends_is_refused(tmp_path: Path) -> None:
    process = CompanionProcess(tmp_path)
    await process.ready()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", process.port)
        writer.write(b"GET /v1/yealink/alarm?token=" + b"a" * 20_000)
        status = await _status_in(reader, writer)
    finally:
        await process.stop()
    assert status == b"400"


@pytest.mark.parametrize(
    ("data", "unfinished"),
    [
        (b"G", True),
        (b"\r\n", True),
        (b"GET /v1/yealink/alarm?token=T&u=\xfc b", True),
        (b"GET / HTTP/1.1\r", True),
        (b"GET / HTTP/1.1\n", False),
        (b"GET / HTTP/1.1\r\n", False),
        (b"GET /" + b"a" * 9000, False),
        (b"\x16\x03\x01", False),
    ],
)
def test_only_a_request_line_without_its_end_waits_for_more(data: bytes, *, unfinished: bool) -> None:
    assert is_unfinished_line(data) is unfinished


def test_only_a_phones_line_is_mended() -> None:
    assert as_phones_write(b"GET /v1/yealink/alarm?a=J\xc3\xb6 x HTTP/1.1\r\nA: \xff\r\n") == (
        b"GET /v1/yealink/alarm?a=J%C3%B6%20x HTTP/1.1\r\nA: \xff\r\n"
    )
    for other in (b"GET /healthz?a=b c HTTP/1.1\r\n", b"GET /v1/yealink/alarm?a=\xff"):
        assert as_phones_write(other) == other


def test_places_are_counted_by_address_and_in_all_and_proxies_only_in_all() -> None:
    limits = Limits(descriptors=64, per_address=4, is_proxy=lambda address: address == "10.0.0.1")

    assert [limits.admit("10.0.0.2") for _ in range(5)] == [True] * 4 + [False]
    assert [limits.admit("10.0.0.1") for _ in range(29)] == [True] * 28 + [False]
    assert limits.crowded
    limits.leave("10.0.0.2")
    assert limits.admit("10.0.0.3")


@pytest.mark.parametrize("half", [HALVES[1], HALF_PRESS], ids=["half a line", "half a body"])
async def test_when_every_place_is_taken_from_many_addresses_a_press_gets_one(
    tmp_path: Path, half: bytes
) -> None:
    process = CompanionProcess(tmp_path)
    serve = " ".join(process.arguments)
    process.arguments = ["bash", "-c", f"ulimit -n 128; exec {serve}"]
    await process.ready()
    held: list[asyncio.StreamWriter] = []
    try:
        for number in range(90):
            _reader, writer = await asyncio.open_connection(
                "127.0.0.1", process.port, local_addr=(f"127.0.1.{number // 4 + 1}", 0)
            )
            writer.write(half)
            held.append(writer)

        press = await _status(process.port, source="127.0.0.2")
        answer = await _status(process.port, source="127.0.0.2", target=b"/a/some-token-that-nobody-has")
    finally:
        for writer in held:
            writer.close()
        await process.stop()
    assert (press, answer) == (b"404", b"404")


async def test_a_press_behind_a_burst_from_many_addresses_gets_a_place(tmp_path: Path) -> None:
    process = CompanionProcess(tmp_path)
    serve = " ".join(process.arguments)
    process.arguments = ["bash", "-c", f"ulimit -n 128; exec {serve}"]
    await process.ready()
    held: list[asyncio.StreamWriter] = []
    try:
        process.send_signal(signal.SIGSTOP)  # all of them wait when it looks again
        for number in range(300):
            _reader, writer = await asyncio.open_connection(
                "127.0.0.1", process.port, local_addr=(f"127.0.1.{number // 4 + 1}", 0)
            )
            writer.write(HALF_PRESS)
            held.append(writer)
        press = await _asked(process.port, source="127.0.0.2")
        process.send_signal(signal.SIGCONT)
        status = await _status_in(*press)
    finally:
        for writer in held:
            writer.close()
        await process.stop()
    assert status == b"404"


# --- with a certificate of its own ----------------------------------------------------------------------


async def _silent(port: int, number: int, *, network: str) -> list[_Client]:
    """Return so many connections, four an address, that say nothing."""
    return [
        await asyncio.open_connection("127.0.0.1", port, local_addr=(f"{network}.{one // 4 + 1}", 0))
        for one in range(number)
    ]


@pytest.fixture
async def crowded_tls(
    tmp_path: Path,
) -> AsyncIterator[tuple[CompanionProcess, ssl.SSLContext, list[_Client]]]:
    """A service with its own TLS and 64 places, those who trust it, and 90 connections that say nothing."""
    ca = HouseCa()
    ca.server(tmp_path)
    pem = str(tmp_path / "server.pem")
    process = CompanionProcess(tmp_path, tls_cert=pem, tls_key=pem)
    process.arguments = ["bash", "-c", f"ulimit -n 128; exec {' '.join(process.arguments)}"]
    await process.start()
    silent: list[_Client] = []
    try:
        await process.says("Listening on")
        silent += await _silent(process.port, 90, network="127.0.1")
        yield process, ssl.create_default_context(cadata=ca.pem), silent
    finally:
        for _reader, writer in silent:
            writer.close()
        await process.stop()


async def test_who_is_silent_in_the_handshake_keeps_no_press_out(
    crowded_tls: tuple[CompanionProcess, ssl.SSLContext, list[_Client]],
) -> None:
    process, trusted, _silent = crowded_tls

    presses = [await _status(process.port, source="127.0.0.2", trusted=trusted) for _ in range(5)]

    assert presses == [b"404"] * 5


async def test_presses_at_the_same_moment_give_nobody_of_them_up(
    crowded_tls: tuple[CompanionProcess, ssl.SSLContext, list[_Client]],
) -> None:
    process, trusted, _silent = crowded_tls

    presses = await asyncio.gather(
        *(_status(process.port, source=f"127.0.0.{number}", trusted=trusted) for number in range(2, 10))
    )

    assert presses == [b"404"] * 8


async def test_a_handshake_is_given_up_soon_while_few_places_are_left(
    crowded_tls: tuple[CompanionProcess, ssl.SSLContext, list[_Client]],
) -> None:
    _process, _trusted, silent = crowded_tls

    async with asyncio.timeout(HEADERS_S / 2):
        with suppress(ConnectionResetError):
            assert await silent[-1][0].read() == b""


async def test_the_last_of_a_burst_of_handshakes_gets_a_place(
    crowded_tls: tuple[CompanionProcess, ssl.SSLContext, list[_Client]],
) -> None:
    process, trusted, silent = crowded_tls
    process.send_signal(signal.SIGSTOP)  # all of them wait when it looks again
    silent += await _silent(process.port, 200, network="127.0.2")
    behind_them = socket.create_connection(("127.0.0.1", process.port), source_address=("127.0.0.2", 0))
    behind_them.setblocking(False)

    process.send_signal(signal.SIGCONT)
    reader, writer = await asyncio.open_connection(sock=behind_them, ssl=trusted, server_hostname="127.0.0.1")
    writer.write(b"GET /v1/yealink/alarm?token=none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")

    assert await _status_in(reader, writer) == b"404"


async def test_half_a_request_line_is_given_up_in_time(tmp_path: Path) -> None:
    process = CompanionProcess(tmp_path)
    await process.ready()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", process.port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHo")
        async with asyncio.timeout(2 * HEADERS_S):
            assert await reader.read() == b""
        writer.close()
    finally:
        await process.stop()


async def test_a_log_that_nobody_reads_keeps_no_press_from_being_answered(tmp_path: Path) -> None:
    process = CompanionProcess(tmp_path)
    reading, writing = os.pipe()
    process.arguments = ["bash", "-c", f"exec {' '.join(process.arguments)} 2>&{writing} >&{writing}"]
    running = await asyncio.create_subprocess_exec(
        *process.arguments,
        env=os.environ | dict(process.environment),
        pass_fds=(writing,),
        cwd=ROOT,
    )
    try:
        async with asyncio.timeout(60):
            while True:
                with suppress(OSError):
                    await _status(process.port, source="127.0.0.1", target=b"/healthz")
                    break
        statuses = [await _status(process.port, source="127.0.0.1") for _ in range(600)]
    finally:
        running.terminate()
        async with asyncio.timeout(30):
            await running.wait()
        os.close(reading)
        os.close(writing)
    assert set(statuses) <= {b"404", b"429"}
    assert running.returncode == 0


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        (b"GET /v1/yealink/alarm?token=T HTTP/1.1\r\n", True),
        (b"GET //v1/yealink/alarm?token=T HTTP/1.1\r\n", True),
        (b"GET /v1/link HTTP/1.1\r\n", True),
        (b"POST /a/token HTTP/1.1\r\n", True),
        (b"GET /healthz HTTP/1.1\r\n", True),
        (b"\r\nGET /v1/yealink/alarm?token=T HTTP/1.1\r\n", True),
        (b"GET http://alarm.example/v1/yealink/alarm?token=T HTTP/1.1\r\n", True),
        (b"GET http:/", True),
        (b"GET HTTP://alarm.exa", True),
        (b"G", True),
        (b"GET /", True),
        (b"GET http://alarm.example/v1/alarms HTTP/1.1\r\n", False),
        (b"GET /v1/alarms HTTP/1.1\r\n", False),
        (b"GET /admin HTTP/1.1\r\n", False),
        (b"\x16\x03\x01", False),
    ],
)
def test_the_last_places_are_for_presses_the_link_and_answers(data: bytes, *, kept: bool) -> None:
    assert in_the_reserve(data) is kept
