"""A monitoring station's receiver that says what a test wants, and keeps what it hears; beside it pysiaalarm, a real one."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from pysiaalarm.account import SIAAccount
from pysiaalarm.aio.client import SIAClient
from pysiaalarm.event import SIAEvent
from pysiaalarm.utils.enums import CommunicationsProtocol

from tests.fakes.ports import free_port

ACCOUNT = "1234"


@dataclass
class Station:
    """Takes frames over TCP and answers each as `says` does, in turn; the last one for all that follow."""

    says: list[Callable[[bytes], bytes]]
    heard: list[bytes] = field(default_factory=list, init=False)
    _server: asyncio.Server | None = field(default=None, init=False)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition, init=False)

    @property
    def url(self) -> str:
        """Where it listens."""
        assert self._server is not None
        return f"tcp://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def until_heard(self, number: int) -> None:
        """Return once so many frames have come."""
        async with asyncio.timeout(20), self._changed:
            await self._changed.wait_for(lambda: len(self.heard) >= number)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Station]:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        async with self._server:
            yield self
            self._server.close_clients()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while heard := await reader.read(2000):
            says = self.says.pop(0) if len(self.says) > 1 else self.says[0]
            self.heard.append(heard)
            writer.write(says(heard))
            async with self._changed:
                self._changed.notify_all()
        writer.close()


@dataclass
class RealStation:
    """pysiaalarm on 127.0.0.1."""

    url: str
    events: asyncio.Queue[SIAEvent]
    client: SIAClient


@asynccontextmanager
async def real_station(*, over: str = "tcp", key: str | None = None) -> AsyncIterator[RealStation]:
    """Yield a receiver that listens for one account."""
    events: asyncio.Queue[SIAEvent] = asyncio.Queue()
    port = free_port()
    protocol = CommunicationsProtocol.UDP if over == "udp" else CommunicationsProtocol.TCP
    account = SIAAccount(ACCOUNT, key)
    client = SIAClient("127.0.0.1", port, [account], events.put, protocol=protocol)  # type: ignore[abstract] # it makes one of two
    await client.async_start(reuse_port=False)
    yield RealStation(f"{over}://127.0.0.1:{port}", events, client)
    await client.async_stop()
