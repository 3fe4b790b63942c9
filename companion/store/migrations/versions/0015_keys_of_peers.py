"""Which key a Home Assistant came with last: while it holds, no key of another site takes its link over."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column("link_peer", sa.Column("key_id", sa.String(length=64), nullable=True))
