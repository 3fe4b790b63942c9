"""Which network addresses a channel may call: gateways on the LAN yes, cloud metadata and nonsense no."""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

type Address = IPv4Address | IPv6Address
type AddressInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[object, ...]]

# RFC 6052 and RFC 8215: the last 32 bits are an IPv4 address that a gateway will call for us.
NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))

# Cloud metadata services that are not link-local: AWS over IPv6, Alibaba, Oracle.
METADATA = frozenset(ip_address(one) for one in ("fd00:ec2::254", "100.100.100.200", "192.0.0.192"))


class ForbiddenAddressError(OSError):
    """A channel was about to connect to an address that no gateway has."""

    def __init__(self) -> None:
        super().__init__("no channel may call this address")


def is_forbidden(address: Address) -> bool:
    """Return whether a channel must not connect to `address`, also when it hides in an IPv6 one."""
    plain = unwrapped(address)
    return (
        plain in METADATA
        or plain.is_link_local
        or plain.is_multicast
        or plain.is_unspecified
        # Python counts ::1 as reserved, and 0.0.0.0/8 only as private.
        or (plain.is_reserved and not plain.is_loopback)
        or (isinstance(plain, IPv4Address) and plain.packed[0] == 0)
    )


def is_forbidden_url(url: str) -> bool:
    """Return whether a URL names an address, not a name, that a channel must not connect to."""
    try:
        return is_forbidden(ip_address(urlsplit(url).hostname or ""))
    except ValueError:  # a name: what it leads to is seen when it is called
        return False


def unwrapped(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one carries (mapped, NAT64, 6to4, Teredo, compatible), or itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    compatible = 1 < int(address) < 2**32
    if compatible or any(address in network for network in NAT64):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def guarded_socket(info: AddressInfo) -> socket.socket:
    """Return a socket for the very address about to be connected to.

    aiohttp calls this after name resolution and for literal addresses alike, so a name that
    resolves differently the second time gains nothing. Raises ForbiddenAddressError.
    """
    family, kind, protocol, _name, (host, *_rest) = info
    if is_forbidden(ip_address(str(host))):
        raise ForbiddenAddressError
    guarded = socket.socket(family, kind, protocol)
    # A WebSocket may be silent for hours: a peer that is gone is noticed within a minute or so.
    guarded.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if not hasattr(socket, "TCP_KEEPIDLE"):  # macOS: its own, slower, times
        return guarded
    for option, value in ((socket.TCP_KEEPIDLE, 30), (socket.TCP_KEEPINTVL, 10), (socket.TCP_KEEPCNT, 3)):
        guarded.setsockopt(socket.IPPROTO_TCP, option, value)
    return guarded
