"""Sums up what the triggers of migration 0017 have counted: a line for each change becomes one for each kind of row.

What is read is the sum of all lines, so it is right at any moment, before, in the middle of and after this.
"""

from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.store.database import Database
from companion.store.tables import alarm_tally, delivery_tally

FEW = 500
"""So many lines cost nothing to read."""
BATCH = 10_000
"""About so many lines are summed up in one transaction: bounds how long others wait for it."""
SUMS = {
    alarm_tally: ("alarms", "answered", "answer_ms"),
    delivery_tally: ("deliveries",),
}
"""Each table of counts, and its columns that are added up."""


async def sum_up(db: Database) -> None:
    """Sum up all lines that there are, if they are many; what is idle is not written to."""
    for table in SUMS:
        for most in await db.read(partial(_to_sum_up, table=table)):
            await db.write(partial(sum_up_some, table=table, most=most))


def _to_sum_up(conn: Connection, *, table: sa.Table) -> list[int]:
    """Return how many lines to sum up, turn by turn: always more than there are kinds, so that fewer are left."""
    groups = sa.select(sa.literal(1)).select_from(table).group_by(*_kinds(table)).subquery()
    counts = sa.select(
        sa.select(sa.func.count()).select_from(table).scalar_subquery(),
        sa.select(sa.func.count()).select_from(groups).scalar_subquery(),
    )
    lines, kinds = conn.execute(counts).tuples().one()
    most = BATCH + kinds
    return [most] * (lines // most + 1) if lines > FEW + 2 * kinds else []


def sum_up_some(conn: Connection, *, table: sa.Table, most: int) -> None:
    """Sum up the oldest lines. Of two replicas at once each has lines of its own."""
    kinds, sums = _kinds(table), [table.c[name] for name in SUMS[table]]
    names = [column.name for column in (*kinds, *sums)]
    if conn.dialect.name == "postgresql":
        oldest = sa.select(table.c.id).order_by(table.c.id).limit(most).with_for_update(skip_locked=True)
        gone = sa.delete(table).where(table.c.id.in_(oldest)).returning(*kinds, *sums).cte("gone")
        conn.execute(sa.insert(table).from_select(names, _summed(gone, kinds, sums)))
        return
    last = conn.execute(
        sa.select(sa.func.max(sa.select(table.c.id).order_by(table.c.id).limit(most).subquery().c.id))
    ).scalar_one()
    some = sa.select(*kinds, *sums).where(table.c.id <= last).subquery()
    conn.execute(sa.insert(table).from_select(names, _summed(some, kinds, sums)))
    conn.execute(sa.delete(table).where(table.c.id <= last))


def _kinds(table: sa.Table) -> list[sa.Column[Any]]:
    return [column for column in table.columns if column.name not in {"id", *SUMS[table]}]


def _summed(lines: sa.FromClause, kinds: list[sa.Column[Any]], sums: list[sa.Column[Any]]) -> sa.Select[Any]:
    """Return one line for each kind; none for a kind of which there is nothing left."""
    by = [lines.c[column.name] for column in kinds]
    added = [sa.func.sum(lines.c[column.name]) for column in sums]
    return sa.select(*by, *added).group_by(*by).having(sa.or_(*(one != 0 for one in added)))
