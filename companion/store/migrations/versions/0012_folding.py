"""What a source that floods has to say is told in one message."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_delivery_source": (["source_key", "channel_id", "address", "created_at"], "source_key IS NOT NULL"),
    "ix_delivery_folded": (["due_at"], "state = 'folded' AND folded_into IS NULL"),
    "ix_delivery_folded_into": (["folded_into"], "folded_into IS NOT NULL"),
}


def upgrade() -> None:
    """Make the change."""
    op.add_column("delivery", sa.Column("source_key", sa.String(length=32), nullable=True))
    op.add_column("delivery", sa.Column("folded_into", sa.String(length=64), nullable=True))
    for name, (columns, rows) in INDEXES.items():
        where = sa.text(rows)
        op.create_index(name, "delivery", columns, unique=False, sqlite_where=where, postgresql_where=where)
