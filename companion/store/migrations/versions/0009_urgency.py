"""What is urgent is claimed before everything else."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

WAITS = sa.text("state IN ('pending', 'failed')")


def upgrade() -> None:
    """Make the change."""
    op.add_column("delivery", sa.Column("urgency", sa.SmallInteger(), nullable=False, server_default="1"))
    op.drop_index("ix_delivery_due", table_name="delivery")
    op.create_index(
        "ix_delivery_due",
        "delivery",
        ["channel_id", "urgency", "due_at"],
        unique=False,
        sqlite_where=WAITS,
        postgresql_where=WAITS,
    )
