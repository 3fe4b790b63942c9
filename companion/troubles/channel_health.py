"""How a channel is, by what became of messages and of probes that tell nobody. Pure."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any
from zlib import crc32

from companion.channels.base import Outcome, Per, Quota, Refused, Sent, TryAgain
from companion.texts.reasons import Reason

FAILED_PROBES = 2
FAILED_SENDS = 3
"""So many in a row, and the channel is in trouble."""
PROBE_EVERY = timedelta(hours=1)
PROBE_AGAIN_AFTER = timedelta(minutes=5)
"""A probe that failed is soon followed by another: it may have been a moment's."""
PROBE_LIMIT = timedelta(minutes=2)
"""After this the replica that was probing is taken for gone."""
SPREAD_S = 600
"""Channels are probed at different times within this many seconds."""
SEEN_EVERY = timedelta(minutes=1)
"""A channel that works is written down at most this often."""
SCARCE = 0.8
"""So much of a quota used up, and people must know."""


class Try(Enum):
    """What was tried."""

    PROBE = "probe"
    """The channel's own check: it tells nobody, and cannot always say whether a message would be taken."""
    SEND = "send"


@dataclass(frozen=True, kw_only=True)
class ChannelHealth:
    """What is known of one channel. The fields are the columns of its table."""

    channel_id: str
    revision: int
    """Of the channel: a changed one begins anew."""
    probed_at: datetime | None = None
    probing_until: datetime | None = None
    """A replica is probing it, and has until then; None: none is."""
    sent_at: datetime | None = None
    """When it last took a message."""
    failed_probes: int = 0
    failed_sends: int = 0
    failing_since: datetime | None = None
    reason: Reason | None = None
    quota_limit: int | None = None
    quota_used: int | None = None
    quota_per: str | None = None
    """Of the `Quota` that the last probe found, as far as it is known how much of it is used; None: there is none."""

    @property
    def quota(self) -> Quota | None:
        """Return how much is used up of what the provider takes."""
        if self.quota_limit is None or self.quota_per is None:
            return None
        return Quota(limit=self.quota_limit, used=self.quota_used, per=Per(self.quota_per))

    @property
    def quota_reason(self) -> Reason | None:
        """Return the same in words."""
        if self.quota is None:
            return None
        code = "quota_of_day" if self.quota.per is Per.DAY else "quota_of_month"
        return Reason(code, used=self.quota.used or 0, limit=self.quota.limit)

    @property
    def is_scarce(self) -> bool:
        """Return whether so few messages are left that people must know."""
        if self.quota_limit is None or self.quota_used is None:
            return False
        return self.quota_used >= self.quota_limit * SCARCE

    @property
    def is_refusing(self) -> bool:
        """Return whether so much has failed in a row that people must know."""
        return self.failed_probes >= FAILED_PROBES or self.failed_sends >= FAILED_SENDS

    @property
    def is_failing(self) -> bool:
        """Return whether the last probe or the last message failed."""
        return bool(self.failed_probes or self.failed_sends)

    @property
    def was_tried(self) -> bool:
        """Return whether it has ever been tried."""
        return self.probed_at is not None or self.sent_at is not None or self.failed_sends > 0


def after(health: ChannelHealth, what: Try, outcome: Outcome, now: datetime) -> ChannelHealth:
    """Return what is known of the channel after one try.

    A message that is taken proves everything; a probe that passes does not prove that a message would be taken. One
    message that is refused for itself (a bad number) says nothing about the channel.
    """
    if what is Try.PROBE:
        health = replace(health, probed_at=now, probing_until=None)
    match outcome:
        case Sent() if what is Try.SEND:
            return replace(
                health, sent_at=now, failed_probes=0, failed_sends=0, failing_since=None, reason=None
            )
        case Sent(quota=quota):
            health = replace(health, **_columns(quota))
            if health.failed_sends:
                return replace(health, failed_probes=0)
            return replace(health, failed_probes=0, failing_since=None, reason=None)
        case Refused(channel_broken=False) if what is Try.SEND:
            return health
        case Refused(reason=reason) | TryAgain(reason=reason):
            probes, sends = (1, 0) if what is Try.PROBE else (0, 1)
            return replace(
                health,
                failed_probes=health.failed_probes + probes,
                failed_sends=health.failed_sends + sends,
                failing_since=health.failing_since or now,
                reason=reason,
            )


def _columns(quota: Quota | None) -> dict[str, Any]:
    if quota is None or quota.used is None:
        return {"quota_limit": None, "quota_used": None, "quota_per": None}
    return {"quota_limit": quota.limit, "quota_used": quota.used, "quota_per": quota.per}


def quota_began_at(per: Per, now: datetime) -> datetime:
    """Return since when the messages of a quota are counted."""
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day if per is Per.DAY else day.replace(day=1)


def is_worth_writing(before: ChannelHealth, now: ChannelHealth) -> bool:
    """Return whether the difference matters: not every message that a healthy channel takes is written down here."""
    if replace(now, sent_at=before.sent_at) != before:
        return True
    if before.sent_at is None or now.sent_at is None:
        return before.sent_at != now.sent_at
    return now.sent_at - before.sent_at >= SEEN_EVERY


def is_to_be_probed(health: ChannelHealth, now: datetime) -> bool:
    """Return whether it is time for a probe, and nobody is at it."""
    if health.probing_until is not None and now < health.probing_until:
        return False
    due_at = next_probe_at(health)
    return due_at is None or due_at <= now


def next_probe_at(health: ChannelHealth) -> datetime | None:
    """Return when the channel is to be probed next; None: now, as it never was."""
    if health.probed_at is None:
        return None
    if health.failed_probes:
        return health.probed_at + PROBE_AGAIN_AFTER
    return health.probed_at + PROBE_EVERY + timedelta(seconds=crc32(health.channel_id.encode()) % SPREAD_S)
