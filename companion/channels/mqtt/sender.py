"""MQTT: one connection for everything that is published and heard; a message is sent when the broker has confirmed it."""

import asyncio
import json
import logging
import time
from collections import OrderedDict
from contextlib import suppress
from typing import override

import aiomqtt

from companion.channels.base import (
    Answer,
    Channel,
    Inbound,
    Listens,
    Message,
    Outcome,
    Refused,
    Response,
    Sent,
    TryAgain,
)
from companion.channels.mqtt.answers import answer_in
from companion.channels.mqtt.connection import CLOSING_S, OFFLINE, ONLINE, Connection, NotDone
from companion.channels.mqtt.payloads import OVER, STATUS, event, state
from companion.channels.mqtt.settings import MqttSettings
from companion.channels.mqtt.topics import level, topic_of
from companion.channels.order import too_early
from companion.channels.resolver import ChannelResolver
from companion.texts.reasons import Reason

_LOGGER = logging.getLogger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
"""How long a broker that is not there is left alone."""
STORE_PAUSES_S = (1.0, 4.0, 15.0)
"""MQTT has delivered an answer once it is here: while the database is away it is kept for as long as this."""
ENDED_KEPT = 1000
"""How many alarms that are over are remembered, so that nothing that comes late makes their state an open one."""


class MqttChannel(Channel, Listens):
    """Publishes what happens to alarms, and hears answers."""

    def __init__(self, config: MqttSettings) -> None:
        self._config = config
        self._tls = config.tls
        self._resolver = ChannelResolver()
        self._connection: Connection | None = None
        self._opening: asyncio.Task[Connection] | None = None
        self._is_announced = False
        self._is_closed = False
        self._ended: OrderedDict[str, None] = OrderedDict()

    @override
    async def send(self, message: Message) -> Outcome:
        if early := too_early(message):
            return early
        try:
            connection = await self._connected()
            await self._publish_state(connection, message)
            await connection.publish(
                topic_of(self._config.topic, message),
                event(message, link=self._config.ack_link),
                retain=self._config.retain,
            )
        except NotDone as err:
            return err.outcome
        return Sent(provider_ref=message.alarm_id)

    @override
    async def check(self) -> Outcome:
        """Connect, which is when a broker looks at credentials."""
        try:
            await self._connected()
        except NotDone as err:
            return err.outcome
        return Sent(provider_ref=None)

    @override
    async def listen(self, inbound: Inbound) -> None:
        """Be available, and pass on answers. Ends only when the broker refuses us, which raises NotDone."""
        pause = FIRST_PAUSE_S
        while True:
            try:
                connection = await self._connected()
                await self._announce(connection)
                pause = FIRST_PAUSE_S
                async for message in connection.messages():
                    await self._hear(connection, message, inbound)
            except NotDone as err:
                if isinstance(err.outcome, Refused):
                    raise
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    @override
    async def close(self) -> None:
        self._is_closed = True
        if self._opening is not None:
            with suppress(NotDone, TimeoutError):
                async with asyncio.timeout(CLOSING_S):
                    await asyncio.shield(self._opening)
        connection, topic = self._connection, self._config.availability_topic
        self._connection = None
        if connection is None:
            return
        if self._is_announced and topic is not None:
            with suppress(NotDone, TimeoutError):
                async with asyncio.timeout(CLOSING_S):
                    await connection.publish(topic, OFFLINE, retain=True)
        await connection.close()

    # --- the connection ---------------------------------------------------------------------------------

    async def _connected(self) -> Connection:
        """Return the connection, opened if there is none. Raises NotDone."""
        if self._connection is not None and self._connection.is_open:
            return self._connection
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())
            self._opening.add_done_callback(lambda done: done.exception())  # nobody may be left who waits
        opening = self._opening
        # Who waits no longer ends only the waiting: see `Connection.open`.
        done, _ = await asyncio.wait({opening}, timeout=self._config.timeout_s)
        if not done:
            raise NotDone(TryAgain(reason=Reason("not_connected_in_time")))
        return opening.result()

    async def _open(self) -> Connection:
        try:
            lost, self._connection = self._connection, None
            if lost is not None:
                await lost.close()
            opened = await Connection.open(self._config, self._tls, self._resolver)
            if self._is_closed:  # nobody waited for it
                await opened.close()
                raise NotDone(TryAgain(reason=Reason("not_connected")))
            self._connection = opened
            return opened
        finally:
            self._opening = None

    async def _announce(self, connection: Connection) -> None:
        """Say that we are there, and ask for what is said to us."""
        config, topics = self._config, list[str]()
        if config.availability_topic is not None:
            topics.append(config.availability_topic)
        if config.acknowledge:
            topics += [config.ack_topic, f"{config.ack_topic}/+"]
        if topics:
            await connection.subscribe(topics)
        if config.availability_topic is not None:
            await connection.publish(config.availability_topic, ONLINE, retain=True)
            self._is_announced = True

    # --- what is published ------------------------------------------------------------------------------

    async def _publish_state(self, connection: Connection, message: Message) -> None:
        template = self._config.state_topic
        if template is None or message.kind not in STATUS:
            return
        if message.kind in OVER:
            self._ended[message.alarm_id] = None
            if len(self._ended) > ENDED_KEPT:
                self._ended.popitem(last=False)
        elif message.alarm_id in self._ended:
            return
        topic = topic_of(template, message)
        await connection.publish(topic, state(message), retain=True)
        if message.kind in OVER and not self._config.keep_ended:
            await connection.publish(topic, b"", retain=True)

    # --- what is heard ----------------------------------------------------------------------------------

    async def _hear(self, connection: Connection, message: aiomqtt.Message, inbound: Inbound) -> None:
        topic, payload = str(message.topic), message.payload
        if not isinstance(payload, bytes):
            return
        if topic == self._config.availability_topic:
            if payload == OFFLINE:  # another replica has ended, or its will was published
                await connection.publish(topic, ONLINE, retain=True)
            return
        if message.retain:  # kept by the broker: said once, heard again with every connection
            return
        sender = topic.removeprefix(self._config.ack_topic).removeprefix("/")
        answer = answer_in(payload, sender, around=int(time.time() // 60))
        response = None if answer is None else await self._answered(answer, inbound)
        if answer is not None and response is not None:
            said = json.dumps({"understood": response.understood.value, "text": response.text}).encode()
            to = f"{self._config.ack_topic}/answered/{level(answer.sender)}"
            await connection.publish(to, said, retain=False)

    async def _answered(self, answer: Answer, inbound: Inbound) -> Response | None:
        for pause in STORE_PAUSES_S:
            try:
                return await inbound.answer(answer)
            except Exception as err:  # noqa: BLE001 # the database is away, which no channel knows by its name
                _LOGGER.warning("An answer over MQTT could not be taken yet (%s)", type(err).__name__)
            await asyncio.sleep(pause)
        return await inbound.answer(answer)
