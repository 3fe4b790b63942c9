"""Who is on the link now, and what it can do, is known to whoever asks it for something."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column("link_peer", sa.Column("connection_id", sa.String(64), nullable=True))
    op.add_column("link_peer", sa.Column("can", sa.JSON, nullable=True))
