"""How many alarms there were, and how fast people answered them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.alarms.model import Source, Status
from companion.store.scope import Scope
from companion.store.tables import alarm, alarm_tally

ANSWER_BUCKETS: Final = (15, 30, 60, 120, 300, 600, 1800, 3600, 14_400, 86_400)
"""Seconds from the alarm to the acknowledgement. Others need a migration: the database counts by them."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """Which alarms are counted; by default all that are kept."""

    site_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


EVER: Final = Span()


@dataclass(frozen=True, kw_only=True)
class Answered:
    """How long people took to acknowledge."""

    counts: Sequence[int]
    """Alarms acknowledged within each of ANSWER_BUCKETS, cumulative."""
    count: int
    total_s: float


@dataclass(frozen=True, kw_only=True)
class Counted:
    """How many alarms there were."""

    by_status: Mapping[Status, int]
    by_source: Mapping[Source, int]
    exhausted: int
    """Of so many the policy ran out unanswered."""
    answered: Answered


def counted(scope: Scope, conn: Connection, span: Span = EVER, *, tests: bool = False) -> Counted:
    """Return how many alarms there were, with `tests` test alarms too."""
    lines = _lines(scope, conn, span)
    lines = lines if tests else [line for line in lines if not line.test]
    within = [
        sum(line.answered for line in lines if (line.answered_within_s or bucket + 1) <= bucket)
        for bucket in ANSWER_BUCKETS
    ]
    return Counted(
        by_status={one: sum(line.alarms for line in lines if line.status == one) for one in Status},
        by_source={one: sum(line.alarms for line in lines if line.source == one) for one in Source},
        exhausted=sum(line.alarms for line in lines if line.exhausted),
        answered=Answered(
            counts=within,
            count=sum(line.answered for line in lines),
            total_s=sum(line.answer_ms for line in lines) / 1000,
        ),
    )


class _Line(NamedTuple):
    """So many alarms that are the same in all that is asked."""

    status: str
    source: str
    test: bool
    exhausted: bool
    answered_within_s: int | None
    alarms: int
    answered: int
    answer_ms: int


def _lines(scope: Scope, conn: Connection, span: Span) -> list[_Line]:
    """Return all that is counted: as it is kept, or, of a part of time, along the index of its alarms."""
    is_ever = span.since is None and span.until is None
    table = alarm_tally if is_ever else _told_apart(conn, span)
    same = [table.c[name] for name in ("status", "source", "test", "exhausted", "answered_within_s")]
    sums = [sa.func.sum(table.c[name]) for name in ("alarms", "answered", "answer_ms")]
    query = scope.own(sa.select(*same, *sums).group_by(*same), table.c.site_id)
    if span.site_id is not None:
        query = query.where(table.c.site_id == span.site_id)
    # PostgreSQL adds whole numbers up to such that JSON does not know.
    return [_Line(*row[:5], *map(int, row[5:])) for row in conn.execute(query)]


def _told_apart(conn: Connection, span: Span) -> sa.Subquery:
    """Return a line for each alarm of the span, as the triggers of `alarm_tally` count it.

    Asked for each status, source and sort by itself, as the index is in the order of time for one of each.
    """
    took_ms = _milliseconds_between(conn, alarm.c.raised_at, alarm.c.acknowledged_at)
    query = sa.select(
        *(alarm.c[name] for name in ("status", "source", "test", "site_id")),
        alarm.c.exhausted_at.is_not(None).label("exhausted"),
        sa.case(*((took_ms <= bucket * 1000, bucket) for bucket in ANSWER_BUCKETS)).label(
            "answered_within_s"
        ),
        sa.literal(1).label("alarms"),
        sa.case((alarm.c.acknowledged_at.is_not(None), 1), else_=0).label("answered"),
        sa.func.coalesce(took_ms, 0).label("answer_ms"),
    )
    if span.since is not None:
        query = query.where(alarm.c.raised_at >= span.since)
    if span.until is not None:
        query = query.where(alarm.c.raised_at < span.until)
    return sa.union_all(
        *(
            query.where(alarm.c.status == status, alarm.c.source == source, alarm.c.test.is_(test))
            for status, source, test in product(Status, Source, (False, True))
        )
    ).subquery()


def _milliseconds_between(
    conn: Connection, start: sa.Column[datetime], end: sa.Column[datetime]
) -> sa.ColumnElement[int]:
    if conn.dialect.name == "postgresql":
        return sa.cast(sa.func.round(sa.extract("epoch", end - start) * 1000), sa.BigInteger)
    microseconds = sa.type_coerce(end, sa.BigInteger) - sa.type_coerce(start, sa.BigInteger)
    return sa.cast(sa.func.round(microseconds / 1000.0), sa.Integer)
