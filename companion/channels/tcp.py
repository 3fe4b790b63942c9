"""How a channel that speaks no HTTP connects: names looked up by us, each address checked, one socket handed to its library."""

import socket
from ipaddress import ip_address

from aiohappyeyeballs import start_connection
from aiohttp.abc import AbstractResolver

from companion.channels.addresses import AddressInfo, ForbiddenAddressError, guarded_socket, is_forbidden

NEXT_ADDRESS_S = 0.25
"""RFC 8305: how long one address is tried alone before the next is tried beside it."""


async def connected(host: str, port: int, resolver: AbstractResolver) -> socket.socket:
    """Return a socket that is connected to the host; whoever asks limits the time.

    Raises ForbiddenAddressError when it has no address that a channel may call, socket.gaierror for a name that is not
    found, OSError for all else.
    """
    found = await resolver.resolve(host, port, socket.AF_UNSPEC)
    # A host of the house may have a link-local address beside the one that it is called by.
    allowed: list[AddressInfo] = [
        (one["family"], socket.SOCK_STREAM, one["proto"], "", sockaddr(one["host"], port))
        for one in found
        if not is_forbidden(ip_address(one["host"]))
    ]
    if not allowed:
        raise ForbiddenAddressError
    return await start_connection(
        allowed, happy_eyeballs_delay=NEXT_ADDRESS_S, interleave=1, socket_factory=guarded_socket
    )


def sockaddr(address: str, port: int) -> tuple[str, int] | tuple[str, int, int, int]:
    """Return an address as sockets of its family take it."""
    return (address, port, 0, 0) if ":" in address else (address, port)
