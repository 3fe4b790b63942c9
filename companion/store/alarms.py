"""Queries on alarms."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from companion.alarms.model import LIFE, OPEN, Alarm, AlarmKind, Evidence, Severity, Source, Status
from companion.escalation.policy import Policy
from companion.store.sql import skip_locked
from companion.store.tables import alarm, dedup


def to_alarm(row: Row[Any]) -> Alarm:
    """Return the row as what it is."""
    values = dict(row._mapping)
    policy, evidence = values.pop("policy"), values.pop("evidence")
    return Alarm(
        **values
        | {
            "status": Status(values["status"]),
            "source": Source(values["source"]),
            "kind": AlarmKind(values["kind"]),
            "severity": Severity(values["severity"]),
        },
        policy=None if policy is None else Policy.model_validate(policy),
        evidence=None if evidence is None else Evidence.model_validate(evidence),
    )


def alarm_by_id(conn: Connection, alarm_id: str) -> Alarm | None:
    """Return the alarm, or None."""
    row = conn.execute(sa.select(alarm).where(alarm.c.id == alarm_id)).first()
    return None if row is None else to_alarm(row)


def lock_alarm(conn: Connection, alarm_id: str) -> None:
    """Keep others from changing the alarm until the commit.

    Whoever changes an alarm and its deliveries takes this lock first, so that no two wait for each other.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(sa.select(alarm.c.id).where(alarm.c.id == alarm_id).with_for_update(key_share=True))


def alarm_by_uid(conn: Connection, uid: str) -> Alarm | None:
    """Return the newest alarm with Home Assistant's id `uid`, or None."""
    row = conn.execute(sa.select(alarm).where(alarm.c.uid == uid).order_by(alarm.c.id.desc())).first()
    return None if row is None else to_alarm(row)


def list_alarms(
    conn: Connection,
    *,
    statuses: Collection[Status] | None = None,
    sources: Collection[Source] | None = None,
    site_id: str | None = None,
    test: bool | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: str | None = None,
    limit: int = 50,
) -> list[Alarm]:
    """Return alarms, newest first. `before` is the id of the last alarm of the page before (ids sort by time)."""
    query = sa.select(alarm).order_by(alarm.c.id.desc()).limit(limit)
    if statuses is not None:
        query = query.where(alarm.c.status.in_(sorted(statuses)))
    if sources is not None:
        query = query.where(alarm.c.source.in_(sorted(sources)))
    if site_id is not None:
        query = query.where(alarm.c.site_id == site_id)
    if test is not None:
        query = query.where(alarm.c.test == test)
    if since is not None:
        query = query.where(alarm.c.raised_at >= since)
    if until is not None:
        query = query.where(alarm.c.raised_at < until)
    if before is not None:
        query = query.where(alarm.c.id < before)
    return [to_alarm(row) for row in conn.execute(query)]


def counts_by_status(conn: Connection) -> dict[Status, int]:
    """Return how many alarms are in each status; statuses without one are 0."""
    found = dict.fromkeys(Status, 0)
    for status, count in conn.execute(sa.select(alarm.c.status, sa.func.count()).group_by(alarm.c.status)):
        found[Status(status)] = count
    return found


# Written out: SQLAlchemy compiles its own ON CONFLICT anew for every press, which takes longer than to run it.
_CLAIM_DEDUP = sa.text(
    "INSERT INTO dedup (key, alarm_id, expires_at) VALUES (:key, :alarm_id, :expires_at) "
    "ON CONFLICT (key) DO UPDATE SET alarm_id = excluded.alarm_id, expires_at = excluded.expires_at "
    "WHERE dedup.expires_at <= :now RETURNING alarm_id"
).bindparams(
    sa.bindparam("expires_at", type_=dedup.c.expires_at.type),
    sa.bindparam("now", type_=dedup.c.expires_at.type),
)


def claim_dedup(conn: Connection, key: str, alarm_id: str, now: datetime, expires_at: datetime | None) -> str:
    """Return the alarm that `key` means now: `alarm_id` if the key was free or its window is over, else the earlier one.

    One statement decides, so of two presses at the same moment, in any process, exactly one wins.
    """
    values = {"key": key, "alarm_id": alarm_id, "expires_at": expires_at, "now": now}
    won = conn.execute(_CLAIM_DEDUP, values).first()
    if won is not None:
        return alarm_id
    return str(conn.execute(sa.select(dedup.c.alarm_id).where(dedup.c.key == key)).scalar_one())


def take_over_dedup(conn: Connection, key: str, alarm_id: str, expires_at: datetime | None) -> None:
    """Let `key` mean `alarm_id`, after `claim_dedup` in the same transaction has locked it."""
    conn.execute(sa.update(dedup).where(dedup.c.key == key).values(alarm_id=alarm_id, expires_at=expires_at))


def has_open_alarm(conn: Connection, device_id: str) -> bool:
    """Return whether an alarm of this device still waits for its end."""
    found = sa.select(alarm.c.id).where(alarm.c.device_id == device_id, alarm.c.status.in_(sorted(OPEN)))
    return conn.execute(found.limit(1)).first() is not None


def urgent_first() -> sa.ColumnElement[int]:
    """Return what sorts alarms that a life may depend on before all others (`Alarm.is_urgent`)."""
    return sa.case((sa.and_(alarm.c.kind.in_(sorted(LIFE)), alarm.c.test.is_(False)), 0), else_=1)


def due_alarms(conn: Connection, now: datetime, limit: int) -> list[Row[Any]]:
    """Return the rows of alarms whose next step is due, locked for this transaction.

    Rows, not alarms: one that cannot be read must not hold up the others.
    """
    query = (
        sa.select(alarm)
        .where(alarm.c.next_due_at <= now, alarm.c.status.in_(sorted(OPEN)))
        .order_by(urgent_first(), alarm.c.next_due_at)
        .limit(limit)
    )
    return list(conn.execute(skip_locked(conn, query)))


def next_due_at(conn: Connection) -> datetime | None:
    """Return when the earliest escalation step is due."""
    return conn.execute(
        sa.select(sa.func.min(alarm.c.next_due_at)).where(alarm.c.next_due_at.is_not(None))
    ).scalar()
