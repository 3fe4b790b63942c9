"""What Alembic runs: it says which connection, which tables, and how types are written down."""

from typing import Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext

from companion.store.tables import metadata


def _written(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    # A migration must mean the same for ever, so it names none of our own classes.
    return f"sa.{item.impl!r}" if kind == "type" and isinstance(item, sa.TypeDecorator) else False


for index in (index for table in metadata.tables.values() for index in table.indexes):
    index.dialect_options["postgresql"]["where"] = index.dialect_options["sqlite"]["where"]

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter a column in place
    render_item=_written,
)
context.run_migrations()
