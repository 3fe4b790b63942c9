"""A stand-in for WhatsApp's Cloud API: from its published reference, and stricter; it signs what it calls us with."""

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, override
from urllib.parse import urlencode

from aiohttp import hdrs, web

from companion.channels.base import Callback
from tests.fakes.server import FakeServer

NUMBER_ID = "106540352242922"
TOKEN = "EAAG-system-user-token"
APP_SECRET = "0123456789abcdef0123456789abcdef"
VERSION = "v23.0"
BODY_LIMIT = 1024


@dataclass
class FakeWhatsApp(FakeServer):
    """One number with its approved templates."""

    templates: dict[str, tuple[str, ...]] = field(
        default_factory=lambda: {"alarm": ("url",), "alarm_news": ()}
    )
    """Name, and the buttons of it."""
    languages: set[str] = field(default_factory=lambda: {"en"})
    error: tuple[int, int, str] | None = None
    """Every message ends with this status, code and words."""
    quality: str = "GREEN"
    opened: set[str] = field(default_factory=set)
    """Numbers that have written within a day: only they can be sent free text."""
    messages: list[dict[str, Any]] = field(default_factory=list, init=False)

    @override
    def routes(self) -> list[web.RouteDef]:
        """Serve what a channel uses."""
        return [
            web.post(f"/{VERSION}/{NUMBER_ID}/messages", self._send),
            web.get(f"/{VERSION}/{NUMBER_ID}", self._number),
        ]

    async def _number(self, request: web.Request) -> web.Response:
        if not is_known(request):
            return error(401, 190, "Invalid OAuth access token")
        return web.json_response({"id": NUMBER_ID, "verified_name": "House", "quality_rating": self.quality})

    async def _send(self, request: web.Request) -> web.Response:
        if not is_known(request):
            return error(401, 190, "Invalid OAuth access token")
        if self.error is not None:
            return error(*self.error)
        body = await request.json()
        code, why = self._fault(body)
        if code:
            return error(400, code, why)
        self.messages.append(body)
        return web.json_response(
            {
                "messaging_product": "whatsapp",
                "contacts": [{"input": body["to"], "wa_id": body["to"]}],
                "messages": [{"id": f"wamid.{len(self.messages)}", "message_status": "accepted"}],
            }
        )

    def _fault(self, body: dict[str, Any]) -> tuple[int, str]:
        kind = body.get("type")
        known = {"messaging_product", "recipient_type", "to", "type", "template", "text", "context"}
        if body.keys() - known or body.get("messaging_product") != "whatsapp":
            return 100, f"unexpected keys {sorted(body.keys() - known)}"
        if not re.fullmatch(r"[1-9]\d{6,14}", str(body.get("to"))):
            return 131009, "to is no number"
        if kind == "text":
            if body["to"] not in self.opened:
                return 131047, "more than 24 hours have passed since the customer last replied"
            return (0, "") if 1 <= len(body["text"]["body"]) <= 4096 else (100, "length")
        if kind != "template":
            return 100, f"type {kind}"
        return self._fault_of_template(body["template"])

    def _fault_of_template(self, template: dict[str, Any]) -> tuple[int, str]:
        buttons = self.templates.get(template["name"])
        if buttons is None or template["language"]["code"] not in self.languages:
            return 132001, "template name does not exist in the translation"
        body, *pressable = template["components"]
        texts = [one["text"] for one in body["parameters"]]
        if len(texts) != 2 or [one["sub_type"] for one in pressable] != list(buttons):
            return 132000, "number of parameters does not match"
        if any(not text or re.search(r"[\n\t]| {5}", text) for text in texts):
            return 132012, "parameter format does not match"
        if sum(map(len, texts)) > BODY_LIMIT - 120:
            return 132005, "translated text too long"
        if [one["index"] for one in pressable] != [str(place) for place in range(len(buttons))]:
            return 132012, "buttons are out of order"
        return 0, ""


def is_known(request: web.Request) -> bool:
    """Return whether the request has the token."""
    return request.headers.get(hdrs.AUTHORIZATION) == f"Bearer {TOKEN}"


def error(status: int, code: int, details: str) -> web.Response:
    """Return an error as Meta words it."""
    return web.json_response(
        {
            "error": {
                "message": f"(#{code}) a title that will go",
                "type": "OAuthException",
                "code": code,
                "error_data": {"messaging_product": "whatsapp", "details": details},
                "fbtrace_id": "A1",
            }
        },
        status=status,
    )


def tells(url: str, *, secret: str = APP_SECRET, number_id: str = NUMBER_ID, **value: Any) -> Callback:
    """Return the request with which Meta tells `statuses` and `messages` of a number."""
    change = {
        "field": "messages",
        "value": {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "4930123456", "phone_number_id": number_id},
            **value,
        },
    }
    document = {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}
    # Meta escapes what is not ASCII, and signs it escaped.
    body = json.dumps(document, ensure_ascii=True).encode()
    signature = hmac.digest(secret.encode(), body, "sha256").hex()
    headers = {"X-Hub-Signature-256": f"sha256={signature}", "Content-Type": "application/json"}
    return Callback(method="POST", url=url, query={}, headers=headers, body=body)


def introduces(url: str, query: Mapping[str, str]) -> Callback:
    """Return the request with which Meta asks once whether the address is right."""
    return Callback(method="GET", url=f"{url}?{urlencode(query)}", query=query, headers={}, body=b"")
