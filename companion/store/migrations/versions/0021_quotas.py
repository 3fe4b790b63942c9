"""How much is used up of the messages that a channel's provider takes."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column("channel_health", sa.Column("quota_limit", sa.Integer(), nullable=True))
    op.add_column("channel_health", sa.Column("quota_used", sa.Integer(), nullable=True))
    op.add_column("channel_health", sa.Column("quota_per", sa.String(length=16), nullable=True))
