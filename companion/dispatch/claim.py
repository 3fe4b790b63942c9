"""Leases: which worker may send which delivery, and what happens when a worker is gone."""

import hashlib
import os
import secrets
import socket
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.dispatch.delivery import Attempt, Delivery, State, Urgency
from companion.dispatch.slots import Room
from companion.dispatch.store import HELD, WAITS, next_delivery_at, to_delivery
from companion.store.scope import ALL_SITES
from companion.store.sql import skip_locked
from companion.store.statements import Statement
from companion.store.tables import attempt, delivery
from companion.texts.reasons import Reason

ONE = Room(1, 1)
CRASH_LIMIT = 20
"""A delivery whose worker died this often is what kills it."""


def _process_space() -> str:
    """Return what tells whose process ids mean the same: on Linux the running kernel and the PID namespace (a container's).

    Not the host's name: two hosts with one name would take each other's workers for dead.
    """
    try:
        kernel = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        namespace = Path("/proc/self/ns/pid").readlink().name
    except OSError:
        return socket.gethostname()
    return hashlib.sha256(f"{kernel} {namespace}".encode()).hexdigest()[:12]


def new_owner() -> str:
    """Return a name for this process that no other ever has: where, process id, chance."""
    return f"{_process_space()}/{os.getpid()}/{secrets.token_hex(4)}"


def is_dead(owner: str, *, me: str) -> bool:
    """Return whether `owner` was a process that is certainly gone (what cannot be known counts as alive)."""
    space, pid, _ = owner.rsplit("/", 2)
    my_space, my_pid, _ = me.rsplit("/", 2)
    if owner == me or space != my_space:
        return False
    if pid == my_pid:  # the process id came round again
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def claim_due(
    conn: Connection, owner: str, now: datetime, lease: timedelta, rooms: Mapping[str, Room]
) -> list[Delivery]:
    """Take due deliveries, as many as there is room for on each channel, the most urgent first, then the earliest.

    Channels that `rooms` does not know have room for one.
    """
    waiting = sa.and_(WAITS, delivery.c.due_at <= now)
    channels = conn.execute(sa.select(delivery.c.channel_id).where(waiting).distinct()).scalars().all()
    taken: list[Delivery] = []
    for channel_id in channels:
        room = rooms.get(channel_id, ONE)
        if room.urgent <= 0:
            continue
        picked = skip_locked(
            conn,
            sa.select(delivery.c.id, delivery.c.urgency)
            .where(waiting, delivery.c.channel_id == channel_id)
            .order_by(delivery.c.urgency, delivery.c.due_at, delivery.c.id)
            .limit(room.urgent),
        )
        # Two statements: inside one, PostgreSQL may run the limited query more than once.
        found = conn.execute(picked).tuples().all()
        urgent = [delivery_id for delivery_id, urgency in found if urgency == Urgency.LIFE]
        ordinary = [delivery_id for delivery_id, urgency in found if urgency != Urgency.LIFE]
        picked_ids = [*urgent, *ordinary[: max(0, room.ordinary)]]
        if not picked_ids:
            continue
        rows = conn.execute(
            sa.update(delivery)
            .where(delivery.c.id.in_(picked_ids))
            .values(
                state=State.PROCESSING,
                owner=owner,
                fence=delivery.c.fence + 1,
                attempts=delivery.c.attempts + 1,
                lease_until=now + lease,
            )
            .returning(*delivery.c)
        )
        taken.extend(to_delivery(row) for row in rows)
    return sorted(taken, key=lambda item: (item.urgency, item.due_at, item.id))


def next_at(conn: Connection, now: datetime, *, me: str) -> datetime | None:
    """Return when there is something to claim or to take back: at once if a worker of this host has died."""
    return now if dead_owners(conn, me=me) else next_delivery_at(ALL_SITES, conn)


def _free_of(conn: Connection, owner: str, ids: Collection[str]) -> list[str]:
    """Return, locked, which of the deliveries `owner` holds; a row that another transaction is at is left out."""
    query = sa.select(delivery.c.id).where(
        delivery.c.id.in_(list(ids)), delivery.c.owner == owner, delivery.c.state == State.PROCESSING
    )
    return list(conn.execute(skip_locked(conn, query)).scalars())


def renew(conn: Connection, owner: str, held: Collection[str], until: datetime) -> list[str]:
    """Keep the leases of deliveries this worker is still busy with, and return whose could be kept.

    One whose row is locked must not end the leases of the others.
    """
    kept = _free_of(conn, owner, held)
    conn.execute(sa.update(delivery).where(delivery.c.id.in_(kept)).values(lease_until=until))
    return kept


_OTHER_OWNERS = Statement(
    sa.select(delivery.c.owner).where(HELD, delivery.c.owner != sa.bindparam("me")).distinct()
)


def dead_owners(conn: Connection, *, me: str) -> list[str]:
    """Return the dead processes of this host that hold deliveries: no need to wait for their leases to end."""
    return [owner for (owner,) in _OTHER_OWNERS.rows(conn, {"me": me}) if is_dead(owner, me=me)]


def take_back(
    conn: Connection, now: datetime, *, me: str, lease: timedelta, busy: Collection[str] = ()
) -> list[Delivery]:
    """Return to *pending* what expired leases and dead processes of this host held, and return the given-up ones.

    The delivery may have been sent: it is marked so, keeps its idempotency key, and the attempt that was cut off is
    written down. One whose row another transaction is at waits for the next time. One that nobody needs any more is
    cancelled. One that has outlived too many workers is given up, for the caller to report. What this worker is
    `busy` with is its own, also when a jump of the clock has ended the lease.
    """
    lost = sa.and_(
        HELD,
        sa.or_(delivery.c.lease_until < now, delivery.c.owner.in_(dead_owners(conn, me=me))),
        sa.not_(sa.and_(delivery.c.owner == me, delivery.c.id.in_(list(busy)))),
    )
    rows = conn.execute(skip_locked(conn, sa.select(delivery).where(lost)))
    found = [to_delivery(row) for row in rows]
    if not found:
        return []
    conn.execute(sa.insert(attempt), [_cut_off(item, now, lease) for item in found])
    unwanted = [item.id for item in found if item.cancelled and not item.record]
    hopeless = [item.id for item in found if item.attempts >= CRASH_LIMIT and item.id not in unwanted]
    again = [item.id for item in found if item.id not in {*unwanted, *hopeless}]
    freed = {"owner": None, "lease_until": None, "uncertain": True}

    def put(ids: list[str], **values: Any) -> sa.Update:
        return sa.update(delivery).where(delivery.c.id.in_(ids)).values(**freed | values)

    conn.execute(put(unwanted, state=State.CANCELLED))
    conn.execute(put(again, state=State.PENDING, due_at=now))
    reason = Reason("worker_died_often", times=CRASH_LIMIT)
    given_up = put(hopeless, state=State.ERROR, last_error=reason).returning(*delivery.c)
    return [to_delivery(row) for row in conn.execute(given_up)]


def _cut_off(item: Delivery, now: datetime, lease: timedelta) -> dict[str, Any]:
    """Return the attempt of a worker that is gone. When it began nobody knows: the last sign of life is what there is."""
    heard_at = now if item.lease_until is None else min(now, item.lease_until - lease)
    return vars(
        Attempt(
            delivery_id=item.id,
            channel_id=item.channel_id,
            number=item.attempts,
            started_at=heard_at,
            finished_at=now,
            outcome="cut_off",
            status_code=None,
            provider_ref=None,
            error=Reason("cut_off"),
        )
    )


def release(conn: Connection, owner: str, unsent: Collection[str]) -> None:
    """Give back, as if never taken, what this worker holds but has not begun to send."""
    conn.execute(
        sa.update(delivery)
        .where(delivery.c.id.in_(_free_of(conn, owner, unsent)))
        .values(
            state=sa.case((delivery.c.cancelled, State.CANCELLED.value), else_=State.PENDING.value),
            attempts=delivery.c.attempts - 1,
            owner=None,
            lease_until=None,
        )
    )
