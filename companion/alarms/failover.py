"""The next contact point of whoever was paged and whose provider has not said yes in time.

Two questions that are answered apart: whether *this address* is tried again (`dispatch.retry`), and whether the person
is told *another way* meanwhile: as soon as an attempt was not accepted, at the latest `Paging.failover_after` after the
page was due. The time is a row in the database, so it outlives the process, and each page is passed on once.
"""

import logging
from datetime import timedelta

import sqlalchemy as sa

from companion.alarms import paging, store
from companion.alarms.commands import Unit
from companion.alarms.model import Actor, Alarm, Change
from companion.dispatch.delivery import FINAL, Delivery, State
from companion.store import tables
from companion.store.alarms import to_alarm
from companion.store.deliveries import delivery_by_id
from companion.store.sql import is_row_held, perhaps_lost_race, skip_locked

_LOGGER = logging.getLogger(__name__)

BATCH = 50
TRY_AGAIN_AFTER = timedelta(seconds=10)
HELD_AGAIN_AFTER = timedelta(seconds=1)
_DISPATCH = Actor(name=None, via="dispatch")


def run_due(unit: Unit) -> int:
    """Tell the next contact point of every page whose time is over; return how many alarms were looked at."""
    found = store.due_alarm_ids(unit.conn, unit.now, BATCH)
    if not found:
        return 0
    free = skip_locked(unit.conn, sa.select(tables.alarm).where(tables.alarm.c.id.in_(found)))
    rows = list(unit.conn.execute(free))
    for row in rows:
        try:
            with unit.conn.begin_nested():
                _pass_on_due(unit, to_alarm(row))
        except Exception as err:
            held = is_row_held(err)
            if perhaps_lost_race(err) and not held:
                raise
            _LOGGER.exception("The next contact points of alarm %s could not be told; trying again", row.id)
            again_after = HELD_AGAIN_AFTER if held else TRY_AGAIN_AFTER
            store.postpone(unit.conn, row.id, unit.now, unit.now + again_after)
    return len(rows)


def _pass_on_due(unit: Unit, alarm: Alarm) -> None:
    for delivery_id in store.take_due(unit.conn, alarm.id, unit.now):
        delivery = delivery_by_id(unit.conn, delivery_id)
        if delivery is None or (delivery.state in FINAL and delivery.state is not State.ERROR):
            continue
        seconds = round(unit.paging.failover_after.total_seconds())
        _tell_instead(unit, alarm, delivery, f"not accepted within {seconds} s")


def pass_on(unit: Unit, alarm: Alarm, delivery: Delivery, reason: str) -> str | None:
    """Tell the next contact point now, unless it was told already; return its channel, or None. The alarm is locked."""
    if not store.forget(unit.conn, delivery.id):
        return None
    return _tell_instead(unit, alarm, delivery, reason)


def _tell_instead(unit: Unit, alarm: Alarm, delivery: Delivery, reason: str) -> str | None:
    point = None if not alarm.needs_answer else paging.next_point(unit.conn, delivery)
    if point is None:
        return None
    paging.page(
        unit.conn,
        alarm,
        [point],
        kind=delivery.kind,
        occurrence=delivery.occurrence,
        first=False,
        paging=unit.paging,
        now=unit.now,
    )
    unit.journal(
        alarm.id,
        Change.FAILED_OVER,
        _DISPATCH,
        channel=delivery.channel_id,
        recipient=delivery.recipient,
        reason=reason,
        instead=point.channel_id,
    )
    return point.channel_id
