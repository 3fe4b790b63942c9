"""pysnmp's engine, in a thread of its own, with a clock that no restart sets back.

A receiver of SNMPv3 traps believes *our* engine id, boots and time (RFC 3414, 2.2.1 and 3.2): it drops what is older than the
newest that it has seen. Boots are meant to be counted on a disk, and pysnmp counts them in a temporary folder, which a
container loses: from then on every trap would be dropped. A channel has settings and no disk. So both are read from the clock: boots are
the number of the period of 194 days in which we are, time the seconds in it. A restart, a container made anew and several replicas
with one engine id say what the manager expects, nothing is ever said twice, and it does for 31 bits of boots. What it costs: a
clock that was set far into the future and back again is not believed until it is there (or the manager forgets us).
"""

import asyncio
import threading
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from pysnmp.hlapi.v3arch.asyncio import (
    USM_AUTH_HMAC96_MD5,
    USM_AUTH_HMAC96_SHA,
    USM_AUTH_HMAC128_SHA224,
    USM_AUTH_HMAC192_SHA256,
    USM_AUTH_HMAC256_SHA384,
    USM_AUTH_HMAC384_SHA512,
    USM_AUTH_NONE,
    USM_PRIV_CFB128_AES,
    USM_PRIV_CFB192_AES,
    USM_PRIV_CFB192_AES_BLUMENTHAL,
    USM_PRIV_CFB256_AES,
    USM_PRIV_CFB256_AES_BLUMENTHAL,
    USM_PRIV_NONE,
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    OctetString,
    SnmpEngine,
    Udp6TransportTarget,
    UdpTransportTarget,
    UsmUserData,
    send_notification,
)
from pysnmp.proto.rfc1902 import Integer32, ObjectIdentifier, TimeTicks, Unsigned32

from companion.channels.snmp.notification import Notification
from companion.channels.snmp.settings import SnmpSettings

PERIOD_S = 2**24
OURS = "80007ed905"
"""Beginning of an engine id (RFC 3411): enterprise 32473 with the first bit set, and five for octets of our own."""
UPTIME, TRAP_OID = "1.3.6.1.2.1.1.3.0", "1.3.6.1.6.3.1.1.4.1.0"
UNSIGNED = frozenset({2, 3})
"""Which objects are Unsigned32; other numbers are INTEGER."""

AUTH = {
    "md5": USM_AUTH_HMAC96_MD5,
    "sha": USM_AUTH_HMAC96_SHA,
    "sha224": USM_AUTH_HMAC128_SHA224,
    "sha256": USM_AUTH_HMAC192_SHA256,
    "sha384": USM_AUTH_HMAC256_SHA384,
    "sha512": USM_AUTH_HMAC384_SHA512,
}
PRIVACY = {
    "aes": USM_PRIV_CFB128_AES,
    "aes192": USM_PRIV_CFB192_AES_BLUMENTHAL,
    "aes256": USM_PRIV_CFB256_AES_BLUMENTHAL,
    "aes192c": USM_PRIV_CFB192_AES,
    "aes256c": USM_PRIV_CFB256_AES,
}


@dataclass(frozen=True)
class Said:
    """What became of a notification: pysnmp returns errors, it raises none."""

    error: str
    """Name of pysnmp's error, such as `RequestTimedOut`; empty: there was none."""
    status: int
    """The manager's own error-status; 0 is none."""


class Engine:
    """One engine, made off the event loop, whose work (ASN.1, keys, cryptography in Python) stays off it."""

    def __init__(self, settings: SnmpSettings) -> None:
        self._settings = settings
        self._engine = SnmpEngine(OctetString(hexValue=engine_id(settings)))
        self._boots, self._time = self._engine.get_mib_builder().import_symbols(
            "__SNMP-FRAMEWORK-MIB", "snmpEngineBoots", "snmpEngineTime"
        )
        self._credentials = credentials(settings)
        self._started = time.monotonic()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    async def send(self, address: str, notification: Notification) -> Said:
        """Send to an address, never a name, and wait for the answer if it is an inform."""
        return await self._in_thread(self._send(address, notification))

    async def close(self) -> None:
        """Close the socket and end the thread."""
        loop, thread = self._loop, self._thread
        if loop is not None and thread is not None:
            await self._in_thread(self._close())
            self._loop = None
            loop.call_soon_threadsafe(loop.stop)
            await asyncio.to_thread(thread.join)

    async def _in_thread[T](self, work: Coroutine[Any, Any, T]) -> T:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            # pysnmp raises for datagrams that make no sense: anybody could fill the log with them.
            self._loop.set_exception_handler(lambda *_: None)
            self._thread = threading.Thread(target=_run, args=(self._loop,), name="channel-snmp", daemon=True)
            self._thread.start()
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    async def _send(self, address: str, notification: Notification) -> Said:
        settings = self._settings
        kind = Udp6TransportTarget if ":" in address else UdpTransportTarget
        target = await kind.create(
            (address, settings.port), timeout=settings.reply_s, retries=settings.repeats
        )
        self._set_clock()
        error, status, _index, _objects = await send_notification(
            self._engine,
            self._credentials,
            target,
            ContextData(),
            settings.notify,
            *self._objects(notification),
            lookupMib=False,
        )
        return Said("" if error is None else type(error).__name__, int(status))

    async def _close(self) -> None:
        self._engine.close_dispatcher()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _set_clock(self) -> None:
        boots, _ = engine_clock(time.time())
        self._boots.syntax = self._boots.syntax.clone(boots)
        # What pysnmp is given is when its time began.
        self._time.syntax = self._time.syntax.clone(boots * PERIOD_S)

    def _objects(self, notification: Notification) -> list[ObjectType]:
        base = self._settings.base_oid
        uptime = int((time.monotonic() - self._started) * 100) % 2**32
        found = [
            (UPTIME, TimeTicks(uptime)),
            (TRAP_OID, ObjectIdentifier(f"{base}.0.{notification.number}")),
            *(
                (f"{base}.1.{number}.0", _written(number, value))
                for number, value in enumerate(notification.objects, 1)
            ),
        ]
        return [ObjectType(ObjectIdentity(oid), value) for oid, value in found]


def _written(number: int, value: bytes | int) -> Any:
    if isinstance(value, bytes):
        return OctetString(value)
    return Unsigned32(value) if number in UNSIGNED else Integer32(value)


def engine_id(settings: SnmpSettings) -> str:
    """Return our engine id: the one that was set, or the one that always follows from the other settings."""
    if settings.engine_id is not None:
        return settings.engine_id.removeprefix("0x").lower()
    return OURS + sha256(f"{settings.url} {settings.user}".encode()).hexdigest()[:24]


def engine_clock(now: float) -> tuple[int, int]:
    """Return boots and time (seconds) of an engine at a time of the clock."""
    boots, seconds = divmod(int(now), PERIOD_S)
    return boots, seconds


def credentials(settings: SnmpSettings) -> CommunityData | UsmUserData:
    """Return how the manager knows us."""
    if settings.community is not None:
        return CommunityData(settings.community.get_secret_value(), mpModel=1)  # noqa: S508 # what a manager without v3 needs
    auth, privacy = settings.auth_passphrase, settings.privacy_passphrase
    return UsmUserData(
        settings.user,
        None if auth is None else auth.get_secret_value(),
        None if privacy is None else privacy.get_secret_value(),
        authProtocol=USM_AUTH_NONE if auth is None else AUTH[settings.auth],
        privProtocol=USM_PRIV_NONE if privacy is None else PRIVACY[settings.privacy],
    )


def _run(loop: asyncio.AbstractEventLoop) -> None:
    loop.run_forever()
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
