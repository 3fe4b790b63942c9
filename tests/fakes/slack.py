"""A stand-in for Slack, of incoming webhooks and the Web API: as its documentation says, and stricter with what it is sent."""

import hmac
import json
import time
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from typing import Any, override
from urllib.parse import urlencode

from aiohttp import hdrs, web

from companion.channels.base import Callback
from tests.fakes.server import FakeServer

HOOK = "/services/T024BE7LD/B024BE7LE/hunter2-hook-key-0123"


@dataclass(kw_only=True)
class Post:
    """A message as it stands in a channel."""

    channel: str
    ts: str
    body: dict[str, Any]
    edits: int = 0

    @property
    def text(self) -> str:
        """All that is read in it."""
        found = []
        for block in self.body.get("blocks", []):
            match block["type"]:
                case "header":
                    found.append(block["text"]["text"])
                case "rich_text":
                    found += [one["text"] for one in block["elements"][0]["elements"]]
                case _:
                    found += [one["text"]["text"] for one in block["elements"]]
        return "\n".join(found)

    @property
    def buttons(self) -> dict[str, dict[str, Any]]:
        """Return its buttons by what they do."""
        actions = [block for block in self.body.get("blocks", []) if block["type"] == "actions"]
        return {one["action_id"]: one for block in actions for one in block["elements"]}


@dataclass
class FakeSlack(FakeServer):
    """One workspace, one webhook, one app that is in the channels it knows."""

    token: str = "xoxb-hunter2"
    signing_secret: str = "hunter2-signing"
    channels: dict[str, str] = field(
        default_factory=lambda: {"C024BE91L": "C024BE91L", "#alarms": "C024BE91L", "U023BECGF": "D0LAN2Q65"}
    )
    """What may be written to, and the id of the channel that it is."""
    hook_error: tuple[int, str] | None = None
    error: dict[str, Any] | None = None
    """What every method answers, instead of doing anything."""
    posts: list[Post] = field(default_factory=list, init=False)
    whispers: list[dict[str, Any]] = field(default_factory=list, init=False)
    _stamps: count[int] = field(default_factory=lambda: count(1), init=False)

    @property
    def hook_url(self) -> str:
        """The address of the webhook."""
        return self.url + HOOK

    @property
    def api_url(self) -> str:
        """The address of the Web API."""
        return f"{self.url}/api"

    @override
    def routes(self) -> list[web.RouteDef]:
        """Serve the webhook and the methods that are used."""
        return [web.post(HOOK, self._hook), web.post("/api/{method}", self._method)]

    def press(self, post: Post, *, user: str = "U023BECGF", at: float | None = None) -> Callback:
        """Return the signed request that a press of the first button of a post makes."""
        button = next(iter(post.buttons.values()))
        payload = {
            "type": "block_actions",
            "user": {"id": user, "username": "anna", "team_id": "T024BE7LD"},
            "api_app_id": "A02",
            "token": "verification-token",
            "container": {
                "type": "message",
                "message_ts": post.ts,
                "channel_id": post.channel,
                "is_ephemeral": False,
            },
            "trigger_id": "12321423423.333649436676.d8c1bb837935619ccad0f624c448ffb3",
            "response_url": f"{self.url}/canary",
            "actions": [
                {
                    "type": "button",
                    "block_id": "=qXel",
                    "action_id": button["action_id"],
                    "value": button.get("value"),
                    "action_ts": "1548426417.840180",
                }
            ],
        }
        return self.signed(urlencode({"payload": json.dumps(payload)}).encode(), at=at)

    def signed(self, body: bytes, *, at: float | None = None) -> Callback:
        """Return a request as Slack signs it."""
        stamp = str(int(time.time() if at is None else at))
        digest = hmac.new(
            self.signing_secret.encode(), b"v0:" + stamp.encode() + b":" + body, sha256
        ).hexdigest()
        return Callback(
            method="POST",
            url="https://alarm.example/v1/channels/slack/callback",
            query={},
            headers={"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"},
            body=body,
        )

    async def _hook(self, request: web.Request) -> web.Response:
        body = json.loads(await request.text())
        if self.hook_error is not None:
            return web.Response(status=self.hook_error[0], text=self.hook_error[1])
        if not body.get("text"):
            return web.Response(status=400, text="no_text")
        if set(body) - {"text", "blocks"}:
            return web.Response(status=400, text="invalid_payload")
        if problem := why_invalid(body):
            return web.Response(status=400, text=problem)
        self.posts.append(Post(channel="C024BE91L", ts=self._stamp(), body=body))
        return web.Response(text="ok")

    async def _method(self, request: web.Request) -> web.Response:
        if request.headers.get(hdrs.AUTHORIZATION) != f"Bearer {self.token}":
            return refused("invalid_auth")
        if self.error is not None:
            return web.json_response({"ok": False, **self.error})
        body = await request.json()
        match request.match_info["method"]:
            case "auth.test":
                return web.json_response({"ok": True, "team": "House", "user": "broker", "bot_id": "B1"})
            case "chat.postMessage":
                return self._post(body)
            case "chat.update":
                return self._update(body)
            case "chat.postEphemeral":
                if set(body) != {"channel", "user", "text"}:
                    return refused("invalid_arguments")
                self.whispers.append(body)
                return web.json_response({"ok": True, "message_ts": self._stamp()})
            case _:
                return refused("unknown_method")

    def _post(self, body: dict[str, Any]) -> web.Response:
        allowed = {
            "channel",
            "text",
            "blocks",
            "unfurl_links",
            "unfurl_media",
            "thread_ts",
            "reply_broadcast",
        }
        if set(body) - allowed:
            return refused("invalid_arguments")
        channel = self.channels.get(body["channel"])
        if channel is None and body["channel"] not in self.channels.values():
            return refused("channel_not_found")
        if body.get("thread_ts", "") not in {"", *(one.ts for one in self.posts)}:
            return refused("thread_not_found")
        if problem := why_invalid(body):
            return refused(problem)
        post = Post(channel=channel or body["channel"], ts=self._stamp(), body=body)
        self.posts.append(post)
        return web.json_response({"ok": True, "channel": post.channel, "ts": post.ts, "message": {}})

    def _update(self, body: dict[str, Any]) -> web.Response:
        if set(body) != {"channel", "ts", "text", "blocks"}:
            return refused("invalid_arguments")
        found = [one for one in self.posts if (one.channel, one.ts) == (body["channel"], body["ts"])]
        if not found:
            return refused("message_not_found")
        if problem := why_invalid(body):
            return refused(problem)
        found[0].body = body
        found[0].edits += 1
        return web.json_response({"ok": True, "channel": found[0].channel, "ts": found[0].ts, "text": "x"})

    def _stamp(self) -> str:
        return f"1401383885.{next(self._stamps):06d}"


def refused(error: str) -> web.Response:
    """Return how a method says no."""
    return web.json_response({"ok": False, "error": error})


def why_invalid(body: dict[str, Any]) -> str | None:
    """Return what is wrong with text and blocks, in Slack's words."""
    if not 0 < len(body["text"]) <= 4000:
        return "msg_too_long"
    if len(body["blocks"]) > 50 or not all(_is_block(block) for block in body["blocks"]):
        return "invalid_blocks"
    return None


def _is_block(block: dict[str, Any]) -> bool:
    match block:
        case {"type": "header", "text": text} if len(block) == 2:
            return _is_plain(text, 150)
        case {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": parts}]}:
            styles = ({"type", "text"}, {"type", "text", "style"})
            return all(set(part) in styles and part["type"] == "text" and part["text"] for part in parts)
        case {"type": "actions", "elements": buttons} if len(block) == 2:
            ids = {one["action_id"] for one in buttons}
            return 0 < len(ids) == len(buttons) <= 25 and all(_is_button(one) for one in buttons)
        case _:
            return False


def _is_button(button: dict[str, Any]) -> bool:
    known = {"type", "action_id", "text", "url", "value", "style"}
    return (
        set(button) <= known
        and button["type"] == "button"
        and _is_plain(button["text"], 75)
        and len(button.get("url", "")) <= 3000
        and 0 < len(button.get("value", "x")) <= 2000
        and button.get("style", "primary") in {"primary", "danger"}
    )


def _is_plain(text: dict[str, Any], limit: int) -> bool:
    return (
        set(text) == {"type", "text", "emoji"}
        and text["type"] == "plain_text"
        and 0 < len(text["text"]) <= limit
    )
