"""Looking up names for one channel in threads of their own: a name server that does not answer holds up no other name."""

import asyncio
import socket
import threading
from contextlib import suppress
from functools import partial
from ipaddress import ip_address
from typing import override

from aiohttp.abc import AbstractResolver, ResolveResult

PER_NAME = 4
"""Look-ups of one name at a time; who comes later waits for the first of them that ends. `getaddrinfo` cannot be
interrupted and may hold its thread for half a minute, so the second is not to wait for the first. The names of a channel
are those of its settings: there are no more threads than four for each."""

type Name = tuple[str, socket.AddressFamily]
type Found = list[tuple[socket.AddressFamily, int, str]]
"""Family, protocol and address."""


class ChannelResolver(AbstractResolver):
    """The host's own resolver (getaddrinfo), outside of the pool that everything else shares."""

    def __init__(self) -> None:
        self._running: dict[Name, set[asyncio.Future[Found]]] = {}

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of the host, in the order in which they should be tried; raises OSError."""
        found = _as_address(host, family) or await self._looked_up((host, family))
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, protocol, address in found
        ]

    async def _looked_up(self, name: Name) -> Found:
        running = self._running.setdefault(name, set())
        if len(running) < PER_NAME:
            self._begin(name, running)
        done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()

    @override
    async def close(self) -> None:
        """Nothing is kept; a thread that still waits for its name server ends by itself."""

    def _begin(self, name: Name, running: set[asyncio.Future[Found]]) -> None:
        loop = asyncio.get_running_loop()
        lookup: asyncio.Future[Found] = loop.create_future()
        running.add(lookup)

        def ended(_: asyncio.Future[Found]) -> None:
            lookup.exception()  # nobody may be left who waits for it
            running.discard(lookup)
            if not running and self._running.get(name) is running:
                del self._running[name]

        def work() -> None:
            try:
                settle = partial(lookup.set_result, _addresses(*name))
            except Exception as err:  # noqa: BLE001 # whoever asked for the name hears of it
                settle = partial(lookup.set_exception, err)
            with suppress(RuntimeError):  # the loop was closed meanwhile
                loop.call_soon_threadsafe(settle)

        lookup.add_done_callback(ended)
        # Not of a pool: those are waited for when the process ends.
        threading.Thread(target=work, name="channel-names", daemon=True).start()


def _as_address(host: str, family: socket.AddressFamily) -> Found:
    """Return what is no name but an address as what it is: nobody is asked for it."""
    try:
        address = ip_address(host)
    except ValueError:
        return []
    kind = socket.AF_INET if address.version == 4 else socket.AF_INET6
    is_asked_for = family in {kind, socket.AF_UNSPEC} and "%" not in host
    return [(kind, socket.IPPROTO_TCP, host)] if is_asked_for else []


def _addresses(host: str, family: socket.AddressFamily) -> Found:
    found = socket.getaddrinfo(host, None, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return [(kind, protocol, str(address[0])) for kind, _type, protocol, _name, address in found]
