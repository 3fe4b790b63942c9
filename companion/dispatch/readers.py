"""Whom a message is for, and who of them is still to be told another way.

One message to one address may be for several people. Each has contact points of their own, so each is passed on by
themselves: a row of `failover` for each reader of each page, gone once the page is accepted or passed on for them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.dispatch.delivery import Delivery, Reader, State
from companion.store.sql import insert, skip_locked
from companion.store.statements import Statement
from companion.store.tables import also_for, delivery as delivery_table, failover

BETWEEN = " / "
"""Between the names of people who share an address."""
_REFUSED_SO_FAR = frozenset({State.FAILED, State.ERROR, State.CANCELLED})


class Point(Protocol):
    """A contact point of a person."""

    @property
    def channel_id(self) -> str:
        """Return the channel."""
        ...

    @property
    def address(self) -> str:
        """Return the address on it."""
        ...

    @property
    def position(self) -> int:
        """Return its place in the person's order."""
        ...


@dataclass(frozen=True)
class Told:
    """A message that was written about the same thing in the same round."""

    delivery_id: str
    state: State
    readers: frozenset[str]


@dataclass(frozen=True)
class Way[P: Point]:
    """How somebody is told next."""

    point: P | None
    """Where they are told now, None: nowhere any more."""
    is_new: bool
    """A message must be written there; else one to somebody else is there or on its way, and is theirs too now."""
    joins: tuple[tuple[Told, P], ...]
    """Messages to somebody else at an address of theirs, in their order."""


def next_way[P: Point](points: Iterable[P], told: Mapping[tuple[str, str], Told], reader: Reader) -> Way[P]:
    """Return how to tell the reader after their point at `reader.position`: in their order, from the first again after the last.

    An address is called once a round, whoever it belongs to: what somebody else was told there is theirs too.
    """
    joins: list[tuple[Told, P]] = []
    for point in sorted(points, key=lambda one: (one.position < reader.position, one.position)):
        there = told.get((point.channel_id, point.address))
        if there is None:
            return Way(point, is_new=True, joins=tuple(joins))
        if reader.person_id in there.readers:
            continue
        joins.append((there, point))
        if there.state not in _REFUSED_SO_FAR:
            return Way(point, is_new=False, joins=tuple(joins))
    return Way(None, is_new=False, joins=tuple(joins))


def readers_of(conn: Connection, delivery: Delivery) -> list[Reader]:
    """Return the people whom the message is for, the one it is addressed to first."""
    first = [] if delivery.person_id is None else [Reader(delivery.person_id, delivery.position)]
    others = sa.select(also_for.c.person_id, also_for.c.position).where(also_for.c.delivery_id == delivery.id)
    return [*first, *(Reader(*row) for row in conn.execute(others.order_by(also_for.c.person_id)))]


def told_with(conn: Connection, delivery: Delivery) -> dict[tuple[str, str], Told]:
    """Return the messages about the same thing in the same round, by channel and address."""
    table = delivery_table
    rows = conn.execute(
        sa.select(
            table.c.id,
            table.c.channel_id,
            table.c.address,
            table.c.state,
            table.c.person_id,
            also_for.c.person_id.label("other_id"),
        )
        .outerjoin(also_for, also_for.c.delivery_id == table.c.id)
        .where(*_same_round(delivery))
    )
    found: dict[tuple[str, str], Told] = {}
    for row in rows:
        place = (row.channel_id, row.address)
        people = {row.person_id, row.other_id} - {None}
        before = found.get(place)
        readers = frozenset(people) | (frozenset() if before is None else before.readers)
        found[place] = Told(row.id, State(row.state), readers)
    return found


def is_told_another_way(conn: Connection, delivery: Delivery) -> bool:
    """Return whether one of the message's readers was told another way after it was written."""
    people = [reader.person_id for reader in readers_of(conn, delivery)]
    table = delivery_table
    theirs = sa.or_(
        table.c.person_id.in_(people),
        sa.exists().where(also_for.c.delivery_id == table.c.id, also_for.c.person_id.in_(people)),
    )
    later = sa.select(table.c.id).where(*_same_round(delivery), table.c.id > delivery.id, theirs)
    return bool(people) and conn.execute(later.limit(1)).first() is not None


def _same_round(delivery: Delivery) -> tuple[sa.ColumnElement[bool], ...]:
    table = delivery_table
    return (
        table.c.alarm_id.is_(None) if delivery.alarm_id is None else table.c.alarm_id == delivery.alarm_id,
        table.c.kind == delivery.kind.value,
        table.c.occurrence == delivery.occurrence,
    )


def join(conn: Connection, delivery_id: str, reader: Reader) -> None:
    """Make a message that goes to somebody else the reader's too."""
    row = {"delivery_id": delivery_id, "person_id": reader.person_id, "position": reader.position}
    conn.execute(insert(conn.dialect.name, also_for).on_conflict_do_nothing(), [row])


_EXPECT = Statement(sa.insert(failover))
_FORGET = Statement(
    sa.delete(failover)
    .where(failover.c.delivery_id == sa.bindparam("delivery_id"))
    .returning(failover.c.person_id)
)


def expect(
    conn: Connection, pages: Mapping[str, Sequence[Reader]], alarm_id: str | None, due_at: datetime
) -> None:
    """Let the next contact point of each reader of each page (by its id) be due at `due_at`."""
    _EXPECT.run(
        conn,
        *(
            {"delivery_id": page, "person_id": reader.person_id, "alarm_id": alarm_id, "due_at": due_at}
            for page, readers in pages.items()
            for reader in readers
        ),
    )


def forget(conn: Connection, delivery_id: str) -> list[str]:
    """Return the people whose next contact point was still to be told; it is not any more."""
    return sorted(person_id for (person_id,) in _FORGET.rows(conn, {"delivery_id": delivery_id}))


_FORGET_ALL = Statement(sa.delete(failover).where(failover.c.alarm_id == sa.bindparam("alarm_id")))


def forget_all(conn: Connection, alarm_id: str) -> None:
    """Nobody needs to be told another way: somebody has answered."""
    _FORGET_ALL.run(conn, {"alarm_id": alarm_id})


def due_alarm_ids(conn: Connection, now: datetime, limit: int) -> list[str]:
    """Return the alarms with a page whose time is over, the most urgent first, then the longest waiting."""
    page = delivery_table
    query = (
        sa.select(failover.c.alarm_id)
        .join(page, page.c.id == failover.c.delivery_id)
        .where(failover.c.due_at <= now, failover.c.alarm_id.is_not(None))
        .group_by(failover.c.alarm_id)
        .order_by(sa.func.min(page.c.urgency), sa.func.min(failover.c.due_at))
        .limit(limit)
    )
    return list(conn.execute(query).scalars())


def take_due(conn: Connection, alarm_id: str | None, now: datetime) -> list[tuple[str, str]]:
    """Return page and person of what is due of a locked alarm, or about no alarm; each is returned once, whoever asks."""
    keys = (failover.c.delivery_id, failover.c.person_id)
    due = skip_locked(conn, sa.select(*keys).where(_about(alarm_id), failover.c.due_at <= now))
    taken = sa.delete(failover).where(sa.tuple_(*keys).in_(conn.execute(due).tuples().all()))
    return sorted(conn.execute(taken.returning(*keys)).tuples())


def _about(alarm_id: str | None) -> sa.ColumnElement[bool]:
    return failover.c.alarm_id.is_(None) if alarm_id is None else failover.c.alarm_id == alarm_id


def postpone(conn: Connection, alarm_id: str | None, now: datetime, until: datetime) -> None:
    """Let what is due of the alarm, or about no alarm, be due later."""
    due = sa.update(failover).where(_about(alarm_id), failover.c.due_at <= now)
    conn.execute(due.values(due_at=until))


def next_due_at(conn: Connection) -> datetime | None:
    """Return when the earliest next contact point must be told."""
    return conn.execute(sa.select(sa.func.min(failover.c.due_at))).scalar()
