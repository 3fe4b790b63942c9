"""Pages whose next contact point is still to be told: a row a page, gone once it is accepted or passed on."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.dispatch.delivery import Delivery
from companion.store.tables import failover


def expect(conn: Connection, pages: Sequence[Delivery], due_at: datetime) -> None:
    """Let the next contact point be due at `due_at` for each page to a person."""
    rows = [
        {"delivery_id": page.id, "alarm_id": page.alarm_id, "due_at": due_at}
        for page in pages
        if page.person_id is not None
    ]
    if rows:
        conn.execute(sa.insert(failover), rows)


def forget(conn: Connection, delivery_id: str) -> bool:
    """Return whether the next contact point was still to be told; it is not any more."""
    return conn.execute(sa.delete(failover).where(failover.c.delivery_id == delivery_id)).rowcount > 0


def forget_all(conn: Connection, alarm_id: str) -> None:
    """Nobody needs to be told another way: somebody has answered."""
    conn.execute(sa.delete(failover).where(failover.c.alarm_id == alarm_id))


def due_alarm_ids(conn: Connection, now: datetime, limit: int) -> list[str]:
    """Return the alarms with a page whose time is over, the longest waiting first."""
    query = (
        sa.select(failover.c.alarm_id)
        .where(failover.c.due_at <= now)
        .group_by(failover.c.alarm_id)
        .order_by(sa.func.min(failover.c.due_at))
        .limit(limit)
    )
    return list(conn.execute(query).scalars())


def take_due(conn: Connection, alarm_id: str, now: datetime) -> list[str]:
    """Return the pages of a locked alarm whose time is over; each is returned once, whoever asks."""
    due = sa.delete(failover).where(failover.c.alarm_id == alarm_id, failover.c.due_at <= now)
    return list(conn.execute(due.returning(failover.c.delivery_id)).scalars())


def postpone(conn: Connection, alarm_id: str, now: datetime, until: datetime) -> None:
    """Let what is due of the alarm be due later."""
    due = sa.update(failover).where(failover.c.alarm_id == alarm_id, failover.c.due_at <= now)
    conn.execute(due.values(due_at=until))


def next_due_at(conn: Connection) -> datetime | None:
    """Return when the earliest next contact point must be told."""
    return conn.execute(sa.select(sa.func.min(failover.c.due_at))).scalar()
