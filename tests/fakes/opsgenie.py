"""A stand-in for Opsgenie's Alert API, and for its webhook of what a person does there."""

import json
from dataclasses import dataclass, field
from typing import Any, override

from aiohttp import hdrs, web

from companion.channels.base import Callback
from tests.fakes.server import FakeServer

CREATE = {"message", "alias", "description", "details", "tags", "entity", "source", "priority"}


@dataclass(kw_only=True)
class Alert:
    """What the people on call see."""

    body: dict[str, Any]
    state: str = "open"
    count: int = 1
    notes: list[str] = field(default_factory=list)

    @property
    def message(self) -> str:
        """Its first line."""
        return str(self.body["message"])


@dataclass
class FakeOpsgenie(FakeServer):
    """One integration, and one webhook with a header of its own."""

    api_key: str = "hunter2-genie"
    webhook_secret: str = "hunter2-webhook-secret"
    alerts: dict[str, Alert] = field(default_factory=dict, init=False)

    @override
    def routes(self) -> list[web.RouteDef]:
        """Serve what a channel uses."""
        return [
            web.post("/v2/alerts", self._create),
            web.post("/v2/alerts/{alias}/{action:acknowledge|close|notes}", self._act),
        ]

    def does(self, action: str, alias: str, *, user: str = "Anna@House.example", **changes: Any) -> Callback:
        """Return the request that tells of what somebody did to an alert."""
        body = {
            "action": action,
            "alert": {
                "alertId": "052652ac-5d1c-464a-812a-7dd18bbfba8c",
                "alias": alias,
                "message": "ALARM",
                "username": user,
                "userId": "daed1180-0ce8-438b-8f8e-57e1a5920a2d",
                "updatedAt": 1420452193166002000,
            },
            "source": {"name": "", "type": "web"},
            "integrationName": "Alarm Broker",
        }
        return Callback(
            method="POST",
            url="https://alarm.example/v1/channels/opsgenie/callback",
            query={},
            headers={"X-Alarm-Broker-Secret": self.webhook_secret},
            body=json.dumps(body | changes).encode(),
        )

    def _refusal(self, request: web.Request) -> web.Response | None:
        if request.headers.get(hdrs.AUTHORIZATION) != f"GenieKey {self.api_key}":
            return web.json_response({"message": "Key format is not valid!", "took": 0.001}, status=403)
        return None

    async def _create(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request):
            return refusal
        body = await request.json()
        details = body.get("details", {})
        good = (
            set(body) <= CREATE
            and 0 < len(body["message"]) <= 130
            and 0 < len(body["alias"]) <= 512
            and len(body.get("description", "")) <= 15000
            and len(body.get("entity", "")) <= 512
            and body["priority"] in {"P1", "P2", "P3", "P4", "P5"}
            and all(isinstance(value, str) for value in details.values())
        )
        if not good:
            return web.json_response({"message": "Request body is not processable"}, status=422)
        found = self.alerts.get(body["alias"])
        if found is not None and found.state != "closed":
            found.count += 1
        else:
            self.alerts[body["alias"]] = Alert(body=body)
        return taken()

    async def _act(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request):
            return refusal
        body = await request.json()
        if request.query.get("identifierType") != "alias" or set(body) - {"note", "source", "user"}:
            return web.json_response({"message": "Request body is not processable"}, status=422)
        # An alert that there is not is found out later: the answer is the same.
        found = self.alerts.get(request.match_info["alias"])
        if found is not None:
            found.notes.append(body.get("note", ""))
            states = {"acknowledge": "acknowledged", "close": "closed", "notes": found.state}
            found.state = states[request.match_info["action"]]
        return taken()


def taken() -> web.Response:
    """Return how a request is taken that is carried out later."""
    body = {"result": "Request will be processed", "took": 0.1, "requestId": "43a29c5c-3dbf-4fa4-9c26"}
    return web.json_response(body, status=202)
