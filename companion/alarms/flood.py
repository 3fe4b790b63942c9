"""A source that raises one alarm after the other: each is recorded and escalates, people get one running message."""

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.alarms.due import run_each
from companion.alarms.model import Actor, Alarm, Change, Status
from companion.alarms.transaction import (
    AlarmTransaction,
)
from companion.dispatch import folding, readers
from companion.dispatch.delivery import PAGES, State
from companion.store.tables import alarm as alarm_table, delivery

BATCH = 20
"""Running messages in one transaction: bounds how long an answer may wait for it."""
TOGETHER_LIMIT = 5000
_DISPATCH = Actor(name=None, via="dispatch")


def run_due(unit: AlarmTransaction) -> int:
    """Send every running message that is due; return how many."""
    return run_each(
        unit,
        folding.due_flows(unit.conn, unit.now, BATCH),
        lambda flow: _release(unit, flow),
        postpone=lambda flow, until: folding.postpone(unit.conn, flow, until),
        failed=lambda _: "A running message could not be written",
        again_after=timedelta(seconds=5),
    )


def _release(unit: AlarmTransaction, flow: folding.Flow) -> None:
    released = folding.release(unit.conn, flow, unit.now)
    if released is None:
        return
    carrier = released.carrier
    waited_for = {carrier.id: readers.readers_of(unit.conn, carrier)}
    readers.expect(unit.conn, waited_for, carrier.alarm_id, unit.now + unit.failover_after)
    for told in released.told:
        if told.alarm_id is not None:
            unit.journal(
                told.alarm_id,
                Change.FOLDED,
                _DISPATCH,
                channel=told.channel_id,
                recipient=told.recipient,
                told_with=carrier.alarm_id,
            )


def told_together(conn: Connection, alarm: Alarm, recipient: str) -> list[str]:
    """Return the other alarms of the same source that wait for an answer and that the recipient was told of, oldest first.

    Nothing unless some of them were told in one message: who was told of each by itself answers each by itself.
    """
    folded = sa.func.max(sa.case((delivery.c.state == State.FOLDED, 1), else_=0))
    waiting = sa.select(alarm_table.c.id).where(alarm_table.c.status == Status.TRIGGERED)
    query = (
        sa.select(delivery.c.alarm_id, folded)
        .where(
            delivery.c.alarm_id.in_(waiting),
            # As an expression, which no index knows: by it, all that the source has ever told would be read.
            sa.func.coalesce(delivery.c.source_key, "") == alarm.source_key,
            delivery.c.recipient == recipient,
            delivery.c.kind.in_(sorted(PAGES)),
        )
        .group_by(delivery.c.alarm_id)
        .order_by(delivery.c.alarm_id)
        .limit(TOGETHER_LIMIT)
    )
    rows = conn.execute(query).tuples().all()
    if not any(folded for _, folded in rows):
        return []
    return [alarm_id for alarm_id, _ in rows if alarm_id is not None and alarm_id != alarm.id]
