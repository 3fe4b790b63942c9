"""One replica probes a channel at a time."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column("channel_health", sa.Column("probing_until", sa.DateTime(timezone=True), nullable=True))
