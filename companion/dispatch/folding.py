"""A source that floods: what it still has to say to an address is told in one running message (docs/decisions).

A page that is folded is a row like any other and is never sent by itself. When its time comes, the newest of those that
wait for one address is sent, says how many more there are, and stands for them all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.dispatch.delivery import Delivery, Reader, State
from companion.dispatch.readers import join
from companion.dispatch.store import FOLDED, to_delivery
from companion.store.sql import skip_locked
from companion.store.statements import Statement, written
from companion.store.tables import also_for, delivery

FREE = 5
"""So many alarms of one source are told to an address one by one …"""
WINDOW = timedelta(minutes=2)
"""… within this time; what comes after is folded until the source is quiet."""
SETTLE = timedelta(seconds=1)
"""What comes together is told together."""
MOST = 1000
"""Alarms that one message stands for: bounds its transaction; what is left is told with the next."""


@dataclass(frozen=True)
class Flow:
    """What one source has to say to one address."""

    source_key: str
    channel_id: str
    address: str


@dataclass(frozen=True)
class Released:
    """A running message, and the pages that it stands for beside its own."""

    carrier: Delivery
    """As it was while it waited."""
    told: Sequence[Delivery]


def _of(flow: Flow) -> sa.ColumnElement[bool]:
    return sa.and_(
        delivery.c.source_key == flow.source_key,
        delivery.c.channel_id == flow.channel_id,
        delivery.c.address == flow.address,
    )


_OTHERS = Statement(
    sa.select(delivery.c.id)
    .where(
        *(delivery.c[name] == sa.bindparam(name) for name in ("source_key", "channel_id", "address")),
        delivery.c.created_at > sa.bindparam("since"),
        delivery.c.alarm_id != sa.bindparam("but"),
    )
    # Written out: SQLite plans a statement anew each time that it is told another limit, or the same one again.
    .limit(sa.literal_column(str(FREE)))
)


def folded_until(
    conn: Connection, flow: Flow, alarm_id: str, now: datetime, every: timedelta
) -> datetime | None:
    """Return when a page about the alarm is told together with others, or None: by itself, now.

    The running message comes at most once in `every`.
    """
    others = {**vars(flow), "since": now - WINDOW, "but": alarm_id}
    if len(_OTHERS.rows(conn, others)) < FREE:
        return None
    sent = sa.select(sa.func.max(delivery.c.created_at)).where(_of(flow), delivery.c.state != State.FOLDED)
    last = conn.execute(sent).scalar()
    return max(now + SETTLE, min(now, last or now) + every)


def due_flows(conn: Connection, now: datetime, limit: int) -> list[Flow]:
    """Return where a running message is due, the most urgent first, then the longest waiting."""
    place = (delivery.c.source_key, delivery.c.channel_id, delivery.c.address)
    query = (
        sa.select(*place)
        .where(FOLDED, delivery.c.due_at <= now)
        .group_by(*place)
        .order_by(sa.func.min(delivery.c.urgency), sa.func.min(delivery.c.due_at))
        .limit(limit)
    )
    return [Flow(*row) for row in conn.execute(query)]


def next_release_at(conn: Connection) -> datetime | None:
    """Return when the next running message is due."""
    return conn.execute(sa.select(sa.func.min(delivery.c.due_at)).where(FOLDED)).scalar()


def postpone(conn: Connection, flow: Flow, until: datetime) -> None:
    """Let the running message be due later."""
    conn.execute(sa.update(delivery).where(FOLDED, _of(flow)).values(due_at=until))


def release(conn: Connection, flow: Flow, now: datetime) -> Released | None:
    """Let the newest page that waits be sent for all of them; None if another process is at it."""
    waiting = sa.select(delivery).where(FOLDED, _of(flow)).order_by(delivery.c.id).limit(MOST)
    rows = [to_delivery(row) for row in conn.execute(skip_locked(conn, waiting))]
    if not rows:
        return None
    told, newest = rows[:-1], rows[-1]
    alarms = {item.alarm_id for item in told} - {newest.alarm_id}
    more = len(alarms) + sum(item.more for item in rows)
    sent = {"state": State.PENDING, "due_at": now, "created_at": now}
    stored: object = newest.message  # whatever the column holds
    message = {**(stored if isinstance(stored, Mapping) else {}), "more": more}
    conn.execute(sa.update(delivery).where(delivery.c.id == newest.id).values(message=message, **sent))
    ids = [item.id for item in told]
    conn.execute(sa.update(delivery).where(delivery.c.id.in_(ids)).values(folded_into=newest.id))
    for person_id, position in _readers(conn, told).items():
        if person_id != newest.person_id:
            join(conn, newest.id, Reader(person_id, position))
    return Released(newest, told)


def _readers(conn: Connection, told: Sequence[Delivery]) -> dict[str, int]:
    """Return everybody whom the pages are for, and the place of their address among the person's own."""
    others = sa.select(also_for.c.person_id, also_for.c.position).where(
        also_for.c.delivery_id.in_([item.id for item in told])
    )
    first = {item.person_id: item.position for item in told if item.person_id is not None}
    return dict(conn.execute(others).tuples().all()) | first


_UNFOLD = Statement(
    sa.update(delivery)
    .where(
        delivery.c.folded_into.in_(
            sa.select(delivery.c.id).where(
                delivery.c.alarm_id == sa.bindparam("of"),
                delivery.c.state.not_in(written({State.SENT, State.DELIVERED})),
            )
        ),
        delivery.c.state == State.FOLDED,
    )
    .values(folded_into=None, due_at=sa.bindparam("until", type_=delivery.c.due_at.type))
)


def unfold(conn: Connection, alarm_id: str, due_at: datetime) -> None:
    """Let what a page of the alarm stood for be told by another message at `due_at`: this one is perhaps not sent any more.

    One that is on its way is perhaps sent all the same: to tell of an open alarm twice is better than not at all.
    """
    _UNFOLD.run(conn, {"of": alarm_id, "until": due_at})
