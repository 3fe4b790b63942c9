"""A house's HTTP proxy between a channel and its provider; what must not be called is not called through it either."""

import asyncio
import socket
from contextlib import suppress
from ipaddress import ip_address

from aiohttp.abc import AbstractResolver
from pydantic import SecretStr
from yarl import URL

from companion.channels.addresses import ForbiddenAddressError, is_forbidden, is_forbidden_url

LOOKUP_S = 2.0
"""How long a name may take here that perhaps only the proxy knows."""


def usable_proxy(setting: SecretStr) -> SecretStr:
    """Return the address of an HTTP proxy; raises ValueError."""
    if is_forbidden_url(setting.get_secret_value().strip()):
        raise ValueError(str(ForbiddenAddressError()))
    try:
        url = URL(setting.get_secret_value().strip())
        usable = url.scheme == "http" and url.host and url.path in {"", "/"} and not url.query
    except ValueError:
        usable = False
    if not usable:
        raise ValueError(
            "must be written http://proxy.example:3128, or http://user:password@proxy.example:3128"
        )
    return setting


def proxy_of(setting: SecretStr | None) -> URL | None:
    """Return the proxy of a channel's settings, with its login if it has one."""
    return None if setting is None else URL(setting.get_secret_value().strip())


def secrets_in(setting: SecretStr | None) -> set[str]:
    """Return what must never be quoted of the proxy's address."""
    if setting is None:
        return set()
    url = setting.get_secret_value().strip()
    return {url, URL(url).password or ""}


async def refuse_forbidden(url: URL, resolver: AbstractResolver) -> None:
    """Raise ForbiddenAddressError for an address, or a name for one, that the proxy must not be asked for.

    As far as it can be told here: a name that only the proxy can look up is its own to judge.
    """
    host = url.host or ""
    addresses = [host]
    with suppress(OSError, TimeoutError, UnicodeError):
        async with asyncio.timeout(LOOKUP_S):
            # Also for what only looks like a name: `2852039166` is 169.254.169.254.
            found = await resolver.resolve(host, url.port or 0, socket.AF_UNSPEC)
        addresses += [one["host"] for one in found]
    for address in addresses:
        with suppress(ValueError):
            if is_forbidden(ip_address(address)):
                raise ForbiddenAddressError
