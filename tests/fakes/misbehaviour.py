"""Everything a provider can do wrong, one coroutine each."""

import asyncio
import socket
import struct
import zlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from functools import cache

from aiohttp import web

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HUGE_BYTES = 100 * 1024 * 1024


class Behaviour(StrEnum):
    """What a server does with a request. The first group never carries it out, the second does."""

    HANG = "hang"
    DRIP = "drip"
    """200, then one byte now and then, for ever."""
    HUGE = "huge"
    """200 and 100 MB."""
    HUGE_ERROR = "huge_error"
    """400 and 100 MB."""
    DRIPPING_401 = "dripping_401"
    """401 whose body never ends."""
    BOMB = "bomb"
    """200 and 100 MB of zeros, compressed to 100 kB."""
    HALF = "half"
    """200 and less than the promised length, then the connection ends."""
    GARBAGE = "garbage"
    """200 and a login page, as a captive portal does."""
    REDIRECT = "redirect"
    RESET = "reset"
    """The connection is reset before an answer."""
    NOT_HTTP = "not_http"
    STATUS_400 = "400"
    STATUS_401 = "401"
    STATUS_403 = "403"
    STATUS_404 = "404"
    STATUS_408 = "408"
    STATUS_429 = "429"
    """With `Retry-After` in seconds."""
    STATUS_429_DATE = "429_date"
    """With `Retry-After` as an HTTP date."""
    STATUS_429_BARE = "429_bare"
    """Without `Retry-After`."""
    STATUS_429_ODD = "429_odd"
    """With a `Retry-After` that says nothing."""
    STATUS_500 = "500"
    STATUS_502 = "502"
    STATUS_503 = "503"

    TAKE_AND_RESET = "take_and_reset"
    """Carried out, and the connection is reset instead of an answer."""
    TAKE_AND_HANG = "take_and_hang"
    """Carried out, and no answer ever comes."""


async def misbehave(behaviour: Behaviour, request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer `request` in the worst way `behaviour` names."""
    await request.read()
    match behaviour:
        case Behaviour.TAKE_AND_RESET:
            await handler(request)
            return reset(request)
        case Behaviour.TAKE_AND_HANG:
            await handler(request)
            return await hang()
        case Behaviour.HANG:
            return await hang()
        case Behaviour.RESET:
            return reset(request)
        case Behaviour.DRIP:
            return await drip(request, 200)
        case Behaviour.DRIPPING_401:
            return await drip(request, 401)
        case Behaviour.HUGE:
            return await huge(request, 200)
        case Behaviour.HUGE_ERROR:
            return await huge(request, 400)
        case Behaviour.HALF:
            return await half(request)
        case Behaviour.NOT_HTTP:
            return not_http(request)
        case Behaviour.BOMB:
            headers = {"Content-Encoding": "deflate", "Content-Type": "application/json"}
            return web.Response(body=bomb(), headers=headers)
        case Behaviour.GARBAGE:
            return web.Response(text="<html><title>Please log in</title></html>", content_type="text/html")
        case Behaviour.REDIRECT:
            return web.Response(status=302, headers={"Location": "http://169.254.169.254/latest/meta-data/"})
        case Behaviour.STATUS_429:
            return web.json_response({"error": "too many"}, status=429, headers={"Retry-After": "77"})
        case Behaviour.STATUS_429_DATE:
            at = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
            return web.json_response({"error": "too many"}, status=429, headers={"Retry-After": at})
        case Behaviour.STATUS_429_BARE:
            return web.json_response({"error": "too many"}, status=429)
        case Behaviour.STATUS_429_ODD:
            return web.json_response({"error": "too many"}, status=429, headers={"Retry-After": "-5 soon"})
        case _:
            return web.json_response({"error": f"told to answer {behaviour}"}, status=int(behaviour))


async def hang() -> web.StreamResponse:
    """Never answer; ends when the client goes away or the server stops."""
    await asyncio.Event().wait()
    raise AssertionError("nobody sets this event")


def reset(request: web.Request) -> web.StreamResponse:
    """Answer with a TCP reset."""
    if (transport := request.transport) is not None:
        # Lingering for zero seconds turns the close into a reset.
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()


def not_http(request: web.Request) -> web.StreamResponse:
    """Answer in another protocol."""
    if (transport := request.transport) is not None:
        transport.write(b"220 mail.example ESMTP ready\r\n")
        transport.close()
    return web.Response()


async def drip(request: web.Request, status: int) -> web.StreamResponse:
    """Send a byte now and then, so that no silence is ever long."""
    response = web.StreamResponse(status=status, headers={"Content-Length": "1000000"})
    await response.prepare(request)
    with suppress(ConnectionError):
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.02)
    return response


async def huge(request: web.Request, status: int) -> web.StreamResponse:
    """Send 100 MB, without ever holding more than a chunk of it."""
    response = web.StreamResponse(status=status)
    await response.prepare(request)
    chunk = b'"' + b"x" * 65_535
    with suppress(ConnectionError):
        for _ in range(HUGE_BYTES // len(chunk)):
            await response.write(chunk)
    return response


@cache
def bomb() -> bytes:
    """Return 100 MB of zeros, compressed without ever holding them."""
    packer, zeros = zlib.compressobj(), bytes(65_536)
    packed = [packer.compress(zeros) for _ in range(HUGE_BYTES // len(zeros))]
    return b"".join([*packed, packer.flush()])


async def half(request: web.Request) -> web.StreamResponse:
    """Promise more than is sent, then end the connection."""
    response = web.StreamResponse(headers={"Content-Length": "1000", "Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"id": 1')
    if (transport := request.transport) is not None:
        transport.close()
    return response
