"""The next contact point of whoever was paged and whose provider has not said yes in time.

Two questions that are answered apart: whether *this address* is tried again (`dispatch.retry`), and whether the person
is told *another way* meanwhile: as soon as an attempt was not accepted, at the latest `PagingConfig.failover_after` after the
page was due. The time is a row in the database, so it outlives the process, and each page is passed on once.
"""

from collections.abc import Container
from dataclasses import replace

from companion.alarms import paging
from companion.alarms.due import run_each
from companion.alarms.model import Actor, Alarm, Change
from companion.alarms.paging import ResolvedTarget
from companion.alarms.store import free_alarms, to_alarm
from companion.alarms.transaction import AlarmTransaction
from companion.dispatch import readers
from companion.dispatch.delivery import FINAL, Delivery, Reader, State
from companion.dispatch.readers import Way
from companion.dispatch.store import delivery_by_id
from companion.texts.reasons import Reason

BATCH = 50
_DISPATCH = Actor(name=None, via="dispatch")


def run_due(unit: AlarmTransaction) -> int:
    """Tell the next contact point of every page whose time is over; return how many alarms were looked at."""
    found = readers.due_alarm_ids(unit.conn, unit.now, BATCH)
    if not found:
        return 0
    return run_each(
        unit,
        free_alarms(unit.scope, unit.conn, found),
        lambda row: _pass_on_due(unit, to_alarm(row)),
        postpone=lambda row, until: readers.postpone(unit.conn, row.id, unit.now, until),
        failed=lambda row: f"The next contact points of alarm {row.id} could not be told",
    )


def _pass_on_due(unit: AlarmTransaction, alarm: Alarm) -> None:
    seconds = round(unit.paging.failover_after.total_seconds())
    for delivery_id, person_id in readers.take_due(unit.conn, alarm.id, unit.now):
        delivery = delivery_by_id(unit.scope, unit.conn, delivery_id)
        if delivery is None or (delivery.state in FINAL and delivery.state is not State.ERROR):
            continue
        reason = Reason("not_accepted_within", seconds=seconds)
        if not _tell_instead(unit, alarm, delivery, {person_id}, reason):
            unit.last_resort_lost(delivery)


def pass_on(unit: AlarmTransaction, alarm: Alarm, delivery: Delivery, reason: Reason) -> list[str]:
    """Tell the next contact point of everybody whom the page is for, unless it was told already; return the channels.

    The alarm is locked.
    """
    return _tell_instead(unit, alarm, delivery, set(readers.forget(unit.conn, delivery.id)), reason)


def _tell_instead(
    unit: AlarmTransaction, alarm: Alarm, delivery: Delivery, people: Container[str], reason: Reason
) -> list[str]:
    if not alarm.needs_answer:
        return []
    waiting = [reader for reader in readers.readers_of(unit.conn, delivery) if reader.person_id in people]
    ways = [(reader, paging.next_page(unit.conn, delivery, reader)) for reader in waiting]
    # Together, as they may share the next address too.
    paging.page(
        unit.conn,
        alarm,
        [way.point for _, way in ways if way.point is not None and way.is_new],
        kind=delivery.kind,
        occurrence=delivery.occurrence,
        first=False,
        paging=unit.paging,
        now=unit.now,
        more=delivery.more,
    )
    for reader, way in ways:
        _join(unit, alarm, reader, way)
    told = [way.point for _, way in ways if way.point is not None]
    for point in told:
        unit.journal(
            alarm.id,
            Change.FAILED_OVER,
            _DISPATCH,
            channel=delivery.channel_id,
            recipient=point.recipient,
            reason=reason,
            instead=point.channel_id,
        )
    return list(dict.fromkeys(point.channel_id for point in told))


def _join(unit: AlarmTransaction, alarm: Alarm, reader: Reader, way: Way[ResolvedTarget]) -> None:
    """Make what somebody else was told at the reader's addresses theirs too, and wait for what is on its way."""
    for there, point in way.joins:
        readers.join(unit.conn, there.delivery_id, replace(reader, position=point.position))
        if point is way.point and there.state not in FINAL:
            due_at = unit.now + unit.paging.failover_after
            readers.expect(unit.conn, {there.delivery_id: [reader]}, alarm.id, due_at)
