"""The record of alarms for people outside: all of it as JSON, or line by line for a spreadsheet."""

import csv
import io
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any

import orjson
from sqlalchemy.engine import Connection

from companion.alarms.journal import journal_of
from companion.alarms.model import Alarm, JournalEntry
from companion.alarms.store import list_alarms
from companion.dispatch.delivery import Attempt, Delivery
from companion.dispatch.store import deliveries_of
from companion.store.database import Database
from companion.store.scope import ALL_SITES
from companion.texts.reasons import spelled_out

type Recorded = tuple[Alarm, list[JournalEntry], list[tuple[Delivery, list[Attempt]]]]
type Cells = tuple[Any, ...]

PAGE = 100
CSV_HEADER = (
    *("alarm_id", "raised_at", "title", "source", "severity", "test", "site", "room", "person", "status"),
    *("record", "at", "what", "who", "via", "detail"),
)
# Claims and keys are the dispatcher's own business and mean nothing in a record.
INTERNAL = (
    "alarm_id",
    "message",
    "owner",
    "fence",
    "lease_until",
    "position",
    "first_page",
)
# OWASP, CSV injection: what a spreadsheet takes for the beginning of a formula, full-width forms too.
FORMULA_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


async def recorded_alarms(
    db: Database, *, since: datetime | None, until: datetime | None
) -> AsyncIterator[Recorded]:
    """Yield the alarms raised from `since` until before `until`, newest first, with all that belongs to them."""
    before: str | None = None
    while page := await db.read(partial(_page, since=since, until=until, before=before)):
        for recorded in page:
            yield recorded
        before = page[-1][0].id


def _page(
    conn: Connection, *, since: datetime | None, until: datetime | None, before: str | None
) -> list[Recorded]:
    alarms = list_alarms(ALL_SITES, conn, since=since, until=until, before=before, limit=PAGE)
    return [
        (alarm, journal_of(ALL_SITES, conn, alarm.id), deliveries_of(ALL_SITES, conn, alarm.id))
        for alarm in alarms
    ]


async def json_lines(records: AsyncIterator[Recorded]) -> AsyncIterator[str]:
    """Yield a JSON array of alarms, piece by piece."""
    separator = "[\n"
    async for recorded in records:
        yield separator + orjson.dumps(_as_json(recorded), default=str).decode()
        separator = ",\n"
    yield "\n]\n" if separator == ",\n" else "[]\n"


def _as_json(recorded: Recorded) -> dict[str, Any]:
    alarm, journal, deliveries = recorded
    shown = asdict(alarm)
    shown["policy"] = None if alarm.policy is None else alarm.policy.model_dump(mode="json")
    shown["evidence"] = (
        None if alarm.evidence is None else alarm.evidence.model_dump(mode="json", exclude={"highest"})
    )
    shown["journal"] = [_without(_spelled(entry), "alarm_id") for entry in journal]
    shown["deliveries"] = [
        {
            **_without(spelled_out(vars(delivery)), *INTERNAL),
            "attempts": [
                _without(spelled_out(vars(attempt)), "delivery_id", "channel_id") for attempt in attempts
            ],
        }
        for delivery, attempts in deliveries
    ]
    return shown


def _spelled(entry: JournalEntry) -> dict[str, Any]:
    return vars(entry) | {"detail": spelled_out(entry.detail)}


def _without(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


async def csv_lines(records: AsyncIterator[Recorded]) -> AsyncIterator[str]:
    """Yield CSV, one line for each journal entry and each attempt, safe to open in a spreadsheet."""
    yield _line(CSV_HEADER)
    async for recorded in records:
        for cells in _rows(recorded):
            yield _line(cells)


def _rows(recorded: Recorded) -> Iterator[Cells]:
    alarm, journal, deliveries = recorded
    common = (
        *(alarm.id, alarm.raised_at, alarm.title, alarm.source, alarm.severity, alarm.test),
        *(alarm.site, alarm.room, alarm.person, alarm.status),
    )
    for entry in journal:
        detail = orjson.dumps(spelled_out(entry.detail), default=str).decode() if entry.detail else ""
        yield *common, "journal", entry.at, entry.event, entry.actor, entry.via, detail
    for delivery, attempts in deliveries:
        who = f"{delivery.recipient} {delivery.address}".strip()
        yield (
            *common,
            "delivery",
            delivery.created_at,
            delivery.state,
            who,
            delivery.channel_id,
            delivery.kind,
        )
        for attempt in attempts:
            result = attempt.error or attempt.provider_ref
            yield *common, "attempt", attempt.started_at, attempt.outcome, who, attempt.channel_id, result


def _line(cells: Cells) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([neutral(_text(cell)) for cell in cells])
    return line.getvalue()


def _text(cell: Any) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case datetime():
            return cell.isoformat()
        case _:
            return str(cell)


def neutral(text: str) -> str:
    """Return `text` so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.lstrip().startswith(FORMULA_STARTS) or text[:1] in {"\t", "\r", "\n"} else text
