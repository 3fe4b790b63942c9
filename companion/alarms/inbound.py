"""Where everything ends up that channels hear from their providers: receipts, and what people answer."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from functools import partial
from hashlib import sha256
from secrets import token_hex
from typing import Any, Final, override

from companion.alarms import outcomes
from companion.alarms.flood import acknowledge_together
from companion.alarms.replies import MessageNotKnown, Taken, take
from companion.alarms.service import AlarmService
from companion.alarms.transaction import AlarmTransaction
from companion.channels.base import Answer, Inbound, Receipt, Response, Undelivered, Understood
from companion.directory.store import channel_by_id
from companion.dispatch.delivery import PAGES
from companion.dispatch.readers import expect, readers_of
from companion.dispatch.record import record_receipt, record_undelivered
from companion.dispatch.retry import GiveUp
from companion.rate_limit import RateLimit
from companion.store.database import StoreUnavailable
from companion.store.scope import ALL_SITES, Scope, scope_of
from companion.texts.reasons import storable
from companion.troubles.reporting import TROUBLE_KINDS

_LOGGER = logging.getLogger(__name__)

EARLY_S: Final = 2.0
"""When a receipt, or an answer, whose message is not known (yet) is looked at again."""
ANSWER_TRIES: Final = 8
"""Each a second long, when somebody else holds the alarm: whoever answers takes it that they have."""
WRITE_AGAIN_S: Final = 1.0
WRITE_TRIES: Final = 600
"""While the database is away, for what of an answer is not written down yet."""
EVENT_ID_LIMIT: Final = 200
SAID_BACK, PER_S = 10, 600.0
"""Responses to one address in so many seconds: two machines that answer each other must come to an end."""


class InboundOfChannels:
    """Makes the `Inbound` of each channel; they share how often somebody is answered, and what comes early."""

    def __init__(self, commands: AlarmService, callback_url: Callable[[str], str]) -> None:
        self.commands = commands
        self.callback_url = callback_url
        self.said_back = RateLimit(SAID_BACK, PER_S)
        self._going_on: set[asyncio.Task[None]] = set()

    def of(self, channel_id: str) -> Inbound:
        """Return whom the channel tells what it hears."""
        return _ChannelInbound(self, channel_id)

    def later(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do it once more in a moment: a device can answer before we have written down that the provider took it."""
        self._go_on(self._until_written(work, EARLY_S))

    def until_written(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do it as soon as anything can be written down again."""
        self._go_on(self._until_written(work, WRITE_AGAIN_S))

    async def close(self) -> None:
        """Look for nothing any more."""
        for task in self._going_on:
            task.cancel()

    def _go_on(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._going_on.add(task)
        task.add_done_callback(self._going_on.discard)

    async def _until_written(self, work: Callable[[], Awaitable[object]], pause_s: float) -> None:
        await asyncio.sleep(pause_s)
        for _ in range(WRITE_TRIES):
            with suppress(StoreUnavailable):
                await work()
                return
            await asyncio.sleep(WRITE_AGAIN_S)
        _LOGGER.error("What was heard over a channel could not be written down: its alarms go on escalating")


class _ChannelInbound(Inbound):
    def __init__(self, every: InboundOfChannels, channel_id: str) -> None:
        self._every = every
        self._channel_id = channel_id

    @property
    @override
    def callback_url(self) -> str:
        return self._every.callback_url(self._channel_id)

    @override
    async def receipt(self, receipt: Receipt | Undelivered) -> None:
        receipt = replace(receipt, provider_ref=storable(receipt.provider_ref))
        write = partial(_record, channel_id=self._channel_id, receipt=receipt)
        if not await self._every.commands.run(ALL_SITES, write):
            self._every.later(partial(self._every.commands.run, ALL_SITES, write))

    @override
    async def answer(self, answer: Answer) -> Response | None:
        commands = self._every.commands
        answer = _storable(answer)
        channel = await commands.db.read(lambda conn: channel_by_id(ALL_SITES, conn, self._channel_id))
        if channel is None:
            return None
        scope = scope_of(channel.site_id)
        try:
            taken = await self._taken(scope, answer)
        except MessageNotKnown:
            # Not waited for: whoever answers next would wait with it, and so would a provider that calls.
            self._every.later(partial(self._take_early, scope, answer))
            return None
        if taken is None or self._every.said_back.take(
            f"{self._channel_id}\n{answer.sender}", time.monotonic()
        ):
            return None
        return taken.response

    async def _take_early(self, scope: Scope, answer: Answer) -> None:
        """Take an answer whose message may be known by now; if it is still not, it is none of ours."""
        with suppress(MessageNotKnown):
            await self._taken(scope, answer)

    async def _taken(self, scope: Scope, answer: Answer) -> Taken | None:
        taken = await self._every.commands.run_patiently(
            scope, lambda unit: take(unit, self._channel_id, answer), tries=ANSWER_TRIES
        )
        if taken is not None:
            await self._answer_together(taken)
        return taken

    async def _answer_together(self, taken: Taken) -> None:
        if taken.response.understood is not Understood.ACKNOWLEDGED or not taken.together:
            return
        acknowledge = partial(
            acknowledge_together,
            self._every.commands,
            taken.together,
            taken.actor,
            link_of=taken.recipient,
            together_with=taken.alarm_id,
            tries=ANSWER_TRIES,
        )
        try:
            await acknowledge()
        except StoreUnavailable:
            # The answer itself is written down: said again it would be known, and these would go on escalating.
            self._every.until_written(acknowledge)


def _storable(answer: Answer) -> Answer:
    """Return the answer as any database can hold it: what is refused there would come again and again, and others behind it never."""
    event_id = storable(answer.event_id)
    if event_id != answer.event_id or len(event_id) > EVENT_ID_LIMIT:
        event_id = sha256(answer.event_id.encode(errors="surrogatepass")).hexdigest()
    return replace(
        answer,
        event_id=event_id or token_hex(16),  # without an id of its own nothing is a repeat
        # Not left out: it could become somebody's address.
        sender=answer.sender.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}"),
        words=storable(answer.words),
        token=None if answer.token is None else storable(answer.token),
        thread_ref=None if answer.thread_ref is None else storable(answer.thread_ref),
    )


def _record(unit: AlarmTransaction, *, channel_id: str, receipt: Receipt | Undelivered) -> bool:
    """Write down what the provider says of a message; return whether it is a known one, and news."""
    if isinstance(receipt, Receipt):
        arrival = record_receipt(unit.conn, channel_id, receipt)
        if arrival is not None:
            outcomes.arrived(unit, arrival)
        return arrival is not None
    lost = record_undelivered(unit.conn, channel_id, receipt)
    for given_up in lost:
        if given_up.kind in PAGES or given_up.kind in TROUBLE_KINDS:
            # Whoever it is for waits again, as if it had never been taken. Of mere news nobody is told another way.
            expect(unit.conn, {given_up.id: readers_of(unit.conn, given_up)}, given_up.alarm_id, unit.now)
        outcomes.report(unit, given_up, GiveUp(receipt.reason))
    return bool(lost)
