"""Which room an address is: itself, behind an alias, or the one between two people, which is made if there is none."""

from companion.channels.base import TryAgain
from companion.channels.http import Failure, Reply, not_understood
from companion.channels.matrix.api import MatrixApi


class Rooms:
    """The rooms of addresses, each looked up once."""

    def __init__(self, api: MatrixApi) -> None:
        self._api = api
        self._known: dict[str, str] = {}
        self._me: str | None = None

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

    async def room_of(self, address: str) -> str | Failure:
        """Return the id of the address's room."""
        if address not in self._known:
            found = await self._looked_up(address)
            if not isinstance(found, str):
                return found
            self._known[address] = found
        return self._known[address]

    async def _looked_up(self, address: str) -> str | Failure:
        if address.startswith("#"):
            reply = await self._api.call("GET", "directory", "room", address)
            return (reply.word("room_id") or not_understood(reply)) if isinstance(reply, Reply) else reply
        return await self._direct(address) if address.startswith("@") else address

    async def _direct(self, user: str) -> str | Failure:
        """Return the room with a user, by the list that clients keep of them (`m.direct`)."""
        me = await self.me()
        if not isinstance(me, str):
            return me
        place = ("user", me, "account_data", "m.direct")
        listed = await self._api.call("GET", *place)
        if isinstance(listed, TryAgain):
            return listed
        rooms = listed.fields if isinstance(listed, Reply) else {}
        theirs = rooms.get(user)
        if isinstance(theirs, list) and theirs and isinstance(theirs[-1], str):
            return theirs[-1]
        private = {"preset": "trusted_private_chat", "is_direct": True, "invite": [user]}
        made = await self._api.call("POST", "createRoom", body=private)
        if not isinstance(made, Reply):
            return made
        room = made.word("room_id")
        if not room:
            return not_understood(made)
        # Should this fail the room is still known here, and made anew after the next start.
        await self._api.call("PUT", *place, body={**rooms, user: [room]})
        return room
