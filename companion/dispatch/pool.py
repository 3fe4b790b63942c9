"""The running channels: built from the directory when first needed, rebuilt when their configuration changes."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from companion.channels.base import Channel, ReceiptSource
from companion.channels.registry import build_channel
from companion.directory.model import ChannelRow
from companion.directory.store import channel_by_id, channel_revisions
from companion.dispatch.worker import ChannelUnusable, Configured
from companion.store.database import Database
from companion.store.scope import ALL_SITES
from companion.store.secrets import Secrets, WrongSecretKey

_LOGGER = logging.getLogger(__name__)

REFRESH_S = 2.0
"""How long a change of the directory, perhaps by another process, may go unnoticed."""


@dataclass(frozen=True)
class _Running:
    revision: int
    configured: Configured


_revisions = partial(channel_revisions, ALL_SITES)


class RunningChannels:
    """One instance a channel, shared by all deliveries over it."""

    def __init__(
        self, db: Database, secrets: Secrets, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._db = db
        self._secrets = secrets
        self._monotonic = monotonic
        self._running: dict[str, _Running] = {}
        self._revisions: dict[str, int] = {}
        self._read_at = float("-inf")
        self._lock = asyncio.Lock()
        self._retired: set[asyncio.Task[None]] = set()

    async def get(self, channel_id: str) -> Configured | None:
        """Return the channel, or None if there is none of this id (any more) or it is switched off.

        Raises ChannelUnusable.
        """
        if self._monotonic() - self._read_at < REFRESH_S:
            running = self._running.get(channel_id)
            if running is not None and running.revision == self._revisions.get(channel_id):
                return running.configured
        async with self._lock:
            return await self._get(channel_id)

    async def _get(self, channel_id: str) -> Configured | None:
        if self._monotonic() - self._read_at >= REFRESH_S or channel_id not in self._revisions:
            self._revisions = await self._db.read(_revisions)
            self._read_at = self._monotonic()
        for gone in [known for known in self._running if known not in self._revisions]:
            self._retire(gone)
        revision = self._revisions.get(channel_id)
        if revision is None:
            return None
        running = self._running.get(channel_id)
        if running is not None and running.revision == revision:
            return running.configured
        try:
            row = await self._db.read(lambda conn: channel_by_id(ALL_SITES, conn, channel_id, self._secrets))
        except WrongSecretKey as err:
            raise ChannelUnusable(str(err)) from err
        if row is None:
            return None
        self._retire(channel_id)
        self._running[channel_id] = _Running(row.revision, _configured(row))
        return self._running[channel_id].configured

    def _retire(self, channel_id: str) -> None:
        """Close a channel once what is being sent over it has had time to end."""
        old = self._running.pop(channel_id, None)
        if old is None:
            return

        async def close_later() -> None:
            try:
                await asyncio.sleep(old.configured.timeout_s)
            finally:  # when the service stops, at once
                await old.configured.channel.close()

        task = asyncio.create_task(close_later())
        self._retired.add(task)
        task.add_done_callback(self._retired.discard)

    async def receipt_sources(self) -> dict[str, ReceiptSource]:
        """Return the enabled channels that hear back from their providers."""
        found: dict[str, ReceiptSource] = {}
        for channel_id in await self._db.read(_revisions):
            try:
                configured = await self.get(channel_id)
            except ChannelUnusable as err:
                _LOGGER.warning("No receipts from channel %s: %s", channel_id, err)
                continue
            if configured is not None and isinstance(configured.channel, ReceiptSource):
                found[channel_id] = configured.channel
        return found

    async def close(self) -> None:
        """Close every channel."""
        for task in self._retired:
            task.cancel()
        await asyncio.gather(*self._retired, return_exceptions=True)
        running: list[Channel] = [item.configured.channel for item in self._running.values()]
        self._running.clear()
        await asyncio.gather(*(item.close() for item in running), return_exceptions=True)


def _configured(row: ChannelRow) -> Configured:
    try:
        built = build_channel(row.kind, row.full_config)
    except ValueError as err:
        raise ChannelUnusable(
            f"the configuration of channel {row.id} is wrong: apply the directory again"
        ) from err
    return Configured(built, row.concurrency, row.timeout_s)
