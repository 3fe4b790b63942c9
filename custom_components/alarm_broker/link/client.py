"""The connection to the companion: connect, agree, resume, stay alive, and come back after every cut."""

import asyncio
import random
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import aiohttp
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, Event as BusEvent, HomeAssistant, callback
from homeassistant.util import dt as dt_util
from yarl import URL

from ..const import LOGGER
from ..system.subscribers import Subscribers
from .protocol import (
    MAX_FRAME_BYTES,
    PROTOCOL_VERSION,
    Confirm,
    Event,
    Frame,
    Hello,
    Ping,
    Pong,
    Refusal,
    Welcome,
    dump,
    parse,
)
from .registry import AlarmRegistry
from .wire import BadFrame

CONNECT_TIMEOUT_S = 10
SEND_TIMEOUT_S = 10
REFUSED_PAUSE_S = 60
ABILITIES = ("notify",)
SETTLE_S = 30
"""After this long on a new stream the companion has said again which alarms are open."""


class LinkLost(Exception):
    """The link ended; the text says why."""


class LinkRefused(LinkLost):
    """The companion said why it does not want this link: `code` is the contract's."""

    def __init__(self, refusal: Refusal) -> None:
        """Keep the code; the detail is for the log."""
        super().__init__(f"the companion refused: {refusal.code}: {refusal.detail}")
        self.code = refusal.code


class TokenRefused(LinkLost):
    """The companion does not accept the token; `forbidden` when it knows it but the role is too low."""

    def __init__(self, *, forbidden: bool) -> None:
        super().__init__("the companion refused the token")
        self.forbidden = forbidden


_LOST = (LinkLost, aiohttp.ClientError, TimeoutError, OSError, BadFrame)
"""All that a network may do to a link."""


class LinkState(StrEnum):
    """Whether the companion is there."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    AWAY = "away"
    REFUSED = "refused"


@dataclass(slots=True)
class Retry:
    """Growing waits between two attempts, spread so that many clients do not come back together."""

    minimum_s: float = 1
    maximum_s: float = 30
    _next_s: float = field(default=0, init=False)

    def worked(self) -> None:
        """Start small again: the companion has answered as one."""
        self._next_s = 0

    def wait_s(self) -> float:
        """Return how long to wait now."""
        self._next_s = min(max(self._next_s * 2, self.minimum_s), self.maximum_s)
        return self._next_s * random.uniform(0.5, 1)


async def async_connect(
    session: aiohttp.ClientSession, *, url: str, token: str, hello: Hello
) -> tuple[aiohttp.ClientWebSocketResponse, Welcome]:
    """Return an open link on which both sides have introduced themselves.

    Raises TokenRefused, LinkLost when nobody answers as a companion does.
    """
    ws: aiohttp.ClientWebSocketResponse | None = None
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            ws = await session.ws_connect(
                URL(url) / "v1" / "link",
                headers={"Authorization": f"Bearer {token}"},
                max_msg_size=MAX_FRAME_BYTES,
                # Closing must not wait for a companion that is no longer there.
                timeout=aiohttp.ClientWSTimeout(ws_close=1),
            )
            await ws.send_str(dump(hello))
            return ws, _welcome(_frame(await ws.receive()))
    except aiohttp.WSServerHandshakeError as err:
        if err.status in {401, 403}:
            raise TokenRefused(forbidden=err.status == 403) from err
        raise LinkLost(f"HTTP status {err.status}") from err
    except BaseException as err:
        if ws is not None:
            await ws.close()
        if isinstance(err, _LOST) and not isinstance(err, LinkLost):
            raise LinkLost(_reason(err)) from err
        raise


class LinkClient:
    """Keeps one link up for as long as it runs, and knows since when it has been down."""

    def __init__(
        self,
        hass: HomeAssistant,
        *,
        session: aiohttp.ClientSession,
        url: str,
        token: str,
        instance: str,
        stream: AlarmRegistry,
        on_refused: CALLBACK_TYPE,
    ) -> None:
        """Prepare; `async_start` begins the work and `on_refused` is called when the token is no longer good."""
        self.state = LinkState.CONNECTING
        self.down_since: datetime | None = dt_util.utcnow()
        self.companion: Welcome | None = None
        self.last_error: str | None = None
        self.retry = Retry()
        self.changes = Subscribers[()]()
        """Told when the state has changed."""
        self._hass = hass
        self._session = session
        self._url = url
        self._token = token
        self._instance = instance
        self._stream = stream
        self._on_refused = on_refused
        self._wake = asyncio.Event()
        self._busy = asyncio.Lock()
        self._stopping = False
        self._ws: aiohttp.ClientWebSocketResponse | None = None
        self._own_stream = ""
        self._sent = 0
        self._confirm: int | None = None
        self._pong_due = False
        stream.outgoing.subscribe(self._wake.set)

    @property
    def connected(self) -> bool:
        """Whether the companion hears us now."""
        return self.state is LinkState.CONNECTED

    @callback
    def async_start(self, entry: ConfigEntry[Any]) -> None:
        """Keep the link up in the background until the entry is unloaded or Home Assistant stops."""

        async def stop(_event: BusEvent) -> None:
            # From here on writes are postponed to the last moment, so nothing may be confirmed any more.
            await self.async_stop()

        entry.async_on_unload(self._hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, stop))
        entry.async_create_background_task(
            self._hass, self._async_run(), f"alarm_broker link {entry.entry_id}"
        )

    def hello(self) -> Hello:
        """Return who we are and what we have kept, as of now."""
        assert self._stream.outbox is not None  # noqa: S101 - a link is only built together with an outbox
        return Hello(
            version=PROTOCOL_VERSION,
            stream=self._stream.outbox.stream,
            instance=self._instance,
            name=self._hass.config.location_name,
            language=self._hass.config.language,
            can=ABILITIES,
            received=self._stream.received,
        )

    async def _async_run(self) -> None:
        while not self._stopping:
            try:
                await self._async_once()
            except TokenRefused as err:
                self._went_down(LinkState.REFUSED, str(err))
                self._on_refused()
                # Asked for a new token; until somebody gives one, see now and then if the old one is good again.
                await asyncio.sleep(REFUSED_PAUSE_S)
                continue
            except LinkLost as err:
                self._went_down(LinkState.AWAY, str(err))
            except Exception:  # noqa: BLE001 - a link that died of a bug would stay dead; logged in full
                LOGGER.exception("The link to the companion failed in an unexpected way")
                self._went_down(LinkState.AWAY, "unexpected error")
            await self._async_pause(self.retry.wait_s())

    async def _async_pause(self, seconds: float) -> None:
        """Wait before the next attempt; news for the companion cuts the wait short, so that an alarm does not wait."""
        self._wake.clear()
        shortest = min(seconds, self.retry.minimum_s)
        await asyncio.sleep(shortest)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds - shortest):
                await self._wake.wait()

    async def async_stop(self) -> None:
        """Let the event in hand be stored and told, take no further one, and say good-bye."""
        self._stopping = True
        async with self._busy:
            if self._ws is not None:
                await self._ws.close()

    async def _async_once(self) -> None:
        hello = self.hello()
        ws, welcome = await async_connect(self._session, url=self._url, token=self._token, hello=hello)
        self._ws = ws
        try:
            await self._async_agree(welcome)
            self._own_stream = hello.stream
            self._came_up(welcome)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._async_read(ws, welcome))
                group.create_task(self._async_write(ws, welcome))
                group.create_task(self._async_settle())
        except ExceptionGroup as failed:
            _, unexpected = failed.split(_LOST)
            if unexpected is not None:
                raise
            raise LinkLost(_reason(failed.exceptions[0])) from failed
        finally:
            self._ws = None
            await ws.close()

    async def _async_agree(self, welcome: Welcome) -> None:
        """Line both streams up, or raise LinkLost so that the next hello starts from what was found out."""
        outbox = self._stream.outbox
        if outbox is None or not outbox.resume(welcome.received):
            await self._stream.async_restart()
            raise LinkLost("the companion remembers another past; starting a new stream")
        if not await self._stream.async_follow(welcome.stream):
            raise LinkLost("the companion has started a new stream")
        self._sent = welcome.received
        self._confirm = None
        self._pong_due = False

    async def _async_read(self, ws: aiohttp.ClientWebSocketResponse, welcome: Welcome) -> None:
        first = True
        while True:
            frame = _frame(await ws.receive(timeout=3 * welcome.heartbeat_s))
            async with self._busy:
                if self._stopping:
                    raise LinkLost("stopping")
                match frame:
                    case Event(seq=seq) if seq <= self._stream.received:
                        self._confirm = self._stream.received
                    case Event(seq=seq, event=body) if seq == self._stream.received + 1:
                        if not await self._stream.async_receive(seq, body):
                            raise LinkLost("an event could not be stored")
                        self._confirm = seq
                    case Event(seq=seq):
                        if first:
                            # It has forgotten what we never kept: a backup was restored here.
                            await self._stream.async_restart()
                        raise LinkLost(f"event {seq} came after {self._stream.received}")
                    case Confirm(seq=seq):
                        self._confirmed(seq)
                    case Ping():
                        self._pong_due = True
                    case Pong():
                        pass
                    case Refusal():
                        raise LinkRefused(frame)
                    case Hello() | Welcome():
                        raise LinkLost("a second introduction")
            if isinstance(frame, Event):
                first = False
            self._wake.set()

    def _confirmed(self, seq: int) -> None:
        outbox = self._stream.outbox
        if outbox is None or outbox.stream != self._own_stream:
            return  # compacted since: this number is of the stream before
        if seq > self._sent or not outbox.confirm(seq):
            raise LinkLost(f"event {seq} was confirmed but never sent")

    async def _async_write(self, ws: aiohttp.ClientWebSocketResponse, welcome: Welcome) -> None:
        outbox = self._stream.outbox
        while outbox is not None:
            self._wake.clear()
            if self._confirm is not None:
                seq, self._confirm = self._confirm, None
                await _send(ws, Confirm(seq=seq))
            if self._pong_due:
                self._pong_due = False
                await _send(ws, Pong())
            if outbox.stream != self._own_stream:
                raise LinkLost("the outbox was compacted; starting a new stream")
            for seq, body in outbox.after(self._sent):
                self._sent = seq
                await _send(ws, Event(seq=seq, event=body))
            try:
                async with asyncio.timeout(welcome.heartbeat_s):
                    await self._wake.wait()
            except TimeoutError:
                await _send(ws, Ping())

    async def _async_settle(self) -> None:
        await asyncio.sleep(SETTLE_S)
        await self._stream.async_drop_stale()

    def _came_up(self, welcome: Welcome) -> None:
        self.retry.worked()
        self.companion = welcome
        self.last_error = None
        self.down_since = None
        self._change_to(LinkState.CONNECTED)

    def _went_down(self, state: LinkState, reason: str) -> None:
        if self._stopping:
            return  # that was us
        LOGGER.debug("No link to the companion: %s", reason)
        self.last_error = reason
        if self.down_since is None:
            self.down_since = dt_util.utcnow()
        self._change_to(state)

    def _change_to(self, state: LinkState) -> None:
        if state is self.state:
            return
        self.state = state
        self.changes.tell()


def new_hello(*, instance: str, name: str) -> Hello:
    """Return the hello of somebody who only wants to know who is there."""
    stream = str(uuid.uuid4())
    return Hello(version=PROTOCOL_VERSION, stream=stream, instance=instance, name=name, received=0)


def _reason(err: BaseException) -> str:
    return str(err) or type(err).__name__


def _welcome(answer: Frame) -> Welcome:
    match answer:
        case Welcome(version=version) if version == PROTOCOL_VERSION:
            return answer
        case Refusal():
            raise LinkRefused(answer)
        case _:
            raise LinkLost("the companion did not answer with a welcome of version 1")


async def _send(ws: aiohttp.ClientWebSocketResponse, frame: Frame) -> None:
    async with asyncio.timeout(SEND_TIMEOUT_S):
        await ws.send_str(dump(frame))


def _frame(message: aiohttp.WSMessage) -> Frame:
    match message.type:
        case aiohttp.WSMsgType.TEXT:
            return parse(message.data)
        case aiohttp.WSMsgType.BINARY:
            raise BadFrame("the frame is not text")
        case aiohttp.WSMsgType.ERROR:
            raise LinkLost(f"the WebSocket failed: {message.data}")
        case _:
            raise LinkLost("the companion closed the link")
