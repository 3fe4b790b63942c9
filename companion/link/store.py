"""Queries on the link: who is on it, and what they have said.

A peer belongs to the site of its API key; one whose key is for every site is nobody's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.ids import new_id
from companion.store.scope import ALL_SITES, OutOfScope, Scope, require_alarm, require_owned, scope_of
from companion.store.sql import insert
from companion.store.tables import (
    heard_event,
    link_area,
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
class DatedArea(KnownArea):
    """And when it said so."""

    at: datetime


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
    key_id: str | None
    """The API key it came with last; None: that was before it was kept."""
    connection_id: str | None
    """Of the connection that it is on; None: it has left."""
    can: list[str] | None
    """What it can be asked for, as it said last; None: it has not been here since that is asked."""

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

    @property
    def scope(self) -> Scope:
        """Return whose alarm it becomes."""
        return scope_of(self.site_id)


# --- peers ----------------------------------------------------------------------------------------------


def _of_peers[Q: (sa.Select[Any], sa.Update, sa.Delete)](
    scope: Scope, query: Q, instance: sa.Column[str]
) -> Q:
    """Return the query narrowed down to rows whose column `instance` names a peer of the scope."""
    if scope == ALL_SITES:
        return query
    return query.where(instance.in_(scope.own(sa.select(link_peer.c.instance), link_peer.c.site_id)))


def _require_peer(scope: Scope, conn: Connection, instance: str) -> None:
    """Raise OutOfScope unless what is written is about a peer of the scope."""
    if scope != ALL_SITES and peer_by_instance(scope, conn, instance) is None:
        raise OutOfScope(f"the peer {instance} is not of {scope}")


def peers(scope: Scope, conn: Connection) -> list[Peer]:
    """Return every peer, by name."""
    query = scope.own(sa.select(link_peer), link_peer.c.site_id).order_by(link_peer.c.name)
    return [Peer(**row._mapping) for row in conn.execute(query)]


def peer_by_instance(scope: Scope, conn: Connection, instance: str, *, lock: bool = False) -> Peer | None:
    """Return the peer, or None; with `lock` nobody else numbers events for it until the commit."""
    query = scope.own(sa.select(link_peer).where(link_peer.c.instance == instance), link_peer.c.site_id)
    if lock and conn.dialect.name == "postgresql":
        query = query.with_for_update()
    row = conn.execute(query).first()
    return None if row is None else Peer(**row._mapping)


def instances(scope: Scope, conn: Connection) -> list[str]:
    """Return the instance of every peer."""
    return list(conn.execute(scope.own(sa.select(link_peer.c.instance), link_peer.c.site_id)).scalars())


def add_peer(
    scope: Scope,
    conn: Connection,
    *,
    instance: str,
    name: str,
    site_id: str | None,
    their_stream: str,
    now: datetime,
) -> bool:
    """Write down a peer that was never here; return False if it was. Raises OutOfScope."""
    require_owned(scope, site_id)
    added = conn.execute(
        insert(conn.dialect.name, link_peer)
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


def update_peer(scope: Scope, conn: Connection, instance: str, **values: Any) -> None:
    """Change columns of the peer."""
    query = sa.update(link_peer).where(link_peer.c.instance == instance).values(**values)
    conn.execute(scope.own(query, link_peer.c.site_id))


def leave(scope: Scope, conn: Connection, peer: Peer) -> None:
    """Keep that this connection of the peer is over; it may be on another one by now."""
    query = sa.update(link_peer).where(
        link_peer.c.instance == peer.instance, link_peer.c.connection_id == peer.connection_id
    )
    conn.execute(scope.own(query.values(connection_id=None), link_peer.c.site_id))


def forget_peers(scope: Scope, conn: Connection, not_seen_since: datetime) -> None:
    """Drop peers that never came back, and what is kept for them."""
    gone = sa.delete(link_peer).where(link_peer.c.last_seen_at < not_seen_since)
    gone = scope.own(gone, link_peer.c.site_id)
    instances = list(conn.execute(gone.returning(link_peer.c.instance)).scalars())
    if instances:
        conn.execute(sa.delete(link_waiting).where(link_waiting.c.instance.in_(instances)))


def advance(scope: Scope, conn: Connection, peer: Peer, seq: int, now: datetime) -> bool:
    """Keep that `seq` of the peer's stream is stored; return False if another connection was first."""
    query = (
        sa.update(link_peer)
        .where(
            link_peer.c.instance == peer.instance,
            link_peer.c.their_stream == peer.their_stream,
            link_peer.c.received == seq - 1,
        )
        .values(received=seq, last_seen_at=now)
    )
    return conn.execute(scope.own(query, link_peer.c.site_id)).rowcount == 1


# --- what they have said --------------------------------------------------------------------------------


def hear(scope: Scope, conn: Connection, alarm_id: str, event_id: str) -> bool:
    """Keep that this was said of the alarm; return whether it is new. Raises OutOfScope."""
    require_alarm(scope, conn, alarm_id)
    new = (
        insert(conn.dialect.name, heard_event)
        .values(alarm_id=alarm_id, event_id=event_id)
        .on_conflict_do_nothing()
    )
    return conn.execute(new).rowcount > 0


def has_heard(scope: Scope, conn: Connection, alarm_id: str, event_id: str) -> bool:
    """Return whether this was said of the alarm."""
    found = sa.select(heard_event.c.event_id)
    found = found.where(heard_event.c.alarm_id == alarm_id, heard_event.c.event_id == event_id)
    return conn.execute(scope.of_alarms(found, heard_event.c.alarm_id)).first() is not None


def areas(scope: Scope, conn: Connection, instance: str) -> list[KnownArea]:
    """Return the areas of a peer as it said last, by name."""
    columns = (link_area.c.area, link_area.c.name, link_area.c.state, link_area.c.mode)
    query = (
        sa.select(*columns)
        .where(link_area.c.instance == instance)
        .order_by(link_area.c.name, link_area.c.area)
    )
    return [KnownArea(**row._mapping) for row in conn.execute(_of_peers(scope, query, link_area.c.instance))]


def areas_by_peer(scope: Scope, conn: Connection) -> dict[str, list[DatedArea]]:
    """Return the areas of every peer, by its instance, each as it said last, by name."""
    found: dict[str, list[DatedArea]] = {}
    query = _of_peers(scope, sa.select(link_area), link_area.c.instance)
    for row in conn.execute(query.order_by(link_area.c.name, link_area.c.area)):
        values = dict(row._mapping)
        found.setdefault(values.pop("instance"), []).append(DatedArea(**values))
    return found


def put_area(scope: Scope, conn: Connection, instance: str, known: KnownArea, *, at: datetime) -> None:
    """Remember the state of a peer's area. Raises OutOfScope."""
    _require_peer(scope, conn, instance)
    values = {"name": known.name, "state": known.state, "mode": known.mode, "at": at}
    conn.execute(
        insert(conn.dialect.name, link_area)
        .values(instance=instance, area=known.area, **values)
        .on_conflict_do_update(index_elements=[link_area.c.instance, link_area.c.area], set_=values)
    )


def pending_body(scope: Scope, conn: Connection, instance: str, uid: str) -> Body | None:
    """Return what was said of a running entry delay, or None."""
    query = sa.select(link_pending.c.body).where(
        link_pending.c.instance == instance, link_pending.c.uid == uid
    )
    return conn.execute(_of_peers(scope, query, link_pending.c.instance)).scalar()


def put_pending(
    scope: Scope, conn: Connection, instance: str, *, uid: str, body: Body, due_at: datetime
) -> None:
    """Remember a running entry delay, to be acted on at `due_at` if nothing else is heard of it. Raises OutOfScope."""
    _require_peer(scope, conn, instance)
    values = {"body": dict(body), "due_at": due_at}
    conn.execute(
        insert(conn.dialect.name, link_pending)
        .values(instance=instance, uid=uid, **values)
        .on_conflict_do_update(index_elements=[link_pending.c.instance, link_pending.c.uid], set_=values)
    )


def clear_pending(scope: Scope, conn: Connection, instance: str, uid: str) -> None:
    """Forget an entry delay."""
    query = sa.delete(link_pending).where(link_pending.c.instance == instance, link_pending.c.uid == uid)
    conn.execute(_of_peers(scope, query, link_pending.c.instance))


def postpone_pending(scope: Scope, conn: Connection, pending: Pending, due_at: datetime) -> None:
    """Look at the entry delay again at `due_at`."""
    query = (
        sa.update(link_pending)
        .where(link_pending.c.instance == pending.instance, link_pending.c.uid == pending.uid)
        .values(due_at=due_at)
    )
    conn.execute(_of_peers(scope, query, link_pending.c.instance))


def due_pendings(scope: Scope, conn: Connection, now: datetime, limit: int) -> list[Pending]:
    """Return entry delays that nothing was heard of in time, locked for this transaction."""
    query = (
        sa.select(link_pending, link_peer.c.site_id)
        .join(link_peer, link_peer.c.instance == link_pending.c.instance)
        .where(link_pending.c.due_at <= now)
        .order_by(link_pending.c.due_at)
        .limit(limit)
    )
    query = scope.own(query, link_peer.c.site_id)
    if conn.dialect.name == "postgresql":
        # Only the delays: a peer's row is locked after its alarms, everywhere, or two transactions wait for each other.
        query = query.with_for_update(skip_locked=True, of=link_pending)
    return [Pending(**row._mapping) for row in conn.execute(query)]


def next_pending_at(scope: Scope, conn: Connection) -> datetime | None:
    """Return when the earliest entry delay is due."""
    query = sa.select(sa.func.min(link_pending.c.due_at))
    return conn.execute(_of_peers(scope, query, link_pending.c.instance)).scalar()
