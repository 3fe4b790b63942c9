"""Announces the service on the local network, so that Home Assistant finds it."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import ifaddr
from zeroconf import InterfaceChoice
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

_LOGGER = logging.getLogger(__name__)

SERVICE_TYPE = "_alarm-broker._tcp.local."
ANY_HOST = frozenset({"0.0.0.0", "::"})  # noqa: S104 # compared, not bound


@asynccontextmanager
async def announced(
    *, instance_id: str, version: str, name: str, host: str, port: int
) -> AsyncIterator[bool]:
    """Announce the service while the context lasts; yields whether it worked.

    `host` is what the service listens on. Whatever keeps it from being announced (no multicast, no network yet after a
    power cut) is no reason not to serve: it is logged.
    """
    zeroconf: AsyncZeroconf | None = None
    try:
        addresses = await _addresses(host)
        info = AsyncServiceInfo(
            SERVICE_TYPE,
            f"Alarm Broker {instance_id[-8:]}.{SERVICE_TYPE}",
            port=port,
            parsed_addresses=addresses,
            server=f"alarm-broker-{instance_id[-8:]}.local.",
            properties={"id": instance_id, "version": version, "name": name, "path": "/"},
        )
        zeroconf = AsyncZeroconf(interfaces=InterfaceChoice.All if host in ANY_HOST else addresses)
        await (await zeroconf.async_register_service(info))
    except Exception as err:  # noqa: BLE001 # zeroconf raises RuntimeError where there is no interface, for one
        _LOGGER.warning("The service cannot be announced on the network: %r", err)
        if zeroconf is not None:
            await zeroconf.async_close()
            zeroconf = None
    try:
        yield zeroconf is not None
    finally:
        if zeroconf is not None:
            await zeroconf.async_unregister_all_services()
            await zeroconf.async_close()


async def _addresses(host: str) -> list[str]:
    """Return the addresses at which a service that listens on `host` is reached; of all of them, without loopback."""
    if host not in ANY_HOST:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
        return sorted({str(address[4][0]) for address in found})
    known = [ip for adapter in ifaddr.get_adapters() for ip in adapter.ips]
    return [str(ip.ip) for ip in known if ip.is_IPv4 and not str(ip.ip).startswith("127.")]
