"""Which room an address is: itself, behind an alias, or the one between two people, which is made if there is none."""

import asyncio
from typing import Any, NamedTuple

from companion.channels.base import TryAgain
from companion.channels.http import Failure, Reply, not_understood
from companion.channels.matrix.api import MatrixApi


class Place(NamedTuple):
    """Where a message goes."""

    room: str
    is_waiting: bool = False
    """The person whose room it is has been invited, and has not come in yet."""


class Rooms:
    """The rooms of addresses, each looked up once."""

    def __init__(self, api: MatrixApi) -> None:
        self._api = api
        self._known: dict[str, str] = {}
        self._me: str | None = None
        self._one_at_a_time = asyncio.Lock()

    async def me(self) -> str | Failure:
        """Return the user whose token it is."""
        if self._me is None:
            reply = await self._api.call("GET", "account", "whoami")
            if not isinstance(reply, Reply):
                return reply
            found = reply.word("user_id")
            if not found:
                return not_understood(reply)
            self._me = found
        return self._me

    async def place_of(self, address: str) -> Place | Failure:
        """Return where messages to an address go."""
        if address.startswith("@"):
            return await self._with(address)
        room = await self._behind(address) if address.startswith("#") else address
        return Place(room) if isinstance(room, str) else room

    async def _behind(self, alias: str) -> str | Failure:
        if alias not in self._known:
            reply = await self._api.call("GET", "directory", "room", alias)
            if not isinstance(reply, Reply):
                return reply
            room = reply.word("room_id")
            if not room:
                return not_understood(reply)
            self._known[alias] = room
        return self._known[alias]

    async def _with(self, user: str) -> Place | Failure:
        """Return the room with a user, who is invited again if they have left it."""
        me = await self.me()
        if not isinstance(me, str):
            return me
        room = await self._room_with(user, me)
        if not isinstance(room, str):
            return room
        members = await self._members(room)
        if isinstance(members, TryAgain):
            return members
        if members.get(me) == "join":
            if members.get(user) in {"join", "invite"}:
                return Place(room, is_waiting=members[user] == "invite")
            invited = await self._api.call("POST", "rooms", room, "invite", body={"user_id": user})
            if isinstance(invited, Reply):
                return Place(room, is_waiting=True)
            if isinstance(invited, TryAgain):
                return invited
        another = await self._room_with(user, me, other_than=room)
        return Place(another, is_waiting=True) if isinstance(another, str) else another

    async def _members(self, room: str) -> dict[str, Any] | TryAgain:
        """Return what each member of a room is to it (`join`, `invite`, `leave` …); nothing if it is none of ours."""
        reply = await self._api.call("GET", "rooms", room, "members")
        if isinstance(reply, TryAgain):
            return reply
        events = reply.fields.get("chunk") if isinstance(reply, Reply) else None
        try:
            return {one["state_key"]: one["content"]["membership"] for one in events or ()}
        except KeyError, TypeError:
            return {}

    async def _room_with(self, user: str, me: str, other_than: str | None = None) -> str | Failure:
        """Return the room with a user by the list that clients keep of them (`m.direct`), or make one and list it."""
        # One after the other: who is told at the same time would each write a list without the other.
        async with self._one_at_a_time:
            known = self._known.get(user)
            if known is not None and known != other_than:
                return known
            place = ("user", me, "account_data", "m.direct")
            listed = await self._api.call("GET", *place)
            if isinstance(listed, TryAgain):
                return listed
            rooms = listed.fields if isinstance(listed, Reply) else {}
            theirs = rooms.get(user)
            room = theirs[-1] if isinstance(theirs, list) and theirs else None
            if not isinstance(room, str) or room == other_than:
                room = await self._made_for(user)
                if not isinstance(room, str):
                    return room
                # Should this fail the room is still known here, and made anew after the next start.
                await self._api.call("PUT", *place, body={**rooms, user: [room]})
            self._known[user] = room
            return room

    async def _made_for(self, user: str) -> str | Failure:
        private = {"preset": "trusted_private_chat", "is_direct": True, "invite": [user]}
        made = await self._api.call("POST", "createRoom", body=private)
        return (made.word("room_id") or not_understood(made)) if isinstance(made, Reply) else made
