"""How a channel that speaks no HTTP connects: names looked up by us, each address checked, one socket handed to its library."""

import os
import socket
import ssl
from ipaddress import ip_address

from aiohappyeyeballs import start_connection
from aiohttp.abc import AbstractResolver, ResolveResult

from companion.channels.addresses import AddressInfo, ForbiddenAddressError, guarded_socket, is_forbidden
from companion.channels.base import Refused, TryAgain
from companion.channels.trust import refusal
from companion.texts.reasons import Reason

NEXT_ADDRESS_S = 0.25
"""RFC 8305: how long one address is tried alone before the next is tried beside it."""


async def connected(host: str, port: int, resolver: AbstractResolver) -> socket.socket:
    """Return a socket that is connected to the host; whoever asks limits the time.

    Raises ForbiddenAddressError when it has no address that a channel may call, socket.gaierror for a name that is not
    found, OSError for all else.
    """
    allowed = await allowed_addresses(host, port, resolver)
    addresses: list[AddressInfo] = [
        (one["family"], socket.SOCK_STREAM, one["proto"], "", sockaddr(one["host"], port)) for one in allowed
    ]
    return await start_connection(
        addresses, happy_eyeballs_delay=NEXT_ADDRESS_S, interleave=1, socket_factory=guarded_socket
    )


async def allowed_addresses(host: str, port: int, resolver: AbstractResolver) -> list[ResolveResult]:
    """Return the addresses of the host that a channel may call, in the order in which they should be tried.

    Whoever connects by itself is given one of these, never the name: it could lead elsewhere the second time. Raises as
    `connected` does.
    """
    found = await resolver.resolve(host, port, socket.AF_UNSPEC)
    # A host of the house may have a link-local address beside the one that it is called by.
    allowed = [one for one in found if not is_forbidden(ip_address(one["host"]))]
    if not allowed:
        raise ForbiddenAddressError
    return allowed


def failure_to_connect(error: OSError) -> TryAgain | Refused:
    """Return what it means that nothing could be sent. Never quotes the error: it may hold the address."""
    match error:
        case ForbiddenAddressError():
            return Refused(reason=Reason("address_forbidden"), channel_broken=True)
        case ssl.SSLCertVerificationError():
            return TryAgain(reason=Reason("certificate_refused", why=refusal(error)))
        case ssl.SSLError():
            return TryAgain(reason=Reason("no_tls"))
        case socket.gaierror():
            return TryAgain(reason=Reason("name_not_found"))
        case TimeoutError():
            return TryAgain(reason=Reason("not_connected_in_time"))
        case OSError(errno=int(number)) if number > 0:
            return TryAgain(reason=Reason("not_connected_because", why=os.strerror(number)))
        case _:
            return TryAgain(reason=Reason("not_connected"))


def sockaddr(address: str, port: int) -> tuple[str, int] | tuple[str, int, int, int]:
    """Return an address as sockets of its family take it."""
    return (address, port, 0, 0) if ":" in address else (address, port)
