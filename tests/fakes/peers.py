"""Peers that speak no HTTP, byte by byte, and do one thing wrong: a mail server, a broker, a station, a manager."""

import asyncio
import socket
import ssl
import struct
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from types import TracebackType
from typing import Any, Self, override

from companion.channels.sia.frames import Frame, build, parse

DRIP_S = 0.02
ENDLESS_BYTES = 100 * 1024 * 1024
A_WEB_PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>Please log in</title>\r\n"


class Wrong(StrEnum):
    """What a provider does wrong, in whatever protocol; or what it is given that is too much."""

    HANG = "hang"
    DRIP = "drip"
    ERROR = "500"
    BUSY_FOR_SECONDS = "429, Retry-After in seconds"
    BUSY_UNTIL = "429, Retry-After a date"
    BUSY_NOBODY_KNOWS = "429, no Retry-After"
    BUSY_SOMEHOW = "429, Retry-After that is none"
    NO_LOGIN = "401"
    RESET = "reset after the body"
    ENDLESS = "endless body"
    OF_ANOTHER_TYPE = "wrong content type"
    REDIRECT = "redirect to a canary"
    EXPIRED = "expired certificate"
    NO_NAME = "DNS failure"
    EVERY_PLANE = "unicode of every plane"
    LONG = "1 MB text"


class Peer:
    """Serves connections on a free port of 127.0.0.1, each until it ends; `reached` once it has the whole message."""

    def __init__(self, wrong: Wrong, *, tls: ssl.SSLContext | None = None, canary_port: int = 0) -> None:
        self.wrong = wrong
        self.canary_port = canary_port
        self.reached = asyncio.Event()
        self._tls = tls
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._begin, "127.0.0.1", 0, ssl=self._tls)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        self._server.abort_clients()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak with one client. Raises OSError, IncompleteReadError when it goes."""
        raise NotImplementedError

    async def for_ever(self, writer: asyncio.StreamWriter, said: bytes) -> None:
        """Say the same thing again and again, a byte now and then (drip) or as fast as it is taken."""
        if self.wrong is Wrong.DRIP:
            while True:
                for byte in said:
                    writer.write(bytes((byte,)))
                    await writer.drain()
                    await asyncio.sleep(DRIP_S)
        chunk = said * (65_536 // len(said) + 1)
        for _ in range(ENDLESS_BYTES // len(chunk)):
            writer.write(chunk)
            await writer.drain()

    async def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await self.serve(reader, writer)
        writer.close()
        self._serving.discard(task)


def reset(writer: asyncio.StreamWriter) -> None:
    """End the connection with a TCP reset."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class MailServer(Peer):
    """SMTP (RFC 5321), with a login."""

    @override
    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.wrong is Wrong.OF_ANOTHER_TYPE:
            writer.write(A_WEB_PAGE)
            return
        writer.write(b"220 mail.house.example ESMTP\r\n")
        while line := await reader.readline():
            match line[:4].upper():
                case b"EHLO":
                    writer.write(b"250-mail.house.example\r\n250-8BITMIME\r\n250 AUTH PLAIN\r\n")
                case b"AUTH":
                    writer.write(b"535 5.7.8 no: %b\r\n" % line.split()[-1])
                case b"RCPT" if self.wrong is Wrong.REDIRECT:
                    writer.write(b"551 5.1.6 try <anna@localhost:%d>\r\n" % self.canary_port)
                case b"DATA":
                    writer.write(b"354 go on\r\n")
                    await reader.readuntil(b"\r\n.\r\n")
                    self.reached.set()
                    await self._after_content(writer)
                case b"QUIT":
                    return
                case _:
                    writer.write(b"250 ok\r\n")

    async def _after_content(self, writer: asyncio.StreamWriter) -> None:
        match self.wrong:
            case Wrong.DRIP | Wrong.ENDLESS:
                await self.for_ever(writer, b"250-and so on\r\n")
            case Wrong.ERROR:
                writer.write(b"451 4.3.0 something is broken\r\n")
            case Wrong.BUSY_NOBODY_KNOWS:
                writer.write(b"421 4.7.0 too many mails\r\n")
            case Wrong.RESET:
                reset(writer)


class Broker(Peer):
    """MQTT 5 (OASIS, 2019)."""

    @override
    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            kind, body = await packet(reader)
            match kind >> 4:
                case 1:
                    writer.write(self._connack())
                case 3:
                    self.reached.set()
                    topic = int.from_bytes(body[:2])
                    await self._after_message(writer, body[2 + topic : 4 + topic])
                case 14:
                    return

    def _connack(self) -> bytes:
        match self.wrong:
            case Wrong.NO_LOGIN:
                return b"\x20\x03\x00\x87\x00"
            case Wrong.OF_ANOTHER_TYPE:
                return A_WEB_PAGE
            case Wrong.REDIRECT:  # 3.2.2.2: use another server; 3.2.2.3.16: which one
                server = b"127.0.0.1:%d" % self.canary_port
                properties = b"\x1c" + struct.pack("!H", len(server)) + server
                rest = b"\x00\x9c" + bytes((len(properties),)) + properties
                return b"\x20" + bytes((len(rest),)) + rest
            case _:
                return b"\x20\x03\x00\x00\x00"

    async def _after_message(self, writer: asyncio.StreamWriter, number: bytes) -> None:
        match self.wrong:
            case Wrong.HANG:
                pass
            case Wrong.DRIP | Wrong.ENDLESS:  # a packet of 256 MB
                writer.write(b"\x30\xff\xff\xff\x7f\x00\x01t\x00")
                await self.for_ever(writer, b"x")
            case Wrong.ERROR:
                writer.write(b"\x40\x03" + number + b"\x80")
            case Wrong.BUSY_NOBODY_KNOWS:
                writer.write(b"\x40\x03" + number + b"\x97")
            case Wrong.RESET:
                reset(writer)
            case _:
                writer.write(b"\x40\x02" + number)


async def packet(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Return the first byte of an MQTT packet, and what comes after its length."""
    kind, length, shift = (await reader.readexactly(1))[0], 0, 0
    while True:
        (byte,) = await reader.readexactly(1)
        length |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return kind, await reader.readexactly(length)


class Receiver(Peer):
    """A monitoring station's, SIA DC-09 over TCP."""

    @override
    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while heard := await reader.read(2000):
            self.reached.set()
            match self.wrong:
                case Wrong.DRIP | Wrong.ENDLESS:
                    await self.for_ever(writer, b"x")
                case Wrong.RESET:
                    reset(writer)
                case _:
                    writer.write(answer_of_station(self.wrong, heard))


def answer_of_station(wrong: Wrong, heard: bytes) -> bytes:
    """Return what a station says in one piece."""
    names = {Wrong.HANG: "", Wrong.ERROR: "DUH", Wrong.NO_LOGIN: "NAK"}
    name, frame = names.get(wrong, "ACK"), parse(heard)
    assert frame is not None
    if wrong is Wrong.OF_ANOTHER_TYPE:
        return A_WEB_PAGE
    return build(Frame(id=name, sequence=frame.sequence, account=frame.account)) if name else b""


class Datagrams(asyncio.DatagramProtocol):
    """Somebody who is told things in datagrams, and answers each as `says` does."""

    def __init__(self, wrong: Wrong, says: Callable[[Wrong, bytes], bytes]) -> None:
        self.wrong = wrong
        self.says = says
        self.reached = asyncio.Event()
        self._more: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._transport.get_extra_info("sockname")[1]
        return port

    async def __aenter__(self) -> Self:
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transport.close()
        if self._more is not None:
            self._more.cancel()
            await asyncio.gather(self._more, return_exceptions=True)

    @override
    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    @override
    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.reached.set()
        match self.wrong:
            case Wrong.DRIP if self._more is None:
                self._more = asyncio.create_task(self._again(b"x", addr, DRIP_S))
            case Wrong.ENDLESS if self._more is None:
                self._more = asyncio.create_task(self._again(b"x" * 60_000, addr, 0))
            case Wrong.DRIP | Wrong.ENDLESS:
                pass
            case Wrong.RESET:  # what comes now is answered by the host: nobody listens there
                self._transport.close()
            case _:
                if said := self.says(self.wrong, data):
                    self._transport.sendto(said, addr)

    async def _again(self, said: bytes, addr: Any, pause_s: float) -> None:
        while True:
            self._transport.sendto(said, addr)
            await asyncio.sleep(pause_s)


def answer_of_manager(wrong: Wrong, heard: bytes) -> bytes:
    """Return what an SNMP manager says to an inform of version 2c (RFC 3416): the same objects, and how it went."""
    statuses = {Wrong.ERROR: 5, Wrong.BUSY_NOBODY_KNOWS: 13, Wrong.NO_LOGIN: 16}
    if wrong is Wrong.HANG:
        return b""
    if wrong is Wrong.OF_ANOTHER_TYPE:
        return A_WEB_PAGE
    said = bytearray(heard)
    inform = heard.index(0xA6, heard.index(b"hunter2"))
    said[inform] = 0xA2
    status = heard.index(b"\x02\x01\x00\x02\x01\x00", inform)
    said[status + 2] = statuses.get(wrong, 0)
    return bytes(said)
