"""What an alarm makes of a delivery's outcome: the record, and the next contact point when one is refused."""

from companion.alarms import paging
from companion.alarms.commands import Unit
from companion.alarms.model import Actor, Change, Status
from companion.dispatch.delivery import PAGES, Delivery
from companion.dispatch.retry import Again, Done, GiveUp, Verdict
from companion.store.alarms import alarm_by_id, lock_alarm

_DISPATCH = Actor(name=None, via="dispatch")


def report(unit: Unit, delivery: Delivery, verdict: Verdict) -> None:
    """Write what became of a delivery into its alarm's journal, and go on with the person's next contact point."""
    if delivery.alarm_id is None:
        return
    match verdict:
        case Done():
            unit.journal(
                delivery.alarm_id,
                Change.DELIVERY_SENT,
                _DISPATCH,
                channel=delivery.channel_id,
                recipient=delivery.recipient,
                kind=delivery.kind.value,
            )
        case GiveUp(reason=reason):
            instead = _next_contact_point(unit, delivery)
            unit.journal(
                delivery.alarm_id,
                Change.DELIVERY_FAILED,
                _DISPATCH,
                channel=delivery.channel_id,
                recipient=delivery.recipient,
                kind=delivery.kind.value,
                reason=reason,
                instead=instead,
            )
            unit.news.trouble(unit, delivery, reason)
        case Again():
            pass  # the attempt is recorded with the delivery; the alarm's story is not moved by it


def _next_contact_point(unit: Unit, delivery: Delivery) -> str | None:
    """Page the person another way while the alarm still needs an answer; return the channel, or None if there is none."""
    if delivery.kind not in PAGES or delivery.alarm_id is None:
        return None
    lock_alarm(unit.conn, delivery.alarm_id)
    alarm = alarm_by_id(unit.conn, delivery.alarm_id)
    point = paging.next_point(unit.conn, delivery)
    if alarm is None or alarm.status is not Status.TRIGGERED or point is None:
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
    return point.channel_id


def delivered(unit: Unit, delivery: Delivery) -> None:
    """Write into the journal that a device has the message."""
    if delivery.alarm_id is not None:
        unit.journal(
            delivery.alarm_id,
            Change.DELIVERY_DELIVERED,
            _DISPATCH,
            channel=delivery.channel_id,
            recipient=delivery.recipient,
            kind=delivery.kind.value,
        )
