"""A stand-in for an SMS gateway with an HTTP interface, as the many small ones are."""

from dataclasses import dataclass, field
from typing import Any, override

from aiohttp import hdrs, web

from tests.fakes.server import FakeServer


@dataclass(kw_only=True)
class Sms:
    """A text message the gateway took."""

    id: str
    to: str
    text: str
    sender: str | None


@dataclass
class FakeSms(FakeServer):
    """Takes `to` and `text` as JSON, form or query, and drops repeats with the same `Idempotency-Key`."""

    token: str = "sms-token"
    says: tuple[int, str] | None = None
    """Status and text with which it refuses every message, in words of its own."""
    messages: list[Sms] = field(default_factory=list, init=False)
    _by_key: dict[str, Sms] = field(default_factory=dict, init=False)

    @override
    def routes(self) -> list[web.RouteDef]:
        """Serve one route, both ways."""
        return [web.post("/sms", self._take), web.get("/sms", self._take)]

    async def _take(self, request: web.Request) -> web.Response:
        if request.headers.get(hdrs.AUTHORIZATION) != f"Bearer {self.token}":
            return web.json_response({"status": "error", "error": "unauthorized"}, status=401)
        fields = await _fields(request)
        to, text = fields.get("to"), fields.get("text")
        if not isinstance(to, str) or not to.startswith("+") or not isinstance(text, str) or not text:
            return web.json_response({"status": "rejected", "error": "to and text are needed"}, status=400)
        if self.says is not None:
            status, words = self.says
            return web.Response(status=status, text=words.replace("<text>", text))
        key = request.headers.get("Idempotency-Key")
        if key and key in self._by_key:
            sms = self._by_key[key]
        else:
            sms = Sms(id=f"sms-{len(self.messages) + 1}", to=to, text=text, sender=fields.get("from"))
            self.messages.append(sms)
            if key:
                self._by_key[key] = sms
        return web.json_response({"status": "queued", "message": {"id": sms.id}})


async def _fields(request: web.Request) -> dict[str, Any]:
    if request.query:
        return dict(request.query)
    if request.content_type == "application/json":
        data = await request.json()
        return data if isinstance(data, dict) else {}
    return dict(await request.post())
