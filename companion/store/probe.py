"""Whether the database takes what an alarm needs."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.ids import new_id
from companion.store.tables import meta

PROBE_BYTES = 16_384


def prove_write(conn: Connection) -> None:
    """Write and commit as much as an alarm with its messages needs, and leave nothing behind.

    A row of its own each time: replicas that are asked at the same moment must not wait for each other.
    """
    key = f"probe:{new_id()}"
    conn.execute(sa.insert(meta).values(key=key, value="x" * PROBE_BYTES))
    conn.execute(sa.delete(meta).where(meta.c.key == key))
