"""A stand-in for a Matrix homeserver: rooms, transactions, direct chats, and a sync that waits."""

import asyncio
import json
from dataclasses import dataclass, field
from itertools import count
from typing import Any, override

from aiohttp import hdrs, web

from tests.fakes.server import FakeServer

ME = "@broker:house.example"
ROOM = "!alarms/1:house.example"
INVITED = "!invited:house.example"
STRANGE = "!strange:house.example"
V3 = "/_matrix/client/v3"


@dataclass
class FakeMatrix(FakeServer):
    """One account, which is in one room, is invited to another, and knows nothing of a third."""

    token: str = "hunter2-syt"
    error: tuple[int, dict[str, Any]] | None = None
    """What every request is answered."""
    encrypted: set[str] = field(default_factory=set)
    read_only: set[str] = field(default_factory=set)
    too_much: bool = False
    """The next news are longer than anybody reads."""
    padding: int = 0
    """How many bytes of other rooms stand in all news."""
    joined: set[str] = field(default_factory=lambda: {ROOM}, init=False)
    events: list[dict[str, Any]] = field(default_factory=list, init=False)
    members: dict[str, dict[str, str]] = field(default_factory=dict, init=False)
    """Of each room with a person: what everybody is to it."""
    direct: dict[str, list[str]] = field(default_factory=dict, init=False)
    syncs: list[str | None] = field(default_factory=list, init=False)
    """From where each sync went on."""
    _transactions: dict[str, str] = field(default_factory=dict, init=False)
    _numbers: count[int] = field(default_factory=lambda: count(1), init=False)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition, init=False)

    @override
    def routes(self) -> list[web.RouteDef]:
        """Serve what a channel uses."""
        room = f"{V3}/rooms/{{room}}"
        return [
            web.get(f"{V3}/account/whoami", self._of_account),
            web.get(f"{V3}/joined_rooms", self._of_account),
            web.get(f"{V3}/directory/room/{{alias}}", self._alias),
            web.route("*", f"{V3}/user/{{user}}/account_data/m.direct", self._direct),
            web.post(f"{V3}/createRoom", self._create_room),
            web.post(f"{room}/join", self._join),
            web.get(f"{room}/members", self._room_members),
            web.post(f"{room}/invite", self._invite),
            web.put(f"{room}/send/m.room.message/{{transaction}}", self._send),
            web.get(f"{room}/event/{{event}}", self._event),
            web.get(f"{room}/state/m.room.encryption", self._encryption),
            web.get(f"{V3}/sync", self._sync),
        ]

    @property
    def sent(self) -> list[dict[str, Any]]:
        """The contents of what our account has sent, oldest first."""
        return [one["content"] for one in self.events if one["sender"] == ME]

    async def say(
        self, content: dict[str, Any], *, sender: str, kind: str = "m.room.message", room: str = ROOM
    ) -> str:
        """Let somebody say something in a room; return the event's id."""
        event = f"${next(self._numbers):043d}"
        async with self._news:
            self.events.append(
                {"type": kind, "event_id": event, "sender": sender, "content": content, "room": room}
            )
            self._news.notify_all()
        return event

    async def react(
        self, event: str, key: str, *, sender: str = "@anna:house.example", room: str = ROOM
    ) -> str:
        """Let somebody put an emoji under an event."""
        relation = {"rel_type": "m.annotation", "event_id": event, "key": key}
        return await self.say({"m.relates_to": relation}, sender=sender, kind="m.reaction", room=room)

    async def reply(
        self, event: str, words: str, *, sender: str = "@anna:house.example", room: str = ROOM
    ) -> str:
        """Let somebody reply to an event."""
        relation = {"m.in_reply_to": {"event_id": event}}
        return await self.say(
            {"msgtype": "m.text", "body": words, "m.relates_to": relation}, sender=sender, room=room
        )

    def _refusal(self, request: web.Request) -> web.Response | None:
        if self.error is not None:
            return web.json_response(self.error[1], status=self.error[0])
        if request.headers.get(hdrs.AUTHORIZATION) != f"Bearer {self.token}":
            return refused(401, "M_UNKNOWN_TOKEN", "Invalid access token passed.")
        room = request.match_info.get("room")
        if room is not None and room not in self.joined and not request.path.endswith("/join"):
            return refused(403, "M_FORBIDDEN", f"User {ME} not in room {room}")
        return None

    async def _of_account(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request):
            return refusal
        return web.json_response({"user_id": ME, "device_id": "D", "joined_rooms": sorted(self.joined)})

    async def _alias(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request):
            return refusal
        if request.match_info["alias"] != "#alarms:house.example":
            return refused(404, "M_NOT_FOUND", "Room alias not found")
        return web.json_response({"room_id": ROOM, "servers": ["house.example"]})

    async def _direct(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request):
            return refusal
        if request.method == "PUT":
            self.direct = await request.json()
            return web.json_response({})
        if not self.direct:
            return refused(404, "M_NOT_FOUND", "Account data not found")
        return web.json_response(self.direct)

    async def _create_room(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request):
            return refusal
        wanted = await request.json()
        if set(wanted) != {"preset", "is_direct", "invite"}:
            return refused(400, "M_BAD_JSON", "unknown fields")
        room = f"!direct{next(self._numbers)}:house.example"
        self.joined.add(room)
        self.members[room] = {ME: "join", **dict.fromkeys(wanted["invite"], "invite")}
        return web.json_response({"room_id": room})

    async def _join(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request):
            return refusal
        room = request.match_info["room"]
        if room not in {*self.joined, INVITED}:
            return refused(403, "M_FORBIDDEN", "You are not invited to this room.")
        self.joined.add(room)
        return web.json_response({"room_id": room})

    async def _room_members(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request):
            return refusal
        members = self.members[request.match_info["room"]]
        events = [
            {"type": "m.room.member", "state_key": user, "content": {"membership": membership}}
            for user, membership in members.items()
        ]
        return web.json_response({"chunk": events})

    async def _invite(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request):
            return refusal
        members, user = self.members[request.match_info["room"]], (await request.json())["user_id"]
        if members.get(user) in {"join", "ban"}:
            return refused(403, "M_FORBIDDEN", f"{user} is already in the room, or banned from it")
        members[user] = "invite"
        return web.json_response({})

    async def _send(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request):
            return refusal
        if request.match_info["room"] in self.read_only:
            return refused(403, "M_FORBIDDEN", "You don't have permission to post that to the room.")
        content, transaction = await request.json(), request.match_info["transaction"]
        if problem := problem_in(content):
            return refused(400, "M_BAD_JSON", problem)
        if transaction not in self._transactions:
            room = request.match_info["room"]
            self._transactions[transaction] = await self.say(content, sender=ME, room=room)
        return web.json_response({"event_id": self._transactions[transaction]})

    async def _event(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request):
            return refusal
        place = (request.match_info["room"], request.match_info["event"])
        for event in self.events:
            if (event["room"], event["event_id"]) == place:
                return web.json_response(event)
        return refused(404, "M_NOT_FOUND", "Event not found.")

    async def _encryption(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request):
            return refusal
        if request.match_info["room"] not in self.encrypted:
            return refused(404, "M_NOT_FOUND", "Event not found.")
        return web.json_response({"algorithm": "m.megolm.v1.aes-sha2"})

    async def _sync(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request):
            return refusal
        wanted = json.loads(request.query["filter"])["room"]["timeline"]
        since = request.query.get("since")
        async with self._news:
            self.syncs.append(since)
            self._news.notify_all()
            seen = len(self.events) - wanted["limit"] if since is None else int(since)
            if since is not None:
                async with asyncio.timeout(int(request.query["timeout"]) / 1000):
                    await self._news.wait_for(lambda: len(self.events) > seen)
        news = [one for one in self.events[max(seen, 0) :] if one["type"] in wanted["types"]]
        rooms = {
            room: {"timeline": {"events": [one for one in news if one["room"] == room]}}
            for room in self.joined
        }
        told: dict[str, Any] = {"next_batch": str(len(self.events)), "rooms": {"join": rooms}}
        told["padding"] = "x" * self.padding
        if self.too_much and since is not None:
            self.too_much = False
            told["padding"] = "x" * 5_000_000
        return web.json_response(told)

    async def listened_to(self, times: int = 1) -> None:
        """Return once somebody waits for news from where it stands now, for the so many-th time."""
        async with self._news:
            await self._news.wait_for(lambda: self.syncs.count(str(len(self.events))) >= times)


def refused(status: int, code: str, error: str) -> web.Response:
    """Return an error as homeservers write it."""
    return web.json_response({"errcode": code, "error": error}, status=status)


def problem_in(content: dict[str, Any]) -> str | None:
    """Return what of an event's content the specification does not know."""
    plain = {"msgtype", "body", "m.mentions", "m.relates_to"}
    known = {**dict.fromkeys(plain), "format": None, "formatted_body": None, "m.new_content": None}
    if not {"msgtype", "body", "m.mentions"} <= set(content) <= set(known):
        return "unknown fields"
    if content["m.mentions"] != {} or content["msgtype"] not in {"m.text", "m.notice"}:
        return "mentions somebody"
    if len(json.dumps(content)) > 60_000:
        return "too large"
    return None
