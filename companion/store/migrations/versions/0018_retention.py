"""What is deleted after its time is found along an index: pictures by when they came, the rest by its alarm."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_index("ix_ack_link_alarm_id", "ack_link", ["alarm_id"])
    op.create_index("ix_dedup_alarm_id", "dedup", ["alarm_id"])
    op.create_index("ix_picture_received_at", "picture", ["received_at"])
