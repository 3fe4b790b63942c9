"""What an alarm makes of a delivery's outcome: the record, and the next contact point when it was not accepted."""

from companion.alarms import failover, paging
from companion.alarms.model import Actor, Change
from companion.alarms.store import alarm_by_id
from companion.alarms.transaction import AlarmTransaction
from companion.dispatch.delivery import PAGES, Delivery
from companion.dispatch.folding import unfold
from companion.dispatch.readers import forget, is_told_another_way
from companion.dispatch.record import Arrival
from companion.dispatch.retry import Again, Done, GiveUp, Verdict, Wait
from companion.store.locks import lock_alarm
from companion.texts.reasons import Reason
from companion.troubles import reporting

_DISPATCH = Actor(name=None, via="dispatch")


def report(unit: AlarmTransaction, delivery: Delivery, verdict: Verdict) -> None:
    """Write what became of a delivery into its alarm's journal, and go on with the person's next contact point."""
    if delivery.alarm_id is None:
        if delivery.kind in reporting.TROUBLE_KINDS:
            reporting.settled(unit, delivery, accepted=isinstance(verdict, Done))
        return
    match verdict:
        case Done():
            # Whoever reads must know why the person has two messages.
            late = (
                delivery.kind in PAGES
                and not forget(unit.conn, delivery.id)
                and is_told_another_way(unit.conn, delivery)
            )
            unit.journal(
                delivery.alarm_id,
                Change.DELIVERY_SENT,
                _DISPATCH,
                channel=delivery.channel_id,
                recipient=delivery.recipient,
                kind=delivery.kind.value,
                after_failover=late or None,
                warning=delivery.last_error,
            )
        case GiveUp(reason=reason):
            instead = _next_contact_point(unit, delivery, reason)
            unit.journal(
                delivery.alarm_id,
                Change.DELIVERY_FAILED,
                _DISPATCH,
                channel=delivery.channel_id,
                recipient=delivery.recipient,
                kind=delivery.kind.value,
                reason=reason,
                instead=", ".join(instead) or None,
            )
            unit.news.trouble(unit, delivery, reason)
            if not instead and delivery.kind in PAGES and paging.is_hopeless(unit.conn, delivery):
                # What it stood for is told by another one, later: this address has just refused.
                unfold(unit.conn, delivery.alarm_id, unit.now + paging.RUNNING_EVERY)
                if not unit.last_resort_lost(delivery):
                    unit.nobody_reached(delivery.alarm_id, delivery.occurrence)
            elif not instead:
                unit.last_resort_lost(delivery)
        case Again(reason=reason) | Wait(reason=reason):
            if not _next_contact_point(unit, delivery, reason):
                unit.last_resort_lost(delivery)


def _next_contact_point(unit: AlarmTransaction, delivery: Delivery, reason: Reason) -> list[str]:
    """Page its readers another way while the alarm still needs an answer; return the channels."""
    if delivery.kind not in PAGES or delivery.alarm_id is None:
        return []
    lock_alarm(unit.scope, unit.conn, delivery.alarm_id)
    alarm = alarm_by_id(unit.scope, unit.conn, delivery.alarm_id)
    return [] if alarm is None else failover.pass_on(unit, alarm, delivery, reason)


def arrived(unit: AlarmTransaction, arrival: Arrival) -> None:
    """Write into the journal that a device has the message, or that somebody has opened it."""
    delivery = arrival.delivery
    if delivery.alarm_id is not None:
        unit.journal(
            delivery.alarm_id,
            Change.DELIVERY_READ if arrival.was_read else Change.DELIVERY_DELIVERED,
            _DISPATCH,
            channel=delivery.channel_id,
            recipient=delivery.recipient,
            kind=delivery.kind.value,
        )
