"""What SQLite and PostgreSQL share beyond SQLAlchemy's common ground."""

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql


def insert(dialect: str, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """Return the dialect's INSERT, which has `on_conflict_do_nothing` and `on_conflict_do_update` on both."""
    if dialect != "postgresql":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # 3 MB that SQLite does not need

    return postgresql.insert(table)


def skip_locked[S: sa.Select[Any]](conn: Connection, query: S) -> S:
    """Return the query so that rows another replica is working on are left out.

    SQLite needs nothing: its only writer holds the whole database. NO KEY UPDATE, as a line of the journal that
    another transaction is writing refers to the alarm and must neither wait for us nor make us skip it.
    """
    if conn.dialect.name != "postgresql":
        return query
    return query.with_for_update(skip_locked=True, key_share=True)


def is_row_held(err: Exception) -> bool:
    """Return whether a row that somebody else holds could not be had in time (55P03, lock_not_available)."""
    return isinstance(err, sa.exc.DBAPIError) and getattr(err.orig, "sqlstate", None) == "55P03"


def perhaps_lost_race(err: Exception) -> bool:
    """Return whether the whole transaction should be run again, or the database is away; not so for a mistake in it."""
    mistakes = (sa.exc.IntegrityError, sa.exc.DataError, sa.exc.ProgrammingError)
    return isinstance(err, sa.exc.DBAPIError) and not isinstance(err, mistakes)
