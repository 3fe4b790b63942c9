"""Tables for a person, or for a pipe."""

import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text


def print_table(rows: Iterable[Sequence[str | Text]], columns: Sequence[str] = ()) -> None:
    """Print the rows, under the names of their columns if they have any."""
    table = Table(box=None, show_header=bool(columns), pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        # What a name has in brackets or colons is the name's.
        table.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in row))
    # Into a file or a pipe: one line a row, so that `grep` finds whole ones.
    width = None if sys.stdout.isatty() else 1000
    Console(width=width, markup=False, emoji=False).print(table)
