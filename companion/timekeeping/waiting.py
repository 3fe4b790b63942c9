"""Moves every stored time that something waits for, or that an interval is counted from, when the time was set."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.alarms.model import OPEN
from companion.dispatch.store import FOLDED, HELD, WAITS
from companion.store.tables import (
    alarm,
    api_key,
    channel_health,
    dedup,
    delivery,
    device,
    failover,
    link_peer,
    link_pending,
    picture,
    trouble,
)

type _Which = sa.ColumnElement[bool] | sa.TextClause

_IS_OPEN = alarm.c.status.in_(sorted(OPEN))
_WAITS: tuple[tuple[sa.Column[datetime], _Which], ...] = (
    (alarm.c.next_due_at, alarm.c.next_due_at.is_not(None)),
    (alarm.c.held_until, sa.and_(alarm.c.held_until.is_not(None), _IS_OPEN)),
    (delivery.c.due_at, WAITS),
    (delivery.c.due_at, FOLDED),
    (delivery.c.lease_until, HELD),
    (failover.c.due_at, sa.true()),
    (link_pending.c.due_at, sa.true()),
    (channel_health.c.probing_until, channel_health.c.probing_until.is_not(None)),
    (dedup.c.expires_at, dedup.c.expires_at.is_not(None)),
)
"""Moments that come by themselves: they keep their distance from now, whichever side of it they are on."""

_COUNTED_FROM: tuple[tuple[sa.Column[datetime], sa.ColumnElement[bool]], ...] = (
    (alarm.c.raised_at, _IS_OPEN),
    (alarm.c.acknowledged_at, _IS_OPEN),
    (alarm.c.exhausted_at, _IS_OPEN),
    (channel_health.c.probed_at, sa.true()),
    (channel_health.c.sent_at, sa.true()),
    (channel_health.c.failing_since, sa.true()),
    (trouble.c.since, sa.true()),
    (trouble.c.last_at, sa.true()),
    (trouble.c.told_at, sa.true()),
    (trouble.c.cleared_at, sa.true()),
    (link_peer.c.last_seen_at, sa.true()),
    (device.c.last_seen_at, sa.true()),
    (device.c.minute_started_at, sa.true()),
    (api_key.c.last_used_at, sa.true()),
)
"""Moments that are over: what is counted from them (a silence, the next probe) goes on where it was."""

_LAST_WRITTEN = timedelta(minutes=1)
"""A start goes on from the last known time, which is a little before the last thing that happened."""
_RECENT = timedelta(days=1)
_COUNTED_FROM_OF_MANY = (picture.c.received_at, delivery.c.created_at, delivery.c.sent_at)
"""The same, in tables that grow: of a clock set forward only the last day is moved. The older ones, at worst, end early (how
long a picture is kept, a link of a closed alarm opens) while a clock is wrong for days."""

MOVED = (*(column for column, _ in (*_WAITS, *_COUNTED_FROM)), *_COUNTED_FROM_OF_MANY)


def move_waiting(conn: Connection, before: datetime, now: datetime) -> None:
    """Let everything that waited at `before` wait as long at `now`, which is the same moment by another clock.

    Of what is over, only what was written by the clock that was wrong is moved. With the time set forward that is what
    lies before `before`, as a clock that was behind wrote it; with the time set back it is what lies in the future. The
    journal stays as it was written.
    """
    by = now - before
    for column, waits in _WAITS:
        _move(conn, column, waits, by)
    for column, counts in _COUNTED_FROM:
        _move(conn, column, sa.and_(counts, _is_wrong(column, before, now)), by)
    for column in _COUNTED_FROM_OF_MANY:
        few = column > (before - _RECENT if now > before else now)
        _move(conn, column, sa.and_(few, _is_wrong(column, before, now)), by)


def _is_wrong(column: sa.Column[datetime], before: datetime, now: datetime) -> sa.ColumnElement[bool]:
    return column > now if now < before else column <= before + _LAST_WRITTEN


def _move(conn: Connection, column: sa.Column[datetime], which: _Which, by: timedelta) -> None:
    moved: sa.ColumnElement[Any] = (
        column + sa.literal(by, sa.Interval)
        if conn.dialect.name == "postgresql"
        else sa.type_coerce(column, sa.BigInteger) + by // timedelta(microseconds=1)
    )
    conn.execute(sa.update(column.table).where(which).values({column: moved}))
