"""What open alarms of panels have heard is taken from their journal: the highest level, and what was said.

Before 0013 nothing of it was kept but the journal. Only open alarms can still hear something again, so the work is
bounded by what is open, however long the record is.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ALARM = sa.table(
    "alarm",
    sa.column("id", sa.String),
    sa.column("status", sa.String),
    sa.column("source", sa.String),
    sa.column("details", sa.JSON),
    sa.column("evidence", sa.JSON),
)
JOURNAL = sa.table(
    "journal",
    sa.column("id", sa.Integer),
    sa.column("alarm_id", sa.String),
    sa.column("event", sa.String),
    sa.column("detail", sa.JSON),
)
HEARD = sa.table("heard_event", sa.column("alarm_id", sa.String), sa.column("event_id", sa.String))


def upgrade() -> None:
    """Make the change."""
    conn = op.get_bind()
    # Written out: only so do the databases see that the partial index over open alarms applies.
    is_open = sa.text("alarm.status IN ('acknowledged', 'triggered')")
    query = sa.select(ALARM.c.id, ALARM.c.details, ALARM.c.evidence).where(is_open, ALARM.c.source == "panel")
    # Locked, so that a replica of before neither changes what is read here nor adds what is written here.
    for alarm in conn.execute(query.order_by(ALARM.c.id).with_for_update()).all():
        lines = conn.execute(
            sa.select(JOURNAL.c.event, JOURNAL.c.detail)
            .where(JOURNAL.c.alarm_id == alarm.id)
            .order_by(JOURNAL.c.id)
        ).all()
        _fill_highest(conn, alarm, [line.detail for line in lines if line.event == "evidence"])
        _fill_heard(conn, alarm, {one for line in lines for one in _said(line.event, line.detail)})


def _fill_highest(conn: sa.Connection, alarm: sa.Row[Any], words: list[dict[str, Any]]) -> None:
    if not isinstance(alarm.evidence, dict):
        return
    known = alarm.evidence
    highest = max([known.get("highest", 0), known.get("level", 0), *(word.get("level", 0) for word in words)])
    conn.execute(
        sa.update(ALARM).where(ALARM.c.id == alarm.id).values(evidence={**known, "highest": highest})
    )


def _fill_heard(conn: sa.Connection, alarm: sa.Row[Any], said: set[str]) -> None:
    zones = str((alarm.details or {}).get("zones", ""))
    # A name may have a comma: what is kept of the names is one line.
    said |= {_id("raised", zone) for zone in {zones, *zones.split(", ")} if zone}
    there = set(conn.execute(sa.select(HEARD.c.event_id).where(HEARD.c.alarm_id == alarm.id)).scalars())
    new = [{"alarm_id": alarm.id, "event_id": one} for one in sorted(said - there)]
    if new:
        conn.execute(sa.insert(HEARD), new)


def _said(event: str, detail: dict[str, Any]) -> Iterator[str]:
    """Yield by what the event of a line of the journal is recognised, as `companion.link.inbound` makes it."""
    if event in {"zone_tripped", "confirmed"} and "tripped_at" in detail:
        yield _id("zone", detail["zone"], _moment(detail["tripped_at"]))
    if "said_at" not in detail:
        return
    if event == "push_unconfirmed":
        yield _id("push_unconfirmed", _only(detail, "people", "said_at", "after_s"))
    if event == "escalation_asked":
        yield _id("escalate", _only(detail, "said_at", "note"))
    if event == "evidence":
        taken_at = detail.get("taken_at")
        same = _id(
            "evidence",
            _moment(detail["said_at"]),
            detail["level"],
            tuple(detail.get("reasons", ())),
            *(detail.get(name) for name in ("camera", "label", "score")),
            None if taken_at is None else _moment(taken_at),
            detail.get("link"),
        )
        yield _id(same, "picture") if detail.get("picture") else same


def _only(detail: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: detail[name] for name in names if name in detail}


def _moment(stored: str) -> datetime:
    return datetime.fromisoformat(stored)


def _id(*said: object) -> str:
    return hashlib.sha256(repr(said).encode(errors="replace")).hexdigest()
