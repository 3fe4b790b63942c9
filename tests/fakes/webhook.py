"""A program that takes webhooks as Standard Webhooks says, and is strict about it."""

import time
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import new
from typing import Any, override

from aiohttp import web

from tests.fakes.server import FakeServer

FIELDS = {
    *("alarm_id", "code", "title", "severity", "source", "site", "room", "person", "raised_at", "timezone"),
    *("test", "details", "by", "note", "ending", "more", "level", "label", "camera", "trouble", "recipient"),
    *("language", "headline", "text"),
}


@dataclass
class FakeWebhook(FakeServer):
    """Takes what proves itself with one of its keys, each event once; 400 for what it does not know."""

    keys: tuple[str, ...] = ()
    gone: bool = False
    says: str = "ok"
    events: list[dict[str, Any]] = field(default_factory=list, init=False)
    bodies: list[bytes] = field(default_factory=list, init=False)

    @override
    def routes(self) -> list[web.RouteDef]:
        """Serve one route for our own events, and one for whatever else is wanted."""
        return [web.post("/hook", self._take), web.route("*", "/any/{rest:.*}", self._keep)]

    async def _take(self, request: web.Request) -> web.Response:
        if self.gone:
            return web.Response(status=410)
        body = await request.read()
        if self.keys and not any(proves(key, request, body) for key in self.keys):
            return web.Response(status=401, text="bad signature")
        event = await request.json()
        if set(event) != {"id", "type", "time", "data"} or event["id"] != request.headers["Idempotency-Key"]:
            return web.Response(status=400, text="no event")
        if set(event["data"]) - {"ack_url"} != FIELDS:
            return web.Response(status=400, text="unknown fields")
        if event["id"] not in [one["id"] for one in self.events]:
            self.events.append(event)
        return web.Response(text=self.says)

    async def _keep(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        return web.Response(status=204)


def proves(key: str, request: web.Request, body: bytes) -> bool:
    """Return whether both signatures are right, and of now."""
    headers, secret = request.headers, b64decode(key.removeprefix("whsec_"))
    stamp = headers["webhook-timestamp"]
    if abs(time.time() - int(stamp)) > 300 or headers["X-Signature-Timestamp"] != stamp:
        return False
    standard = new(secret, f"{headers['webhook-id']}.{stamp}.".encode() + body, sha256).digest()
    plain = new(secret, f"{stamp}.".encode() + body, sha256).hexdigest()
    return f"v1,{b64encode(standard).decode()}" in headers["webhook-signature"].split(
        " "
    ) and plain in headers["X-Signature-SHA256"].split(" ")
