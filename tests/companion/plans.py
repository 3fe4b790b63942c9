"""How the databases would carry out what the product asks them: nothing may read through what only ever grows."""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.store import tables

GROWING = frozenset(
    {
        *("alarm", "journal", "delivery", "attempt", "ack_link", "dedup", "heard_event", "picture"),
        *("failover", "also_for", "link_event", "link_waiting", "channel_event"),
    }
)
"""Tables that have more rows with every alarm."""
_PARTIAL = frozenset(
    str(index.name)
    for table in tables.metadata.tables.values()
    for index in table.indexes
    if index.dialect_kwargs.get("sqlite_where") is not None
)
"""Indexes of what is open, waits or is held: as long as that is, however long the record is."""
_READS = ("SELECT", "UPDATE", "DELETE", "WITH")
"""And INSERT from what is read; of another one the plan shows only what its references would have to be compared with."""


@dataclass(frozen=True)
class Asked:
    """A statement as the driver gets it."""

    statement: str
    parameters: Any


def asked_by(conn: Connection, work: Callable[[Connection], object]) -> list[Asked]:
    """Return every statement that `work` makes, each once.

    SQLAlchemy says what goes through it, SQLite also what the driver is given past it and what triggers do, with values
    for parameters.
    """
    asked: dict[str, Asked] = {}

    def listen(_conn: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        one = parameters[0] if isinstance(parameters, list) and parameters else parameters
        asked.setdefault(statement, Asked(statement, one))

    def traced(statement: str) -> None:
        asked.setdefault(statement, Asked(statement, ()))

    driver = conn.connection.driver_connection
    sa.event.listen(conn, "before_cursor_execute", listen)
    if isinstance(driver, sqlite3.Connection):
        driver.set_trace_callback(traced)
    try:
        work(conn)
    finally:
        sa.event.remove(conn, "before_cursor_execute", listen)
        if isinstance(driver, sqlite3.Connection):
            driver.set_trace_callback(None)
    return list(asked.values())


def full_scans(conn: Connection, work: Callable[[Connection], object]) -> list[str]:
    """Return each read of a whole table that grows which `work` leads to, with the statement it is part of.

    On PostgreSQL a small table is read whole because that is cheap: it is asked for plans that do so only if they must.
    """
    asked = [one for one in asked_by(conn, work) if _reads(one.statement.lstrip().upper())]
    if conn.dialect.name == "postgresql":
        for cheap_if_small in ("seqscan", "mergejoin", "hashjoin"):
            conn.exec_driver_sql(f"SET LOCAL enable_{cheap_if_small} = off")
    return [
        f"{found} in: {' '.join(one.statement.split())}"
        for one in asked
        for found in full_scans_of(conn, one)
    ]


def _reads(statement: str) -> bool:
    return statement.startswith(_READS) or (statement.startswith("INSERT") and "SELECT" in statement)


def full_scans_of(conn: Connection, asked: Asked) -> list[str]:
    """Return the reads of whole tables that grow in the plan of one statement."""
    # From the end of an index, and no further than the page.
    is_page = "LIMIT" in asked.statement and "WHERE" not in asked.statement
    if conn.dialect.name == "postgresql":
        return [found for found, by_index in _on_postgresql(conn, asked) if not (by_index and is_page)]
    return [found for found, by_index in _on_sqlite(conn, asked) if not (by_index and is_page)]


def _on_sqlite(conn: Connection, asked: Asked) -> Iterator[tuple[str, bool]]:
    for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked.statement}", asked.parameters):
        line = str(row[-1])
        found = re.match(r"SCAN (\w+?)(?:_\d+)?(?: USING (?:COVERING )?INDEX (\w+))?$", line)
        if found and found[1] in GROWING and found[2] not in _PARTIAL:
            yield line, found[2] is not None


def _on_postgresql(conn: Connection, asked: Asked) -> Iterator[tuple[str, bool]]:
    [[plan]] = conn.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {asked.statement}", asked.parameters)
    for node in _nodes((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]):
        by_index = node.get("Index Name")
        is_bounded = "Index Cond" in node or "Recheck Cond" in node or by_index in _PARTIAL
        if "Scan" in node["Node Type"] and node.get("Relation Name") in GROWING and not is_bounded:
            yield f"{node['Node Type']} on {node['Relation Name']} ({by_index})", by_index is not None


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)
