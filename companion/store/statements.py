"""Statements of the hot paths: built once from the tables, compiled once, and run by the driver itself.

To execute one, SQLAlchemy takes about ten times as long as SQLite takes to run it. What it does each time is done here the
first time: its text, the order of its parameters, and how each value is written and read. What goes wrong is what
SQLAlchemy raises.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

type Query = sa.Select[Any] | sa.Insert | sa.Update | sa.Delete
type Values = Mapping[str, Any]
type _Process = Callable[[Any], Any]


class _Compiled(NamedTuple):
    text: str
    names: tuple[str, ...]
    """Of its parameters, in their order."""
    fixed: Values
    """Those that are part of the query, as they are written."""
    brought: int
    """How many others there are: each execution brings their values."""
    writes: tuple[tuple[int, _Process], ...]
    """Which of the others are written in another way than the program has them, and how."""
    reads: tuple[tuple[int, _Process], ...]
    """Which columns of a row are read so."""

    def parameters(self, values: Values) -> tuple[Any, ...]:
        if len(values) != self.brought:
            raise TypeError(f"{sorted(values)} are not the values of {self.text}")
        known = {**self.fixed, **values} if self.fixed else values
        found = [known[name] for name in self.names]
        for place, write in self.writes:
            found[place] = write(found[place])
        return tuple(found)

    def read(self, rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
        if not self.reads:
            return [tuple(row) for row in rows]
        found = []
        for row in rows:
            values = list(row)
            for place, read in self.reads:
                values[place] = read(values[place])
            found.append(tuple(values))
        return found


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


def written(values: Iterable[str]) -> list[sa.ColumnElement[str]]:
    """Return values of ours for `in_` within a `Statement`, as part of its text: it takes no lists."""
    return [sa.literal_column(f"'{value}'") for value in sorted(values)]


def _compiled(query: Query, dialect: Dialect, values: Values) -> _Compiled:
    if isinstance(query, sa.Insert):
        query = query.inline()  # no RETURNING of its own: nobody asks for the id
    compiled = query.compile(dialect=dialect, column_keys=list(values))
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 # for the type checker
    names = tuple(compiled.positiontup or ())
    binds = {name: compiled.binds[name] for name in names}
    writers = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in binds.items()}
    fixed = {
        name: bind.value if (write := writers[name]) is None else write(bind.value)
        for name, bind in binds.items()
        if name not in values
    }
    readers = [
        one.type.dialect_impl(dialect).result_processor(dialect, None) for one in query.exported_columns
    ]
    return _Compiled(
        text=compiled.string,
        names=names,
        fixed=fixed,
        brought=len(binds) - len(fixed),
        writes=tuple(
            (place, write)
            for place, name in enumerate(names)
            if name not in fixed and (write := writers[name]) is not None
        ),
        reads=tuple((place, read) for place, read in enumerate(readers) if read is not None),
    )


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
