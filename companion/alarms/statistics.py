"""How many alarms there were, and how fast people answered them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.alarms.model import Source, Status
from companion.store.scope import Scope
from companion.store.tables import alarm

ANSWER_BUCKETS: Final = (15, 30, 60, 120, 300, 600, 1800, 3600, 14_400, 86_400)
"""Seconds from the alarm to the acknowledgement."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """Which alarms are counted, besides that test alarms never are; by default all."""

    site_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


EVER: Final = Span()


@dataclass(frozen=True, kw_only=True)
class Counted:
    """How many alarms there were."""

    by_status: Mapping[Status, int]
    by_source: Mapping[Source, int]
    exhausted: int


@dataclass(frozen=True, kw_only=True)
class Answered:
    """How long people took to acknowledge."""

    counts: Sequence[int]
    """Alarms acknowledged within each of ANSWER_BUCKETS, cumulative."""
    count: int
    total_s: float


def counts_by_status(scope: Scope, conn: Connection) -> dict[Status, int]:
    """Return how many alarms are in each status, test alarms too; statuses without one are 0."""
    found = dict.fromkeys(Status, 0)
    query = sa.select(alarm.c.status, sa.func.count()).group_by(alarm.c.status)
    for status, count in conn.execute(scope.own(query, alarm.c.site_id)):
        found[Status(status)] = count
    return found


def count_exhausted(scope: Scope, conn: Connection) -> int:
    """Return of how many alarms the policy ran out unanswered, test alarms too."""
    query = sa.select(sa.func.count()).select_from(alarm).where(alarm.c.exhausted_at.is_not(None))
    found: int = conn.execute(scope.own(query, alarm.c.site_id)).scalar_one()
    return found


def counted(scope: Scope, conn: Connection, span: Span) -> Counted:
    """Return how many alarms there were."""
    columns = (alarm.c.status, alarm.c.source)
    query = sa.select(*columns, sa.func.count(), sa.func.count(alarm.c.exhausted_at)).group_by(*columns)
    groups = conn.execute(_within(scope, query, span)).all()
    return Counted(
        by_status={one: sum(row[2] for row in groups if row[0] == one) for one in Status},
        by_source={one: sum(row[2] for row in groups if row[1] == one) for one in Source},
        exhausted=sum(row[3] for row in groups),
    )


def answered(scope: Scope, conn: Connection, span: Span = EVER) -> Answered:
    """Return how long people took to acknowledge."""
    took_s = _seconds_between(conn, alarm.c.raised_at, alarm.c.acknowledged_at)
    within = [
        sa.func.coalesce(sa.func.sum(sa.case((took_s <= bucket, 1), else_=0)), 0) for bucket in ANSWER_BUCKETS
    ]
    query = sa.select(*within, sa.func.count(), sa.func.coalesce(sa.func.sum(took_s), 0.0)).where(
        alarm.c.acknowledged_at.is_not(None)
    )
    *counts, count, total_s = conn.execute(_within(scope, query, span)).one()
    return Answered(counts=[int(found) for found in counts], count=count, total_s=float(total_s))


def _within(scope: Scope, query: sa.Select[Any], span: Span) -> sa.Select[Any]:
    query = scope.own(query, alarm.c.site_id).where(alarm.c.test.is_(False))
    if span.site_id is not None:
        query = query.where(alarm.c.site_id == span.site_id)
    if span.since is not None:
        query = query.where(alarm.c.raised_at >= span.since)
    if span.until is not None:
        query = query.where(alarm.c.raised_at < span.until)
    return query


def _seconds_between(
    conn: Connection, start: sa.Column[datetime], end: sa.Column[datetime]
) -> sa.ColumnElement[float]:
    if conn.dialect.name == "postgresql":
        return sa.cast(sa.extract("epoch", end - start), sa.Float)
    # julianday() is exact to about a tenth of a millisecond, far finer than people answer.
    return (sa.func.julianday(end) - sa.func.julianday(start)) * 86_400.0
