"""Queries on deliveries and their attempts.

A delivery belongs to the site of its alarm; one without an alarm (a trouble, a channel test) is nobody's own.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from companion.channels.base import MessageKind
from companion.dispatch.delivery import OF_THE_ALARM, PAGES, Attempt, Delivery, State, Urgency
from companion.store.scope import Scope
from companion.store.sql import insert
from companion.store.statements import Statement, written
from companion.store.tables import alarm, also_for, attempt, channel, channel_event, delivery

# Written out, not bound: only so do the databases see that the partial indexes of `delivery` apply.
WAITS = sa.text("delivery.state IN ('pending', 'failed')")
HELD = sa.text("delivery.state = 'processing'")
_FIRST, _LAST = sa.literal(0), sa.literal(2**63 - 1, sa.BigInteger)
FOLDED = sa.text("delivery.state = 'folded' AND delivery.folded_into IS NULL")


def to_delivery(row: Row[Any]) -> Delivery:
    """Return the row as what it is."""
    values = dict(row._mapping)
    kind, state, urgency = MessageKind(values["kind"]), State(values["state"]), Urgency(values["urgency"])
    return Delivery(**values | {"kind": kind, "state": state, "urgency": urgency})


def whole(scope: Scope, conn: Connection, deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Return the deliveries with all that is to be said: also what their alarms say."""
    ids = {item.alarm_id for item in deliveries if item.alarm_id is not None}
    facts = sa.select(alarm.c.id, *(alarm.c[name] for name in sorted(OF_THE_ALARM)))
    known = (
        {
            row.id: dict(row._mapping)
            for row in conn.execute(scope.own(facts.where(alarm.c.id.in_(ids)), alarm.c.site_id))
        }
        if ids
        else {}
    )
    return [_with(item, known.get(item.alarm_id)) for item in deliveries]


def _with(item: Delivery, facts: Mapping[str, Any] | None) -> Delivery:
    stored: object = item.message  # whatever the column holds
    if facts is None or not isinstance(stored, Mapping):
        return item
    return replace(item, message={name: facts[name] for name in OF_THE_ALARM} | dict(stored))


def _to_attempt(row: Row[Any]) -> Attempt:
    values = dict(row._mapping)
    del values["id"]
    return Attempt(**values)


def delivery_by_id(scope: Scope, conn: Connection, delivery_id: str) -> Delivery | None:
    """Return the delivery, or None."""
    query = sa.select(delivery).where(delivery.c.id == delivery_id)
    row = conn.execute(scope.of_alarms(query, delivery.c.alarm_id)).first()
    return None if row is None else to_delivery(row)


def send_again(scope: Scope, conn: Connection, delivery_id: str, now: datetime) -> Delivery | None:
    """Let a delivery that failed or was given up be sent once more, now, and return it; None: it is neither."""
    again = (
        sa.update(delivery)
        .where(delivery.c.id == delivery_id, delivery.c.state.in_([State.ERROR, State.FAILED]))
        .values(state=State.PENDING, due_at=now, attempts=0, cancelled=False)
    )
    row = conn.execute(scope.of_alarms(again, delivery.c.alarm_id).returning(*delivery.c)).first()
    return None if row is None else to_delivery(row)


def has_pages(scope: Scope, conn: Connection, alarm_id: str) -> bool:
    """Return whether there was ever anybody to page about the alarm."""
    pages = sa.select(delivery.c.id).where(
        delivery.c.alarm_id == alarm_id, delivery.c.kind.in_(sorted(PAGES))
    )
    return conn.execute(scope.of_alarms(pages, delivery.c.alarm_id).limit(1)).first() is not None


def pages_of(scope: Scope, conn: Connection, alarm_id: str) -> list[Delivery]:
    """Return the pages of the alarm in the order they were made, without records (tickets)."""
    query = (
        sa.select(delivery)
        .where(
            delivery.c.alarm_id == alarm_id,
            delivery.c.kind.in_(sorted(PAGES)),
            delivery.c.record.is_(False),
        )
        .order_by(delivery.c.id)
    )
    return [to_delivery(row) for row in conn.execute(scope.of_alarms(query, delivery.c.alarm_id))]


def states_of_step(scope: Scope, conn: Connection, page: Delivery) -> list[tuple[State, bool]]:
    """Return the state of every page of the step that the page is of, and whether it is a record (a ticket)."""
    query = sa.select(delivery.c.state, delivery.c.record).where(
        delivery.c.alarm_id == page.alarm_id,
        delivery.c.kind == page.kind,
        delivery.c.occurrence == page.occurrence,
    )
    rows = conn.execute(scope.of_alarms(query, delivery.c.alarm_id))
    return [(State(state), record) for state, record in rows]


def last_reminded_at(scope: Scope, conn: Connection, alarm_id: str) -> datetime | None:
    """Return when somebody was told last that the alarm was triggered again after its answer, or will be; None: never."""
    told_at = sa.func.max(sa.func.coalesce(delivery.c.sent_at, delivery.c.due_at))
    query = sa.select(told_at).where(
        delivery.c.alarm_id == alarm_id,
        delivery.c.kind == MessageKind.PRESSED_AGAIN,
        delivery.c.record.is_(False),
        delivery.c.state != State.CANCELLED,
    )
    found: datetime | None = conn.execute(scope.of_alarms(query, delivery.c.alarm_id)).scalar()
    return found


def may_be_accepted(scope: Scope, conn: Connection, page: Delivery, since: datetime) -> bool:
    """Return whether another page of the same step was accepted, or is on its way since no earlier than `since`."""
    on_its_way = delivery.c.state.in_([State.PENDING, State.PROCESSING])
    hopeful = sa.or_(
        delivery.c.state.in_([State.SENT, State.DELIVERED, State.FOLDED]),
        sa.and_(on_its_way, delivery.c.created_at > since),
    )
    query = sa.select(delivery.c.id).where(
        delivery.c.alarm_id == page.alarm_id,
        delivery.c.kind == page.kind,
        delivery.c.occurrence == page.occurrence,
        delivery.c.id != page.id,
        delivery.c.record.is_(False),
        hopeful,
    )
    return conn.execute(scope.of_alarms(query, delivery.c.alarm_id).limit(1)).first() is not None


class Paged(NamedTuple):
    """A page of an alarm, over a channel that is still in use."""

    channel_id: str
    channel_kind: str
    address: str
    recipient: str
    message: Mapping[str, Any]
    person_id: str | None
    state: State
    uncertain: bool


@lru_cache
def _told_over(scope: Scope) -> Statement:
    query = (
        sa.select(
            delivery.c.channel_id,
            channel.c.kind.label("channel_kind"),
            delivery.c.address,
            delivery.c.recipient,
            delivery.c.message,
            delivery.c.person_id,
            delivery.c.state,
            delivery.c.uncertain,
        )
        .join(channel, channel.c.id == delivery.c.channel_id)
        .where(
            delivery.c.alarm_id == sa.bindparam("of"),
            delivery.c.kind.in_(written(PAGES)),
            channel.c.enabled,
        )
        .order_by(delivery.c.id)
    )
    return Statement(scope.of_alarms(query, delivery.c.alarm_id))


def told_over(scope: Scope, conn: Connection, alarm_id: str) -> list[Paged]:
    """Return the pages of the alarm, records too, over channels that are switched on, in the order they were made."""
    rows = _told_over(scope).rows(conn, {"of": alarm_id})
    return [
        Paged(channel_id, kind, address, recipient, message, person_id, State(state), uncertain)
        for channel_id, kind, address, recipient, message, person_id, state, uncertain in rows
    ]


def last_paged_at(scope: Scope, conn: Connection, alarm_id: str) -> datetime | None:
    """Return when the alarm's last page was sent, or written if it was not, or None: there is none."""
    paged_at = sa.func.max(sa.func.coalesce(delivery.c.sent_at, delivery.c.created_at))
    query = sa.select(paged_at).where(delivery.c.alarm_id == alarm_id, delivery.c.kind.in_(sorted(PAGES)))
    return conn.execute(scope.of_alarms(query, delivery.c.alarm_id)).scalar()


def attempts_of(scope: Scope, conn: Connection, delivery_ids: Sequence[str]) -> dict[str, list[Attempt]]:
    """Return the attempts of each delivery, first one first."""
    found: dict[str, list[Attempt]] = {delivery_id: [] for delivery_id in delivery_ids}
    query = sa.select(attempt).join(delivery, delivery.c.id == attempt.c.delivery_id)
    query = query.where(attempt.c.delivery_id.in_(list(delivery_ids))).order_by(attempt.c.id)
    for row in conn.execute(scope.of_alarms(query, delivery.c.alarm_id)):
        found[row.delivery_id].append(_to_attempt(row))
    return found


def deliveries_of(scope: Scope, conn: Connection, alarm_id: str) -> list[tuple[Delivery, list[Attempt]]]:
    """Return the deliveries of one alarm with their attempts, in the order they were made."""
    query = sa.select(delivery).where(delivery.c.alarm_id == alarm_id).order_by(delivery.c.id)
    rows = conn.execute(scope.of_alarms(query, delivery.c.alarm_id))
    deliveries = [to_delivery(row) for row in rows]
    attempts = attempts_of(scope, conn, [found.id for found in deliveries])
    return [(found, attempts[found.id]) for found in deliveries]


def thread_ref(scope: Scope, conn: Connection, found: Delivery) -> str | None:
    """Return the provider's id of the first message to the same address about the same alarm."""
    if found.alarm_id is None:
        return None  # two tests of a channel are not about the same thing
    query = (
        sa.select(delivery.c.provider_ref)
        .where(
            delivery.c.alarm_id == found.alarm_id,
            delivery.c.channel_id == found.channel_id,
            delivery.c.address == found.address,
            delivery.c.id != found.id,
            delivery.c.provider_ref.is_not(None),
        )
        .order_by(delivery.c.id)
        .limit(1)
    )
    return conn.execute(scope.of_alarms(query, delivery.c.alarm_id)).scalar()


def language_told_in(scope: Scope, conn: Connection, alarm_id: str, recipient: str) -> str | None:
    """Return the language in which the recipient was paged, or None if that was a channel, or several who share a number."""
    shared = sa.exists().where(also_for.c.delivery_id == delivery.c.id)
    query = (
        sa.select(delivery.c.message)
        .where(
            delivery.c.alarm_id == alarm_id,
            delivery.c.recipient == recipient,
            delivery.c.person_id.is_not(None),
            ~shared,
        )
        .order_by(delivery.c.id)
        .limit(1)
    )
    message = conn.execute(scope.of_alarms(query, delivery.c.alarm_id)).scalar()
    return None if message is None else str(message["language"])


def last_attempt_by_channel(scope: Scope, conn: Connection) -> dict[str, Attempt]:
    """Return the newest attempt of each channel that has one; one that was cut off says nothing about its channel.

    To one site of its own channels only: an attempt over a shared one may be about another site.
    """
    # Channel by channel, each from the end of the index: grouped, every attempt there ever was would be read.
    place = sa.tuple_(attempt.c.channel_id, attempt.c.id)
    newest = sa.select(
        sa.select(attempt.c.id)
        # Between two places of the index and in its order: only so both databases take it, and not the one by id alone,
        # which would be read whole for a channel that has none.
        .where(place >= sa.tuple_(channel.c.id, _FIRST), place <= sa.tuple_(channel.c.id, _LAST))
        .where(attempt.c.outcome != "cut_off")
        .order_by(attempt.c.channel_id.desc(), attempt.c.id.desc())
        .limit(1)
        .correlate(channel)
        .label("attempt_id")
    ).select_from(channel)
    found = scope.own(newest, channel.c.site_id).subquery()
    rows = conn.execute(sa.select(attempt).join_from(found, attempt, attempt.c.id == found.c.attempt_id))
    return {row.channel_id: _to_attempt(row) for row in rows}


def taken_since(scope: Scope, conn: Connection, channel_id: str, since: datetime, *, at_most: int) -> int:
    """Return how many messages the channel has taken since then, as far as it is `at_most`.

    Read from the end of the index, and no further than twice that many attempts: a record of years costs no more.
    """
    place, over = sa.tuple_(attempt.c.channel_id, attempt.c.id), sa.literal(channel_id)
    own = scope.own(sa.select(channel.c.id).where(channel.c.id == channel_id), channel.c.site_id)
    newest = (
        sa.select(attempt.c.started_at, attempt.c.outcome)
        .where(attempt.c.channel_id.in_(own))
        .where(place >= sa.tuple_(over, _FIRST), place <= sa.tuple_(over, _LAST))
        .order_by(attempt.c.channel_id.desc(), attempt.c.id.desc())
        .limit(2 * at_most)
        .subquery()
    )
    taken = sa.select(sa.func.count()).where(newest.c.outcome == "sent", newest.c.started_at >= since)
    return min(conn.execute(taken).scalar_one(), at_most)


def unsent_by_channel(scope: Scope, conn: Connection) -> dict[str, int]:
    """Return how many deliveries each channel has yet to send; read from the partial indexes alone."""
    found: dict[str, int] = {}
    for there in (WAITS, HELD):
        query = sa.select(delivery.c.channel_id, sa.func.count()).where(there).group_by(delivery.c.channel_id)
        for channel_id, count in conn.execute(scope.of_alarms(query, delivery.c.alarm_id)):
            found[channel_id] = found.get(channel_id, 0) + count
    return found


@lru_cache
def _next_times(scope: Scope) -> tuple[Statement, ...]:
    waiting = sa.select(sa.func.min(delivery.c.due_at)).where(WAITS)
    leased = sa.select(sa.func.min(delivery.c.lease_until)).where(HELD)
    return tuple(Statement(scope.of_alarms(query, delivery.c.alarm_id)) for query in (waiting, leased))


def next_delivery_at(scope: Scope, conn: Connection) -> datetime | None:
    """Return when the earliest waiting delivery is due or the earliest lease runs out."""
    times = [statement.first(conn, {}) or (None,) for statement in _next_times(scope)]
    return min((found for (found,) in times if found is not None), default=None)


# --- what is heard --------------------------------------------------------------------------------------

HEARD_AT_ONCE = 500
"""Of what was heard as many are forgotten in one transaction: a press that comes meanwhile waits for no more than that."""


def hear(conn: Connection, channel_id: str, event_id: str, now: datetime) -> bool:
    """Note that something was heard over a channel; return False if it was heard before."""
    said = {"channel_id": channel_id, "event_id": event_id, "heard_at": now}
    noted = insert(conn.dialect.name, channel_event).values(said).on_conflict_do_nothing()
    return conn.execute(noted.returning(channel_event.c.event_id)).first() is not None


def forget_heard(conn: Connection, before: datetime) -> int:
    """Forget what was heard before then, and return how many (HEARD_AT_ONCE: there may be more)."""
    event = channel_event.c
    old = sa.select(event.channel_id, event.event_id).where(event.heard_at < before)
    found = conn.execute(old.order_by(event.heard_at).limit(HEARD_AT_ONCE)).all()
    for channel_id, event_id in found:
        conn.execute(
            sa.delete(channel_event).where(event.channel_id == channel_id, event.event_id == event_id)
        )
    return len(found)


def messages_named(
    scope: Scope, conn: Connection, channel_id: str, ref: str, sender: str
) -> list[tuple[str, str]]:
    """Return of which alarm a message is that its provider names so, and for whom it is; none: it is not known.

    What a provider calls a message may be the time, or a number that begins anew: of several alarms it is the one of whose
    messages the sender has such a one; two (there may be more): nobody can say.
    """
    is_theirs, name = delivery.c.address == sender, delivery.c.recipient
    at_sender = sa.func.max(sa.case((is_theirs, 1), else_=0)).label("at_sender")
    recipient = sa.func.coalesce(sa.func.min(sa.case((is_theirs, name))), sa.func.min(name)).label(
        "recipient"
    )
    query = (
        sa.select(delivery.c.alarm_id, recipient, at_sender)
        .where(
            delivery.c.channel_id == channel_id,
            delivery.c.provider_ref == ref,
            delivery.c.alarm_id.is_not(None),
        )
        .group_by(delivery.c.alarm_id)
        .order_by(at_sender.desc())
        .limit(2)
    )
    rows = conn.execute(scope.of_alarms(query, delivery.c.alarm_id)).all()
    if len({row.at_sender for row in rows}) > 1:
        rows = rows[:1]
    return [(row.alarm_id, row.recipient) for row in rows]


def people_told(scope: Scope, conn: Connection, alarm_id: str, people: Collection[str]) -> frozenset[str]:
    """Return which of the people a page about the alarm was for."""
    page = (delivery.c.alarm_id == alarm_id, delivery.c.kind.in_(sorted(PAGES)))
    first = sa.select(delivery.c.person_id).where(*page, delivery.c.person_id.in_(people))
    others = (
        sa.select(also_for.c.person_id)
        .join_from(also_for, delivery, delivery.c.id == also_for.c.delivery_id)
        .where(*page, also_for.c.person_id.in_(people))
    )
    queries = (scope.of_alarms(query, delivery.c.alarm_id) for query in (first, others))
    return frozenset(person for query in queries for person in conn.execute(query).scalars())


def is_told_at(scope: Scope, conn: Connection, alarm_id: str, channel_id: str, address: str) -> bool:
    """Return whether a page about the alarm has gone to exactly this address."""
    query = sa.select(delivery.c.id).where(
        delivery.c.alarm_id == alarm_id,
        delivery.c.channel_id == channel_id,
        delivery.c.address == address,
        delivery.c.kind.in_(sorted(PAGES)),
    )
    return conn.execute(scope.of_alarms(query, delivery.c.alarm_id).limit(1)).first() is not None
