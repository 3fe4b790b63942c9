"""One connection to a broker: opened to a checked address, read all the time, and told from one that is lost."""

import asyncio
import errno
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Self, override

import aiomqtt
from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from companion.channels.base import Refused, TryAgain
from companion.channels.mqtt.settings import MqttSettings
from companion.channels.mqtt.tls import TlsOfName
from companion.channels.resolver import ChannelResolver
from companion.channels.tcp import allowed_addresses, failure_to_connect
from companion.texts.reasons import Reason

KEEPALIVE_S = 15
"""A broker that is gone is noticed after one and a half of it."""
WAITING = 100
"""Messages that wait to be read; what comes beyond is dropped."""
LARGEST = 64 * 1024
"""Bytes of a packet that we take. A broker is told so (MQTT 5); a larger one ends the connection."""
KEPT_S = 3600
"""How long a broker keeps answers for a client of a fixed id that is away."""
CLOSING_S = 2.0

ONLINE, OFFLINE = b"online", b"offline"

CREDENTIALS = frozenset({134, 135})
"""Bad user name or password, not authorized (MQTT 5.0, 3.2.2.2). paho makes 4 and 5 of MQTT 3.1.1 into them."""
HOPELESS = frozenset({132, 133, 138, 140}) | CREDENTIALS
"""Version, client id, banned, method: no attempt gets further until somebody has changed a setting."""


class NotDone(Exception):
    """What was asked of the broker did not happen, or nobody knows whether it did."""

    def __init__(self, outcome: TryAgain | Refused) -> None:
        super().__init__(str(outcome.reason))
        self.outcome = outcome


LIBRARY = logging.getLogger(f"{__name__}.library")
"""Says nothing: what goes wrong is told as an outcome, once."""
LIBRARY.setLevel(logging.CRITICAL + 1)


class Client(aiomqtt.Client):
    """Tells two things that aiomqtt does not, and keeps it from a third.

    Why the broker refused a message, which would count as published (MQTT 5 has a reason in its PUBACK), and that a
    connection was ended before it was accepted, which would be waited for. And a packet is no larger than we take: paho would
    make room for whatever a broker says that it is going to send, 256 MB at most.
    """

    def __init__(self, *args: Any, **how: Any) -> None:
        super().__init__(*args, **how)
        self.refusal: ReasonCode | None = None
        receive = self._client._sock_recv  # noqa: SLF001 # paho has no setting for it

        def received(bufsize: int) -> bytes:
            if bufsize > LARGEST:
                raise OSError(errno.EMSGSIZE, "more than we take")  # which ends the connection
            return receive(bufsize)

        self._client._sock_recv = received  # type: ignore[method-assign] # noqa: SLF001

    @override
    def _on_disconnect(self, *args: Any) -> None:
        if not self._connected.done():
            self._connected.set_exception(aiomqtt.MqttError("ended before it was accepted"))
        super()._on_disconnect(*args)

    @override
    def _on_publish(
        self, client: Any, userdata: Any, mid: int, reason_code: ReasonCode, properties: Any
    ) -> None:
        if reason_code.is_failure:
            self.refusal = reason_code
        super()._on_publish(client, userdata, mid, reason_code, properties)


class Connection:
    """A connection that is open, until it is lost or closed."""

    def __init__(self, client: Client, settings: MqttSettings) -> None:
        self._client = client
        self._settings = settings
        self._inbox: asyncio.Queue[aiomqtt.Message] = asyncio.Queue(WAITING)
        self._reading = asyncio.create_task(self._read())
        self._one_at_a_time = asyncio.Lock()

    @classmethod
    async def open(cls, settings: MqttSettings, tls: TlsOfName | None, resolver: ChannelResolver) -> Self:
        """Connect to the first of the broker's addresses that answers. Raises NotDone.

        Not to be cancelled: the library connects in a thread of its own, and what it then has nobody would close.
        """
        try:
            addresses = await allowed_addresses(settings.host, settings.port, resolver)
        except OSError as err:
            raise NotDone(failure_to_connect(err)) from None
        failure: TryAgain | Refused = TryAgain(reason=Reason("not_connected"))
        for address in addresses:
            client = _client(settings, tls, address["host"])
            try:
                await client.__aenter__()
            except aiomqtt.MqttError as err:
                await _leave(client, within_s=0.1)
                failure = failure_of(err)
                if isinstance(failure, Refused):
                    break
            else:
                return cls(client, settings)
        raise NotDone(failure)

    @property
    def is_open(self) -> bool:
        """Whether it is not lost yet."""
        return not self._reading.done()

    async def publish(self, topic: str, payload: bytes, *, retain: bool) -> None:
        """Return once the broker has confirmed it (QoS 1 and 2). Raises NotDone: refused, or perhaps published."""
        # One after the other: which of several was refused would be hard to say.
        async with self._one_at_a_time:
            self._client.refusal = None
            publishing = asyncio.create_task(
                self._client.publish(
                    topic, payload, self._settings.qos, retain, timeout=self._settings.timeout_s
                )
            )
            try:
                await asyncio.wait({publishing, self._reading}, return_when=asyncio.FIRST_COMPLETED)
                if not publishing.done():
                    raise NotDone(TryAgain(reason=Reason("connection_lost"), uncertain=True))
                publishing.result()
            except aiomqtt.MqttCodeError:  # it was not even handed to the socket
                raise NotDone(TryAgain(reason=Reason("not_connected"))) from None
            except aiomqtt.MqttError:
                raise NotDone(TryAgain(reason=Reason("no_answer"), uncertain=True)) from None
            finally:
                publishing.cancel()
            if self._client.refusal is not None:
                raise NotDone(
                    failure_of_code(self._client.refusal, Reason("mqtt.may_not_publish", topic=topic))
                )

    async def subscribe(self, topics: list[str]) -> None:
        """Hear what is published there. Raises NotDone."""
        try:
            granted = await self._client.subscribe([(one, 1) for one in topics], timeout=CLOSING_S * 2)
        except aiomqtt.MqttError:
            raise NotDone(TryAgain(reason=Reason("connection_lost"))) from None
        for topic, code in zip(topics, granted, strict=False):
            if isinstance(code, ReasonCode) and code.is_failure:
                reason = Reason("mqtt.may_not_subscribe", topic=topic)
                raise NotDone(Refused(reason=reason, channel_broken=True))

    async def messages(self) -> AsyncIterator[aiomqtt.Message]:
        """Yield what is heard, until the connection is lost."""
        with suppress(asyncio.QueueShutDown):
            while True:
                yield await self._inbox.get()

    async def close(self) -> None:
        """Say goodbye, so that the broker does not publish the will."""
        await _leave(self._client)
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def _read(self) -> None:
        try:
            async for message in self._client.messages:
                with suppress(asyncio.QueueFull):
                    self._inbox.put_nowait(message)
        except aiomqtt.MqttError:
            pass  # lost, which whoever reads or writes is told
        finally:
            self._inbox.shutdown()


def failure_of(error: aiomqtt.MqttError) -> TryAgain | Refused:
    """Return what it means that there is no connection. Never quotes the error: it may hold the address."""
    if isinstance(error, aiomqtt.MqttCodeError) and isinstance(error.rc, ReasonCode):
        return failure_of_code(error.rc, Reason("mqtt.refused", said=str(error.rc)))
    # aiomqtt hides what it was behind its own error.
    cause = error.__context__
    return failure_to_connect(cause if isinstance(cause, OSError) else OSError())


def failure_of_code(code: ReasonCode, reason: Reason) -> TryAgain | Refused:
    """Return what a broker's reason code means."""
    if code.value in CREDENTIALS:
        reason = Reason("credentials_refused", answer=reason)
    if code.value in HOPELESS:
        return Refused(reason=reason, channel_broken=True)
    return TryAgain(reason=reason)


def _client(settings: MqttSettings, tls: TlsOfName | None, address: str) -> Client:
    is_5, password = settings.version == "5", settings.password
    properties = None
    if is_5:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho's
        properties.MaximumPacketSize = LARGEST
        properties.SessionExpiryInterval = KEPT_S if settings.client_id else 0
    will = None
    if settings.availability_topic is not None:
        will = aiomqtt.Will(settings.availability_topic, OFFLINE, qos=1, retain=True)
    return Client(
        address,
        settings.port,
        username=settings.username,
        password=None if password is None else password.get_secret_value(),
        # An id of its own for each connection: two clients of one id throw each other out in turns.
        identifier=settings.client_id or f"alarm-broker-{secrets.token_hex(6)}",
        protocol=aiomqtt.ProtocolVersion.V5 if is_5 else aiomqtt.ProtocolVersion.V311,
        clean_session=None if is_5 else settings.client_id is None,
        clean_start=settings.client_id is None if is_5 else MQTT_CLEAN_START_FIRST_ONLY,
        properties=properties,
        tls_context=tls,
        will=will,
        keepalive=KEEPALIVE_S,
        timeout=settings.timeout_s,
        logger=LIBRARY,
        max_queued_incoming_messages=WAITING,
    )


async def _leave(client: Client, within_s: float = CLOSING_S) -> None:
    client.timeout = within_s
    with suppress(aiomqtt.MqttError):
        await client.__aexit__(None, None, None)
