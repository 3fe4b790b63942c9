"""A stand-in for signal-cli-rest-api: sends are checked against its published Swagger file, receipts come by WebSocket."""

import asyncio
import base64
import binascii
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, override

import jsonschema_rs
from aiohttp import web

from tests.fakes.server import FakeServer

CONTRACT = json.loads((Path(__file__).parent / "contracts" / "signal-cli-rest-api.json").read_text("utf-8"))
SEND = CONTRACT["definitions"]["api.SendMessageV2"]
SEND_VALIDATOR = jsonschema_rs.Draft4Validator({**SEND, "definitions": CONTRACT["definitions"]})


@dataclass(kw_only=True)
class SentMessage:
    """A message that Signal took."""

    timestamp: int
    recipient: str
    text: str
    request: dict[str, Any]


@dataclass
class FakeSignal(FakeServer):
    """The bridge with one registered number."""

    number: str = "+4930123456"
    mode: str = "json-rpc"
    unregistered: set[str] = field(default_factory=set)
    groups: list[str] = field(default_factory=list)
    """Those the number is a member of."""
    captcha: bool = False
    """Signal wants a human to solve a captcha before anything more is sent."""
    error: tuple[int, str] | None = None
    """Every send ends with this status and these words of the bridge."""
    challenge_tokens: list[str] | None = None
    """What goes with them: a rate limit comes with an empty token too (issue 881)."""
    not_reached: list[dict[str, str]] = field(default_factory=list)
    """Members of a group who do not get what the others get (issue 409)."""
    receipts_by_itself: bool = True
    """Each message is delivered at once, and attached sockets hear of it."""
    messages: list[SentMessage] = field(default_factory=list, init=False)
    _sockets: set[web.WebSocketResponse] = field(default_factory=set, init=False)
    _attached: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    @override
    def routes(self) -> list[web.RouteDef]:
        """Serve what a channel uses."""
        return [
            web.post("/v2/send", self._send),
            web.get("/v1/about", self._about),
            web.get("/v1/health", self._health),
            web.get("/v1/accounts", self._accounts),
            web.get("/v1/receive/{number}", self._receive),
            web.get("/v1/search/{number}", self._search),
            web.get("/v1/groups/{number}", self._groups),
        ]

    async def attached(self) -> None:
        """Return once somebody listens for receipts."""
        await self._attached.wait()

    async def report(self, timestamp: int, *, source: str = "+49170000", read: bool = False) -> None:
        """Tell every attached socket that a message arrived or was read; lost when there is none."""
        now = int(time.time() * 1000)
        await self.tell(
            {
                "envelope": {
                    "source": source,
                    "sourceNumber": source,
                    "sourceDevice": 1,
                    "timestamp": now,
                    "serverReceivedTimestamp": now,
                    "serverDeliveredTimestamp": now,
                    "receiptMessage": {
                        "when": now,
                        "isDelivery": not read,
                        "isRead": read,
                        "isViewed": False,
                        "timestamps": [timestamp],
                    },
                },
                "account": self.number,
            }
        )

    async def says(
        self,
        *,
        number: str | None = "+491701234567",
        uuid: str = "7a1e36e2-5f5f-4a35-9b0a-0c3a2f1f9d11",
        at: int = 1700686499000,
        group: str | None = None,
        **data: Any,
    ) -> None:
        """Tell every attached socket what somebody wrote to the number, or reacted with; `number` is None where it is hidden."""
        grouped = {} if group is None else {"groupInfo": {"groupId": group, "type": "DELIVER"}}
        await self.tell(
            {
                "envelope": {
                    "source": number or uuid,
                    "sourceNumber": number,
                    "sourceUuid": uuid,
                    "sourceDevice": 1,
                    "timestamp": at,
                    "dataMessage": {"timestamp": at, "message": None, **grouped, **data},
                },
                "account": self.number,
            }
        )

    async def tell(self, frame: Any) -> None:
        """Send one frame, good or not, to every attached socket."""
        text = frame if isinstance(frame, str) else json.dumps(frame)
        for socket in list(self._sockets):
            await socket.send_str(text)

    async def hang_up(self) -> None:
        """Close every socket, as a restart of the bridge does."""
        for socket in list(self._sockets):
            await socket.close()

    async def _send(self, request: web.Request) -> web.Response:
        try:
            data = await request.json()
        except ValueError:
            return refused("Couldn't process request - invalid request")
        if problem := why_invalid(data):
            return refused(f"Couldn't process request - invalid request ({problem})")
        if not data["recipients"]:
            return refused("Couldn't process request - please provide at least one recipient")
        if data["number"] != self.number:
            return refused(f"Specified account {data['number']} does not exist")
        if self.captcha:
            return web.json_response(
                {
                    "error": 'Failed to send message: wait "86400" seconds (CAPTCHA proof required)',
                    "challenge_tokens": ["5ec12a47-token"],
                    "account": self.number,
                },
                status=429,
            )
        if self.error is not None:
            tokens = {} if self.challenge_tokens is None else {"challenge_tokens": self.challenge_tokens}
            return web.json_response({"error": self.error[1], **tokens}, status=self.error[0])
        for recipient in data["recipients"]:
            if problem := self._why_unreachable(recipient):
                return refused(problem)
        timestamp = max(int(time.time() * 1000), self.messages[-1].timestamp + 1 if self.messages else 0)
        for recipient in data["recipients"]:
            message = SentMessage(
                timestamp=timestamp, recipient=recipient, text=data["message"], request=data
            )
            self.messages.append(message)
        if self.receipts_by_itself:
            await self.report(timestamp)
        errors = {"errors": {"recipients": self.not_reached}} if self.not_reached else {}
        return web.json_response({"timestamp": str(timestamp), **errors}, status=201)

    async def _search(self, request: web.Request) -> web.Response:
        numbers = request.query.getall("numbers", [])
        return web.json_response(
            [{"number": one, "registered": one not in self.unregistered} for one in numbers]
        )

    async def _groups(self, _request: web.Request) -> web.Response:
        return web.json_response([{"id": one, "name": "Watch", "internal_id": "x"} for one in self.groups])

    def _why_unreachable(self, recipient: str) -> str | None:
        if recipient.startswith("group."):
            try:
                base64.b64decode(recipient.removeprefix("group."), validate=True)
            except binascii.Error:
                return "Invalid group id"
        if recipient in self.unregistered:
            return f'Unregistered user "{recipient}"'
        return None

    async def _about(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                "build": 2,
                "capabilities": {"v2/send": ["quotes", "mentions"]},
                "mode": self.mode,
                "version": "0.95",
                "versions": ["v1", "v2"],
            }
        )

    async def _health(self, _request: web.Request) -> web.Response:
        return web.Response(status=204)

    async def _accounts(self, _request: web.Request) -> web.Response:
        return web.json_response([self.number])

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        if self.mode not in {"json-rpc", "json-rpc-native"}:
            return web.json_response([])
        socket = web.WebSocketResponse()
        if not socket.can_prepare(request):
            return web.Response(
                status=400,
                text="websocket: the client is not using the websocket protocol: 'upgrade' token not found",
            )
        await socket.prepare(request)
        self._sockets.add(socket)
        self._attached.set()
        try:
            async for _frame in socket:
                pass
        finally:
            self._sockets.discard(socket)
            if not self._sockets:
                self._attached.clear()
        return socket


def why_invalid(data: Any) -> str | None:
    """Return what the published contract does not allow in a send; fields it does not know count too."""
    for problem in SEND_VALIDATOR.iter_errors(data):
        return problem.message
    # The real server ignores a field it does not know; here that is a slip that must not pass.
    unknown = set(data) - set(SEND["properties"])
    return f"unknown fields {sorted(unknown)}" if unknown else None


def refused(text: str) -> web.Response:
    """Return the bridge's answer to nearly everything that goes wrong."""
    return web.json_response({"error": text}, status=400)
