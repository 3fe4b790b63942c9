"""Pages whose next contact point waits for its time."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "failover",
        sa.Column("delivery_id", sa.String(length=64), nullable=False),
        sa.Column("alarm_id", sa.String(length=64), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_failover")),
    )
    op.create_index(op.f("ix_failover_due_at"), "failover", ["due_at"], unique=False)
    op.create_index(op.f("ix_failover_alarm_id"), "failover", ["alarm_id"], unique=False)
