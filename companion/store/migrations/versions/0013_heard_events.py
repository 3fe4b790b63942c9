"""What Home Assistant may say again is recognised by its id, kept once."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "heard_event",
        sa.Column("alarm_id", sa.String(length=64), nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["alarm_id"], ["alarm.id"], name=op.f("fk_heard_event_alarm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("alarm_id", "event_id", name=op.f("pk_heard_event")),
    )
