"""Rows are half as large: what is said twice is left out, and SQLite has ids, hashes and times as what they are, not as text.

There every table that has any is copied into a new one, which also leaves no holes where the longer values were. The triggers
of 0017 subtract the new times, and all alarms are counted anew: to the millisecond it may be another one for one in a thousand.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

PACKED = {
    "alarm": {"id"},
    "journal": {"alarm_id"},
    "heard_event": {"alarm_id", "event_id"},
    "picture": {"alarm_id"},
    "ack_link": {"token_hash", "alarm_id"},
    "dedup": {"alarm_id"},
    "delivery": {"id", "alarm_id", "folded_into"},
    "failover": {"delivery_id", "alarm_id"},
    "also_for": {"delivery_id"},
    "attempt": {"delivery_id"},
}
BY_THEIR_KEY = {"heard_event", "ack_link", "dedup", "failover", "also_for"}
"""Tables that are kept in their primary key: one tree instead of two."""
BUCKETS = (15, 30, 60, 120, 300, 600, 1800, 3600, 14_400, 86_400)
BETWEEN = re.compile(r"\(julianday\((\w+\.\w+)\) - julianday\((\w+\.\w+)\)\) \* 86400000")
SPELLED = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def upgrade() -> None:
    """Make the change."""
    op.drop_column("delivery", "idempotency_key")  # was always the id
    op.execute(
        "UPDATE delivery SET source_key = substr(source_key, 1, 16) WHERE source_key IS NOT NULL "
        "AND alarm_id IN (SELECT id FROM alarm WHERE status IN ('acknowledged', 'triggered'))"
    )
    conn = op.get_bind()
    if conn.dialect.name == "sqlite":
        triggers = (
            conn.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").tuples().all()
        )
        for name, _ in triggers:
            conn.exec_driver_sql(f"DROP TRIGGER {name}")
        _copy_all(conn)
        for _, made_by in triggers:
            conn.exec_driver_sql(BETWEEN.sub(r"(\1 - \2) / 1000.0", made_by))
        _count()


def _packed(value: str | None) -> bytes | str | None:
    return bytes.fromhex(value.replace("-", "")) if value and SPELLED.fullmatch(value) else value


def _microseconds(value: str | None) -> int | None:
    if value is None:
        return None
    return (datetime.fromisoformat(value).replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)


def _copy_all(conn: sa.Connection) -> None:
    driver: Any = conn.connection.driver_connection
    functions: tuple[Callable[[Any], Any], ...] = (_packed, _microseconds)
    for function in functions:
        driver.create_function(function.__name__, 1, function, deterministic=True)
    tables = dict(
        conn.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'table'").tuples().all()
    )
    for table, made_by in tables.items():
        columns = conn.exec_driver_sql(f"PRAGMA table_info({table})").all()
        moments = {column.name for column in columns if column.type == "DATETIME"}
        if moments or table in PACKED:
            _copy(
                conn, table, made_by, {column.name: _read(table, column.name, moments) for column in columns}
            )


def _read(table: str, column: str, moments: set[str]) -> str:
    if column in moments:
        return f"_microseconds({column})"
    return f'_packed("{column}")' if column in PACKED.get(table, ()) else f'"{column}"'


def _copy(conn: sa.Connection, table: str, made_by: str, columns: dict[str, str]) -> None:
    """Put a new table with the same columns, constraints and indexes in its place. Nothing watches over references now."""
    query = "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = ?"
    indexes = conn.exec_driver_sql(query, (table,)).scalars().all()
    kept_by, order = ("WITHOUT ROWID", "") if table in BY_THEIR_KEY else ("", "ORDER BY rowid")
    names = ", ".join(f'"{name}"' for name in columns)
    op.execute(f"{re.sub(r'^CREATE TABLE "?\w+"?', 'CREATE TABLE _new', made_by)} {kept_by}")
    op.execute(f"INSERT INTO _new ({names}) SELECT {', '.join(columns.values())} FROM {table} {order}")  # noqa: S608 # ours
    op.execute(f"DROP TABLE {table}")
    op.execute(f"ALTER TABLE _new RENAME TO {table}")
    for index in indexes:
        op.execute(index)


def _count() -> None:
    took = "CAST(round((acknowledged_at - raised_at) / 1000.0) AS INTEGER)"
    within = " ".join(f"WHEN {took} <= {bucket * 1000} THEN {bucket}" for bucket in BUCKETS)
    counts = f"count(*), count(acknowledged_at), coalesce(sum({took}), 0)"
    kinds = f"status, source, site_id, test, exhausted_at IS NOT NULL, CASE {within} END"
    op.execute("DELETE FROM alarm_tally")
    op.execute(
        "INSERT INTO alarm_tally (status, source, site_id, test, exhausted, answered_within_s, alarms, answered, answer_ms) "  # noqa: S608 # ours
        f"SELECT {kinds}, {counts} FROM alarm GROUP BY 1, 2, 3, 4, 5, 6"
    )
