"""A limit on how often one client may ask, with bounded memory. Pure: the time is an argument."""

import math
from collections import OrderedDict
from ipaddress import IPv6Address, ip_address

CLIENTS = 10_000
"""Clients remembered at most; the one not heard of for longest is forgotten first."""


class RateLimit:
    """A bucket of `burst` tokens a client, which fills up again within `per_s` seconds."""

    def __init__(self, burst: int, per_s: float, *, clients: int = CLIENTS) -> None:
        self._burst = burst
        self._per_s = per_s
        self._clients = clients
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, client: str, now: float) -> int:
        """Take a token and return 0, or return in how many whole seconds there will be one again.

        `now` is in seconds of a monotonic clock.
        """
        key = client_key(client)
        level = min(self._burst, self._level(key, now))
        if level < 1:
            return max(1, math.ceil((1 - level) * self._per_s / self._burst))
        self._buckets[key] = (level - 1, now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > self._clients:
            self._buckets.popitem(last=False)
        return 0

    def _level(self, key: str, now: float) -> float:
        level, at = self._buckets.get(key, (self._burst, now))
        return level + (now - at) * self._burst / self._per_s


def client_key(client: str) -> str:
    """Return what counts as one client: an IPv4 address, or the /64 that one IPv6 subscriber has."""
    try:
        address = ip_address(client)
    except ValueError:
        return client
    if not isinstance(address, IPv6Address):
        return client
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return address.exploded[:19]
