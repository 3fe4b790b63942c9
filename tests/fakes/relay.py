"""A wire between a channel and a server, which can be cut, or let nothing through any more."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import override

from tests.fakes.listener import Listener


class Relay(Listener):
    """Passes on what both sides say, on 127.0.0.1."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._connected = asyncio.Condition()
        self.connections = 0
        self.mute = False
        """What the server says is lost."""

    async def cut(self) -> None:
        """End every connection without a word, on both sides."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def until_connected(self, times: int) -> None:
        """Return once so many connections have been made."""
        async with self._connected:
            await self._connected.wait_for(lambda: self.connections >= times)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        await self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @override
    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        their_reader, their_writer = await asyncio.open_connection("127.0.0.1", self._to_port)
        self._writers |= {writer, their_writer}
        for source, sink, is_answer in ((reader, their_writer, False), (their_reader, writer, True)):
            task = asyncio.create_task(self._pass_on(source, sink, is_answer=is_answer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        async with self._connected:
            self.connections += 1
            self._connected.notify_all()

    async def _pass_on(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, is_answer: bool
    ) -> None:
        with suppress(OSError):
            while said := await source.read(65536):
                if not (is_answer and self.mute):
                    sink.write(said)
        sink.close()
