"""Where everything ends up that channels hear from their providers: receipts, and what people answer."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final, override

from companion.alarms import outcomes
from companion.alarms.flood import acknowledge_together
from companion.alarms.replies import Taken, take
from companion.alarms.service import AlarmService
from companion.alarms.transaction import AlarmTransaction
from companion.channels.base import Answer, Inbound, Receipt, Response, Undelivered, Understood
from companion.directory.store import channel_by_id
from companion.dispatch.readers import expect, readers_of
from companion.dispatch.record import record_receipt, record_undelivered
from companion.dispatch.retry import GiveUp
from companion.rate_limit import RateLimit
from companion.store.database import StoreUnavailable
from companion.store.scope import ALL_SITES, scope_of

EARLY_S: Final = 2.0
"""When a receipt whose delivery is not known (yet) is looked at again."""
ANSWER_TRIES: Final = 8
"""Each a second long, when somebody else holds the alarm: whoever answers takes it that they have."""
SAID_BACK, PER_S = 10, 600.0
"""Responses to one address in so many seconds: two machines that answer each other must come to an end."""


class InboundOfChannels:
    """Makes the `Inbound` of each channel; they share how often somebody is answered, and what comes early."""

    def __init__(self, commands: AlarmService, callback_url: Callable[[str], str]) -> None:
        self.commands = commands
        self.callback_url = callback_url
        self.said_back = RateLimit(SAID_BACK, PER_S)
        self._early: set[asyncio.Task[None]] = set()

    def of(self, channel_id: str) -> Inbound:
        """Return whom the channel tells what it hears."""
        return _ChannelInbound(self, channel_id)

    def later(self, write: Callable[[AlarmTransaction], bool]) -> None:
        """Look for a delivery again: a device can answer before we have written down that the provider took it."""
        again = asyncio.create_task(self._once_more(write))
        self._early.add(again)
        again.add_done_callback(self._early.discard)

    async def close(self) -> None:
        """Look for nothing any more."""
        for task in self._early:
            task.cancel()

    async def _once_more(self, write: Callable[[AlarmTransaction], bool]) -> None:
        await asyncio.sleep(EARLY_S)
        with suppress(StoreUnavailable):
            await self.commands.run(ALL_SITES, write)


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
        write = partial(_record, channel_id=self._channel_id, receipt=receipt)
        if not await self._every.commands.run(ALL_SITES, write):
            self._every.later(write)

    @override
    async def answer(self, answer: Answer) -> Response | None:
        commands = self._every.commands
        channel = await commands.db.read(lambda conn: channel_by_id(ALL_SITES, conn, self._channel_id))
        if channel is None:
            return None
        scope = scope_of(channel.site_id)
        taken = await commands.run_patiently(
            scope, lambda unit: take(unit, self._channel_id, answer), tries=ANSWER_TRIES
        )
        if taken is None:
            return None
        await self._answer_together(taken)
        if self._every.said_back.take(f"{self._channel_id}\n{answer.sender}", time.monotonic()):
            return None
        return taken.response

    async def _answer_together(self, taken: Taken) -> None:
        if taken.response.understood is Understood.ACKNOWLEDGED and taken.together:
            await acknowledge_together(
                self._every.commands,
                taken.together,
                taken.actor,
                link_of=taken.recipient,
                together_with=taken.alarm_id,
                tries=ANSWER_TRIES,
            )


def _record(unit: AlarmTransaction, *, channel_id: str, receipt: Receipt | Undelivered) -> bool:
    """Write down what the provider says of a message; return whether it is a known one, and news."""
    if isinstance(receipt, Receipt):
        arrival = record_receipt(unit.conn, channel_id, receipt)
        if arrival is not None:
            outcomes.arrived(unit, arrival)
        return arrival is not None
    given_up = record_undelivered(unit.conn, channel_id, receipt)
    if given_up is not None:
        # Whoever it is for waits again, as if it had never been taken.
        expect(unit.conn, {given_up.id: readers_of(unit.conn, given_up)}, given_up.alarm_id, unit.now)
        outcomes.report(unit, given_up, GiveUp(receipt.reason))
    return given_up is not None
