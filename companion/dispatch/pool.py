"""The running channels: built from the directory when first needed, rebuilt when their configuration changes."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial

from sqlalchemy.engine import Connection

from companion.channels.base import Channel, House, Listens, UsesHouse
from companion.channels.registry import KindUnavailable, build_channel, kind_or_stand_in
from companion.directory.model import ChannelRow
from companion.directory.store import channel_by_id, channel_revisions, message_texts
from companion.dispatch.worker import ChannelUnusable, KindUnusable, RunningChannel
from companion.store.database import Database
from companion.store.scope import ALL_SITES
from companion.store.secrets import Secrets, WrongSecretKey
from companion.wording.own_texts import Broken, OwnText, OwnTexts

_LOGGER = logging.getLogger(__name__)

REFRESH_S = 2.0
"""How long a change of the directory, perhaps by another process, may go unnoticed."""


def _revisions(conn: Connection) -> tuple[dict[str, int], list[OwnText]]:
    return channel_revisions(ALL_SITES, conn), message_texts(ALL_SITES, conn)


class RunningChannels:
    """One instance a channel, shared by all deliveries over it."""

    def __init__(
        self,
        db: Database,
        secrets: Secrets,
        *,
        house: Callable[[str, str | None], House],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`house` makes the way to Home Assistant of a channel by its id and site."""
        self._db = db
        self._secrets = secrets
        self._house = house
        self._monotonic = monotonic
        self._running: dict[str, RunningChannel] = {}
        self._revisions: dict[str, int] = {}
        self.texts = OwnTexts()
        """What the installation has written itself, as new as the channels."""
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()
        # One a channel: its package may take its time to be imported, and other channels do not wait for it.
        self._building: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._retired: set[asyncio.Task[None]] = set()

    async def get(self, channel_id: str) -> RunningChannel | None:
        """Return the channel, or None if there is none of this id (any more) or it is switched off.

        Raises ChannelUnusable; KindUnusable.
        """
        if self._monotonic() - self._read_at < REFRESH_S:
            running = self._running.get(channel_id)
            if running is not None and running.revision == self._revisions.get(channel_id):
                return running
        async with self._reading:
            await self._refresh(channel_id)
        if channel_id not in self._revisions:
            return None
        async with self._building[channel_id]:
            return await self._built(channel_id)

    async def _refresh(self, channel_id: str) -> None:
        if self._monotonic() - self._read_at >= REFRESH_S or channel_id not in self._revisions:
            self._revisions, texts = await self._db.read(_revisions)
            if tuple(texts) != self.texts.texts:
                self.texts = await asyncio.to_thread(OwnTexts, texts, say=_say)
            self._read_at = self._monotonic()
        for gone in [known for known in self._running if known not in self._revisions]:
            self._retire(gone)

    async def _built(self, channel_id: str) -> RunningChannel | None:
        running = self._running.get(channel_id)
        if running is not None and running.revision == self._revisions.get(channel_id):
            return running
        try:
            row = await self._db.read(lambda conn: channel_by_id(ALL_SITES, conn, channel_id, self._secrets))
        except WrongSecretKey as err:
            raise ChannelUnusable(str(err)) from err
        if row is None:
            return None
        self._retire(channel_id)
        self._running[channel_id] = await self._start(row)
        return self._running[channel_id]

    async def _start(self, row: ChannelRow) -> RunningChannel:
        running = await _running(row)
        if isinstance(running.channel, UsesHouse):
            running.channel.move_in(self._house(row.id, row.site_id))
        return running

    def _retire(self, channel_id: str) -> None:
        """Close a channel once what is being sent over it has had time to end."""
        old = self._running.pop(channel_id, None)
        if old is None:
            return

        async def close_later() -> None:
            try:
                await asyncio.sleep(old.timeout_s)
            finally:  # when the service stops, at once
                await old.channel.close()

        task = asyncio.create_task(close_later())
        self._retired.add(task)
        task.add_done_callback(self._retired.discard)

    async def listening(self) -> dict[str, Listens]:
        """Return the enabled channels that hear from their providers over a connection of their own."""
        found: dict[str, Listens] = {}
        for channel_id in await self._db.read(partial(channel_revisions, ALL_SITES)):
            try:
                running = await self.get(channel_id)
            except ChannelUnusable as err:
                _LOGGER.warning("Channel %s hears nothing: %s", channel_id, err)
                continue
            if running is not None and isinstance(running.channel, Listens):
                found[channel_id] = running.channel
        return found

    async def close(self) -> None:
        """Close every channel."""
        for task in self._retired:
            task.cancel()
        await asyncio.gather(*self._retired, return_exceptions=True)
        running: list[Channel] = [item.channel for item in self._running.values()]
        self._running.clear()
        await asyncio.gather(*(item.close() for item in running), return_exceptions=True)


def _say(broken: Broken) -> None:
    _LOGGER.error(
        "The %s of text %s cannot be written, ours goes out instead: %s",
        broken.part,
        broken.text_id,
        broken.problem,
    )


async def _running(row: ChannelRow) -> RunningChannel:
    try:
        built = await asyncio.to_thread(build_channel, row.kind, row.full_config)
    except KindUnavailable as err:
        raise KindUnusable(err.reason) from err
    except ValueError as err:
        raise ChannelUnusable(
            f"the configuration of channel {row.id} is wrong: apply the directory again"
        ) from err
    pictures = kind_or_stand_in(row.kind).pictures and row.full_config.get("pictures") is not False
    return RunningChannel(built, row.concurrency, row.timeout_s, row.revision, pictures)
