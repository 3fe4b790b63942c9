"""Events for a Home Assistant whose row somebody else held: they wait for their number here."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "link_waiting",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("instance", sa.String(length=64), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_waiting")),
    )
    op.create_index(op.f("ix_link_waiting_instance"), "link_waiting", ["instance"], unique=False)
