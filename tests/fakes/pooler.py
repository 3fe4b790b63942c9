"""A pooler before PostgreSQL, as PgBouncer is one: clients get a number of its own, and a server for a while.

PostgreSQL, chapter *Message Flow*: a startup packet without a type, then messages of one byte type and four of length;
`ReadyForQuery` (Z) says whether the server is outside of a transaction (I). PgBouncer, `pool_mode`: *transaction* gives
the server back then, *session* when the client goes.
"""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy.engine import make_url

SSL_REQUEST = 80877103
NUMBER = struct.pack("!cIII", b"K", 12, 4711, 42)
"""BackendKeyData of the pooler's own."""


class Server:
    """A connection to PostgreSQL, and what it said when it began."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.parameters = b""
        self.free = asyncio.Lock()

    async def message(self) -> bytes:
        head = await self.reader.readexactly(5)
        return head + await self.reader.readexactly(struct.unpack("!I", head[1:])[0] - 4)


class Pooler:
    """Serves every client from one server (`transaction`), or each from its own (`session`)."""

    def __init__(self, database_url: str, mode: str) -> None:
        self._url = make_url(database_url)
        self._mode = mode
        self._shared: Server | None = None
        self._servers: list[Server] = []

    async def _server(self) -> Server:
        if self._mode == "transaction" and self._shared is not None:
            return self._shared
        server = Server(*await asyncio.open_connection(self._url.host, self._url.port))
        values = f"user\0{self._url.username}\0database\0{self._url.database}\0\0".encode()
        server.writer.write(struct.pack("!II", len(values) + 8, 3 << 16) + values)
        while not (message := await server.message()).startswith(b"Z"):
            if message.startswith(b"S"):
                server.parameters += message
        self._shared = server
        self._servers.append(server)
        return server

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await self._startup(reader, writer)
            server = await self._server()
            writer.write(struct.pack("!cII", b"R", 8, 0) + server.parameters + NUMBER + b"Z\0\0\0\5I")
            first: asyncio.Future[bytes] = asyncio.ensure_future(reader.readexactly(1))
            while True:
                await first
                async with server.free:
                    first = await self._transaction(first, reader, writer, server)
        writer.close()

    async def _startup(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            length, code = struct.unpack("!II", await reader.readexactly(8))
            await reader.readexactly(length - 8)
            if code != SSL_REQUEST:
                return
            writer.write(b"N")

    async def _transaction(
        self,
        first: asyncio.Future[bytes],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        server: Server,
    ) -> asyncio.Future[bytes]:
        """Pass everything on, both ways, until the server is outside of a transaction; return what begins the next one."""
        answers = asyncio.create_task(self._answers(server, writer))
        try:
            while True:
                head = await first
                if head == b"X":
                    raise ConnectionResetError
                length = await reader.readexactly(4)
                server.writer.write(
                    head + length + await reader.readexactly(struct.unpack("!I", length)[0] - 4)
                )
                first = asyncio.ensure_future(reader.readexactly(1))
                await asyncio.wait([first, answers], return_when=asyncio.FIRST_COMPLETED)
                if answers.done():
                    return first
        finally:
            answers.cancel()

    async def _answers(self, server: Server, writer: asyncio.StreamWriter) -> None:
        message = b""
        while not (message.startswith(b"Z") and message.endswith(b"I")):
            message = await server.message()
            writer.write(message)

    def close(self) -> None:
        for server in self._servers:
            server.writer.close()


@asynccontextmanager
async def pooled(database_url: str, mode: str) -> AsyncIterator[str]:
    """Run a pooler before the database and give the URL that leads through it."""
    pooler = Pooler(database_url, mode)
    listening = await asyncio.start_server(pooler.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    yield make_url(database_url).set(port=port).render_as_string(hide_password=False)
    listening.close()
    listening.close_clients()
    pooler.close()
    await listening.wait_closed()
