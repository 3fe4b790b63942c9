"""A stand-in for PagerDuty: Events API v2 with its limits, and webhooks v3 of what a person does there."""

import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, override

from aiohttp import web

from companion.channels.base import Callback
from tests.fakes.server import FakeServer

EVENT_LIMIT = 512 * 1024
PAYLOAD = {"summary", "source", "severity", "timestamp", "component", "group", "class", "custom_details"}


@dataclass(kw_only=True)
class Incident:
    """What the people on call see."""

    state: str
    payload: dict[str, Any]
    links: list[dict[str, str]]
    triggers: int = 1

    @property
    def summary(self) -> str:
        """Its first line."""
        return str(self.payload["summary"])


@dataclass
class FakePagerDuty(FakeServer):
    """One service, and one webhook subscription."""

    routing_key: str = "hunter2e0123456789abcdef01234567"
    webhook_secret: str = "hunter2-webhook"
    incidents: dict[str, Incident] = field(default_factory=dict, init=False)

    @override
    def routes(self) -> list[web.RouteDef]:
        """Serve the one route of the API."""
        return [web.post("/v2/enqueue", self._enqueue)]

    def does(
        self, event_type: str, key: str, *, agent: dict[str, str] | None = None, secret: str = ""
    ) -> Callback:
        """Return the signed request that tells of what Anna did to an incident."""
        anna = {"id": "PXPGF42", "type": "user_reference", "summary": "Anna"}
        event = {
            "id": "5ac64822-4adc-4fda-ade0-410becf0de4f",
            "event_type": event_type,
            "resource_type": "incident",
            "occurred_at": "2026-11-20T22:15:00.000Z",
            "agent": anna if agent is None else agent,
            "client": None,
            "data": {"id": "PT4KHLK", "type": "incident", "incident_key": key, "status": "acknowledged"},
        }
        return self.signed(json.dumps({"event": event}).encode(), secret or self.webhook_secret)

    def signed(self, body: bytes, *secrets: str) -> Callback:
        """Return a request as PagerDuty signs it, once for each secret that is in use."""
        digests = [hmac.new(one.encode(), body, sha256).hexdigest() for one in secrets]
        return Callback(
            method="POST",
            url="https://alarm.example/v1/channels/pagerduty/callback",
            query={},
            headers={"X-PagerDuty-Signature": ",".join(f"v1={one}" for one in digests)},
            body=body,
        )

    async def _enqueue(self, request: web.Request) -> web.Response:
        event = await request.json()
        if len(await request.read()) > EVENT_LIMIT:
            return web.json_response({"status": "invalid event", "message": "too large"}, status=413)
        if problem := self._problem(event):
            body = {
                "status": "invalid event",
                "message": "Event object is invalid",
                "errors": [problem],
            }
            return web.json_response(body, status=400)
        key = event["dedup_key"]
        found = self.incidents.get(key)
        match event["event_action"], found:
            case "trigger", Incident(state="triggered" | "acknowledged"):
                found.triggers += 1
                found.payload = event["payload"]
            case "trigger", _:
                self.incidents[key] = Incident(
                    state="triggered", payload=event["payload"], links=event.get("links", [])
                )
            case "acknowledge", Incident(state="triggered"):
                found.state = "acknowledged"
            case "resolve", Incident():
                found.state = "resolved"
        body = {"status": "success", "message": "Event processed", "dedup_key": key}
        return web.json_response(body, status=202)

    def _problem(self, event: dict[str, Any]) -> str | None:
        known = {"routing_key", "event_action", "dedup_key", "payload", "links", "client", "client_url"}
        if event.get("routing_key") != self.routing_key:
            return "'routing_key' is invalid"
        if set(event) - known or not 0 < len(event["dedup_key"]) <= 255:
            return "'event' has unknown fields or no key"
        if event["event_action"] in {"acknowledge", "resolve"}:
            return "'payload' is not for this" if "payload" in event else None
        payload = event["payload"]
        if set(payload) - PAYLOAD or not all(payload.get(one) for one in ("summary", "source")):
            return "'payload' lacks what it needs"
        if len(payload["summary"]) > 1024:
            return "'payload.summary' is too long (maximum is 1024 characters)"
        if payload["severity"] not in {"critical", "error", "warning", "info"}:
            return "'payload.severity' is invalid"
        datetime.fromisoformat(payload["timestamp"])
        return None
