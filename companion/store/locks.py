"""What is locked before anything is changed, so that no two transactions wait for each other."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.store.scope import Scope
from companion.store.tables import alarm


def try_lock(conn: Connection, key: str) -> bool:
    """Return whether what `key` stands for is this transaction's until its commit; it is not waited for."""
    if conn.dialect.name != "postgresql":
        return True
    lock = sa.select(sa.func.pg_try_advisory_xact_lock(sa.func.hashtextextended(key, 0)))
    return bool(conn.execute(lock).scalar_one())


def lock_alarm(scope: Scope, conn: Connection, alarm_id: str) -> None:
    """Keep others from changing the alarm until the commit; nothing happens to one that is not the scope's.

    Whoever changes an alarm and its deliveries takes this lock first, so that no two wait for each other.
    """
    if conn.dialect.name == "postgresql":
        query = scope.own(sa.select(alarm.c.id).where(alarm.c.id == alarm_id), alarm.c.site_id)
        conn.execute(query.with_for_update(key_share=True))
