"""The id of this installation, which its Home Assistants know it by."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.ids import new_id
from companion.store.sql import insert
from companion.store.tables import meta


def own_instance_id(conn: Connection) -> str:
    """Return the id of this installation, made once."""
    conn.execute(
        insert(conn.dialect.name, meta).values(key="instance", value=new_id()).on_conflict_do_nothing()
    )
    return str(conn.execute(sa.select(meta.c.value).where(meta.c.key == "instance")).scalar_one())
