"""Sessions that were ended before their time: their cookies may have been copied."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.ids import token_hash
from companion.store.sql import insert
from companion.store.tables import ended_session


def end_session(conn: Connection, nonce: str, expires_at: datetime, now: datetime) -> None:
    """Let the session be over, whoever has its cookie; what would have expired by itself meanwhile is forgotten."""
    conn.execute(sa.delete(ended_session).where(ended_session.c.expires_at < now))
    conn.execute(
        insert(conn.dialect.name, ended_session)
        .values(nonce_hash=token_hash(nonce), expires_at=expires_at)
        .on_conflict_do_nothing()
    )


def session_ended(conn: Connection, nonce: str) -> bool:
    """Return whether the session was ended."""
    query = sa.select(ended_session.c.nonce_hash).where(ended_session.c.nonce_hash == token_hash(nonce))
    return conn.execute(query).first() is not None
