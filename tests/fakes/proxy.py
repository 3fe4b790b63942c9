"""An HTTP proxy as houses have them: CONNECT for https, whole addresses for http, perhaps with a login."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import override

from yarl import URL

from tests.fakes.listener import Listener


@dataclass
class FakeProxy(Listener):
    """Reaches what is in `hosts`, by name and port on 127.0.0.1; everything else by its own address."""

    login: str | None = None
    """Value of `Proxy-Authorization` that it demands."""
    heads: list[str] = field(default_factory=list, init=False)
    """The first lines and headers of what it was asked."""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set, init=False)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        self._server.close_clients()
        await self._server.wait_closed()

    @override
    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head)
        method, target, _ = head.split(" ", 2)
        if self.login is not None and f"proxy-authorization: {self.login}".lower() not in head.lower():
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            writer.close()
            return
        url = URL(f"//{target}" if method == "CONNECT" else target)
        # Whatever the name: what this proxy looks up is on this host.
        there, back = await asyncio.open_connection("127.0.0.1", url.port)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            back.write(head.replace(target, url.raw_path_qs, 1).encode())
        await asyncio.gather(_pump(reader, back), _pump(there, writer))


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await source.read(65_536):
            target.write(data)
            await target.drain()
    target.close()
