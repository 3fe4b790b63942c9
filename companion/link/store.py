"""Queries on the link: who is on it, what is kept for them, what they have said."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.sql.dml import ReturningUpdate

from companion.ids import new_id
from companion.store.scope import Scope, scope_of
from companion.store.sql import insert
from companion.store.tables import (
    api_key,
    heard_event,
    link_area,
    link_event,
    link_peer,
    link_pending,
    link_waiting,
)

type Body = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class KnownArea:
    """An area of a panel as it said last."""

    area: str
    name: str
    state: str
    mode: str | None


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A Home Assistant that has been on the link."""

    instance: str
    name: str
    site_id: str | None
    """Of the API key it came with; None: every site."""
    their_stream: str
    received: int
    """The highest sequence of `their_stream` whose effect is stored."""
    our_stream: str
    next_seq: int
    """The number of our next event for it."""
    last_seen_at: datetime | None

    @property
    def scope(self) -> Scope:
        """Return whose alarms and troubles it may hear of."""
        return scope_of(self.site_id)


@dataclass(frozen=True, kw_only=True)
class Pending:
    """An entry delay that runs at a Home Assistant."""

    instance: str
    uid: str
    site_id: str | None
    body: Body
    due_at: datetime


# --- peers ----------------------------------------------------------------------------------------------


def peer_by_instance(conn: Connection, instance: str, *, lock: bool = False) -> Peer | None:
    """Return the peer, or None; with `lock` nobody else numbers events for it until the commit."""
    query = sa.select(link_peer).where(link_peer.c.instance == instance)
    if lock and conn.dialect.name == "postgresql":
        query = query.with_for_update()
    row = conn.execute(query).first()
    return None if row is None else Peer(**row._mapping)


def instances(conn: Connection) -> list[str]:
    """Return the instance of every peer."""
    return list(conn.execute(sa.select(link_peer.c.instance)).scalars())


def add_peer(
    conn: Connection, *, instance: str, name: str, site_id: str | None, their_stream: str, now: datetime
) -> bool:
    """Write down a peer that was never here; return False if it was."""
    added = conn.execute(
        insert(conn, link_peer)
        .values(
            instance=instance,
            name=name,
            site_id=site_id,
            their_stream=their_stream,
            received=0,
            our_stream=new_id(),
            next_seq=1,
            last_seen_at=now,
        )
        .on_conflict_do_nothing()
    )
    return added.rowcount == 1


def update_peer(conn: Connection, instance: str, **values: Any) -> None:
    """Change columns of the peer."""
    conn.execute(sa.update(link_peer).where(link_peer.c.instance == instance).values(**values))


def forget_peers(conn: Connection, not_seen_since: datetime) -> None:
    """Drop peers that never came back, and what is kept for them."""
    gone = sa.delete(link_peer).where(link_peer.c.last_seen_at < not_seen_since)
    instances = list(conn.execute(gone.returning(link_peer.c.instance)).scalars())
    if instances:
        conn.execute(sa.delete(link_waiting).where(link_waiting.c.instance.in_(instances)))


def touch_peer(conn: Connection, instance: str, key_id: str, now: datetime) -> bool:
    """Keep when the peer was last seen; return whether its API key still holds."""
    update_peer(conn, instance, last_seen_at=now)
    query = sa.select(api_key.c.id).where(api_key.c.id == key_id, api_key.c.revoked_at.is_(None))
    return conn.execute(query).first() is not None


def advance(conn: Connection, peer: Peer, seq: int, now: datetime) -> bool:
    """Keep that `seq` of the peer's stream is stored; return False if another connection was first."""
    advanced = conn.execute(
        sa.update(link_peer)
        .where(
            link_peer.c.instance == peer.instance,
            link_peer.c.their_stream == peer.their_stream,
            link_peer.c.received == seq - 1,
        )
        .values(received=seq, last_seen_at=now)
    )
    return advanced.rowcount == 1


# --- our events -----------------------------------------------------------------------------------------


class Turn(NamedTuple):
    """A peer that is to hear of something, and the number of that event."""

    instance: str
    seq: int | None
    """None while somebody else holds the peer: the event gets its number later, nobody waits for that."""
    others_wait: bool
    """Earlier events wait for their number too: they go first."""


_OF_SITE = link_peer.c.site_id.is_(None) | (link_peer.c.site_id == sa.bindparam("site"))


def _on_postgresql(who: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Return the statement that takes a number of each peer that nobody else holds, and names the others."""
    free = sa.select(link_peer.c.instance).where(who).with_for_update(skip_locked=True, key_share=True).cte()
    taken = (
        sa.update(link_peer)
        .where(link_peer.c.instance == free.c.instance)
        .values(next_seq=link_peer.c.next_seq + 1)
        .returning(link_peer.c.instance, link_peer.c.next_seq)
        .cte()
    )
    others_wait = sa.exists().where(link_waiting.c.instance == link_peer.c.instance)
    return (
        sa.select(link_peer.c.instance, taken.c.next_seq - 1, others_wait)
        .outerjoin_from(link_peer, taken, taken.c.instance == link_peer.c.instance)
        .where(who)
    )


def _on_sqlite(who: sa.ColumnElement[bool]) -> ReturningUpdate[Any]:
    """Return the same where the only writer holds everything anyway."""
    return (
        sa.update(link_peer)
        .where(who)
        .values(next_seq=link_peer.c.next_seq + 1)
        .returning(link_peer.c.instance, link_peer.c.next_seq - 1, sa.false())
    )


# Built once, as it is part of every press.
_TAKE = {
    "postgresql": (_on_postgresql(_OF_SITE), _on_postgresql(sa.true())),
    "sqlite": (_on_sqlite(_OF_SITE), _on_sqlite(sa.true())),
}


def take_turns(conn: Connection, site_id: str | None, instances: Collection[str] | None = None) -> list[Turn]:
    """Return the number of one new event for each peer of the site; `instances` narrows them down.

    The peers that could be had stay locked until the commit, so numbers become visible in order and without holes.
    """
    of_site, _ = _TAKE[conn.dialect.name]
    if instances is not None:
        who = _OF_SITE & link_peer.c.instance.in_(list(instances))
        of_site = _on_postgresql(who) if conn.dialect.name == "postgresql" else _on_sqlite(who)
    return [Turn(*row) for row in conn.execute(of_site, {"site": site_id})]


def take_turns_of_all(conn: Connection) -> list[Turn]:
    """Return the number of one new event for every peer; see `take_turns`."""
    _, of_all = _TAKE[conn.dialect.name]
    return [Turn(*row) for row in conn.execute(of_all)]


def keep_event(conn: Connection, turns: Sequence[Turn], body: Body) -> None:
    """Keep one event for each of the peers until it is confirmed."""
    at_once = [turn for turn in turns if turn.seq is not None and not turn.others_wait]
    if at_once:
        conn.execute(
            sa.insert(link_event),
            [{"instance": turn.instance, "seq": turn.seq, "body": dict(body)} for turn in at_once],
        )
    later = [turn for turn in turns if turn.seq is None or turn.others_wait]
    if later:
        conn.execute(
            sa.insert(link_waiting),
            [{"id": new_id(), "instance": turn.instance, "body": dict(body)} for turn in later],
        )
    for turn in later:
        if turn.seq is not None:
            _number(conn, turn.instance, first=turn.seq)


def has_waiting(conn: Connection, instance: str) -> bool:
    """Return whether events for the peer wait for their number."""
    query = sa.select(link_waiting.c.id).where(link_waiting.c.instance == instance)
    return conn.execute(query.limit(1)).first() is not None


def number_waiting(conn: Connection, instance: str) -> None:
    """Give their numbers to the events that wait for one, in the order in which they were written."""
    peer = peer_by_instance(conn, instance, lock=True)
    if peer is not None:
        _number(conn, instance, first=peer.next_seq)


def _number(conn: Connection, instance: str, *, first: int) -> None:
    waiting = conn.execute(
        sa.delete(link_waiting)
        .where(link_waiting.c.instance == instance)
        .returning(link_waiting.c.id, link_waiting.c.body)
    ).all()
    if waiting:
        rows = [
            {"instance": instance, "seq": seq, "body": body}
            for seq, (_id, body) in enumerate(sorted(waiting, key=lambda row: row[0]), start=first)
        ]
        conn.execute(sa.insert(link_event), rows)
        update_peer(conn, instance, next_seq=first + len(rows))


def kept_events(conn: Connection, instance: str, *, after: int, limit: int) -> list[tuple[int, Body]]:
    """Return the kept events above `after`, in order."""
    query = (
        sa.select(link_event.c.seq, link_event.c.body)
        .where(link_event.c.instance == instance, link_event.c.seq > after)
        .order_by(link_event.c.seq)
        .limit(limit)
    )
    return [(seq, body) for seq, body in conn.execute(query)]


def kept_of_stream(conn: Connection, peer: Peer, *, after: int, limit: int) -> list[tuple[int, Body]] | None:
    """Return the kept events above `after`, or None when our stream to the peer is no longer the one it knows."""
    kept = kept_events(conn, peer.instance, after=after, limit=limit)
    # Looked at second: a stream that begins between the two statements must not pass for the old one.
    current = conn.execute(
        sa.select(link_peer.c.our_stream).where(link_peer.c.instance == peer.instance)
    ).scalar()
    return kept if current == peer.our_stream else None


def first_kept(conn: Connection, instance: str) -> int | None:
    """Return the lowest number that is not confirmed, or None."""
    return conn.execute(
        sa.select(sa.func.min(link_event.c.seq)).where(link_event.c.instance == instance)
    ).scalar()


def count_kept(conn: Connection, instance: str) -> int:
    """Return how many events are not confirmed."""
    query = sa.select(sa.func.count()).where(link_event.c.instance == instance)
    return conn.execute(query).scalar_one()


def confirm(conn: Connection, instance: str, our_stream: str, seq: int) -> None:
    """Forget our events up to `seq`, unless the number is of a stream that has ended since."""
    current = sa.exists().where(link_peer.c.instance == instance, link_peer.c.our_stream == our_stream)
    conn.execute(
        sa.delete(link_event).where(link_event.c.instance == instance, link_event.c.seq <= seq, current)
    )


def begin_stream(conn: Connection, instance: str, bodies: Sequence[Body]) -> None:
    """Begin a new stream to the peer that has exactly these events, numbered from 1."""
    conn.execute(sa.delete(link_event).where(link_event.c.instance == instance))
    update_peer(conn, instance, our_stream=new_id(), next_seq=len(bodies) + 1)
    if bodies:
        conn.execute(
            sa.insert(link_event),
            [
                {"instance": instance, "seq": seq, "body": dict(body)}
                for seq, body in enumerate(bodies, start=1)
            ],
        )


# --- what they have said --------------------------------------------------------------------------------


def hear(conn: Connection, alarm_id: str, event_id: str) -> bool:
    """Keep that this was said of the alarm; return whether it is new."""
    new = insert(conn, heard_event).values(alarm_id=alarm_id, event_id=event_id).on_conflict_do_nothing()
    return conn.execute(new).rowcount > 0


def has_heard(conn: Connection, alarm_id: str, event_id: str) -> bool:
    """Return whether this was said of the alarm."""
    found = sa.select(heard_event.c.event_id)
    found = found.where(heard_event.c.alarm_id == alarm_id, heard_event.c.event_id == event_id)
    return conn.execute(found).first() is not None


def areas(conn: Connection, instance: str) -> list[KnownArea]:
    """Return the areas of a peer as it said last, by name."""
    columns = (link_area.c.area, link_area.c.name, link_area.c.state, link_area.c.mode)
    rows = conn.execute(
        sa.select(*columns)
        .where(link_area.c.instance == instance)
        .order_by(link_area.c.name, link_area.c.area)
    )
    return [KnownArea(**row._mapping) for row in rows]


def put_area(conn: Connection, instance: str, known: KnownArea, *, at: datetime) -> None:
    """Remember the state of a peer's area."""
    values = {"name": known.name, "state": known.state, "mode": known.mode, "at": at}
    conn.execute(
        insert(conn, link_area)
        .values(instance=instance, area=known.area, **values)
        .on_conflict_do_update(index_elements=[link_area.c.instance, link_area.c.area], set_=values)
    )


def pending_body(conn: Connection, instance: str, uid: str) -> Body | None:
    """Return what was said of a running entry delay, or None."""
    query = sa.select(link_pending.c.body).where(
        link_pending.c.instance == instance, link_pending.c.uid == uid
    )
    return conn.execute(query).scalar()


def put_pending(conn: Connection, instance: str, *, uid: str, body: Body, due_at: datetime) -> None:
    """Remember a running entry delay, to be acted on at `due_at` if nothing else is heard of it."""
    values = {"body": dict(body), "due_at": due_at}
    conn.execute(
        insert(conn, link_pending)
        .values(instance=instance, uid=uid, **values)
        .on_conflict_do_update(index_elements=[link_pending.c.instance, link_pending.c.uid], set_=values)
    )


def clear_pending(conn: Connection, instance: str, uid: str) -> None:
    """Forget an entry delay."""
    conn.execute(
        sa.delete(link_pending).where(link_pending.c.instance == instance, link_pending.c.uid == uid)
    )


def postpone_pending(conn: Connection, pending: Pending, due_at: datetime) -> None:
    """Look at the entry delay again at `due_at`."""
    conn.execute(
        sa.update(link_pending)
        .where(link_pending.c.instance == pending.instance, link_pending.c.uid == pending.uid)
        .values(due_at=due_at)
    )


def due_pendings(conn: Connection, now: datetime, limit: int) -> list[Pending]:
    """Return entry delays that nothing was heard of in time, locked for this transaction."""
    query = (
        sa.select(link_pending, link_peer.c.site_id)
        .join(link_peer, link_peer.c.instance == link_pending.c.instance)
        .where(link_pending.c.due_at <= now)
        .order_by(link_pending.c.due_at)
        .limit(limit)
    )
    if conn.dialect.name == "postgresql":
        # Only the delays: a peer's row is locked after its alarms, everywhere, or two transactions wait for each other.
        query = query.with_for_update(skip_locked=True, of=link_pending)
    return [Pending(**row._mapping) for row in conn.execute(query)]


def next_pending_at(conn: Connection) -> datetime | None:
    """Return when the earliest entry delay is due."""
    return conn.execute(sa.select(sa.func.min(link_pending.c.due_at))).scalar()
