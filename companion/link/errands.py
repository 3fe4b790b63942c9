"""What channels ask of Home Assistants: handed over by the link, and what became of it."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, override

from sqlalchemy.engine import Connection

from companion.alarms.model import hidden_at_panel
from companion.alarms.store import alarm_by_id
from companion.channels.base import Errand, House, Outcome, Receipt, Refused, Sent, TryAgain, Undelivered
from companion.clock import Clock
from companion.dispatch.wake import Wake
from companion.link import outbox, store as link
from companion.link.events import Notified
from companion.link.store import Peer
from companion.store.database import Database, StoreUnavailable
from companion.store.scope import ALL_SITES, scope_of
from companion.texts.reasons import Reason

ABILITY: Final = "notify"
"""What a Home Assistant says that it can do which knows this kind of event."""
TAKEN_WITHIN_S: Final = 8.0
"""Then the next contact point is told; less than any channel's time limit."""
USEFUL: Final = timedelta(seconds=15)
"""After this long Home Assistant does nothing any more: others have been told."""
SEEN_WITHIN: Final = timedelta(seconds=150)
"""A peer is seen once a minute; one whose companion died without a word is on no link for longer than this."""
LOOK_EVERY_S: Final = 0.05
FAILED: Final = Reason("home_assistant.failed")
WHY: Final = {
    "too_late": Reason("home_assistant.too_late"),
    "nobody": Reason("home_assistant.nobody"),
    "unknown_target": Reason("home_assistant.unknown_target"),
    "unavailable": Reason("home_assistant.unavailable"),
    "no_voice": Reason("home_assistant.no_voice"),
    "timeout": Reason("home_assistant.timeout"),
    "refused": Reason("home_assistant.refused"),
}
"""Why Home Assistant may say that it failed; of anything else only that is said."""


class LinkedHouse(House):
    """The Home Assistants that a channel may ask: those of its site; a channel of every site may ask all."""

    def __init__(self, db: Database, clock: Clock, wake: Wake, channel_id: str, site_id: str | None) -> None:
        self._db = db
        self._clock = clock
        self._wake = wake
        self._channel_id = channel_id
        self._site_id = site_id

    @override
    async def ask(self, errand: Errand) -> Outcome:
        try:
            asked = await self._db.write(partial(self._queue, errand))
            if not isinstance(asked, Peer):
                return asked
            self._wake.notify()
            taken = await self._is_taken(asked.instance, errand.id)
        except StoreUnavailable:
            return TryAgain(reason=Reason("home_assistant.not_now"))
        if not taken:
            return TryAgain(reason=Reason("home_assistant.not_taken"), uncertain=True)
        # A push that fails is said to have failed, but of one that does not nothing more is ever heard.
        follows = errand.action != "push"
        return Sent(provider_ref=reference(asked.instance, errand.id), receipt_follows=follows)

    @override
    async def check(self, home: str | None) -> Outcome:
        try:
            found = await self._db.read(partial(self._find, home))
        except StoreUnavailable:
            return TryAgain(reason=Reason("home_assistant.not_now"))
        return Sent(provider_ref=None) if isinstance(found, Peer) else found

    def _queue(self, errand: Errand, conn: Connection) -> Peer | TryAgain | Refused:
        alarm = alarm_by_id(ALL_SITES, conn, errand.alarm_id)
        if alarm is not None and hidden_at_panel(alarm):
            return Refused(reason=Reason("home_assistant.silent"))
        found = self._find(errand.home, conn)
        if isinstance(found, Peer):
            body = self._body(errand, None if alarm is None else alarm.id, self._clock())
            # Of an attempt before: Home Assistant was away, and must not do it twice.
            if not outbox.renew(conn, found.instance, errand.id, body):
                outbox.keep_event(conn, outbox.take_turns(conn, found.site_id, [found.instance]), body)
            self._wake.hint(conn)
        return found

    def _find(self, home: str | None, conn: Connection) -> Peer | TryAgain | Refused:
        scope = scope_of(self._site_id)
        there = [
            one
            for one in link.peers(ALL_SITES, conn)
            if scope.sees(one.site_id) and home in {None, one.instance, one.name}
        ]
        if len(there) != 1:
            code = "home_assistant.several" if there else "home_assistant.unknown"
            return Refused(reason=Reason(code), channel_broken=True)
        [peer] = there
        if ABILITY not in (peer.can or ()):
            return Refused(reason=Reason("home_assistant.too_old"), channel_broken=True)
        seen = peer.last_seen_at
        if peer.connection_id is None or seen is None or seen < self._clock() - SEEN_WITHIN:
            return TryAgain(reason=Reason("home_assistant.away"))
        return peer

    def _body(self, errand: Errand, alarm_id: str | None, now: datetime) -> Mapping[str, Any]:
        return {
            "kind": "notify",
            "at": now.isoformat(),
            "until": (now + USEFUL).isoformat(),
            "id": errand.id,
            "channel": self._channel_id,
            "alarm_id": alarm_id,
            "action": errand.action,
            "target": errand.target,
            "voice": errand.voice,
            "title": errand.title,
            "text": errand.text,
            "code": errand.code,
            "news": errand.news,
            "urgent": errand.urgent,
        }

    async def _is_taken(self, instance: str, errand_id: str) -> bool:
        """Return whether Home Assistant has confirmed it in time, over whichever replica it is linked to."""
        for _ in range(round(TAKEN_WITHIN_S / LOOK_EVERY_S)):
            if not await self._db.read(lambda conn: outbox.keeps(conn, instance, errand_id)):
                return True
            await asyncio.sleep(LOOK_EVERY_S)
        return False


def reference(instance: str, errand_id: str) -> str:
    """Return by what a delivery is known that a Home Assistant was asked for: another one cannot name it."""
    return f"{instance}/{errand_id}"


def receipt_of(peer: Peer, event: Notified) -> Receipt | Undelivered | None:
    """Return what Home Assistant's word on an errand means for its delivery; None: no more than that it has it."""
    ref = reference(peer.instance, event.id)
    match event.outcome:
        case "done":
            return Receipt(provider_ref=ref, at=event.at)
        case "accepted":
            # The service of a phone's app is done as soon as it has asked Apple or Google, whatever they answer.
            return None
        case _:
            reason = FAILED if event.reason is None else WHY.get(event.reason, FAILED)
            return Undelivered(provider_ref=ref, reason=reason)
