"""A stand-in for an ntfy server: messages published as JSON, its limits, its error codes, its account."""

import itertools
import json
import re
from dataclasses import dataclass, field
from typing import Any, override

from aiohttp import encode_basic_auth, hdrs, web

from tests.fakes.server import FakeServer

TEXT_LIMIT = 4096
# ntfy: server/types.go, publishMessage, and docs/publish (sequence_id: from 2.16 on).
FIELDS: dict[str, type] = {
    "topic": str,
    "title": str,
    "message": str,
    "priority": int,
    "tags": list,
    "click": str,
    "icon": str,
    "actions": list,
    "attach": str,
    "filename": str,
    "email": str,
    "delay": str,
    "markdown": bool,
    "call": str,
    "sequence_id": str,
}
ACTION_FIELDS = {"action", "label", "clear", "url", "method", "headers", "body"}
TOPIC = re.compile(r"[-_A-Za-z0-9]{1,64}")


@dataclass
class FakeNtfy(FakeServer):
    """One server; with a token or a user it lets nobody else publish."""

    token: str | None = None
    user: tuple[str, str] | None = None
    knows_sequences: bool = True
    """From 2.16 on."""
    writable: set[str] | None = None
    """Topics that the login may write to; None: all."""
    error: tuple[int, int, str] | None = None
    """Every message ends with this code, status and words."""
    messages_left: int = 250
    published: list[dict[str, Any]] = field(default_factory=list, init=False)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1), init=False)

    @override
    def routes(self) -> list[web.RouteDef]:
        """Serve what a channel uses."""
        return [
            web.post("/", self._publish),
            web.get("/v1/health", self._health),
            web.get("/v1/account", self._account),
        ]

    def shown(self, topic: str) -> list[dict[str, Any]]:
        """Return the notifications that a phone shows: of those with one sequence the newest."""
        found: dict[str, dict[str, Any]] = {}
        for one in self.published:
            if one["topic"] == topic:
                found[one["sequence_id"] if self.knows_sequences else one["id"]] = one
        return list(found.values())

    async def _publish(self, request: web.Request) -> web.Response:
        if not self._knows(request):
            return refusal(40101, 401, "unauthorized")
        if self.error is not None:
            return refusal(*self.error)
        raw = await request.read()
        if len(raw) > 2 * TEXT_LIMIT:
            return refusal(41303, 413, "JSON body too large")
        try:
            message = json.loads(raw)
        except ValueError:
            return refusal(40017, 400, "invalid request: request body must be message JSON")
        if problem := why_invalid(message):
            return problem
        if self.writable is not None and message["topic"] not in self.writable:
            return refusal(40301, 403, "forbidden")
        message |= {
            "id": f"m{next(self._ids):011}",
            "event": "message",
            "time": 1790000000,
            "expires": 1790043200,
        }
        self.published.append(message)
        answer = dict(message)
        if not self.knows_sequences:
            answer.pop("sequence_id", None)
        return web.json_response(answer)

    async def _health(self, _request: web.Request) -> web.Response:
        return web.json_response({"healthy": True})

    async def _account(self, request: web.Request) -> web.Response:
        if hdrs.AUTHORIZATION in request.headers and not self._knows(request):
            return refusal(40101, 401, "unauthorized")
        return web.json_response(
            {
                "username": "*",
                "role": "anonymous",
                "limits": {"basis": "ip", "messages": 250},
                "stats": {"messages": 250 - self.messages_left, "messages_remaining": self.messages_left},
            }
        )

    def _knows(self, request: web.Request) -> bool:
        said = request.headers.get(hdrs.AUTHORIZATION)
        if self.token is not None:
            return said == f"Bearer {self.token}"
        return self.user is None or said == encode_basic_auth(*self.user)


def why_invalid(message: Any) -> web.Response | None:
    """Return what the server says to a message that it does not take; fields it does not know count too."""
    if not isinstance(message, dict) or not TOPIC.fullmatch(str(message.get("topic", ""))):
        return refusal(40009, 400, "invalid request: topic invalid")
    # The real server ignores a field it does not know; here that is a slip that must not pass.
    if any(not isinstance(value, FIELDS.get(name, type(None))) for name, value in message.items()):
        return refusal(40017, 400, "invalid request: request body must be message JSON")
    if not 1 <= message.get("priority", 3) <= 5:
        return refusal(40007, 400, "invalid priority parameter")
    if not TOPIC.fullmatch(message.get("sequence_id", "x")):
        return refusal(40049, 400, "invalid request: sequence ID invalid")
    if len(message.get("message", "").encode()) > TEXT_LIMIT:
        # The real server makes an attachment of it, which no phone shows at once.
        return refusal(41301, 413, "attachment too large, or bandwidth limit reached")
    actions = message.get("actions", [])
    if len(actions) > 3 or any(
        set(one) - ACTION_FIELDS
        or one.get("action") not in {"view", "http"}
        or not one.get("label")
        or not one.get("url")
        for one in actions
    ):
        return refusal(40018, 400, "invalid request: actions invalid")
    return None


def refusal(code: int, status: int, error: str) -> web.Response:
    """Return how ntfy says no."""
    body = {"code": code, "http": status, "error": error, "link": "https://ntfy.sh/docs/"}
    return web.json_response(body, status=status)
