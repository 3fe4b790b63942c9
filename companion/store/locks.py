"""What is locked before anything is changed, so that no two transactions wait for each other."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.store.tables import alarm


def lock_alarm(conn: Connection, alarm_id: str) -> None:
    """Keep others from changing the alarm until the commit.

    Whoever changes an alarm and its deliveries takes this lock first, so that no two wait for each other.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(sa.select(alarm.c.id).where(alarm.c.id == alarm_id).with_for_update(key_share=True))
