"""Who may be connected: limits by address and in all, counted where the kernel hands a connection over.

aiohttp and asyncio accept whatever comes until no descriptor is left, and then write a line for each that fails. The
listening socket here counts before anything is made of a connection, also before TLS, closes what is over a limit, and
keeps one descriptor back with which it can still do that when none is left.
"""

import asyncio
import errno
import logging
import os
import re
import resource
import socket
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Final, override

from aiohttp import web

from companion.directory.model import DeviceKind
from companion.rate_limit import client_key

HEADERS_S: Final = 10.0
"""How long a handshake may take, then a request line and its headers, and how long a connection may stay silent."""
CROWDED_HEADERS_S: Final = 2.0
"""The same while few places are left."""
KEEP_ALIVE_S: Final = 75.0
"""Idle time between two requests: longer than the 60 s for which nginx keeps a connection to us."""
LINGERING_S: Final = 2.0
OWN_DESCRIPTORS: Final = 128
"""Kept for the database, channels and files; at most half of what the process has."""
SAY_EVERY_S: Final = 60.0

_DEVICE = "|".join(DeviceKind).encode()
_IN_THE_RESERVE = re.compile(
    rb"[\r\n]*(?:\Z|[A-Z]{1,8}(?:\Z| +(?:\Z|[Hh][A-Za-z]{0,4}(?::/?)?\Z|(?i:https?)://[^/\s]*\Z"
    rb"|(?:(?i:https?)://[^/\s]*)?/+(?:\Z|v1/+(?:\Z|link|" + _DEVICE + rb")|a/|healthz|readyz))))"
)
"""Beginnings of requests that get the last places: presses, the link to the panel, answers to alarms, health."""
_FULL: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nServer: alarm-broker\r\nRetry-After: 5\r\nContent-Length: 0\r\n"
    b"Connection: close\r\n\r\n"
)
BACKLOG = 1024
"""How many connections the kernel keeps until they are accepted."""
AT_ONCE = 8
"""How many are accepted in a turn of the loop: of more at once, the last would be refused before the first made room."""
LINE_LENGTH: Final = 8190
"""Of a request line, in bytes: the parser refuses a longer one."""
_UNFINISHED_LINE = re.compile(rb"[\r\n]*(?:[A-Z]{1,8}(?: [^\r\n]*)?\r?)?")
_PHONE_LINE = re.compile(
    rb"([\r\n]*(?:GET|POST) +(?:(?i:https?)://[^/\s]*)?)(/+v1/+(?:"
    + _DEVICE
    + rb")/+[^\r\n]*)( HTTP/1\.[01]\r\n)"
)
"""Empty lines may stand before it, and a whole address in it (RFC 9112, sections 2.2 and 3.2.2)."""

_LOGGER = logging.getLogger(__name__)


def raise_descriptor_limit() -> int:
    """Raise the soft limit of open files as far as the host lets us; return what it is now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return soft


class Limits:
    """Counts connections by address and in all, and says whose place is taken when few are left."""

    def __init__(self, *, descriptors: int, per_address: int, is_proxy: Callable[[str], bool]) -> None:
        self.total = max(4, descriptors - min(OWN_DESCRIPTORS, descriptors // 2))
        self.per_address = max(1, min(per_address, self.total // 4))
        self._is_proxy = is_proxy
        self._open: Counter[str] = Counter()
        self._closing = 0
        self._accepted: dict[int, Accepted] = {}
        """All connections by their descriptors, the oldest first, but those that were given up."""

    @property
    def _taken(self) -> int:
        """Return how many places are taken. One that is being closed is free: its descriptor is one of our own."""
        return self._open.total() - self._closing

    @property
    def crowded(self) -> bool:
        """Return whether less than a quarter of the places is left."""
        return self._taken * 4 >= self.total * 3

    def _make_room(self) -> None:
        """Close whoever keeps us waiting and has been here for longest: the last of a burst finds a place at once."""
        longest = next((one for one in self._accepted.values() if one.waits_for_client), None)
        if longest is not None:
            self.give_up(longest)

    def admit(self, address: str) -> bool:
        """Count a connection from the address; return False, and count nothing, if there is no place for it."""
        key = client_key(address)
        if self._open[key] >= self.per_address and not self._is_proxy(address):
            return False
        if self.crowded:
            self._make_room()
        if self._taken >= self.total:
            return False
        self._open[key] += 1
        return True

    def enter(self, accepted: Accepted) -> None:
        """Remember whom the place was given to that was admitted last."""
        self._accepted[accepted.fileno()] = accepted
        if self.crowded:
            asyncio.get_running_loop().call_later(CROWDED_HEADERS_S, self._give_up_handshake, accepted)

    def serve(self, descriptor: int, connection: Connection) -> None:
        """Remember who serves the connection, now that its handshake, if it has one, is over."""
        accepted = self._accepted.get(descriptor)
        if accepted is not None:
            accepted.connection = connection

    def give_up(self, accepted: Accepted) -> None:
        """Close a connection and count its place as free from now on."""
        del self._accepted[accepted.fileno()]
        self._closing += 1
        accepted.is_given_up = True
        accepted.give_up()

    def _give_up_handshake(self, accepted: Accepted) -> None:
        if accepted.connection is None and self._accepted.get(accepted.fileno()) is accepted:
            self.give_up(accepted)

    def exit(self, accepted: Accepted) -> None:
        """Count that a connection is closed; its descriptor is still its own."""
        if accepted.is_given_up:
            self._closing -= 1
        else:
            self._accepted.pop(accepted.fileno(), None)
        self.leave(accepted.address)

    def leave(self, address: str) -> None:
        """Count that a connection from the address has ended."""
        key = client_key(address)
        self._open[key] -= 1
        if self._open[key] <= 0:
            del self._open[key]


class Accepted(socket.socket):
    """A connection that gives its place back when it is closed."""

    __slots__ = ("_limits", "address", "connection", "is_given_up")
    connection: Connection | None
    """Who serves it; None until its TLS handshake is over."""

    def __init__(self, taken: socket.socket, address: str, limits: Limits) -> None:
        super().__init__(taken.family, taken.type, taken.proto, fileno=taken.detach())
        self.address = address
        self.connection = None
        self.is_given_up = False
        self._limits: Limits | None = limits
        limits.enter(self)

    @property
    def waits_for_client(self) -> bool:
        """Return whether it is the client who has to go on: with the handshake, a request, or the body of one."""
        return self.connection is None or self.connection.waits_for_client

    def give_up(self) -> None:
        """Close at once, whatever was not sent yet."""
        if self.connection is not None:
            self.connection.give_up()
        # In a handshake the event loop has the only way to it, and finds its end on the socket.
        with suppress(OSError):
            self.shutdown(socket.SHUT_RDWR)

    @override
    def close(self) -> None:
        limits, self._limits = self._limits, None
        if limits is not None:
            limits.exit(self)
        super().close()


class Listener(socket.socket):
    """A listening socket that hands over only what there is a place for."""

    __slots__ = ("_limits", "_refused", "_said_at", "_spare")

    def guard(self, limits: Limits) -> None:
        """Count from now on."""
        self._limits = limits
        self._refused = 0
        self._said_at = -SAY_EVERY_S
        self._spare = os.open(os.devnull, os.O_RDONLY)

    @override
    def listen(self, backlog: int = 0, /) -> None:
        """Let the kernel keep as many as it may, whatever asyncio asks for: it means how many it accepts at once."""
        super().listen(max(backlog, BACKLOG))

    @override
    def accept(self) -> tuple[socket.socket, tuple[str, int]]:
        """Return the next connection; raises ConnectionAbortedError, which asyncio passes over, for one refused."""
        try:
            connection, address = super().accept()
        except OSError as err:
            if err.errno in {errno.EMFILE, errno.ENFILE}:
                self._turn_away()
                raise ConnectionAbortedError from None
            raise
        if not self._limits.admit(address[0]):
            connection.close()
            self._say("too many connections from an address, or in all")
            raise ConnectionAbortedError
        return Accepted(connection, address[0], self._limits), address

    def _turn_away(self) -> None:
        os.close(self._spare)
        with suppress(OSError):
            super().accept()[0].close()
        with suppress(OSError):
            self._spare = os.open(os.devnull, os.O_RDONLY)
        self._say("no descriptor is left; raise the limit of open files")

    def _say(self, why: str) -> None:
        self._refused += 1
        now = time.monotonic()
        if now - self._said_at >= SAY_EVERY_S:
            _LOGGER.warning("Connections refused since last said: %s (%s)", self._refused, why)
            self._refused, self._said_at = 0, now

    @override
    def close(self) -> None:
        with suppress(OSError, AttributeError):
            os.close(self._spare)
        super().close()


def listeners(host: str, port: int, limits: Limits) -> list[Listener]:
    """Return guarded sockets that listen at every address of the host; raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    made: list[Listener] = []
    try:
        for family, kind, protocol, _name, address in dict.fromkeys(found):
            listening = Listener(family, kind, protocol)
            made.append(listening)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                # As asyncio does: an IPv6 address is not also one of IPv4.
                listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listening.bind(address)
            listening.listen()
            listening.setblocking(False)
            listening.guard(limits)
    except OSError:
        for listening in made:
            listening.close()
        raise
    return made


def in_the_reserve(data: bytes) -> bool:
    """Return whether a request that begins so, or may still become one that does, gets one of the last places."""
    return _IN_THE_RESERVE.match(data) is not None


def is_unfinished_line(data: bytes) -> bool:
    """Return whether a request begins so and its line has not ended: the parser could do nothing with it yet."""
    return len(data) <= LINE_LENGTH and _UNFINISHED_LINE.fullmatch(data) is not None


def as_phones_write(data: bytes) -> bytes:
    """Return the start of a request; in the line of a panic key what should have been percent-encoded is.

    Some phones put names into the query as they are: spaces, and umlauts as UTF-8 or Latin-1. aiohttp refuses such a
    line, and that would be a press that raises nothing. Used only where a request begins, on its whole line.
    """
    match = _PHONE_LINE.match(data)
    if match is None:
        return data
    target = b"".join(
        b"%%%02X" % char if char <= 0x20 or char >= 0x7F else bytes([char]) for char in match[2]
    )
    return match[1] + target + match[3] + data[match.end() :]


class Connection(web.RequestHandler):
    """A connection whose requests must come in time, and whose errors say nothing of what was sent."""

    __slots__ = ("_headers_begun", "_headers_due", "_line", "limits")
    limits: Limits

    @property
    def idle(self) -> bool:
        """Return whether no whole request is here that waits for its answer."""
        return self._waiter is not None and not self._waiter.done()

    @property
    def waits_for_client(self) -> bool:
        """Return whether it is the client who has to go on: with a request, or with the body of one."""
        request = self._current_request
        return self.idle or (request is not None and not request.content.is_eof())

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._line = b""  # what is here of a request line that has not ended
        self._headers_begun = False
        self._headers_due: asyncio.TimerHandle | None = None
        super().connection_made(transport)
        self._wait_for_headers()
        self.limits.serve(transport.get_extra_info("socket").fileno(), self)

    def give_up(self) -> None:
        """Close at once, whatever was not sent yet."""
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()
        self.force_close()

    @override
    def data_received(self, data: bytes) -> None:
        if self.idle and not self._headers_begun:
            data, self._line = self._line + data, b""
            if self.limits.crowded and not in_the_reserve(data):
                self._refuse()
                return
            if is_unfinished_line(data):
                self._line = data
                self._wait_for_headers()
                return
            data = as_phones_write(data)
        super().data_received(data)
        self._headers_begun = self.idle
        if self.idle:
            self._wait_for_headers()
        else:
            self._stop_waiting()

    @override
    def connection_lost(self, exc: BaseException | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _refuse(self) -> None:
        if isinstance(self.transport, asyncio.Transport):
            self.transport.write(_FULL)
        self.force_close()

    def _wait_for_headers(self) -> None:
        if self._headers_due is None:
            wait_s = CROWDED_HEADERS_S if self.limits.crowded else HEADERS_S
            self._headers_due = self._loop.call_later(wait_s, self.force_close)

    def _stop_waiting(self) -> None:
        if self._headers_due is not None:
            self._headers_due.cancel()
            self._headers_due = None

    @override
    def log_exception(self, *args: object, **kw: object) -> None:
        # Not the error itself: a parser quotes the line that it cannot read, and a token may stand in it.
        err = kw.get("exc_info")
        _LOGGER.warning("A request from %s could not be read: %s", self._remote(), type(err).__name__)

    def _remote(self) -> str:
        return str(self.peername[0]) if isinstance(self.peername, tuple) else "unknown"


def guarded(server: web.Server, limits: Limits) -> Callable[[], Connection]:
    """Return what makes a Connection of each accepted socket, served by the application's server."""

    def make() -> Connection:
        connection = Connection(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=KEEP_ALIVE_S,
            max_line_size=LINE_LENGTH,
            lingering_time=LINGERING_S,
            auto_decompress=False,  # see http.parsing.unpacked
            access_log=None,  # type: ignore[arg-type] # aiohttp documents None: no access log
        )
        connection.limits = limits
        return connection

    return make
