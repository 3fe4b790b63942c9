"""The append-only record."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.alarms.model import Change, JournalEntry
from companion.store.scope import Scope, require_alarm
from companion.store.statements import Statement
from companion.store.tables import journal
from companion.texts.reasons import Reason

_APPEND = Statement(sa.insert(journal))


def append(
    scope: Scope,
    conn: Connection,
    alarm_id: str,
    at: datetime,
    event: Change,
    *,
    actor: str | None,
    via: str,
    detail: Mapping[str, Any],
) -> None:
    """Write one line; nothing ever changes one, and it goes only with its alarm. Raises OutOfScope."""
    require_alarm(scope, conn, alarm_id)
    _APPEND.run(
        conn,
        {
            "alarm_id": alarm_id,
            "at": at,
            "event": event.value,
            "actor": actor,
            "via": via,
            "detail": {name: _kept(value) for name, value in detail.items()},
        },
    )


def journal_of(scope: Scope, conn: Connection, alarm_id: str) -> list[JournalEntry]:
    """Return the lines of one alarm, oldest first."""
    query = sa.select(journal).where(journal.c.alarm_id == alarm_id).order_by(journal.c.id)
    rows = conn.execute(scope.of_alarms(query, journal.c.alarm_id))
    return [_entry(row) for row in rows]


def _entry(row: sa.Row[Any]) -> JournalEntry:
    detail = {name: Reason.from_json(value) or value for name, value in row.detail.items()}
    return JournalEntry(**dict(row._mapping) | {"event": Change(row.event), "detail": detail})


def _kept(value: Any) -> Any:
    return value.as_json() if isinstance(value, Reason) else value
