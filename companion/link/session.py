"""The companion's end of the WebSocket: one reader, one writer, everything that matters on disk.

Nothing is queued here: the writer says the highest confirmation that is due and then what the store keeps, so a peer that
does not read costs nothing, and a connection that ends has nothing to lose.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Protocol

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web
from sqlalchemy.engine import Connection

from companion.alarms.service import AlarmService
from companion.channels.base import Inbound
from companion.directory.store import key_holds
from companion.dispatch.wake import SETTLE_S, Wake, wait
from companion.link import inbound, outbox, publishing, store as link
from companion.link.errands import receipt_of
from companion.link.events import Notified, parse_event
from companion.link.fields import BadFrame
from companion.link.protocol import (
    MAX_FRAME_BYTES,
    PROTOCOL_VERSION,
    Confirm,
    ErrorCode,
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
from companion.link.store import Peer
from companion.link.wording import in_words
from companion.store.database import RowsHeld, StoreUnavailable
from companion.store.scope import ALL_SITES
from companion.texts.language import texts_for
from companion.texts.model import Texts

_LOGGER = logging.getLogger(__name__)

HELLO_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 2.0
POLL_S = 2.0
"""How long an event of another replica may wait when its wake-up is lost."""
BEATS_BETWEEN_LOOKS = 4
"""Heartbeats between two looks at whether the peer's API key still holds."""
BATCH = 50


class Holder(Protocol):
    """Whoever holds the API key of a request."""

    @property
    def key_id(self) -> str:
        """Return the key's id."""
        ...

    @property
    def site_id(self) -> str | None:
        """Return the only site that the key is for, or None: every site."""
        ...


class _Over(Exception):
    """The link ends now; the peer is told why."""

    def __init__(self, close: WSCloseCode, reason: str, error: ErrorCode | None = None) -> None:
        super().__init__(reason)
        self.close = close
        self.reason = reason
        self.error = error


class LinkServer:
    """Serves `GET /v1/link`, one session for each Home Assistant."""

    def __init__(
        self,
        *,
        commands: AlarmService,
        wake: Wake,
        authorize: Callable[[web.Request], Awaitable[Holder]],
        inbound: Callable[[str], Inbound],
        instance: str,
        name: str = "companion",
        heartbeat_s: float = 15.0,
    ) -> None:
        """`authorize` returns who asks, or raises what the request is to be answered with before the upgrade.

        `inbound` is whom the channel of an id tells what became of its messages.
        """
        self.commands = commands
        self.wake = wake
        self.instance = instance
        self.name = name
        self.heartbeat_s = heartbeat_s
        self.inbound = inbound
        self._authorize = authorize
        self._sessions: dict[str, _Session] = {}
        self._closing = False

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Answer the request with a link that lasts until one side ends it."""
        holder = await self._authorize(request)
        ws = web.WebSocketResponse(timeout=CLOSE_TIMEOUT_S, max_msg_size=MAX_FRAME_BYTES)
        await ws.prepare(request)
        try:
            session = await self._introduced(ws, holder)
            await self._serve(session)
        except _Over as over:
            await _say_why(ws, over)
        return ws

    async def close(self) -> None:
        """End every link: the service stops."""
        self._closing = True
        sessions = list(self._sessions.values())
        for session in sessions:
            session.end(_Over(WSCloseCode.GOING_AWAY, "the companion stops"))
        await asyncio.gather(*(session.ended.wait() for session in sessions))

    async def _introduced(self, ws: web.WebSocketResponse, holder: Holder) -> _Session:
        try:
            frame = _frame(await ws.receive(timeout=HELLO_TIMEOUT_S))
        except TimeoutError as err:
            raise _bad("no hello came") from err
        if not isinstance(frame, Hello):
            raise _bad("the first frame must be a hello")
        if frame.version != PROTOCOL_VERSION:
            raise _Over(
                WSCloseCode.PROTOCOL_ERROR,
                f"this companion speaks version {PROTOCOL_VERSION}",
                ErrorCode.VERSION_UNSUPPORTED,
            )
        try:
            peer = await self.commands.run(
                ALL_SITES,  # whose Home Assistant it is, is what is asked
                lambda unit: publishing.meet(unit.conn, frame, holder.key_id, holder.site_id, unit.now),
            )
        except publishing.SiteUnknown as err:
            raise _Over(WSCloseCode.POLICY_VIOLATION, str(err), ErrorCode.SITE_UNKNOWN) from err
        except StoreUnavailable as err:
            raise _Over(WSCloseCode.TRY_AGAIN_LATER, "the database cannot be reached") from err
        return _Session(self, ws, peer, holder.key_id, texts_for(frame.language))

    async def _serve(self, session: _Session) -> None:
        if self._closing:
            raise _Over(WSCloseCode.GOING_AWAY, "the companion stops")
        instance, name = session.peer.instance, session.peer.name
        before = self._sessions.get(instance)
        self._sessions[instance] = session
        if before is not None:
            before.end(_Over(WSCloseCode.POLICY_VIOLATION, "replaced by a newer connection"))
        _LOGGER.info("%s: Home Assistant %r is on the link", instance, name)
        try:
            await session.run()
        except _Over as over:
            _LOGGER.info("%s: Home Assistant %r has left the link: %s", instance, name, over)
            raise
        finally:
            session.ended.set()
            if self._sessions.get(instance) is session:
                del self._sessions[instance]
            with suppress(StoreUnavailable):
                await self.commands.db.write(lambda conn: link.leave(ALL_SITES, conn, session.peer))


class _Session:
    """One connection after the hello."""

    def __init__(
        self, server: LinkServer, ws: web.WebSocketResponse, peer: Peer, key_id: str, texts: Texts
    ) -> None:
        self.peer = peer
        self._texts = texts
        self.ended = asyncio.Event()
        self._server = server
        self._commands = server.commands
        self._ws = ws
        self._key_id = key_id
        self._told_to_end: asyncio.Future[_Over] = asyncio.get_running_loop().create_future()
        self._woken = server.wake.subscribe()
        self._confirm_due: int | None = None
        self._pong_due = False
        self._sent = 0
        """The highest number of our stream that went out here; what the peer has is not kept any more."""
        self._sent_at = 0.0

    def end(self, over: _Over) -> None:
        """Let the session end soon."""
        if not self._told_to_end.done():
            self._told_to_end.set_result(over)

    async def run(self) -> None:
        """Serve until one side ends it; always raises _Over."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._read())
                group.create_task(self._write())
                group.create_task(self._keep_known())
                group.create_task(self._wait_for_end())
        except ExceptionGroup as failed:
            raise self._why(failed) from failed
        finally:
            self._server.wake.unsubscribe(self._woken)

    def _why(self, failed: ExceptionGroup) -> _Over:
        overs = [err for err in failed.exceptions if isinstance(err, _Over)]
        if overs:
            return overs[0]
        match failed.exceptions[0]:
            case StoreUnavailable():
                return _Over(WSCloseCode.TRY_AGAIN_LATER, "the database cannot be reached")
            case ConnectionError():
                return _Over(WSCloseCode.GOING_AWAY, "the connection broke")
            case TimeoutError():
                return _Over(WSCloseCode.GOING_AWAY, "Home Assistant reads nothing")
            case err:
                _LOGGER.error("%s: the link failed", self.peer.instance, exc_info=err)
                return _Over(WSCloseCode.INTERNAL_ERROR, "the companion failed; its log says why")

    async def _wait_for_end(self) -> None:
        raise await self._told_to_end

    # --- in ---------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        silence_s = 3 * self._server.heartbeat_s
        while True:
            try:
                frame = _frame(await self._ws.receive(timeout=silence_s))
            except TimeoutError as err:
                raise _Over(WSCloseCode.GOING_AWAY, f"nothing was heard for {silence_s:g} s") from err
            match frame:
                case Event():
                    await self._store(frame)
                    self._confirm_due = frame.seq
                case Confirm(seq=seq):
                    await self._confirmed(seq)
                case Ping():
                    self._pong_due = True
                case Pong():
                    continue
                case Hello() | Welcome() | Refusal():
                    raise _bad(f"{type(frame).__name__.lower()} does not belong here")
            self._woken.set()

    async def _store(self, frame: Event) -> None:
        try:
            event = parse_event(frame.event)
            if isinstance(event, Notified):
                await self._pass_on(event)
            work = partial(inbound.apply, peer=self.peer, seq=frame.seq, event=event)
            try:
                await self._commands.run(self.peer.scope, work)
            except inbound.Overtaken:
                # Stored by the connection before this one: the second look finds it.
                await self._commands.run(self.peer.scope, work)
        except BadFrame as err:
            raise _bad(str(err)) from err
        except inbound.StreamOver as err:
            raise _Over(WSCloseCode.POLICY_VIOLATION, "a newer stream has begun") from err

    async def _pass_on(self, event: Notified) -> None:
        """Tell a channel what became of its message; said twice it changes nothing."""
        if (receipt := receipt_of(self.peer, event)) is not None:
            await self._server.inbound(event.channel).receipt(receipt)

    async def _confirmed(self, seq: int) -> None:
        peer = self.peer
        await self._commands.db.write(lambda conn: outbox.confirm(conn, peer.instance, peer.our_stream, seq))

    # --- out --------------------------------------------------------------------------------------------

    async def _write(self) -> None:
        clock = asyncio.get_running_loop().time
        heartbeat_s = self._server.heartbeat_s
        await self._send(
            Welcome(
                version=PROTOCOL_VERSION,
                stream=self.peer.our_stream,
                instance=self._server.instance,
                name=self._server.name,
                received=self.peer.received,
                heartbeat_s=heartbeat_s,
            )
        )
        while True:
            if self._confirm_due is not None:
                seq, self._confirm_due = self._confirm_due, None
                await self._send(Confirm(seq=seq))
            if self._pong_due:
                self._pong_due = False
                await self._send(Pong())
            await self._send_kept()
            if clock() - self._sent_at >= heartbeat_s:
                await self._send(Ping())
            await wait(self._woken, min(POLL_S, self._sent_at + heartbeat_s - clock()), settle_s=SETTLE_S)

    async def _send_kept(self) -> None:
        db, peer = self._commands.db, self.peer
        while True:
            kept, waits = await db.read(
                lambda conn: (
                    outbox.kept_of_stream(conn, peer, after=self._sent, limit=BATCH),
                    outbox.has_waiting(conn, peer.instance),
                )
            )
            if kept is None:
                raise _Over(WSCloseCode.SERVICE_RESTART, "a new stream has begun")
            for seq, body in kept:
                await self._send(Event(seq=seq, event=in_words(body, self._texts, self._commands.clock())))
                self._sent = seq
            if waits:
                # Written while somebody else held this peer. If it still is held: at the next look.
                try:
                    await db.write(lambda conn: outbox.number_waiting(conn, peer.instance))
                except RowsHeld:
                    return
            elif len(kept) < BATCH:
                return

    async def _send(self, frame: Frame) -> None:
        # A peer that reads nothing fills the socket; it is as dead as one that says nothing.
        async with asyncio.timeout(3 * self._server.heartbeat_s):
            await self._ws.send_str(dump(frame))
        self._sent_at = asyncio.get_running_loop().time()

    async def _keep_known(self) -> None:
        """Keep when the peer was last seen, and end the link soon after its key was revoked."""
        while True:
            await asyncio.sleep(BEATS_BETWEEN_LOOKS * self._server.heartbeat_s)
            if not await self._commands.db.write(self._touch):
                raise _Over(WSCloseCode.POLICY_VIOLATION, "the API key was revoked")

    def _touch(self, conn: Connection) -> bool:
        link.update_peer(self.peer.scope, conn, self.peer.instance, last_seen_at=self._commands.clock())
        return key_holds(ALL_SITES, conn, self._key_id)


def _frame(message: WSMessage) -> Frame:
    match message.type:
        case WSMsgType.TEXT:
            try:
                return parse(message.data)
            except BadFrame as err:
                raise _bad(str(err)) from err
        case WSMsgType.BINARY:
            raise _bad("the frame is not text")
        case WSMsgType.ERROR:
            raise _Over(WSCloseCode.GOING_AWAY, f"the connection broke: {message.data}")
        case _:
            raise _Over(WSCloseCode.OK, "Home Assistant closed it")


def _bad(detail: str) -> _Over:
    return _Over(WSCloseCode.PROTOCOL_ERROR, detail, ErrorCode.BAD_FRAME)


async def _say_why(ws: web.WebSocketResponse, over: _Over) -> None:
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            if over.error is not None:
                await ws.send_str(dump(Refusal(code=over.error, detail=over.reason)))
            await ws.close(code=over.close, message=over.reason.encode()[:120])
    except ConnectionError, TimeoutError, RuntimeError:
        pass
