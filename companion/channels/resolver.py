"""Looking up names for one channel in threads of its own: a name server that does not answer holds up no other channel."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import override

from aiohttp.abc import AbstractResolver, ResolveResult

LOOKUPS = 16
"""Names that one channel looks up at a time. `getaddrinfo` cannot be interrupted: each may hold its thread for half a minute."""


class ChannelResolver(AbstractResolver):
    """The host's own resolver (getaddrinfo), outside of the pool that everything else shares."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(LOOKUPS, thread_name_prefix="channel-names")

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of the host, in the order in which they should be tried; raises OSError."""

        def look_up() -> list[ResolveResult]:
            found = socket.getaddrinfo(
                host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
            )
            return [
                ResolveResult(
                    hostname=host,
                    host=str(address[0]),
                    port=int(address[1]),
                    family=kind,
                    proto=protocol,
                    flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
                )
                for kind, _type, protocol, _name, address in found
            ]

        return await asyncio.get_running_loop().run_in_executor(self._pool, look_up)

    @override
    async def close(self) -> None:
        """Look nothing up any more; who waits is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)
