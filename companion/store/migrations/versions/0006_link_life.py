"""Links live as long as their alarm is open, and then from its last page: nothing is kept of when they end."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.drop_column("ack_link", "expires_at")
