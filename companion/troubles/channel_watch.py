"""Keeps how each channel is: what became of messages, and probes once an hour; reports one that refuses."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from companion.channels.base import Outcome, Quota, Refused, Sent, TryAgain
from companion.clock import Clock
from companion.directory import store as directory
from companion.dispatch.delivery import Delivery
from companion.dispatch.retry import Verdict
from companion.dispatch.store import taken_since
from companion.dispatch.wake import wait
from companion.dispatch.worker import ChannelPool, ChannelUnusable, KindUnusable
from companion.store.database import Database
from companion.store.scope import ALL_SITES
from companion.texts.reasons import Reason
from companion.troubles import reporting
from companion.troubles.channel_health import (
    ChannelHealth,
    Try,
    after,
    is_to_be_probed,
    is_worth_writing,
    quota_began_at,
)
from companion.troubles.model import Fact, TroubleKind, TroubleSeverity
from companion.troubles.reporting import Reporter
from companion.troubles.store import health_of_channels, lock_health, put_health, take_probe

_LOGGER = logging.getLogger(__name__)

TICK_S = 30.0
"""How often it is looked for channels to probe."""
SETTLE_S = 0.5
"""What is sent within it is written down together, and not between the next press and its answer."""
KEPT = 1000
"""Tries that are kept while the database is away."""

type Tried = tuple[str, Try, Outcome]
"""Channel, what was tried, what became of it."""


def note(unit: Reporter, tries: Sequence[Tried]) -> None:
    """Keep what became of the tries, and report or clear what it means for the channels."""
    lock_health(ALL_SITES, unit.conn, {channel_id for channel_id, _, _ in tries})
    before = health_of_channels(ALL_SITES, unit.conn)
    now = dict(before)
    for channel_id, what, outcome in tries:
        if channel_id in now:  # else it was removed or switched off meanwhile
            known = _counted(unit, channel_id, outcome)
            now[channel_id] = after(now[channel_id], what, known, unit.now)
    for channel_id, health in now.items():
        if is_worth_writing(before[channel_id], health):
            put_health(ALL_SITES, unit.conn, health)
            _report(unit, health)


def _counted(unit: Reporter, channel_id: str, outcome: Outcome) -> Outcome:
    """Return the outcome with what is used up of a quota, by our own count where the provider does not say it."""
    match outcome:
        case Sent(quota=Quota(used=None) as quota):
            since = quota_began_at(quota.per, unit.now)
            used = taken_since(ALL_SITES, unit.conn, channel_id, since, at_most=quota.limit)
            return replace(outcome, quota=replace(quota, used=used))
        case _:
            return outcome


def _report(unit: Reporter, health: ChannelHealth) -> None:
    if health.is_refusing:
        failing: Mapping[str, Fact] = {
            "failures": max(health.failed_probes, health.failed_sends),
            "reason": health.reason or Reason("unknown"),
        }
        _say(unit, TroubleKind.CHANNEL_REFUSES, TroubleSeverity.ERROR, health, failing)
    elif not health.is_failing:
        reporting.clear(unit, TroubleKind.CHANNEL_REFUSES, health.channel_id)
    if health.is_scarce and health.quota_reason is not None:
        scarce = {"reason": health.quota_reason}
        _say(unit, TroubleKind.CHANNEL_QUOTA, TroubleSeverity.WARNING, health, scarce)
    else:
        reporting.clear(unit, TroubleKind.CHANNEL_QUOTA, health.channel_id)


def _say(
    unit: Reporter,
    kind: TroubleKind,
    severity: TroubleSeverity,
    health: ChannelHealth,
    facts: Mapping[str, Fact],
) -> None:
    row = directory.channel_by_id(ALL_SITES, unit.conn, health.channel_id)
    reporting.report(
        unit,
        kind,
        health.channel_id,
        subject=health.channel_id if row is None else row.name,
        site_id=None if row is None else row.site_id,
        severity=severity,
        facts=facts,
    )


def clear_gone(unit: Reporter) -> None:
    """Clear the troubles of channels that were removed, switched off or changed."""
    known = health_of_channels(ALL_SITES, unit.conn).values()
    still = {
        TroubleKind.CHANNEL_REFUSES: {one.channel_id for one in known if one.is_failing},
        TroubleKind.CHANNEL_QUOTA: {one.channel_id for one in known if one.is_scarce},
    }
    for kind, channels in still.items():
        for trouble in reporting.open_of_kind(unit, kind):
            channel_id = trouble.key.partition(":")[2]
            if channel_id not in channels:
                reporting.clear(unit, kind, channel_id)


class Runs(Protocol):
    """Runs a unit of work in a transaction of its own (`alarms.service.AlarmService.run`)."""

    def __call__(self, work: Callable[[Any], None]) -> Any:
        """Return an awaitable that ends once `work` is committed."""
        ...


class ChannelWatch:
    """Listens to the dispatcher and probes channels; writes by itself, so that no message waits for it."""

    def __init__(self, *, db: Database, clock: Clock, channels: ChannelPool, run: Runs) -> None:
        self._db = db
        self._clock = clock
        self._channels = channels
        self._run = run
        self._tried: list[Tried] = []
        self._woken = asyncio.Event()

    def sent(self, delivery: Delivery, outcome: Outcome, verdict: Verdict, *, lag_s: float) -> None:  # noqa: ARG002 # the dispatcher's Observer
        """Note one attempt."""
        self._tried.append((delivery.channel_id, Try.SEND, outcome))
        self._woken.set()

    async def run(self) -> None:
        """Write down what was noted, and probe what is due, for ever."""
        while True:
            try:
                await self.write()
                await self.probe_due()
            except Exception:
                _LOGGER.exception("How the channels are could not be written down; trying again")
                await asyncio.sleep(1)
            await wait(self._woken, TICK_S, settle_s=SETTLE_S)

    async def write(self) -> None:
        """Write down what has been noted since the last time."""
        tried, self._tried = self._tried, []
        if tried:
            try:
                await self._run(lambda unit: note(unit, tried))
            except BaseException:
                self._tried = (tried + self._tried)[-KEPT:]
                raise

    async def probe_due(self) -> None:
        """Probe, one after the other, the channels whose time it is and that no other replica is probing."""
        for channel_id, health in (await self._db.read(partial(health_of_channels, ALL_SITES))).items():
            if is_to_be_probed(health, self._clock()) and await self._take(health):
                tried = (channel_id, Try.PROBE, await self._probe(channel_id))
                await self._run(lambda unit, tried=tried: note(unit, [tried]))  # type: ignore[misc] # bound here

    async def _take(self, health: ChannelHealth) -> bool:
        return await self._db.write(lambda conn: take_probe(ALL_SITES, conn, health, self._clock()))

    async def _probe(self, channel_id: str) -> Outcome:
        try:
            running = await self._channels.get(channel_id)
            if running is None:
                return Refused(reason=Reason("channel_gone"), channel_broken=True)
            async with asyncio.timeout(running.timeout_s):
                return await running.channel.check()
        except KindUnusable as err:
            return TryAgain(reason=err.reason, tried=False)
        except ChannelUnusable as err:
            return Refused(reason=Reason("channel_unusable", why=str(err)), channel_broken=True)
        except TimeoutError:
            return TryAgain(reason=Reason("no_answer_in_time"))
        except Exception as err:
            _LOGGER.exception("Channel %s could not be probed", channel_id)
            return TryAgain(reason=Reason("channel_failed", error=type(err).__name__))
