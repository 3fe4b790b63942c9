"""Listens to the channels whose providers tell us something over a connection of ours: receipts, and what people answer."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import override

from companion.channels.base import Answer, Inbound, Listens, Receipt, Response, Undelivered
from companion.dispatch.pool import RunningChannels
from companion.dispatch.wake import Wake, wait
from companion.store.database import StoreUnavailable

_LOGGER = logging.getLogger(__name__)

RECONNECT_S = 10
LOOK_S = 30
LOOK_SETTLE_S = 2.5
"""Longer than what is known of the channels may be old (`pool.REFRESH_S`)."""


class ChannelListeners:
    """One listener for each channel that can listen."""

    def __init__(self, channels: RunningChannels, wake: Wake, inbound: Callable[[str], Inbound]) -> None:
        self._channels = channels
        self._wake = wake
        self._inbound = inbound
        self._running: dict[str, tuple[Listens, asyncio.Task[None]]] = {}
        self.looked = asyncio.Event()
        """Set when every channel was built once, or could not be."""

    async def run(self) -> None:
        """Listen to exactly the channels that there are, until cancelled: a new one is heard as soon as it is applied."""
        woken = self._wake.subscribe()
        while True:
            try:
                await self._refresh()
            except Exception:
                _LOGGER.exception("The channels could not be looked at; trying again")
            await wait(woken, LOOK_S, settle_s=LOOK_SETTLE_S)

    async def _refresh(self) -> None:
        with suppress(StoreUnavailable):  # others say so
            self._follow(await self._channels.listening())
        self.looked.set()

    async def close(self) -> None:
        """Stop listening."""
        self._follow({})

    def _follow(self, channels: Mapping[str, Listens]) -> None:
        for channel_id, (channel, task) in list(self._running.items()):
            if channels.get(channel_id) is not channel:
                task.cancel()
                del self._running[channel_id]
        for channel_id, channel in channels.items():
            if channel_id not in self._running:
                task = asyncio.create_task(listen(channel_id, channel, self._inbound(channel_id)))
                self._running[channel_id] = (channel, task)


async def listen(channel_id: str, channel: Listens, inbound: Inbound) -> None:
    """Listen to one channel until cancelled. One line when its provider cannot be heard, one when it is heard again."""
    noticing = _Noticing(channel_id, inbound)
    while True:
        try:
            await channel.listen(noticing)
        except Exception as err:  # noqa: BLE001 # whatever a channel does, its sending goes on, and so do the others
            if not noticing.deaf:
                _LOGGER.warning("Channel %s hears nothing (%s); trying again", channel_id, type(err).__name__)
            noticing.deaf = True
        await asyncio.sleep(RECONNECT_S)


class _Noticing(Inbound):
    """Passes on what is heard, and notices that something is."""

    def __init__(self, channel_id: str, inbound: Inbound) -> None:
        self._channel_id = channel_id
        self._inbound = inbound
        self.deaf = False

    @property
    @override
    def callback_url(self) -> str:
        return self._inbound.callback_url

    @override
    async def receipt(self, receipt: Receipt | Undelivered) -> None:
        self._heard()
        await self._inbound.receipt(receipt)

    @override
    async def answer(self, answer: Answer) -> Response | None:
        self._heard()
        return await self._inbound.answer(answer)

    def _heard(self) -> None:
        if self.deaf:
            _LOGGER.info("Channel %s hears from its provider again", self._channel_id)
        self.deaf = False
