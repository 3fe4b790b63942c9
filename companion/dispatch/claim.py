"""Leases: which worker may send which delivery, and what happens when a worker is gone."""

import os
import secrets
import socket
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.dispatch.delivery import Delivery, State
from companion.store.deliveries import HELD, WAITS, next_delivery_at, to_delivery
from companion.store.sql import skip_locked
from companion.store.tables import delivery

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
    return f"{kernel} {namespace}"


def new_owner() -> str:
    """Return a name for this process that no other ever has: where, process id, chance."""
    return f"{_process_space()}/{os.getpid()}/{secrets.token_hex(8)}"


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
    conn: Connection, owner: str, now: datetime, lease: timedelta, slots: Mapping[str, int]
) -> list[Delivery]:
    """Take due deliveries, at most `slots[channel_id]` a channel, earliest first; other channels have one slot."""
    waiting = sa.and_(WAITS, delivery.c.due_at <= now)
    channels = conn.execute(sa.select(delivery.c.channel_id).where(waiting).distinct()).scalars().all()
    taken: list[Delivery] = []
    for channel_id in channels:
        limit = slots.get(channel_id, 1)
        if limit <= 0:
            continue
        picked = skip_locked(
            conn,
            sa.select(delivery.c.id)
            .where(waiting, delivery.c.channel_id == channel_id)
            .order_by(delivery.c.due_at, delivery.c.id)
            .limit(limit),
        )
        # Two statements: inside one, PostgreSQL may run the limited query more than once.
        picked_ids = conn.execute(picked).scalars().all()
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
    return sorted(taken, key=lambda item: (item.due_at, item.id))


def next_at(conn: Connection, now: datetime, *, me: str) -> datetime | None:
    """Return when there is something to claim or to take back: at once if a worker of this host has died."""
    return now if dead_owners(conn, me=me) else next_delivery_at(conn)


def renew(conn: Connection, owner: str, held: Collection[str], until: datetime) -> None:
    """Keep the leases of deliveries this worker is still busy with."""
    conn.execute(
        sa.update(delivery)
        .where(delivery.c.id.in_(list(held)), delivery.c.owner == owner, delivery.c.state == State.PROCESSING)
        .values(lease_until=until)
    )


def dead_owners(conn: Connection, *, me: str) -> list[str]:
    """Return the dead processes of this host that hold deliveries: no need to wait for their leases to end."""
    owners = conn.execute(sa.select(delivery.c.owner).where(HELD, delivery.c.owner != me).distinct())
    return [owner for owner in owners.scalars() if is_dead(owner, me=me)]


def take_back(conn: Connection, now: datetime, *, me: str, busy: Collection[str] = ()) -> list[Delivery]:
    """Return to *pending* what expired leases and dead processes of this host held, and return the given-up ones.

    The delivery may have been sent: it is marked so and keeps its idempotency key. One that nobody needs any more
    is cancelled. One that has outlived too many workers is given up, for the caller to report. What this worker is
    `busy` with is its own, also when a jump of the clock has ended the lease.
    """
    lost = sa.and_(
        HELD,
        sa.or_(delivery.c.lease_until < now, delivery.c.owner.in_(dead_owners(conn, me=me))),
        sa.not_(sa.and_(delivery.c.owner == me, delivery.c.id.in_(list(busy)))),
    )
    free = {"owner": None, "lease_until": None, "uncertain": True}
    conn.execute(
        sa.update(delivery)
        .where(lost, delivery.c.cancelled, delivery.c.record.is_(False))
        .values(state=State.CANCELLED, **free)
    )
    given_up = conn.execute(
        sa.update(delivery)
        .where(lost, delivery.c.attempts >= CRASH_LIMIT)
        .values(state=State.ERROR, last_error=f"its worker died {CRASH_LIMIT} times", **free)
        .returning(*delivery.c)
    )
    abandoned = [to_delivery(row) for row in given_up]
    conn.execute(sa.update(delivery).where(lost).values(state=State.PENDING, due_at=now, **free))
    return abandoned


def release(conn: Connection, owner: str, unsent: Collection[str]) -> None:
    """Give back, as if never taken, what this worker holds but has not begun to send."""
    conn.execute(
        sa.update(delivery)
        .where(
            delivery.c.id.in_(list(unsent)), delivery.c.owner == owner, delivery.c.state == State.PROCESSING
        )
        .values(
            state=sa.case((delivery.c.cancelled, State.CANCELLED.value), else_=State.PENDING.value),
            attempts=delivery.c.attempts - 1,
            owner=None,
            lease_until=None,
        )
    )
