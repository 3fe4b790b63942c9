"""Everything that goes on by itself, one name each, and how often."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.engine import Connection

from companion.alarms import escalate, failover, flood
from companion.alarms.service import AlarmService
from companion.alarms.store import next_due_at
from companion.alarms.transaction import AlarmTransaction
from companion.dispatch import folding, readers
from companion.dispatch.health import DispatchHealth, dispatch_health
from companion.dispatch.listening import ChannelListeners
from companion.dispatch.wake import Wake, wait
from companion.dispatch.worker import Dispatcher
from companion.link import dead_man_switch, lost_panels
from companion.store.scope import ALL_SITES
from companion.store.tallies import sum_up
from companion.timekeeping.timeline import Timeline
from companion.troubles import reporting
from companion.troubles.channel_watch import ChannelWatch, clear_gone
from companion.troubles.reach_audit import audit_reach
from companion.web.certificate import Certificate

_LOGGER = logging.getLogger(__name__)

ESCALATION_SETTLE_S = 0.2
"""A new alarm's first step has run with it; nobody plans the next one closer than this."""


@dataclass(frozen=True)
class Job:
    """Something that goes on by itself."""

    name: str
    work: Callable[[], Awaitable[None]]
    every: timedelta | None = None
    """How long after one run the next one begins; None: the work runs until it is cancelled."""
    end: Callable[[], Awaitable[None]] | None = None
    """Ends it in its own way, before it is cancelled."""

    async def run(self) -> None:
        """Run it until cancelled; a run of repeated work that fails is logged, and the next one comes in its time."""
        if self.every is None:
            await self.work()
            return
        while True:
            try:
                await self.work()
            except Exception:
                _LOGGER.exception("The job %s failed; it is tried again", self.name)
            await asyncio.sleep(self.every.total_seconds())


def jobs_of(
    *,
    timeline: Timeline,
    wake: Wake,
    wake_url: str | None,
    poll_s: float,
    dispatcher: Dispatcher,
    grace_s: float,
    alarms: AlarmService,
    listeners: ChannelListeners,
    channel_watch: ChannelWatch,
    tidy: Callable[[], Awaitable[None]],
    certificate: Certificate | None,
) -> Iterator[Job]:
    """Yield everything that goes on by itself, in the order in which it begins; it ends the other way round.

    `wake_url` is the database through which replicas wake each other, None for one that is alone.
    """
    yield Job("clock", timeline.run, end=timeline.stop)
    if wake_url is not None:
        yield Job("wake", partial(wake.listen, wake_url))
    yield Job("dispatcher", dispatcher.run, end=partial(dispatcher.stop, grace_s))
    yield Job("escalation", Escalation(alarms, wake, poll_s=poll_s).run)
    yield Job("listeners", listeners.run, end=listeners.close)
    yield Job("auditor", partial(audit, alarms), every=timedelta(minutes=1))
    yield Job("tallies", partial(sum_up, alarms.db), every=timedelta(seconds=10))
    yield Job("channel watch", channel_watch.run)
    yield Job("tidying", tidy, every=timedelta(hours=1))
    if certificate is not None:
        yield Job("certificate", certificate.follow)


class Escalation:
    """Runs steps, fail-overs, running messages and the dead-man switch at the moment they are due."""

    def __init__(self, alarms: AlarmService, wake: Wake, *, poll_s: float) -> None:
        self._alarms = alarms
        self._wake = wake
        self._poll_s = poll_s

    async def run(self) -> None:
        """Go on until cancelled."""
        woken = self._wake.subscribe()
        while True:
            try:
                due = await self._alarms.db.read(_next_due)
                sleep_s = min([self._poll_s, *((at - self._alarms.clock()).total_seconds() for at in due)])
                if sleep_s <= 0:
                    await self._alarms.run(ALL_SITES, _run_due)
            except Exception:
                _LOGGER.exception("Escalation could not run; trying again")
                sleep_s = 1.0
            await wait(woken, sleep_s, settle_s=ESCALATION_SETTLE_S)


def _run_due(unit: AlarmTransaction) -> None:
    dead_man_switch.run_due(unit)
    escalate.run_due(unit)
    failover.run_due(unit)
    flood.run_due(unit)
    reporting.run_due(unit)


def _next_due(conn: Connection) -> Sequence[datetime]:
    earliest = (
        next_due_at(ALL_SITES, conn),
        dead_man_switch.next_due(conn),
        readers.next_due_at(conn),
        folding.next_release_at(conn),
    )
    return [at for at in earliest if at is not None]


async def audit(alarms: AlarmService) -> None:
    """Say loudly when something that was due has not happened, and keep the troubles of the service true."""
    health = await alarms.db.read(lambda conn: dispatch_health(conn, alarms.clock()))
    await alarms.run(ALL_SITES, _audit)
    _say_if_overdue(health)


def _audit(unit: AlarmTransaction) -> None:
    audit_reach(unit)
    clear_gone(unit)
    lost_panels.clear_gone(unit)
    reporting.tell_due(unit)


def _say_if_overdue(health: DispatchHealth) -> None:
    if not health.healthy:
        _LOGGER.error(
            "Overdue: %s escalations, %s deliveries, the oldest by %.0f s",
            health.overdue_alarms,
            health.overdue_deliveries,
            health.oldest_due_s,
        )
