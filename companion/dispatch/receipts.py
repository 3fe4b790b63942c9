"""Listens for the providers' word that a message arrived."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial

from sqlalchemy.engine import Connection

from companion.channels.base import Receipt, ReceiptSource
from companion.dispatch.delivery import Delivery
from companion.dispatch.pool import RunningChannels
from companion.dispatch.record import record_receipt
from companion.store.database import Database, StoreUnavailable

_LOGGER = logging.getLogger(__name__)

RECONNECT_S = 10
EARLY_S = 2.0
"""When a receipt whose delivery is not known (yet) is looked at again."""


class ReceiptListeners:
    """One listener for each channel whose provider tells that messages arrived."""

    def __init__(
        self, db: Database, channels: RunningChannels, delivered: Callable[[Connection, Delivery], None]
    ) -> None:
        self._db = db
        self._channels = channels
        self._delivered = delivered
        self._running: dict[str, tuple[ReceiptSource, asyncio.Task[None]]] = {}
        self.looked = asyncio.Event()
        """Set when every channel was built once, or could not be."""

    async def refresh(self) -> None:
        """Listen to exactly the channels that there are now."""
        with suppress(StoreUnavailable):  # others say so
            self._follow(await self._channels.receipt_sources())
        self.looked.set()

    async def close(self) -> None:
        """Stop listening."""
        self._follow({})

    def _follow(self, sources: Mapping[str, ReceiptSource]) -> None:
        for channel_id, (source, task) in list(self._running.items()):
            if sources.get(channel_id) is not source:
                task.cancel()
                del self._running[channel_id]
        for channel_id, source in sources.items():
            if channel_id not in self._running:
                task = asyncio.create_task(listen(self._db, channel_id, source, self._delivered))
                self._running[channel_id] = (source, task)


async def listen(
    db: Database, channel_id: str, source: ReceiptSource, delivered: Callable[[Connection, Delivery], None]
) -> None:
    """Record receipts of one channel until cancelled. One line when the provider cannot be heard, one when it can again."""
    deaf = False
    early: set[asyncio.Task[None]] = set()
    try:
        while True:
            try:
                async for receipt in source.receipts():
                    if deaf:
                        _LOGGER.info("Receipts of channel %s arrive again", channel_id)
                        deaf = False
                    write = partial(_record, channel_id=channel_id, receipt=receipt, delivered=delivered)
                    if not await db.write(write):
                        again = asyncio.create_task(_once_more(db, write))
                        early.add(again)
                        again.add_done_callback(early.discard)
            except Exception as err:  # noqa: BLE001 # receipts are a comfort: nothing of theirs may stop
                if not deaf:
                    _LOGGER.warning(
                        "No receipts from channel %s (%s); trying again", channel_id, type(err).__name__
                    )
                deaf = True
            await asyncio.sleep(RECONNECT_S)
    finally:
        for again in early:
            again.cancel()


async def _once_more(db: Database, write: Callable[[Connection], bool]) -> None:
    """Look for the delivery again: a device can answer before we have written down that the provider took it."""
    await asyncio.sleep(EARLY_S)
    with suppress(StoreUnavailable):
        await db.write(write)


def _record(
    conn: Connection, *, channel_id: str, receipt: Receipt, delivered: Callable[[Connection, Delivery], None]
) -> bool:
    delivery = record_receipt(conn, channel_id, receipt)
    if delivery is not None:
        delivered(conn, delivery)
    return delivery is not None
