"""What is looked at to say whether an alarm would be taken, and told: a status and a reason for each part of the service."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import reduce

from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from companion.channels.registry import known_fault
from companion.directory import store as directory
from companion.directory.apply import stored_state
from companion.directory.contacts import Oddity, oddities
from companion.directory.model import ChannelRow
from companion.directory.reach import Unreached
from companion.dispatch.health import DispatchHealth, dispatch_health
from companion.store.database import StoreUnavailable
from companion.store.probe import prove_write
from companion.store.scope import ALL_SITES
from companion.texts.reasons import Reason
from companion.texts.troubles import Cause, TroubleTitle
from companion.troubles.channel_health import ChannelHealth
from companion.troubles.model import Trouble, TroubleKind, TroubleSeverity
from companion.troubles.reach_audit import KINDS as REACH_KINDS, who_reaches_nobody
from companion.troubles.store import health_of_channels, open_troubles
from companion.web.certificate import Certificate
from companion.web.context import WebContext
from companion.wording.own_texts import Broken

DATABASE_LIMIT_S = 5


class HealthStatus(StrEnum):
    """How a part of the service is."""

    OK = "ok"
    WARNING = "warning"
    """It works, but an operator should look."""
    ERROR = "error"
    """An alarm would not be told as it should be."""

    @property
    def badness(self) -> int:
        """Return what the worst of several is found by."""
        return list(HealthStatus).index(self)


@dataclass(frozen=True, kw_only=True)
class HealthCheck:
    """One part of the service, how it is, and why."""

    kind: str
    """What sort of part it is, such as `channel`."""
    id: str = ""
    """Which one; empty: there is only one."""
    status: HealthStatus
    reason: Reason

    @property
    def name(self) -> str:
        """Return what programs know it by."""
        return f"{self.kind} {self.id}".strip()


_LACKS = {
    "channel": Reason("lacks_channel"),
    "contact": Reason("lacks_contact"),
    "policy": Reason("lacks_policy"),
}
"""By what `directory.store.lacking` names."""
SHOWN_OTHERWISE = {TroubleKind.CHANNEL_REFUSES.value, *(kind.value for kind in REACH_KINDS.values())}
"""Kinds of trouble that have a check of their own, which knows it at once."""


async def readiness(context: WebContext) -> list[HealthCheck]:
    """Return whether this replica can take an alarm: proved by a write, as an alarm would be written."""
    return await _database_first(context, None, misplaced=HealthStatus.WARNING)


async def alerting(context: WebContext) -> list[HealthCheck]:
    """Return whether somebody would be told: the database, everything between an alarm and a person, open troubles.

    Costs as much as the directory is large, however many alarms there have been.
    """
    now = context.clock()
    checks = await _database_first(
        context, lambda conn: alerting_checks(conn, now), misplaced=HealthStatus.ERROR
    )
    return checks + text_checks(context) + certificate_checks(context)


def alerting_checks(conn: Connection, now: datetime) -> list[HealthCheck]:
    """Return how everything between an alarm and a person is, the database aside."""
    health = health_of_channels(ALL_SITES, conn)
    rows, state = directory.channels(ALL_SITES, conn), stored_state(conn)
    return [
        dispatcher_check(dispatch_health(conn, now)),
        directory_check(conn),
        *(reach_check(one) for one in who_reaches_nobody(conn, state)),
        *(address_check(one) for one in oddities(state) if one.hopeless),
        *(channel_check(row, health.get(row.id)) for row in rows),
        *(trouble_check(one) for one in open_troubles(ALL_SITES, conn) if one.kind not in SHOWN_OTHERWISE),
    ]


# --- whether an alarm can be written down ---------------------------------------------------------------


async def _database_first(
    context: WebContext, work: Callable[[Connection], list[HealthCheck]] | None, *, misplaced: HealthStatus
) -> list[HealthCheck]:
    """Prove a write, then look further, for which nobody who writes waits.

    A file that is `misplaced` still takes alarms: how bad that is, the caller knows.
    """
    try:
        async with asyncio.timeout(DATABASE_LIMIT_S):
            await context.db.write(prove_write)
            reason = Reason("database_takes_writes", database=context.db.dialect)
            database = HealthCheck(kind="database", status=HealthStatus.OK, reason=reason)
            # Without further questions nothing is read: somebody else's long reads are no fault of this replica.
            checks = [database, *([] if work is None else await context.db.read(work))]
            return checks + file_checks(context, misplaced) + replica_checks(context)
    except (StoreUnavailable, SQLAlchemyError, TimeoutError) as err:
        reason = Reason("database_refuses", error=type(err).__name__)
        return [HealthCheck(kind="database", status=HealthStatus.ERROR, reason=reason)]


def host_checks(context: WebContext) -> list[HealthCheck]:
    """Return what this replica knows without its database's tables: file, other replicas, texts, certificate."""
    return [
        *file_checks(context, HealthStatus.ERROR),
        *replica_checks(context),
        *text_checks(context),
        *certificate_checks(context),
    ]


def file_checks(context: WebContext, misplaced: HealthStatus) -> list[HealthCheck]:
    """Return that what is written now will be gone."""
    if not context.db.misplaced:
        return []
    return [HealthCheck(kind="file", status=misplaced, reason=Reason("database_misplaced"))]


def replica_checks(context: WebContext) -> list[HealthCheck]:
    """Return that this replica does not hear the others; it finds by looking what they would have told it."""
    if context.wake.deaf_because is None:
        return []
    reason = Reason("replicas_unheard", error=context.wake.deaf_because)
    return [HealthCheck(kind="replicas", status=HealthStatus.WARNING, reason=reason)]


def text_checks(context: WebContext) -> list[HealthCheck]:
    """Return which of the installation's own texts could not be written since they were applied, or this replica started."""
    return [text_check(one) for one in context.texts().broken.values()]


def text_check(found: Broken) -> HealthCheck:
    """Return that ours goes out in place of a text."""
    reason = Reason("text_broken", part=found.part, why=found.problem)
    return HealthCheck(kind="message_text", id=found.text_id, status=HealthStatus.WARNING, reason=reason)


def certificate_checks(context: WebContext) -> list[HealthCheck]:
    """Return how the service's own certificate is, if it has one."""
    found = context.certificate
    return [] if found is None else [certificate_check(found, context.clock())]


def certificate_check(found: Certificate, now: datetime) -> HealthCheck:
    """Return how long phones, panels and the browsers of responders still trust us."""
    code, status = "certificate_good", HealthStatus.OK
    if found.is_over(now):
        code, status = "certificate_over", HealthStatus.ERROR
    elif found.is_late(now):
        code, status = "certificate_late", HealthStatus.WARNING
    return HealthCheck(kind="certificate", status=status, reason=Reason(code, at=found.ends_at))


# --- whether somebody would be told ---------------------------------------------------------------------


def directory_check(conn: Connection) -> HealthCheck:
    """Return whether there is anybody to tell and a way to do it."""
    lacks = [_LACKS[what] for what in directory.lacking(ALL_SITES, conn)]
    status, reason = HealthStatus.OK, Reason("directory_whole")
    if lacks:
        what = reduce(lambda first, second: Reason("both", first=first, second=second), lacks)
        status, reason = HealthStatus.ERROR, Reason("directory_lacks", what=what)
    elif not directory.installation(ALL_SITES, conn).operators:
        status, reason = HealthStatus.WARNING, Reason("directory_lacks_operators")
    return HealthCheck(kind="directory", status=status, reason=reason)


def reach_check(found: Unreached) -> HealthCheck:
    """Return that alarms of a site, panic key or panel would tell nobody."""
    reason = Reason("reaches_nobody", name=found.name, cause=Cause(found.cause))
    return HealthCheck(kind=found.kind, id=found.id, status=HealthStatus.ERROR, reason=reason)


def address_check(found: Oddity) -> HealthCheck:
    """Return that nobody can be told at an address. A warning: those who have others are told there."""
    which = f"{found.at.id}{found.at.where}"
    reason = Reason("address_odd", why=found.reason)
    return HealthCheck(kind=found.at.kind, id=which, status=HealthStatus.WARNING, reason=reason)


def trouble_check(found: Trouble) -> HealthCheck:
    """Return a trouble that is open."""
    status = HealthStatus.ERROR if found.severity is TroubleSeverity.ERROR else HealthStatus.WARNING
    title = TroubleTitle(found.kind, found.subject, found.facts)
    reason = Reason("trouble_since", title=title, at=found.since)
    return HealthCheck(kind="trouble", id=found.key, status=status, reason=reason)


def dispatcher_check(found: DispatchHealth) -> HealthCheck:
    """Return how the dispatcher is: is anything late that should have been sent?"""
    if found.healthy:
        return HealthCheck(kind="dispatcher", status=HealthStatus.OK, reason=Reason("nothing_overdue"))
    reason = Reason(
        "overdue",
        messages=found.overdue_deliveries,
        steps=found.overdue_alarms,
        seconds=round(found.oldest_due_s),
    )
    return HealthCheck(kind="dispatcher", status=HealthStatus.ERROR, reason=reason)


def channel_check(row: ChannelRow, health: ChannelHealth | None) -> HealthCheck:
    """Return how a channel is."""
    status, reason = _how_channel_is(row, health)
    return HealthCheck(kind="channel", id=row.id, status=status, reason=reason)


def _how_channel_is(row: ChannelRow, health: ChannelHealth | None) -> tuple[HealthStatus, Reason]:
    if not row.enabled:
        return HealthStatus.WARNING, Reason("channel_off")
    fault = known_fault(row.kind)
    if fault is not None:
        return HealthStatus.ERROR, Reason("channel_without_kind", why=fault)
    if health is None or not health.was_tried:
        return HealthStatus.WARNING, Reason("channel_never_tried")
    if health.is_failing and health.failing_since is not None:
        status = HealthStatus.ERROR if health.is_refusing else HealthStatus.WARNING
        tries = health.failed_sends + health.failed_probes
        why = health.reason or "?"
        return status, Reason("channel_refuses", tries=tries, at=health.failing_since, reason=why)
    if health.sent_at is None:
        return HealthStatus.OK, Reason("channel_answers")
    return HealthStatus.OK, Reason("channel_took", at=health.sent_at)
