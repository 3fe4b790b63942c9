"""Deliveries written and withdrawn inside the caller's transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.channels.base import MessageKind
from companion.dispatch.delivery import OF_THE_ALARM, PAGES, WAITING, Delivery, Reader, State, Urgency
from companion.dispatch.folding import unfold
from companion.ids import new_id
from companion.store.sql import insert
from companion.store.statements import Statement, written
from companion.store.tables import also_for, delivery


@dataclass(frozen=True)
class Claim:
    """A worker that takes new deliveries in the transaction that makes them: no second commit before the first send."""

    owner: str
    lease: timedelta
    has_room: Callable[[str, Urgency], bool]
    """Whether the worker would send over this channel at once: else it is left to whoever has room, perhaps another replica."""


@dataclass(frozen=True, kw_only=True)
class NewDelivery:
    """One message to one address, to be sent as soon as it is committed."""

    kind: MessageKind
    occurrence: str
    """What makes it one of its kind for this alarm and address: a repeat of the policy is another occurrence."""
    channel_id: str
    person_id: str | None = None
    position: int = 0
    address: str
    recipient: str
    message: Mapping[str, Any]
    urgency: Urgency = Urgency.REST
    first_page: bool = False
    record: bool = False
    source_key: str | None = None
    due_at: datetime | None = None
    """When it is sent; None: now."""
    folded_until: datetime | None = None
    """When it is told together with others of its source; None: by itself, now."""
    others: Sequence[Reader] = ()
    """Whom it is for besides `person_id`: people who share the address."""


NOT_COLUMNS = frozenset({"others", "due_at", "folded_until"})
_INSERT = Statement(sa.insert(delivery))
_INSERT_ALSO_FOR = Statement(sa.insert(also_for))


def enqueue(
    conn: Connection, alarm_id: str | None, new: Sequence[NewDelivery], now: datetime, claim: Claim | None
) -> list[Delivery]:
    """Write the deliveries and return those that are new.

    One that exists already (same address, kind and occurrence) stays as it is. The caller has made one of those that
    go to one address, for everybody whom it is for.
    """
    others = {(item.channel_id, item.address): item.others for item in new}
    made = [_delivery(item, alarm_id, now, claim) for item in new]
    if not made:
        return []
    if claim is not None:
        # The first deliveries of an alarm that this transaction makes: nothing can be there yet.
        _INSERT.run(conn, *map(_row, made))
    else:
        statement = insert(conn.dialect.name, delivery).on_conflict_do_nothing().returning(delivery.c.id)
        written = set(conn.execute(statement, [_row(item) for item in made]).scalars())
        made = [item for item in made if item.id in written]
    shared = [
        {"delivery_id": item.id} | vars(reader)
        for item in made
        for reader in others[item.channel_id, item.address]
    ]
    _INSERT_ALSO_FOR.run(conn, *shared)
    return made


def _row(item: Delivery) -> dict[str, Any]:
    """Return what is stored: without what its alarm says, which whoever claims it reads there."""
    if item.alarm_id is None:
        return vars(item)
    own = {name: fact for name, fact in item.message.items() if name not in OF_THE_ALARM and fact is not None}
    return {**vars(item), "message": own}


def _delivery(item: NewDelivery, alarm_id: str | None, now: datetime, claim: Claim | None) -> Delivery:
    delivery_id = new_id()
    if claim is not None and item.folded_until is not None:
        claim = None
    if claim is not None and not claim.has_room(item.channel_id, item.urgency):
        claim = None
    return Delivery(
        id=delivery_id,
        alarm_id=alarm_id,
        **{name: value for name, value in vars(item).items() if name not in NOT_COLUMNS},
        state=_state(item, claim),
        due_at=item.folded_until or item.due_at or now,
        attempts=0 if claim is None else 1,
        owner=None if claim is None else claim.owner,
        fence=0 if claim is None else 1,
        lease_until=None if claim is None else now + claim.lease,
        uncertain=False,
        cancelled=False,
        provider_ref=None,
        last_error=None,
        folded_into=None,
        created_at=now,
        sent_at=None,
        delivered_at=None,
        read_at=None,
    )


def _state(item: NewDelivery, claim: Claim | None) -> State:
    if item.folded_until is not None:
        return State.FOLDED
    return State.PENDING if claim is None else State.PROCESSING


_UNSENT = delivery.c.state.in_(written({*WAITING, State.FOLDED}))
_WITHDRAW = Statement(
    sa.update(delivery)
    .where(
        delivery.c.alarm_id == sa.bindparam("of"),
        delivery.c.kind.in_(written(PAGES)),
        delivery.c.record.is_(False),
        sa.or_(_UNSENT, delivery.c.state == State.PROCESSING),
    )
    .values(cancelled=True, state=sa.case((_UNSENT, State.CANCELLED.value), else_=delivery.c.state))
)


def withdraw(conn: Connection, alarm_id: str, now: datetime) -> None:
    """Take back every page of the alarm that is not sent yet; records (tickets) stay.

    One that a worker holds is marked: the worker looks right before it calls the provider. One statement, because
    a worker may be writing its result meanwhile: between two, a page that goes from *processing* to *failed* is missed.
    """
    unfold(conn, alarm_id, now)
    _WITHDRAW.run(conn, {"of": alarm_id})
