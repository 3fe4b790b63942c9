"""A message may be for several people, each with a next contact point; troubles have one too."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "also_for",
        sa.Column("delivery_id", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", "person_id", name=op.f("pk_also_for")),
    )
    # Few rows, of a quarter of a minute.
    waiting = op.get_bind().execute(
        sa.text(
            "SELECT failover.delivery_id, delivery.person_id, failover.alarm_id, failover.due_at "
            "FROM failover JOIN delivery ON delivery.id = failover.delivery_id WHERE delivery.person_id IS NOT NULL"
        ).columns(due_at=sa.DateTime(timezone=True))
    )
    rows = [dict(row) for row in waiting.mappings()]
    op.drop_table("failover")
    failover = op.create_table(
        "failover",
        sa.Column("delivery_id", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("alarm_id", sa.String(length=64), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", "person_id", name=op.f("pk_failover")),
    )
    op.create_index(op.f("ix_failover_due_at"), "failover", ["due_at"], unique=False)
    op.create_index(op.f("ix_failover_alarm_id"), "failover", ["alarm_id"], unique=False)
    op.bulk_insert(failover, rows)
