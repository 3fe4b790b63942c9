"""Matrix: one event a message, under a transaction id with which a repeat is the same event."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeGuard, override

from companion.channels.base import (
    Answer,
    Channel,
    Inbound,
    KnowsRecipients,
    Listens,
    Message,
    Outcome,
    Refused,
    Sent,
    TryAgain,
)
from companion.channels.cards import replaces_first
from companion.channels.http import SAY_S, Failure, Reply, briefly, not_understood
from companion.channels.matrix.api import POLL_S, MatrixApi
from companion.channels.matrix.events import answer_in, content_of, notice, place_of, ref, replacing
from companion.channels.matrix.rooms import Place, Rooms
from companion.channels.matrix.settings import MatrixSettings
from companion.texts.reasons import Reason

EVENTS = 20
"""How many events of a room are told at once: an answer of the server must stay within what is read of one."""
ENCRYPTION_S = 2.0
"""How long is waited for whether a room is encrypted; the message is sent by then."""


class SyncLostError(ConnectionError):
    """The homeserver does not, or no longer, tell what happens in its rooms."""


class MatrixChannel(Channel, KnowsRecipients, Listens):
    """Sends events; `Sent.provider_ref` is the room's id and the event's."""

    def __init__(self, config: MatrixSettings) -> None:
        self._config = config
        self._api = MatrixApi(config)
        self._rooms = Rooms(self._api)
        self._encrypted: dict[str, bool] = {}
        self._since: str | None = None
        """Up to where the server's news were taken. Not kept over a restart: what was said before is not heard."""

    @override
    async def send(self, message: Message) -> Outcome:
        first = place_of(message.thread_ref)
        if first is not None and replaces_first(message):
            place, content = Place(first[0]), replacing(message, first[1])
        else:
            found = await self._rooms.place_of(message.address)
            if not isinstance(found, Place):
                # Nothing has been sent yet, however uncertain the end of a look-up is.
                return replace(found, uncertain=False) if isinstance(found, TryAgain) else found
            is_there = first is not None and first[0] == found.room
            place, content = found, content_of(message, first[1] if first and is_there else None)
        reply = await self._put(place.room, message.idempotency_key, content)
        if _is_forbidden(reply):
            # Somebody has perhaps invited us; an invitation is taken when there is something to say.
            if not isinstance(await self._join(place.room), Reply):
                return reply
            reply = await self._put(place.room, message.idempotency_key, content)
            if _is_forbidden(reply):
                return Refused(reason=Reason("matrix.may_not_write"), status_code=403)
        if not isinstance(reply, Reply):
            return reply
        event = reply.word("event_id")
        if not event:
            return not_understood(reply)
        warning = await self._warning_of(place)
        return Sent(provider_ref=ref(place.room, event), status_code=reply.status, warning=warning)

    @override
    async def check(self) -> Outcome:
        reply = await self._api.call("GET", "account", "whoami")
        if not isinstance(reply, Reply):
            return reply
        if not reply.word("user_id"):
            return not_understood(reply)
        return Sent(provider_ref=None, status_code=reply.status)

    @override
    async def unreachable(self, addresses: Sequence[str]) -> frozenset[str]:
        """Ask which rooms the account is in; an invitation to one that it is to write to is taken."""
        rooms = {one for one in addresses if one.startswith("!")}
        reply = await self._api.call("GET", "joined_rooms") if rooms else None
        joined = reply.fields.get("joined_rooms") if isinstance(reply, Reply) else None
        if not isinstance(joined, list):
            return frozenset()
        missing = rooms - set(joined)
        return frozenset([room for room in missing if isinstance(await self._join(room), Refused)])

    @override
    async def listen(self, inbound: Inbound) -> None:
        me = await self._rooms.me()
        if not isinstance(me, str):
            raise SyncLostError(str(me.reason))
        while True:
            started = self._since
            told = await self._told()
            if started is not None:
                for answer in answers_in(told):
                    if answer.sender != me and await self._is_ours(answer, me):
                        await self._heard(answer, inbound)
            self._since = str(told["next_batch"])

    @override
    async def close(self) -> None:
        await self._api.close()

    async def _told(self) -> dict[str, Any]:
        """Return the next news of the server; raises SyncLostError."""
        query = {"filter": json.dumps(filtered(EVENTS if self._since else 1))}
        if self._since is not None:
            query |= {"since": self._since, "timeout": str(POLL_S * 1000)}
        reply = await self._api.poll(**query)
        if not isinstance(reply, Reply):
            raise SyncLostError(str(reply.reason))
        told = reply.fields
        if not isinstance(told.get("next_batch"), str):
            # Too much of it to be read, perhaps: it would be the same again. What follows is heard.
            self._since = None
            raise SyncLostError(str(not_understood(reply).reason))
        return told

    async def _is_ours(self, answer: Answer, me: str) -> bool:
        """Return whether it is about a message of ours: a thumb for a colleague's stops no alarm. Raises SyncLostError."""
        room, event = place_of(answer.thread_ref) or ("", "")
        found = await self._api.call("GET", "rooms", room, "event", event)
        if isinstance(found, TryAgain):
            raise SyncLostError(str(found.reason))
        return isinstance(found, Reply) and found.word("sender") == me

    async def _heard(self, answer: Answer, inbound: Inbound) -> None:
        """Pass the answer on, and say what became of it."""
        response = await inbound.answer(answer)
        room, event = place_of(answer.thread_ref) or ("", "")
        if response is not None:
            to = event if answer.acknowledges else answer.event_id
            await briefly(self._put(room, f"re-{answer.event_id}", notice(response.text, to)), SAY_S)

    async def _put(self, room: str, transaction: str, content: dict[str, Any]) -> Reply | Failure:
        return await self._api.call("PUT", "rooms", room, "send", "m.room.message", transaction, body=content)

    async def _join(self, room: str) -> Reply | Failure:
        return await self._api.call("POST", "rooms", room, "join", body={})

    async def _warning_of(self, place: Place) -> Reason | None:
        if place.is_waiting:
            return Reason("matrix.invited")
        return Reason("matrix.encrypted") if await self._is_encrypted(place.room) else None

    async def _is_encrypted(self, room: str) -> bool:
        if room not in self._encrypted:
            asked = self._api.call("GET", "rooms", room, "state", "m.room.encryption")
            state = await briefly(asked, ENCRYPTION_S)
            if isinstance(state, Reply) or state.status_code == 404:
                self._encrypted[room] = isinstance(state, Reply)
        return self._encrypted.get(room, False)


def _is_forbidden(reply: Reply | Failure) -> TypeGuard[Refused]:
    return isinstance(reply, Refused) and reply.status_code == 403 and not reply.channel_broken


def filtered(limit: int) -> dict[str, Any]:
    """Return which of the server's news are wanted: the last reactions and messages, and of them what is looked at."""
    nothing: dict[str, Any] = {"types": []}
    return {
        "event_fields": ["type", "event_id", "sender", "content.m\\.relates_to", "content.body"],
        "presence": nothing,
        "account_data": nothing,
        "room": {
            "account_data": nothing,
            "ephemeral": nothing,
            "state": {**nothing, "lazy_load_members": True},
            "timeline": {"types": ["m.reaction", "m.room.message"], "limit": limit},
        },
    }


def answers_in(told: dict[str, Any]) -> list[Answer]:
    """Return what in the server's news can be an answer."""
    rooms = told.get("rooms", {}).get("join", {})
    timelines = ((room, news.get("timeline", {}).get("events", [])) for room, news in rooms.items())
    found = (answer_in(room, event) for room, events in timelines for event in events)
    return [one for one in found if one is not None]
