"""A stand-in for a Mattermost server (API v4, incoming webhooks), and for the webhooks of Rocket.Chat."""

import json
import re
from dataclasses import dataclass, field
from itertools import count
from typing import Any, override

from aiohttp import hdrs, web

from companion.channels.base import Callback
from tests.fakes.server import FakeServer

HOOK = "/hooks/hunter2hook0123456789abcdef"
ROCKET_HOOK = "/hooks/656f1c1e1a2b3c4d/hunter2RocketKey0123456789"
CHANNEL = "4xp9fdt77pncbef59f4k1qe83o"
BOT = "botbotbotbotbotbotbotbotbo"
ANNA = "annaannaannaannaannaannaan"
DIRECT = "dmdmdmdmdmdmdmdmdmdmdmdmdm"


@dataclass
class FakeMattermost(FakeServer):
    """One bot, which is in one channel, one user, one webhook of each product."""

    token: str = "hunter2-bot-token"
    error: tuple[int, str, str] | None = None
    """Status, code and words with which every request ends."""
    hooked: list[str] = field(default_factory=list, init=False)
    """The texts that came over a webhook."""
    posts: dict[str, dict[str, Any]] = field(default_factory=dict, init=False)
    edits: int = field(default=0, init=False)
    _pending: dict[str, str] = field(default_factory=dict, init=False)
    _numbers: count[int] = field(default_factory=lambda: count(1), init=False)

    @override
    def routes(self) -> list[web.RouteDef]:
        """Serve what a channel uses."""
        return [
            web.post(HOOK, self._hook),
            web.post(ROCKET_HOOK, self._rocket_hook),
            web.get("/api/info", self._info),
            web.get("/api/v4/users/me", self._me),
            web.get("/api/v4/users/username/{name}", self._user),
            web.post("/api/v4/channels/direct", self._direct),
            web.post("/api/v4/posts", self._post),
            web.put("/api/v4/posts/{id}/patch", self._patch),
        ]

    def press(self, post: str, *, user: str = "anna", **changes: Any) -> Callback:
        """Return the request that a press of a post's button makes."""
        (action,) = self.posts[post]["props"]["attachments"][0]["actions"]
        body = {
            "user_id": ANNA,
            "user_name": user,
            "channel_id": CHANNEL,
            "channel_name": "alarms",
            "team_id": "",
            "team_domain": "",
            "post_id": post,
            "trigger_id": "b3l0cmlnZ2VyOjE3MzI=",
            "type": "button",
            "data_source": "",
            "context": action["integration"]["context"],
        }
        return Callback(
            method="POST",
            url=action["integration"]["url"],
            query={},
            headers={"Content-Type": "application/json"},
            body=json.dumps(body | changes).encode(),
        )

    def _refusal(self, request: web.Request) -> web.Response | None:
        if self.error is not None:
            return refused(*self.error)
        if request.headers.get(hdrs.AUTHORIZATION) != f"Bearer {self.token}":
            return refused(401, "api.context.session_expired.app_error", "Invalid or expired session")
        return None

    async def _hook(self, request: web.Request) -> web.Response:
        body = await request.json()
        if self.error is not None:
            return refused(*self.error)
        if set(body) - {"text", "channel"} or not body.get("text"):
            return refused(400, "web.incoming_webhook.text.app_error", "No text specified.")
        if "channel" in body:
            return refused(404, "web.incoming_webhook.channel.app_error", "Couldn't find the channel.")
        self.hooked.append(body["text"])
        return web.Response(text="ok")

    async def _rocket_hook(self, request: web.Request) -> web.Response:
        body = await request.json()
        if set(body) != {"text"}:
            return web.json_response({"success": False, "error": "unknown field"}, status=400)
        self.hooked.append(body["text"])
        return web.json_response({"success": True})

    async def _info(self, _request: web.Request) -> web.Response:
        return web.json_response({"version": "7.10", "success": True})

    async def _me(self, request: web.Request) -> web.Response:
        return self._refusal(request) or web.json_response({"id": BOT, "username": "broker", "is_bot": True})

    async def _user(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request):
            return refusal
        if request.match_info["name"] != "anna":
            return refused(404, "app.user.missing_account.const", "Unable to find an existing account")
        return web.json_response({"id": ANNA, "username": "anna"})

    async def _direct(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request):
            return refusal
        if await request.json() != [BOT, ANNA]:
            return refused(400, "api.context.invalid_body_param.app_error", "Invalid user_ids")
        return web.json_response({"id": DIRECT, "type": "D"}, status=201)

    async def _post(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request):
            return refusal
        body = await request.json()
        known = {"channel_id", "message", "props", "pending_post_id", "root_id"}
        if set(body) - known or not 0 < len(body["message"]) <= 16383 or not _are_props(body["props"]):
            return refused(400, "api.context.invalid_body_param.app_error", "Invalid post")
        if body["channel_id"] not in {CHANNEL, DIRECT}:
            return refused(403, "api.context.permissions.app_error", "You do not have the permissions")
        if body.get("root_id", next(iter(self.posts), None)) not in {*self.posts, None}:
            return refused(400, "api.post.create_post.root_id.app_error", "Invalid RootId")
        again = self._pending.get(body["pending_post_id"])
        post = again or f"post{next(self._numbers):022d}"
        self._pending[body["pending_post_id"]] = post
        self.posts[post] = body
        return web.json_response({**body, "id": post}, status=201)

    async def _patch(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request):
            return refusal
        body, post = await request.json(), request.match_info["id"]
        if set(body) != {"message", "props"} or not _are_props(body["props"]):
            return refused(400, "api.context.invalid_body_param.app_error", "Invalid post")
        if post not in self.posts:
            return refused(404, "app.post.get.app_error", "Unable to get the post")
        self.posts[post] |= body
        self.edits += 1
        return web.json_response({**self.posts[post], "id": post})


def refused(status: int, code: str, words: str) -> web.Response:
    """Return an error as Mattermost writes it."""
    body = {"id": code, "message": words, "detailed_error": "", "request_id": "x", "status_code": status}
    return web.json_response(body, status=status)


def _are_props(props: dict[str, Any]) -> bool:
    actions = [action for one in props["attachments"] for action in one["actions"]]
    return set(props) == {"attachments"} and all(
        set(one) == {"id", "type", "name", "style", "integration"}
        and re.fullmatch(r"[A-Za-z0-9]+", one["id"])
        and set(one["integration"]) == {"url", "context"}
        for one in actions
    )
