"""Listens for the providers' word that a message arrived."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from sqlalchemy.engine import Connection

from companion.channels.base import Receipt, ReceiptSource
from companion.dispatch.delivery import Delivery
from companion.dispatch.record import record_receipt
from companion.store.database import Database

_LOGGER = logging.getLogger(__name__)

RECONNECT_S = 10


async def listen(
    db: Database, channel_id: str, source: ReceiptSource, delivered: Callable[[Connection, Delivery], None]
) -> None:
    """Record receipts of one channel until cancelled. One line when the provider cannot be heard, one when it can again."""
    deaf = False
    while True:
        try:
            async for receipt in source.receipts():
                if deaf:
                    _LOGGER.info("Receipts of channel %s arrive again", channel_id)
                    deaf = False
                await db.write(partial(_record, channel_id=channel_id, receipt=receipt, delivered=delivered))
        except Exception as err:  # noqa: BLE001 # receipts are a comfort: nothing of theirs may stop
            if not deaf:
                _LOGGER.warning(
                    "No receipts from channel %s (%s); trying again", channel_id, type(err).__name__
                )
            deaf = True
        await asyncio.sleep(RECONNECT_S)


def _record(
    conn: Connection, *, channel_id: str, receipt: Receipt, delivered: Callable[[Connection, Delivery], None]
) -> None:
    delivery = record_receipt(conn, channel_id, receipt)
    if delivery is not None:
        delivered(conn, delivery)
