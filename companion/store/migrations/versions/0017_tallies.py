"""Alarms and deliveries are counted as they change, and lists of alarms are read along indexes by time.

The database counts by itself, so that it does whoever changes a row and how: this version, an older replica that still
runs, or somebody by hand. Each change is a line of its own, for which nobody waits; `companion.store.tallies` sums them up.
"""

# ruff: noqa: S608 # made of the names above, of nothing that anybody has written
import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
BUCKETS = (15, 30, 60, 120, 300, 600, 1800, 3600, 14_400, 86_400)
LASTING = "('sent', 'delivered', 'error', 'cancelled', 'folded')"
"""States in which a delivery may stay for ever; what is in another one is counted along the index of those."""
ANSWER_MS = {
    # To the millisecond, as SQLite's own clock is; the same for the same row, whenever it is counted.
    "sqlite": "CAST(round((julianday({row}.acknowledged_at) - julianday({row}.raised_at)) * 86400000) AS INTEGER)",
    "postgresql": "CAST(round(extract(epoch FROM {row}.acknowledged_at - {row}.raised_at) * 1000) AS BIGINT)",
}
ALARM_COLUMNS = "status, source, site_id, test, raised_at, acknowledged_at, exhausted_at"


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "alarm_tally",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("site_id", sa.String(64), nullable=True),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("exhausted", sa.Boolean(), nullable=False),
        sa.Column("answered_within_s", sa.Integer(), nullable=True),
        sa.Column("alarms", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("answer_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm_tally")),
    )
    op.create_table(
        "delivery_tally",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("channel_id", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("deliveries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_tally")),
    )
    # The triggers first: with them a table is locked until the commit, so that nothing is counted twice or not at all.
    if op.get_bind().dialect.name == "postgresql":
        _triggers_of_postgresql()
    else:
        _triggers_of_sqlite()
    _count_what_is_there()
    _lists()


def _lists() -> None:
    for columns in (
        ("status", "source", "test", "raised_at"),
        ("site_id", "status", "source", "test", "raised_at"),
    ):
        op.create_index(op.f(f"ix_alarm_{'_'.join(columns)}"), "alarm", list(columns))
    # Last: from here on PostgreSQL lets an older replica that still runs not even read.
    for column in ("status", "source", "site_id", "test"):
        op.drop_index(op.f(f"ix_alarm_{column}_id"), "alarm")


def _alarm_line(row: str, sign: str) -> str:
    """Return the statement that counts a row in or out."""
    took = ANSWER_MS[op.get_bind().dialect.name].format(row=row)
    within = " ".join(f"WHEN {took} <= {bucket * 1000} THEN {bucket}" for bucket in BUCKETS)
    return (
        "INSERT INTO alarm_tally (status, source, site_id, test, exhausted, answered_within_s, alarms, answered, answer_ms) "
        f"VALUES ({row}.status, {row}.source, {row}.site_id, {row}.test, {row}.exhausted_at IS NOT NULL, "
        f"CASE {within} END, {sign}1, CASE WHEN {row}.acknowledged_at IS NULL THEN 0 ELSE {sign}1 END, "
        f"{sign}coalesce({took}, 0));"
    )


def _delivery_line(row: str, sign: str) -> str:
    return (
        "INSERT INTO delivery_tally (channel_id, state, deliveries) "
        f"SELECT {row}.channel_id, {row}.state, {sign}1 WHERE {row}.state IN {LASTING};"
    )


def _triggers_of_sqlite() -> None:
    counted = {
        "insert": ("INSERT", (("NEW", ""),)),
        "delete": ("DELETE", (("OLD", "-"),)),
        "update": ("UPDATE OF {columns}", (("OLD", "-"), ("NEW", ""))),
    }
    for name, (event, rows) in counted.items():
        lines = " ".join(_alarm_line(*row) for row in rows)
        when = event.format(columns=ALARM_COLUMNS)
        op.execute(f"CREATE TRIGGER alarm_tally_{name} AFTER {when} ON alarm BEGIN {lines} END")
        lines = " ".join(_delivery_line(*row) for row in rows)
        when = event.format(columns="state, channel_id")
        lasting = " OR ".join(f"{row}.state IN {LASTING}" for row, _ in rows)
        op.execute(
            f"CREATE TRIGGER delivery_tally_{name} AFTER {when} ON delivery WHEN {lasting} BEGIN {lines} END"
        )


def _triggers_of_postgresql() -> None:
    for table, line, columns in (
        ("alarm", _alarm_line, ALARM_COLUMNS),
        ("delivery", _delivery_line, "state, channel_id"),
    ):
        op.execute(
            f"CREATE FUNCTION {table}_tally() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF TG_OP <> 'INSERT' THEN {line('OLD', '-')} END IF; "
            f"IF TG_OP <> 'DELETE' THEN {line('NEW', '')} END IF; "
            "RETURN NULL; END $$"
        )
        for name, event, rows in (
            ("insert", "INSERT", ("NEW",)),
            ("delete", "DELETE", ("OLD",)),
            ("update", f"UPDATE OF {columns}", ("OLD", "NEW")),
        ):
            lasting = " OR ".join(f"{row}.state IN {LASTING}" for row in rows)
            when = f"WHEN ({lasting})" if table == "delivery" else ""
            op.execute(
                f"CREATE TRIGGER {table}_tally_{name} AFTER {event} ON {table} FOR EACH ROW {when} "
                f"EXECUTE FUNCTION {table}_tally()"
            )


def _count_what_is_there() -> None:
    took = ANSWER_MS[op.get_bind().dialect.name].format(row="alarm")
    within = " ".join(f"WHEN {took} <= {bucket * 1000} THEN {bucket}" for bucket in BUCKETS)
    op.execute(
        "INSERT INTO alarm_tally (status, source, site_id, test, exhausted, answered_within_s, alarms, answered, answer_ms) "
        f"SELECT status, source, site_id, test, exhausted_at IS NOT NULL, CASE {within} END, "
        f"count(*), count(acknowledged_at), coalesce(sum({took}), 0) FROM alarm GROUP BY 1, 2, 3, 4, 5, 6"
    )
    op.execute(
        "INSERT INTO delivery_tally (channel_id, state, deliveries) "
        f"SELECT channel_id, state, count(*) FROM delivery WHERE state IN {LASTING} GROUP BY 1, 2"
    )
