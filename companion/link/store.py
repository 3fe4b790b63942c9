"""Queries on the link: who is on it, what is kept for them, what they have said."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.ids import new_id
from companion.store.scope import Scope, scope_of
from companion.store.sql import insert
from companion.store.tables import (
    api_key,
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
