"""Writes down what became of a try, under the fence of the claim it was made with."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.channels.base import Outcome, Receipt, Sent, TryAgain, Undelivered
from companion.dispatch.delivery import Attempt, Delivery, State
from companion.dispatch.retry import Again, Done, GiveUp, Verdict, Wait
from companion.dispatch.store import to_delivery
from companion.store import tables
from companion.store.locks import lock_alarm
from companion.store.scope import ALL_SITES
from companion.store.statements import Statement
from companion.store.types import UtcDateTime
from companion.texts.reasons import storable

_INSERT_ATTEMPT = Statement(sa.insert(tables.attempt))
_FINISH = Statement(
    sa.update(tables.delivery)
    .where(
        tables.delivery.c.id == sa.bindparam("claimed_id"),
        tables.delivery.c.owner == sa.bindparam("claimed_owner"),
        tables.delivery.c.fence == sa.bindparam("claimed_fence"),
        tables.delivery.c.state == State.PROCESSING.value,
    )
    .values(
        owner=None,
        lease_until=None,
        **{
            name: sa.bindparam(name, type_=tables.delivery.c[name].type)
            for name in (
                "state",
                "due_at",
                "attempts",
                "last_error",
                "uncertain",
                "provider_ref",
                "sent_at",
            )
        },
    )
    .returning(tables.delivery.c.cancelled)
)


def record(
    conn: Connection,
    delivery: Delivery,
    outcome: Outcome,
    verdict: Verdict,
    *,
    started_at: datetime,
    now: datetime,
) -> Delivery | None:
    """Write the attempt and the delivery's new state; return it, or None if the claim was lost meanwhile.

    With the claim lost another worker has, or had, the delivery: the attempt is still written down, the newer
    worker's result is not touched. What was not accepted goes on with another page of the alarm, so the alarm is
    locked: an answer comes before, and there is none, or after, and withdraws it.
    """
    if not isinstance(verdict, Done) and delivery.alarm_id is not None:
        lock_alarm(ALL_SITES, conn, delivery.alarm_id)
    if not isinstance(verdict, Wait):
        _INSERT_ATTEMPT.run(conn, vars(_attempt(delivery, outcome, verdict, started_at, now)))
    values = _values(delivery, outcome, verdict, now)
    claim = {"claimed_id": delivery.id, "claimed_owner": delivery.owner, "claimed_fence": delivery.fence}
    finished = _FINISH.first(conn, claim | values)
    if finished is None:
        return None
    (cancelled,) = finished
    after = replace(delivery, owner=None, lease_until=None, cancelled=cancelled, **values)
    if after.state is State.FAILED and after.cancelled and not after.record:
        conn.execute(
            sa.update(tables.delivery).where(tables.delivery.c.id == after.id).values(state=State.CANCELLED)
        )
        after = replace(after, state=State.CANCELLED)
    return after


def _values(delivery: Delivery, outcome: Outcome, verdict: Verdict, now: datetime) -> dict[str, Any]:
    uncertain = delivery.uncertain or (isinstance(outcome, TryAgain) and outcome.uncertain)
    columns = ("due_at", "attempts", "uncertain", "provider_ref", "sent_at")
    same: dict[str, Any] = {name: getattr(delivery, name) for name in columns}
    match verdict:
        case Done():
            sent = outcome if isinstance(outcome, Sent) else None
            ref, warning = (None, None) if sent is None else (sent.provider_ref, sent.warning)
            return same | {
                "state": State.SENT,
                "provider_ref": None if ref is None else storable(ref),
                "sent_at": now,
                "last_error": warning,
            }
        case Again(at=at, reason=reason):
            return same | {"state": State.FAILED, "due_at": at, "last_error": reason, "uncertain": uncertain}
        case Wait(at=at, reason=reason):
            waiting = {"due_at": at, "attempts": delivery.attempts - 1, "last_error": reason}
            return same | waiting | {"state": State.FAILED}
        case GiveUp(reason=reason):
            return same | {"state": State.ERROR, "last_error": reason, "uncertain": uncertain}


def _attempt(
    delivery: Delivery, outcome: Outcome, verdict: Verdict, started_at: datetime, now: datetime
) -> Attempt:
    ref = outcome.provider_ref if isinstance(outcome, Sent) else None
    match outcome, verdict:
        case Sent(), _:
            word = "sent"
        case _, GiveUp():
            word = "error"
        case TryAgain(uncertain=True), _:
            word = "uncertain"
        case _:
            word = "failed"
    return Attempt(
        delivery_id=delivery.id,
        channel_id=delivery.channel_id,
        number=delivery.attempts,
        started_at=started_at,
        finished_at=now,
        outcome=word,
        status_code=outcome.status_code,
        provider_ref=None if ref is None else storable(ref),
        error=None if isinstance(outcome, Sent) else outcome.reason,
    )


def cancel_unsent(conn: Connection, delivery: Delivery) -> None:
    """Close a delivery that is not needed any more and that its worker has not begun to send."""
    conn.execute(
        sa.update(tables.delivery)
        .where(
            tables.delivery.c.id == delivery.id,
            tables.delivery.c.owner == delivery.owner,
            tables.delivery.c.fence == delivery.fence,
            tables.delivery.c.state == State.PROCESSING,
        )
        .values(state=State.CANCELLED, owner=None, lease_until=None, attempts=tables.delivery.c.attempts - 1)
    )


GIVEN_UP_AT_ONCE = 50
"""Messages of one name that one word of the provider's gives up: bounds the transaction."""


@dataclass(frozen=True)
class Arrival:
    """What a receipt has changed."""

    delivery: Delivery
    was_read: bool


def record_receipt(conn: Connection, channel_id: str, receipt: Receipt) -> Arrival | None:
    """Mark the delivery that the receipt speaks of as delivered, or as read; None: it changes nothing."""
    delivery = tables.delivery
    news = sa.and_(
        delivery.c.state == State.DELIVERED, delivery.c.read_at.is_(None), sa.literal(receipt.read)
    )
    row = conn.execute(
        sa.update(delivery)
        .where(
            delivery.c.channel_id == channel_id,
            delivery.c.provider_ref == receipt.provider_ref,
            sa.or_(delivery.c.state == State.SENT, news),
        )
        .values(
            state=State.DELIVERED,
            delivered_at=sa.func.coalesce(delivery.c.delivered_at, sa.literal(receipt.at, UtcDateTime)),
            read_at=receipt.at if receipt.read else None,
        )
        .returning(*delivery.c)
    ).first()
    return None if row is None else Arrival(to_delivery(row), receipt.read)


def record_undelivered(conn: Connection, channel_id: str, undelivered: Undelivered) -> list[Delivery]:
    """Give up what the provider had taken, and return it; none: it is not known as sent.

    What was not accepted after all goes on with another page of the alarm, so the alarm is locked first, as in `record`.
    Where a provider gives several messages one name, nobody can say which it means: to tell somebody twice harms less.
    """
    delivery = tables.delivery
    about = (
        delivery.c.channel_id == channel_id,
        delivery.c.provider_ref == undelivered.provider_ref,
        delivery.c.state == State.SENT,
    )
    # In one order, so that nobody waits for each other.
    found = sa.select(delivery.c.id, delivery.c.alarm_id).where(*about).order_by(delivery.c.alarm_id)
    rows = conn.execute(found.limit(GIVEN_UP_AT_ONCE)).all()
    for alarm_id in dict.fromkeys(row.alarm_id for row in rows):
        if alarm_id is not None:
            lock_alarm(ALL_SITES, conn, alarm_id)
    still = sa.and_(*about, delivery.c.id.in_([row.id for row in rows]))
    changed = sa.update(delivery).where(still).values(state=State.ERROR, last_error=undelivered.reason)
    return [to_delivery(row) for row in conn.execute(changed.returning(*delivery.c))]
