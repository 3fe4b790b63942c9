"""A companion that keeps to docs/link-protocol.md, on a real WebSocket, and can be cut off at any frame.

It is the other side as Home Assistant sees it: it keeps its stream and what it has received over every cut, raises an
alarm once per uid, and answers each decision with a new snapshot.
"""

import asyncio
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from aiohttp import WSMsgType, web

from tests.fakes.ports import free_port

type Frame = dict[str, Any]
type Cut = Literal["before", "after"]

TOKEN = "ab_operate_token"
READ_TOKEN = "ab_read_token"
NOW = datetime(2026, 11, 20, 22, 0, tzinfo=UTC).isoformat()


@dataclass
class Peer:
    """What the companion keeps about one Home Assistant."""

    stream: str
    received: int = 0
    own_stream: str = field(default_factory=lambda: str(uuid.uuid4()))
    last: int = 0
    kept: list[tuple[int, Frame]] = field(default_factory=list)


class FakeCompanion:
    """`heard` is every event of Home Assistant, once, in order, as it is on the companion's disk."""

    def __init__(self, *, heartbeat_s: float = 15) -> None:
        self.instance = str(uuid.uuid4())
        self.tokens = {TOKEN: "operate", READ_TOKEN: "read"}
        self.heartbeat_s = heartbeat_s
        self.health_status = 200
        self.alarms_status = 200
        self.heard: list[Frame] = []
        self.hellos: list[Frame] = []
        self.alarms: dict[str, Frame] = {}
        self.peers: dict[str, Peer] = {}
        self.frames = 0
        self.silent = False
        self.link_path = "/v1/link"
        self.refusal: str | None = None
        self.on_frame: Callable[[int], Cut | None] = lambda _count: None
        self._ws: web.WebSocketResponse | None = None
        self._request: web.Request | None = None
        """Which it answers."""
        self._wake = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def connected(self) -> bool:
        return self._ws is not None

    @property
    def unconfirmed(self) -> list[Frame]:
        return [body for peer in self.peers.values() for _, body in peer.kept]

    def heard_kinds(self, *kinds: str) -> list[str]:
        return [body["kind"] for body in self.heard if not kinds or body["kind"] in kinds]

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/healthz", self._health)
        app.router.add_get("/v1/alarms", self._list_alarms)
        app.router.add_get(self.link_path, self._link)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        self._port = self._port or free_port()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()

    async def stop(self) -> None:
        if self._runner is not None:
            self.cut()
            await self._runner.cleanup()
            self._runner = None

    async def move(self) -> None:
        """Come back at another address."""
        await self.stop()
        self._port = 0
        await self.start()

    def cut(self) -> None:
        """Tear the connection without a word, as a pulled plug does."""
        request, self._request, self._ws = self._request, None, None
        if request is not None and request.transport is not None:
            request.transport.abort()

    async def misspeak(self, frame: Frame | bytes) -> None:
        """Say something on the link as it is, right or wrong."""
        assert self._ws is not None
        if isinstance(frame, bytes):
            await self._ws.send_bytes(frame)
        else:
            await self._ws.send_json(frame)

    def forget(self) -> None:
        """Lose the storage: everything that was known about Home Assistant."""
        self.peers.clear()
        self.cut()

    def say(self, body: Frame) -> None:
        """Queue an event for every Home Assistant, as the companion's transaction does."""
        for peer in self.peers.values():
            peer.last += 1
            peer.kept.append((peer.last, {"at": NOW, **body}))
        self._wake.set()

    def raise_alarm(self, alarm_id: str, *, uid: str | None = None, **fields: Any) -> None:
        """Raise an alarm here, as the panic key of a phone does."""
        alarm = {
            "kind": "alarm",
            "alarm_id": alarm_id,
            "uid": uid,
            "version": 1,
            "change": "raised",
            "status": "triggered",
            "source": "yealink",
            "alarm_kind": "panic",
            "severity": "critical",
            "title": "Panic key: Reception",
            "site": "Head office",
            "room": "Reception",
            "person": "Anna Example",
            "test": False,
            "raised_at": NOW,
            "acknowledged_at": None,
            "acknowledged_by": None,
            "closed_at": None,
            "closed_by": None,
            "step": 1,
            **fields,
        }
        self.alarms[alarm_id] = alarm
        self.say(alarm)

    def change(self, alarm_id: str, change: str, **fields: Any) -> None:
        """Change an alarm and say so."""
        alarm = self.alarms[alarm_id]
        alarm = {**alarm, "version": alarm["version"] + 1, "change": change, **fields}
        self.alarms[alarm_id] = alarm
        self.say(alarm)

    def acknowledge(self, alarm_id: str, by: str) -> None:
        self.change(alarm_id, "acknowledged", status="acknowledged", acknowledged_at=NOW, acknowledged_by=by)

    def close(self, alarm_id: str, by: str, status: str = "resolved") -> None:
        self.change(alarm_id, status, status=status, closed_at=NOW, closed_by=by)

    def _do(self, body: Frame) -> None:
        match body["kind"]:
            case "alarm_raised" if self._by(body) is None:
                self.raise_alarm(
                    f"c-{body['uid']}",
                    uid=body["uid"],
                    source="panel",
                    alarm_kind=body["alarm_kind"],
                    title=f"{body['name']}: {', '.join(body['zones'])}",
                )
            case "acknowledge" if (alarm_id := self._by(body)) and self._status(alarm_id) == "triggered":
                self.acknowledge(alarm_id, body["by"])
            case "alarm_disarmed" if (alarm_id := self._by(body)) and self._is_open(alarm_id):
                if self._status(alarm_id) == "triggered":
                    self.acknowledge(alarm_id, body["by"])
                # As the companion has it: one that was ended in its window was none.
                was_none = body.get("ending") in {"aborted", "cancelled"}
                self.close(alarm_id, body["by"], "cancelled" if was_none else "resolved")
            case "resolve" | "cancel" if (alarm_id := self._by(body)) and self._is_open(alarm_id):
                self.close(alarm_id, body["by"], "resolved" if body["kind"] == "resolve" else "cancelled")

    def _by(self, body: Frame) -> str | None:
        if body.get("alarm_id"):
            return body["alarm_id"] if body["alarm_id"] in self.alarms else None
        return next((key for key, alarm in self.alarms.items() if alarm["uid"] == body["uid"]), None)

    def _status(self, alarm_id: str) -> str:
        return str(self.alarms[alarm_id]["status"])

    def _is_open(self, alarm_id: str) -> bool:
        return self._status(alarm_id) in {"triggered", "acknowledged"}

    async def _health(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"}, status=self.health_status)

    async def _list_alarms(self, request: web.Request) -> web.Response:
        self._authorise(request, {"read", "operate", "admin"})
        return web.json_response({"alarms": [], "next": None}, status=self.alarms_status)

    def _authorise(self, request: web.Request, roles: set[str]) -> None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        role = self.tokens.get(token)
        if role is None:
            raise web.HTTPUnauthorized
        if role not in roles:
            raise web.HTTPForbidden

    async def _link(self, request: web.Request) -> web.WebSocketResponse:
        self._authorise(request, {"operate", "admin"})
        ws = web.WebSocketResponse(max_msg_size=256 * 1024, timeout=0.1)
        await ws.prepare(request)
        self.cut()
        self._ws, self._request = ws, request
        writer: asyncio.Task[None] | None = None
        try:
            hello = await self._receive(ws)
            if hello is None:
                return ws
            if self.refusal is not None:
                await self._send(ws, {"type": "error", "code": self.refusal, "detail": "No."})
                return ws
            peer = self._welcome_peer(hello)
            welcome = {
                "type": "welcome",
                "version": 1,
                "stream": peer.own_stream,
                "instance": self.instance,
                "name": "companion",
                "received": peer.received,
                "heartbeat_s": self.heartbeat_s,
            }
            if await self._send(ws, welcome):
                writer = asyncio.create_task(self._write(ws, peer))
                while (frame := await self._receive(ws)) is not None:
                    await self._take(ws, peer, frame)
        finally:
            if writer is not None:
                writer.cancel()
            if self._ws is ws:
                self._ws = self._request = None
        return ws

    def _welcome_peer(self, hello: Frame) -> Peer:
        self.hellos.append(hello)
        peer = self.peers.get(hello["instance"])
        if peer is None or peer.stream != hello["stream"]:
            peer = Peer(stream=hello["stream"])
            self.peers[hello["instance"]] = peer
            for alarm_id, alarm in self.alarms.items():
                if self._is_open(alarm_id):
                    peer.last += 1
                    peer.kept.append((peer.last, {"at": NOW, **alarm}))
        elif hello["received"] <= peer.last:
            peer.kept = [(seq, body) for seq, body in peer.kept if seq > hello["received"]]
        return peer

    async def _write(self, ws: web.WebSocketResponse, peer: Peer) -> None:
        sent = 0
        while True:
            self._wake.clear()
            for seq, body in list(peer.kept):
                if seq > sent:
                    sent = seq
                    if not await self._send(ws, {"type": "event", "seq": seq, "event": body}):
                        return
            await self._wake.wait()

    async def _take(self, ws: web.WebSocketResponse, peer: Peer, frame: Frame) -> None:
        match frame:
            case {"type": "event", "seq": seq, "event": body}:
                assert seq <= peer.received + 1, f"bad_frame: {seq} after {peer.received}"
                if seq == peer.received + 1:
                    peer.received = seq
                    self.heard.append(body)
                    self._do(body)
                await self._send(ws, {"type": "confirm", "seq": peer.received})
            case {"type": "confirm", "seq": seq}:
                assert seq <= peer.last, f"bad_frame: confirmed {seq} of {peer.last}"
                peer.kept = [(number, body) for number, body in peer.kept if number > seq]
            case {"type": "ping"}:
                await self._send(ws, {"type": "pong"})

    async def _receive(self, ws: web.WebSocketResponse) -> Frame | None:
        message = await ws.receive()
        if message.type is not WSMsgType.TEXT:
            return None
        frame: Frame = json.loads(message.data)
        # "before": it came in, and the companion died before it was on disk.
        cut = self._count(frame)
        if cut == "before" or self._ws is not ws:
            self.cut()
            return None
        return frame

    async def _send(self, ws: web.WebSocketResponse, frame: Frame) -> bool:
        if self.silent or self._ws is not ws:
            return False
        cut = self._count(frame)
        if cut == "before":
            self.cut()
            return False
        try:
            await ws.send_json(frame)
        except ConnectionError:
            return False
        if cut == "after":
            await ws.close()
            return False
        return True

    def _count(self, _frame: Frame) -> Cut | None:
        self.frames += 1
        return self.on_frame(self.frames)
