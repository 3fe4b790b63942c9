"""What people answer over a channel counts once, and a delivery knows when it was read."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "channel_event",
        sa.Column("channel_id", sa.String(64), nullable=False),
        sa.Column("event_id", sa.String(200), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", "event_id", name=op.f("pk_channel_event")),
    )
    op.create_index("ix_channel_event_heard_at", "channel_event", ["heard_at"])
    op.add_column("delivery", sa.Column("read_at", sa.DateTime(timezone=True), nullable=True))
