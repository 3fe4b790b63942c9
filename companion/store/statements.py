"""Statements of the hot paths: built once from the tables, compiled once, and run by the driver itself.

To execute one, SQLAlchemy takes about ten times as long as SQLite takes to run it. What it does each time is done here the
first time: its text, the order of its parameters, and how each value is written and read. What goes wrong is what
SQLAlchemy raises.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

type Query = sa.Select[Any] | sa.Insert | sa.Update | sa.Delete
type Values = Mapping[str, Any]
type _Process = Callable[[Any], Any] | None


class _Compiled(NamedTuple):
    text: str
    names: frozenset[str]
    """Of the values that each execution brings."""
    binds: tuple[tuple[str | None, _Process, Any], ...]
    """In their order: the name of a value, how it is written, and what it is if it is no value but part of the query."""
    reads: tuple[_Process, ...] | None
    """How each column of a row is read; None: every one as it comes."""

    def parameters(self, values: Values) -> tuple[Any, ...]:
        if len(values) != len(self.names):
            raise TypeError(f"{sorted(self.names ^ set(values))} are missing or too many: {self.text}")
        return tuple(
            fixed if name is None else values[name] if write is None else write(values[name])
            for name, write, fixed in self.binds
        )

    def read(self, rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
        reads = self.reads
        if reads is None:
            return [tuple(row) for row in rows]
        return [
            tuple(value if read is None else read(value) for value, read in zip(row, reads, strict=True))
            for row in rows
        ]


class Statement:
    """A query that is executed with the same names of values each time; it may be another one on each database."""

    def __init__(self, query: Query | Callable[[str], Query]) -> None:
        self._query = query
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, conn: Connection, values: Values) -> list[tuple[Any, ...]]:
        """Execute it and return its rows, each value as its column's type has it."""
        compiled = self._of(conn, values)
        return compiled.read(_run(conn, compiled.text, compiled.parameters(values)))

    def first(self, conn: Connection, values: Values) -> tuple[Any, ...] | None:
        """Execute it and return its first row, or None."""
        found = self.rows(conn, values)
        return found[0] if found else None

    def run(self, conn: Connection, *each: Values) -> None:
        """Execute it, once for each of the values."""
        if each:
            compiled = self._of(conn, each[0])
            parameters = [compiled.parameters(values) for values in each]
            if len(parameters) == 1:
                _run(conn, compiled.text, parameters[0])
            else:
                conn.exec_driver_sql(compiled.text, parameters)

    def _of(self, conn: Connection, values: Values) -> _Compiled:
        compiled = self._compiled.get(conn.dialect.name)
        if compiled is None:
            query = (
                self._query if isinstance(self._query, sa.ClauseElement) else self._query(conn.dialect.name)
            )
            compiled = self._compiled[conn.dialect.name] = _compiled(query, conn.dialect, values)
        return compiled


def _compiled(query: Query, dialect: Dialect, values: Values) -> _Compiled:
    if isinstance(query, sa.Insert):
        query = query.inline()  # no RETURNING of its own: nobody asks for the id
    compiled = query.compile(dialect=dialect, column_keys=list(values))
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 # for the type checker
    binds = []
    for name in compiled.positiontup or ():
        bind = compiled.binds[name]
        write = bind.type.dialect_impl(dialect).bind_processor(dialect)
        fixed = None if name in values else bind.value if write is None else write(bind.value)
        binds.append((name if name in values else None, write, fixed))
    reads = [
        column.type.dialect_impl(dialect).result_processor(dialect, None) for column in query.exported_columns
    ]
    names = frozenset(name for name, _, _ in binds if name is not None)
    return _Compiled(compiled.string, names, tuple(binds), tuple(reads) if any(reads) else None)


def _run(conn: Connection, text: str, parameters: tuple[Any, ...]) -> Sequence[Sequence[Any]]:
    driver = conn.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        result = conn.exec_driver_sql(text, parameters)
        return result.all() if result.returns_rows else ()
    try:
        return driver.execute(text, parameters).fetchall()
    except sqlite3.Error as err:
        raise DBAPIError.instance(text, None, err, sqlite3.Error, hide_parameters=True) from err


@contextmanager
def savepoint(conn: Connection) -> Iterator[None]:
    """Undo only what was done inside when something is raised there; as `begin_nested`, which takes longer than most statements."""
    if conn.dialect.name != "sqlite":
        with conn.begin_nested():
            yield
        return
    _run(conn, "SAVEPOINT inner", ())
    try:
        yield
    except BaseException:
        # SQLite may have undone the whole transaction already, as when the disk is full: that is what is to be known.
        with suppress(DBAPIError):
            _run(conn, "ROLLBACK TO inner", ())
            _run(conn, "RELEASE inner", ())
        raise
    _run(conn, "RELEASE inner", ())
