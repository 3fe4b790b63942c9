"""Deletes alarms that have been over for as long as the operator wants them kept, with all that belongs to them."""

from datetime import datetime
from itertools import product

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.alarms.model import OPEN, Source, Status
from companion.dispatch.delivery import FINAL
from companion.store.scope import Scope
from companion.store.sql import skip_locked
from companion.store.tables import (
    ack_link,
    alarm,
    also_for,
    attempt,
    dedup,
    delivery,
    failover,
    journal,
)

BATCH = 50
"""Alarms, or messages, in one transaction: a press that comes meanwhile waits for no more than that."""
OVER = sorted(set(Status) - OPEN)


def forget_alarms(scope: Scope, conn: Connection, over_before: datetime) -> int:
    """Delete alarms that were over by then, and return how many (BATCH: there may be more).

    One of which a message is still to be sent stays until that is done. Pictures go with their alarm.
    """
    ids: list[str] = []
    for status, source, test in product(
        OVER, Source, (False, True)
    ):  # each along an index, in the order of time
        due = _due(scope, over_before).where(
            alarm.c.status == status, alarm.c.source == source, alarm.c.test == test
        )
        due = due.order_by(alarm.c.raised_at).limit(BATCH - len(ids))
        if conn.dialect.name == "postgresql":
            # The whole row: a note that is being written refers to it, and is not to be left without its alarm.
            due = due.with_for_update(skip_locked=True)
        ids += conn.execute(due).scalars()
        if len(ids) == BATCH:
            break
    _delete_deliveries(conn, delivery.c.alarm_id.in_(ids))
    for table in (ack_link, journal, dedup):
        conn.execute(sa.delete(table).where(table.c.alarm_id.in_(ids)))
    conn.execute(sa.delete(alarm).where(alarm.c.id.in_(ids)))
    return len(ids)


def _due(scope: Scope, over_before: datetime) -> sa.Select[tuple[str]]:
    unsent = sa.exists().where(delivery.c.alarm_id == alarm.c.id, delivery.c.state.not_in(sorted(FINAL)))
    due = sa.select(alarm.c.id).where(
        alarm.c.raised_at < over_before,  # what was over by then was raised by then
        alarm.c.closed_at < over_before,
        ~unsent,
    )
    return scope.own(due, alarm.c.site_id)


def forget_messages(conn: Connection, made_before: datetime) -> int:
    """Delete messages that are about no alarm: tests of channels, and troubles; return how many (BATCH: perhaps more)."""
    due = sa.select(delivery.c.id).where(
        delivery.c.alarm_id.is_(None),
        delivery.c.created_at < made_before,
        delivery.c.state.in_(sorted(FINAL)),
    )
    ids = list(conn.execute(skip_locked(conn, due.limit(BATCH))).scalars())
    _delete_deliveries(conn, delivery.c.id.in_(ids))
    return len(ids)


def _delete_deliveries(conn: Connection, which: sa.ColumnElement[bool]) -> None:
    ids = sa.select(delivery.c.id).where(which)
    for table in (also_for, failover, attempt):
        conn.execute(sa.delete(table).where(table.c.delivery_id.in_(ids)))
    conn.execute(sa.delete(delivery).where(which))
