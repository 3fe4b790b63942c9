"""Policies and channels may belong to a site; those that are there are shared by all."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    for table in ("policy", "channel"):
        op.add_column(table, sa.Column("site_id", sa.String(length=64), nullable=True))
