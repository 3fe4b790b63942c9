"""A stand-in for Frigate's HTTP API: configuration, events, reviews, pictures and the login, filtered as Frigate filters."""

import json
import ssl
import time
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, override

from aiohttp import hdrs, web

from tests.fakes import certificates
from tests.fakes.server import FakeServer

JPEG = b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAFA3PEY8MlBGQUZaVVBfeMiCeG5uePWvuZHI/////////////////////////////////////////////"
    "///////wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AP//Z"
)
"""Eight grey pixels square."""


class Access(StrEnum):
    """Whom the port lets in."""

    TRUSTED = "trusted"
    """Port 5000: everybody is an administrator; a login is possible, and not needed."""
    AUTHENTICATED = "authenticated"
    """Port 8971: nothing but the login without a token."""
    DISABLED = "disabled"
    """Authentication is switched off: there is no login."""


class Invalid(Exception):
    """FastAPI's 422."""


@dataclass
class FakeFrigate(FakeServer):
    """Frigate 0.17 with one camera in the garden."""

    base_path: str = ""
    """Where a reverse proxy shows it, such as /frigate."""
    access: Access = Access.TRUSTED
    username: str = "alarm"
    password: str = "password-of-alarm"
    session_s: int = 86_400
    """How long a token holds by its `exp`."""
    says_issued: bool = True
    """Older versions put no `iat` into the token."""
    takes_tokens: bool = True
    """Without, it gives tokens and refuses them, as after a change of its secret behind a cache."""
    login_limited: bool = False
    whole_reviews: bool = False
    """As in older versions: a review is found only when all of it, or its start while it runs, is in the window."""
    body_instead: bytes | None = None
    """Sent with 200 for everything but the login."""
    cameras: dict[str, dict[str, Any]] = field(default_factory=lambda: {"garden": camera()})
    """The `cameras` of the configuration, in wire form."""
    events: list[dict[str, Any]] = field(default_factory=list)
    """In wire form, with the thumbnail; an empty one is not there yet."""
    reviews: list[dict[str, Any]] = field(default_factory=list)
    snapshot: bytes = JPEG
    thumbnail: bytes = JPEG + b"thumbnail"
    latest: bytes = JPEG + b"latest"
    logins: int = field(default=0, init=False)
    """How many were granted."""
    _tokens: set[str] = field(default_factory=set, init=False)

    @property
    @override
    def url(self) -> str:
        """The address a person enters, without a slash at its end."""
        return super().url + self.base_path

    @override
    def routes(self) -> list[web.RouteDef]:
        """Serve what the integration uses."""
        api = f"{self.base_path}/api"
        return [
            web.post(f"{api}/login", self._login),
            web.get(f"{api}/config", self._guarded(self._config)),
            web.get(f"{api}/events", self._guarded(self._list_events)),
            web.get(f"{api}/events/{{id}}", self._guarded(self._one_event)),
            web.get(f"{api}/events/{{id}}/snapshot.jpg", self._guarded(self._snapshot)),
            web.get(f"{api}/events/{{id}}/thumbnail.jpg", self._guarded(self._thumbnail)),
            web.get(f"{api}/review", self._guarded(self._list_reviews)),
            web.get(f"{api}/{{camera}}/latest.jpg", self._guarded(self._latest)),
        ]

    def add_event(
        self,
        *,
        start_time: float,
        end_time: float | None = None,
        camera: str = "garden",
        label: str = "person",
        score: float = 0.9,
        **changes: Any,
    ) -> dict[str, Any]:
        """Add what a camera saw, with `changes` to its wire form, and return it; the start makes the id."""
        event = {
            "id": f"{start_time:.6f}-ab{len(self.events):04}",
            "label": label,
            "sub_label": None,
            "camera": camera,
            "start_time": start_time,
            "end_time": end_time,
            "false_positive": None,
            "zones": [],
            "thumbnail": b64encode(self.thumbnail).decode(),
            "has_clip": True,
            "has_snapshot": True,
            "retain_indefinitely": False,
            "plus_id": None,
            "model_hash": None,
            "detector_type": "cpu",
            "model_type": "ssd",
            # Frigate: the column of the same name is from before 0.13 and stays empty.
            "top_score": None,
            "box": None,
            "data": {
                "type": "object",
                "score": score,
                "top_score": score,
                "attributes": [],
                "box": [0.1, 0.2, 0.3, 0.4],
            },
            **changes,
        }
        self.events.append(event)
        return event

    def add_review(
        self,
        *,
        start_time: float,
        end_time: float | None = None,
        camera: str = "garden",
        severity: str = "alert",
        events: list[str] | None = None,
        **changes: Any,
    ) -> dict[str, Any]:
        """Add a review item, with `changes` to its wire form, and return it."""
        data = {"detections": events or [], "objects": ["person"], "sub_labels": [], "zones": [], "audio": []}
        review = {
            "id": f"{start_time:.6f}-re{len(self.reviews):04}",
            "camera": camera,
            "start_time": start_time,
            "end_time": end_time,
            "has_been_reviewed": False,
            "severity": severity,
            "thumb_path": f"/media/frigate/clips/review/thumb-{camera}.webp",
            "data": data,
            **changes,
        }
        self.reviews.append(review)
        return review

    def revoke_tokens(self) -> None:
        """Forget every login, as after a change of the password."""
        self._tokens.clear()

    def _guarded(self, handler: Callable[[web.Request], Awaitable[web.Response]]) -> Any:
        async def guarded(request: web.Request) -> web.Response:
            if self.access is Access.AUTHENTICATED and not self._knows(request):
                return web.Response(status=401, headers={"Location": "/login"})
            if self.body_instead is not None:
                return web.Response(body=self.body_instead)
            try:
                return await handler(request)
            except Invalid as err:
                return web.json_response({"detail": [{"msg": str(err)}]}, status=422)
            except LookupError as err:
                return web.json_response({"success": False, "message": str(err.args[0])}, status=404)

        return guarded

    def _knows(self, request: web.Request) -> bool:
        token = request.headers.get(hdrs.AUTHORIZATION, "").removeprefix("Bearer ")
        return self.takes_tokens and token in self._tokens

    async def _login(self, request: web.Request) -> web.Response:
        if self.access is Access.DISABLED:
            return web.json_response({"message": "Authentication is disabled"}, status=404)
        if self.login_limited:
            return web.json_response({"error": "Rate limit exceeded: 5 per 1 minute"}, status=429)
        if await request.json() != {"user": self.username, "password": self.password}:
            return web.json_response({"message": "Login failed"}, status=401)
        self.logins += 1
        token = self._new_token()
        self._tokens.add(token)
        response = web.Response()
        response.set_cookie("theme", "dark")
        response.set_cookie("frigate_token", token, httponly=True, secure=True)
        return response

    def _new_token(self) -> str:
        now = int(time.time())
        claims = {"sub": self.username, "role": "viewer", "exp": now + self.session_s, "jti": self.logins}
        issued = {"iat": now} if self.says_issued else {}
        parts = (json.dumps(part).encode() for part in ({"alg": "HS256"}, claims | issued))
        return ".".join([*(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), "c2lnbmF0dXJl"])

    async def _config(self, _request: web.Request) -> web.Response:
        return web.json_response({"version": "0.17-0", "cameras": self.cameras, "mqtt": {"enabled": True}})

    async def _list_events(self, request: web.Request) -> web.Response:
        query = request.query
        found = [event for event in self.events if wanted(event, request)]
        if "after" in query:
            found = [event for event in found if float(event["start_time"]) > number(request, "after")]
        if "before" in query:
            found = [event for event in found if float(event["start_time"]) < number(request, "before")]
        if "in_progress" in query:
            found = [event for event in found if (event["end_time"] is None) == (query["in_progress"] == "1")]
        if "has_snapshot" in query:
            found = [event for event in found if event["has_snapshot"] == (query["has_snapshot"] == "1")]
        if query.get("include_thumbnails", "1") == "0":
            found = [{key: value for key, value in event.items() if key != "thumbnail"} for event in found]
        return web.json_response(newest(found, int(query.get("limit", "100"))))

    async def _list_reviews(self, request: web.Request) -> web.Response:
        # Frigate: without them, the last 24 hours.
        after = number(request, "after") if "after" in request.query else time.time() - 86_400
        before = number(request, "before") if "before" in request.query else time.time()
        found = [review for review in self.reviews if wanted(review, request)]
        if severity := request.query.get("severity"):
            found = [review for review in found if review["severity"] == severity]
        if self.whole_reviews:
            found = [
                review
                for review in found
                if review["start_time"] > after
                and (review["end_time"] is None or review["end_time"] < before)
            ]
        else:
            found = [
                review
                for review in found
                if review["start_time"] < before
                and (review["end_time"] is None or review["end_time"] > after)
            ]
        return web.json_response(newest(found, int(request.query.get("limit", "100"))))

    async def _one_event(self, request: web.Request) -> web.Response:
        return web.json_response(self._event(request))

    async def _snapshot(self, request: web.Request) -> web.Response:
        if not self._event(request)["has_snapshot"]:
            raise LookupError("Snapshot not available")
        return web.Response(body=self.snapshot, content_type="image/jpeg")

    async def _thumbnail(self, request: web.Request) -> web.Response:
        if not (thumbnail := self._event(request)["thumbnail"]):
            raise LookupError("Thumbnail not available")
        return web.Response(body=b64decode(thumbnail), content_type="image/jpeg")

    async def _latest(self, request: web.Request) -> web.Response:
        self._expect_camera(request)
        return web.Response(body=self.latest, content_type="image/jpeg")

    def _event(self, request: web.Request) -> dict[str, Any]:
        for event in self.events:
            if event["id"] == request.match_info["id"]:
                return event
        raise LookupError("Event not found")

    def _expect_camera(self, request: web.Request) -> None:
        if request.match_info["camera"] not in self.cameras:
            raise LookupError("Camera not found")


def camera(**changes: Any) -> dict[str, Any]:
    """Return the configuration of a camera, cut to what is of use, with `changes`."""
    return {
        "enabled": True,
        "friendly_name": None,
        "zones": {"lawn": {"coordinates": "0,0,1,0,1,1", "objects": ["person"]}},
        "objects": {"track": ["person", "car"], "filters": {}},
        "detect": {"enabled": True, "fps": 5},
        "record": {"enabled": True},
        "snapshots": {"enabled": True},
        **changes,
    }


def wanted(row: dict[str, Any], request: web.Request) -> bool:
    """Tell whether an event or review is of the cameras, labels and zones asked for."""
    data = row.get("data") or {}
    have = {
        "cameras": [row["camera"]],
        "labels": [row["label"]] if "label" in row else data.get("objects", []),
        "zones": row["zones"] if "zones" in row else data.get("zones", []),
    }
    asked = {name: request.query.get(name, "all") for name in have}
    return all(text == "all" or set(text.split(",")) & set(have[name]) for name, text in asked.items())


def number(request: web.Request, name: str) -> float:
    """Return a number of the query, as FastAPI reads it."""
    try:
        return float(request.query[name])
    except ValueError as err:
        raise Invalid(f"{name} is not a number") from err


def newest(rows: list[dict[str, Any]], limit: int) -> list[dict[str, Any]]:
    """Return the rows that began last, newest first."""
    return sorted(rows, key=lambda row: float(row["start_time"]), reverse=True)[:limit]


def own_certificate(folder: Path) -> ssl.SSLContext:
    """Return a TLS server's context with a certificate that nobody vouches for, as Frigate makes it."""
    _pem, context = certificates.own_certificate(folder, is_ca=False)
    return context
