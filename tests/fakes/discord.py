"""A stand-in for Discord's webhooks, with its limits and its codes of errors."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any, override

from aiohttp import web

from tests.fakes.server import FakeServer

HOOK = "/api/webhooks/223704706495545344/hunter2-3d89bb7572e0fb30d8128367b3b1b44fecd1726de135cbe28a41f8b2f777c372"


@dataclass
class FakeDiscord(FakeServer):
    """One webhook, of one channel with one thread."""

    error: tuple[int, dict[str, Any]] | None = None
    messages: dict[str, dict[str, Any]] = field(default_factory=dict, init=False)
    edits: int = field(default=0, init=False)
    _numbers: count[int] = field(default_factory=lambda: count(1), init=False)

    @property
    def hook_url(self) -> str:
        """The address of the webhook."""
        return self.url + HOOK

    @override
    def routes(self) -> list[web.RouteDef]:
        """Serve the webhook and its messages."""
        return [
            web.get(HOOK, self._show_hook),
            web.post(HOOK, self._create),
            web.patch(f"{HOOK}/messages/{{id}}", self._edit),
        ]

    async def _show_hook(self, _request: web.Request) -> web.Response:
        if self.error is not None:
            return web.json_response(self.error[1], status=self.error[0])
        return web.json_response({"id": "223704706495545344", "name": "Alarms", "channel_id": "199"})

    async def _create(self, request: web.Request) -> web.Response:
        if self.error is not None:
            return web.json_response(self.error[1], status=self.error[0])
        body = await request.json()
        if set(request.query) - {"wait", "thread_id"} or problem_in(body):
            return refused(400, 50035, f"Invalid Form Body: {problem_in(body)}")
        found = f"1100000000000000{next(self._numbers):03d}"
        self.messages[found] = {**body, "thread_id": request.query.get("thread_id")}
        if request.query.get("wait") != "true":
            return web.Response(status=204)
        return web.json_response({"id": found, "channel_id": "199", **body})

    async def _edit(self, request: web.Request) -> web.Response:
        body, found = await request.json(), request.match_info["id"]
        if found not in self.messages:
            return refused(404, 10008, "Unknown Message")
        if request.query.get("thread_id") != self.messages[found]["thread_id"]:
            return refused(404, 10008, "Unknown Message")
        if set(request.query) - {"thread_id"} or problem_in(body):
            return refused(400, 50035, f"Invalid Form Body: {problem_in(body)}")
        self.messages[found] |= body
        self.edits += 1
        return web.json_response({"id": found, **body})


def refused(status: int, code: int, message: str) -> web.Response:
    """Return an error as Discord writes it."""
    return web.json_response({"message": message, "code": code}, status=status)


def problem_in(body: dict[str, Any]) -> str | None:
    """Return what of a message Discord would not take."""
    if set(body) != {"content", "embeds", "allowed_mentions"} or body["allowed_mentions"] != {"parse": []}:
        return "fields"
    if not 0 < len(body["content"]) <= 2000 or len(body["embeds"]) > 10:
        return "content"
    total = 0
    for embed in body["embeds"]:
        fields = embed["fields"]
        if set(embed) != {"description", "fields"} or len(fields) > 25 or len(embed["description"]) > 4096:
            return "embed"
        if not all(0 < len(one["name"]) <= 256 and 0 < len(one["value"]) <= 1024 for one in fields):
            return "embed fields"
        total += len(embed["description"]) + sum(len(one["name"]) + len(one["value"]) for one in fields)
    return "embeds are too long" if total > 6000 else None
