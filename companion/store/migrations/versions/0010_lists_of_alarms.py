"""Lists of alarms: one page reads no more than it shows, whatever is asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.drop_index("ix_alarm_status_raised_at", "alarm")
    is_open = sa.text("status IN ('acknowledged', 'triggered')")
    op.create_index(
        "ix_alarm_open",
        "alarm",
        ["status", "next_due_at", "test"],
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    for column in ("status", "source", "site_id", "test"):
        op.create_index(op.f(f"ix_alarm_{column}_id"), "alarm", [column, "id"])
