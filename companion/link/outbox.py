"""Our events to each peer: numbered, and kept until they are confirmed.

Who may hear of what is decided by whoever writes an event (`link.publishing`): here a peer's stream is its own.
"""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.sql.dml import ReturningUpdate

from companion.ids import new_id
from companion.link.store import Body, Peer, peer_by_instance, update_peer
from companion.store.scope import ALL_SITES
from companion.store.statements import Statement
from companion.store.tables import link_event, link_peer, link_waiting


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


def _take(dialect: str, who: sa.ColumnElement[bool]) -> sa.Select[Any] | sa.Update:
    return _on_postgresql(who) if dialect == "postgresql" else _on_sqlite(who)


_TAKE = Statement(lambda dialect: _take(dialect, _OF_SITE))
_TAKE_OF_ALL = Statement(lambda dialect: _take(dialect, sa.true()))


def take_turns(conn: Connection, site_id: str | None, instances: Collection[str] | None = None) -> list[Turn]:
    """Return the number of one new event for each peer of the site; `instances` narrows them down.

    The peers that could be had stay locked until the commit, so numbers become visible in order and without holes.
    """
    if instances is None:
        return [Turn(*row) for row in _TAKE.rows(conn, {"site": site_id})]
    query = _take(conn.dialect.name, _OF_SITE & link_peer.c.instance.in_(list(instances)))
    return [Turn(*row) for row in conn.execute(query, {"site": site_id})]


def take_turns_of_all(conn: Connection) -> list[Turn]:
    """Return the number of one new event for every peer; see `take_turns`."""
    return [Turn(*row) for row in _TAKE_OF_ALL.rows(conn, {})]


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


def renew(conn: Connection, instance: str, errand_id: str, body: Body) -> bool:
    """Say this instead of what is kept of an errand; return False if nothing is."""
    return any(
        conn.execute(
            sa.update(table)
            .where(table.c.instance == instance, _errand(table) == errand_id)
            .values(body=dict(body))
        ).rowcount
        for table in (link_event, link_waiting)
    )


def keeps(conn: Connection, instance: str, errand_id: str) -> bool:
    """Return whether an errand is not confirmed."""
    return any(
        conn.execute(
            sa.select(table.c.instance)
            .where(table.c.instance == instance, _errand(table) == errand_id)
            .limit(1)
        ).first()
        for table in (link_event, link_waiting)
    )


def _errand(table: sa.Table) -> sa.ColumnElement[str]:
    found: sa.ColumnElement[str] = table.c.body["id"].as_string()
    return found


def has_waiting(conn: Connection, instance: str) -> bool:
    """Return whether events for the peer wait for their number."""
    query = sa.select(link_waiting.c.id).where(link_waiting.c.instance == instance)
    return conn.execute(query.limit(1)).first() is not None


def number_waiting(conn: Connection, instance: str) -> None:
    """Give their numbers to the events that wait for one, in the order in which they were written."""
    peer = peer_by_instance(ALL_SITES, conn, instance, lock=True)
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
        update_peer(ALL_SITES, conn, instance, next_seq=first + len(rows))


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
    update_peer(ALL_SITES, conn, instance, our_stream=new_id(), next_seq=len(bodies) + 1)
    if bodies:
        conn.execute(
            sa.insert(link_event),
            [
                {"instance": instance, "seq": seq, "body": dict(body)}
                for seq, body in enumerate(bodies, start=1)
            ],
        )
