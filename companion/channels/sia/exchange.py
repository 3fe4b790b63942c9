"""One frame to one receiver over a connection of its own, and what it answers: never two frames in flight."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from enum import Enum
from typing import override

from pydantic import AnyUrl

from companion.channels.resolver import ChannelResolver
from companion.channels.sia.frames import Frame, parse
from companion.channels.tcp import allowed_addresses, connected

ANSWER_LIMIT = 1024
"""Bytes of an answer; DC-09 frames have at most four digits of length, answers are short."""


class Verdict(Enum):
    """What a receiver makes of a frame."""

    TAKEN = "ACK"
    NOT_TAKEN = "NAK"
    NOT_UNDERSTOOD = "DUH"


@dataclass(frozen=True)
class Answer:
    """What a receiver says, and its frame: of a `NAK` it has the receiver's time."""

    verdict: Verdict
    frame: Frame


@dataclass(frozen=True)
class Line:
    """How receivers are reached."""

    receiver: AnyUrl
    resolver: ChannelResolver
    gone_out: Callable[[], None]
    """Called once the frame may have arrived."""

    @property
    def host(self) -> str:
        """Name or address."""
        return (self.receiver.host or "").strip("[]")

    @property
    def port(self) -> int:
        """Port."""
        return self.receiver.port or 0


async def ask(line: Line, frame: Frame, raw: bytes, key: bytes | None) -> Answer | None:
    """Send a frame and return what is answered; None: the connection ended without an answer.

    Whoever asks limits the time. Raises OSError when there is no connection.
    """
    over = _over_udp if line.receiver.scheme == "udp" else _over_tcp
    async with aclosing(over(line, raw)) as pieces:
        async for piece in pieces:
            answer = read(parse(piece, key), frame)
            if answer is not None:
                return answer
    return None


def read(answer: Frame | None, asked: Frame) -> Answer | None:
    """Return what an answer says of the frame that was sent; None: nothing (damaged, of another frame, or forged)."""
    if answer is None or answer.id not in Verdict:
        return None
    verdict = Verdict(answer.id)
    is_of_it = answer.sequence == asked.sequence and answer.account.upper() in {"", asked.account.upper()}
    if verdict is Verdict.TAKEN and not (is_of_it and answer.encrypted == asked.encrypted):
        return None  # with a key, only who has it can take something
    if verdict is Verdict.NOT_UNDERSTOOD and not is_of_it and answer.account:
        return None
    return Answer(verdict, answer)


async def _over_tcp(line: Line, raw: bytes) -> AsyncGenerator[bytes]:
    socket = await connected(line.host, line.port, line.resolver)
    reader, writer = await asyncio.open_connection(sock=socket, limit=ANSWER_LIMIT)
    try:
        writer.write(raw)
        line.gone_out()
        heard = b""
        # Some answers have no CR at their end: what is there is looked at as it comes.
        while len(heard) < ANSWER_LIMIT and (more := await reader.read(ANSWER_LIMIT)):
            heard += more
            *whole, heard = heard.split(b"\r")
            for piece in (*whole, heard):
                yield piece
    except ConnectionError:
        return
    finally:
        writer.close()


async def _over_udp(line: Line, raw: bytes) -> AsyncGenerator[bytes]:
    address, *_ = await allowed_addresses(line.host, line.port, line.resolver)
    heard: asyncio.Queue[bytes | None] = asyncio.Queue(16)

    class Endpoint(asyncio.DatagramProtocol):
        @override
        def datagram_received(self, data: bytes, addr: object) -> None:
            if not heard.full():
                heard.put_nowait(data[:ANSWER_LIMIT])

        @override
        def error_received(self, exc: Exception) -> None:  # nobody listens there (ICMP)
            if not heard.full():
                heard.put_nowait(None)

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        Endpoint, remote_addr=(address["host"], line.port)
    )
    try:
        transport.sendto(raw)
        line.gone_out()
        while (data := await heard.get()) is not None:
            yield data
    finally:
        transport.close()
