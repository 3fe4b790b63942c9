"""Over how many connections messages go: one for a burst, and no message ever over one that its server has given up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from yarl import URL

from companion.channels.base import TryAgain
from companion.channels.http import HttpClient, HttpOptions, Reply
from tests.fakes.ports import free_port


@dataclass
class Gateway:
    """A server that knows its connections; it ends each after `most` answers, without a word in the last of them."""

    most: int | None = None
    port: int = field(default_factory=free_port)
    taken: list[bytes] = field(default_factory=list)
    connections: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    """The client has ended a connection."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        answered = 0
        while head := await self._head(reader):
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            if answered == self.most:
                break  # too late: it was about to end the connection when this came
            self.taken.append(body)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            answered += 1
        else:
            self.ended.set()
        writer.close()

    async def _head(self, reader: asyncio.StreamReader) -> bytes:
        try:
            return await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError, ConnectionError:
            return b""

    async def send(self, client: HttpClient, body: bytes) -> object:
        """Return what the client makes of the answer."""
        return await client.request("POST", URL(f"http://127.0.0.1:{self.port}/"), data=body)


@asynccontextmanager
async def running(gateway: Gateway) -> AsyncIterator[HttpClient]:
    server = await asyncio.start_server(gateway.serve, "127.0.0.1", gateway.port)
    client = HttpClient(HttpOptions())
    try:
        yield client
    finally:
        await client.close()
        server.close()


async def test_messages_of_a_burst_share_a_connection() -> None:
    gateway = Gateway()
    async with running(gateway) as client:
        for number in range(5):
            assert isinstance(await gateway.send(client, b"%d" % number), Reply)

    assert gateway.connections == 1
    assert gateway.taken == [b"0", b"1", b"2", b"3", b"4"]


async def test_a_connection_ends_before_a_server_would_give_it_up() -> None:
    gateway = Gateway()
    async with running(gateway) as client:
        await gateway.send(client, b"first")
        async with asyncio.timeout(30):
            await gateway.ended.wait()  # by us, while the server still waits for more
        assert isinstance(await gateway.send(client, b"second"), Reply)

    assert gateway.connections == 2


async def test_a_message_lost_with_a_connection_may_have_been_sent_and_the_next_ones_have_their_own() -> None:
    gateway = Gateway(most=1)
    async with running(gateway) as client:
        await gateway.send(client, b"first")
        lost = await gateway.send(client, b"lost")
        for number in range(3):
            assert isinstance(await gateway.send(client, b"%d" % number), Reply)

    assert isinstance(lost, TryAgain)
    assert lost.uncertain
    assert gateway.taken == [b"first", b"0", b"1", b"2"]


@pytest.mark.parametrize("status", [b"200 OK", b"503 Service Unavailable"])
async def test_what_is_left_of_an_endless_answer_is_not_taken_for_the_next_one(status: bytes) -> None:
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n")
        length = 200_000
        writer.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n" % (status, length) + b"x" * length)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = URL(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    client = HttpClient(HttpOptions())
    try:
        for _ in range(2):
            reply = await client.request("POST", url, data=b"")
            assert isinstance(reply, Reply)
            assert len(reply.body) < 200_000
    finally:
        await client.close()
        server.close()
    assert connections == 2
