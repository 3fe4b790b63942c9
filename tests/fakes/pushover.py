"""A stand-in for Pushover's API, made from pushover.net/api and /api/receipts, and stricter: what it does not know is 400."""

import base64
import time
from dataclasses import dataclass, field
from typing import Any, override
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from tests.fakes.server import FakeServer

TOKEN, ANNA, BEN, GROUP = (letter * 30 for letter in "tabg")
LIMITS = {"message": 1024, "title": 250, "url": 512, "url_title": 100}
FIELDS = {
    *(
        "token",
        "user",
        "message",
        "title",
        "priority",
        "url",
        "url_title",
        "sound",
        "device",
        "timestamp",
        "ttl",
    ),
    *("tags", "retry", "expire", "callback", "attachment_base64", "attachment_type"),
}


@dataclass
class FakePushover(FakeServer):
    """One application, two users and a group of both."""

    token: str = TOKEN
    users: tuple[str, ...] = (ANNA, BEN, GROUP)
    remaining: int = 9000
    messages: list[dict[str, Any]] = field(default_factory=list, init=False)
    ringing: dict[str, dict[str, Any]] = field(default_factory=dict, init=False)
    """Receipts of pages."""
    tags: dict[str, list[str]] = field(default_factory=dict, init=False)

    @override
    def routes(self) -> list[web.RouteDef]:
        """Serve what the channel needs."""
        return [
            web.post("/1/messages.json", self._take),
            web.get("/1/receipts/{receipt:[^.]+}.json", self._receipt),
            web.post("/1/receipts/cancel_by_tag/{tag:[^.]+}.json", self._cancel),
            web.post("/1/users/validate.json", self._validate),
            web.get("/1/apps/limits.json", self._limits),
        ]

    async def confirm(self, receipt: str, by: str) -> int | None:
        """Let somebody confirm a page; return what the callback was answered, if there is one."""
        page = self.ringing[receipt]
        page |= {"acknowledged": 1, "acknowledged_at": int(time.time()), "acknowledged_by": by}
        sent = next(one for one in self.messages if one.get("receipt") == receipt)
        if "callback" not in sent:
            return None
        async with (
            aiohttp.ClientSession() as http,
            http.post(sent["callback"], data=self.called(receipt)) as reply,
        ):
            return reply.status

    def called(self, receipt: str) -> bytes:
        """Return the body with which a callback is called."""
        page = self.ringing[receipt]
        names = ("acknowledged", "acknowledged_at", "acknowledged_by")
        return urlencode({"receipt": receipt, **{name: page[name] for name in names}}).encode()

    def _limited(self, answer: dict[str, Any], status: int = 200) -> web.Response:
        headers = {
            "X-Limit-App-Limit": "10000",
            "X-Limit-App-Remaining": str(self.remaining),
            "X-Limit-App-Reset": "1796083200",
        }
        return web.json_response(
            {"request": "5042853c-402d-4a18-abcb", **answer}, status=status, headers=headers
        )

    def _refused(self, *errors: str, **what: str) -> web.Response:
        return self._limited({"status": 0, "errors": list(errors), **what}, 400)

    async def _take(self, request: web.Request) -> web.Response:
        fields = await request.json()
        if fields.get("token") != self.token:
            return self._refused("application token is invalid", token="invalid")
        if self.remaining <= 0:
            return self._limited({"status": 0, "errors": ["message limit reached"]}, 429)
        if unknown := set(fields) - FIELDS:
            return self._refused(f"unknown: {unknown}")
        if fields.get("user") not in self.users:
            return self._refused(
                "user identifier is not a valid user, group, or subscribed user key", user="invalid"
            )
        if not fields.get("message") or any(
            len(fields.get(name, "")) > most for name, most in LIMITS.items()
        ):
            return self._refused("message cannot be blank, or a text is too long")
        if ("attachment_base64" in fields) != ("attachment_type" in fields) or not is_picture(fields):
            return self._refused("attachment is not a valid image")
        rings = fields.get("priority") == 2
        if rings and not (fields.get("retry", 0) >= 30 and 1 <= fields.get("expire", 0) <= 10800):
            return self._refused("retry and expire are needed")
        if not rings and fields.keys() & {"retry", "expire", "callback"}:
            return self._refused("only for emergency priority")
        self.remaining -= 1
        self.messages.append(fields)
        if not rings:
            return self._limited({"status": 1})
        receipt = f"r{len(self.ringing):029d}"
        fields["receipt"] = receipt
        self.ringing[receipt] = {"acknowledged": 0, "expired": 0, "last_delivered_at": 0}
        for tag in fields.get("tags", "").split(","):
            self.tags.setdefault(tag, []).append(receipt)
        return self._limited({"status": 1, "receipt": receipt})

    async def _receipt(self, request: web.Request) -> web.Response:
        if request.query.get("token") != self.token or set(request.query) != {"token"}:
            return self._refused("application token is invalid", token="invalid")
        page = self.ringing.get(request.match_info["receipt"])
        if page is None:
            return web.json_response({"status": 0, "errors": ["receipt not found"]}, status=404)
        return web.json_response({"status": 1, **page})

    async def _cancel(self, request: web.Request) -> web.Response:
        if await request.json() != {"token": self.token}:
            return self._refused("application token is invalid", token="invalid")
        found = self.tags.get(request.match_info["tag"], [])
        for receipt in found:
            self.ringing[receipt]["expired"] = 1
        return web.json_response({"status": 1, "canceled": len(found)})

    async def _validate(self, request: web.Request) -> web.Response:
        fields = await request.json()
        if fields["user"] not in self.users:
            return self._refused("user key is invalid", user="invalid")
        return web.json_response({"status": 1, "group": int(fields["user"] == GROUP), "devices": ["phone"]})

    async def _limits(self, request: web.Request) -> web.Response:
        if request.query.get("token") != self.token:
            return self._refused("application token is invalid", token="invalid")
        return web.json_response(
            {"status": 1, "limit": 10000, "remaining": self.remaining, "reset": 1796083200}
        )


def is_picture(fields: dict[str, Any]) -> bool:
    """Return whether an attachment, if there is one, is an image of at most 5 MB."""
    data = base64.b64decode(fields.get("attachment_base64", ""), validate=True)
    return len(data) <= 5 * 1024 * 1024 and fields.get("attachment_type", "image/jpeg").startswith("image/")
