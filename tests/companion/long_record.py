"""A long past, made fast: alarms as a house has them over years, with everything that belongs to each."""

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import asyncpg
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.alarms.ack_links import AckTokens, link_hash
from companion.ids import token_hash
from companion.store import tables
from companion.store.database import Database, normalized_url
from companion.store.migrate import migrate
from companion.store.types import PackedText, as_bytes, as_microseconds
from tests.companion.reads import Places

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BETWEEN = timedelta(seconds=86.4)
"""A thousand alarms a day: a longer record is an older one."""
OPEN = 20
"""The newest ones; every other of them is answered."""
BLOCK = 2000
"""So many alarms are written at once."""
SITES = ("head-office", "plant", "depot", "school", "annex")
LEFT = 200
"""So many were never closed, however long the record is."""
SMALL_SITE = "annex"
SMALL = 7
"""So many alarms of the small site, the oldest of all."""
SOURCES = ("yealink",) * 7 + ("panel", "panel", "api")
DEVICES = 50
CHANNELS = ("push", "text", "ticket")
TOKENS = AckTokens(b"benchmark" * 4, "https://alarm.example")
DEVICE_TOKEN = "benchmark-device-token-0"  # of a database that is thrown away
_POLICY = {
    "id": "standard",
    "name": "Standard",
    "steps": [
        {"targets": [{"person": "person-0"}]},
        {"after": 60, "targets": [{"person": "person-1"}, {"person": "person-2", "via": "all"}]},
    ],
    "repeat": 1,
    "repeat_after": 120,
}
_POLICY_TEXT = json.dumps(_POLICY)

type Row = tuple[Any, ...]
type Stored = Callable[[datetime], Any]
"""How a database takes a moment."""


@dataclass(frozen=True)
class Past:
    """One alarm of the record, by its number."""

    number: int
    total: int
    stored: Stored

    def at(self, seconds: float = 0) -> Any:
        """Return so many seconds after it was raised, as it is stored."""
        return self.stored(self._raised_at + timedelta(seconds=seconds))

    @cached_property
    def _raised_at(self) -> datetime:
        return NOW - BETWEEN * (self.total - self.number)

    @cached_property
    def id(self) -> str:
        """Return the id of the alarm."""
        return self.id_of(0)

    def id_of(self, delivery: int) -> str:
        """Return the id of its delivery of this number, from 1."""
        ms = f"{int(self._raised_at.timestamp() * 1000):012x}"
        return f"{ms[:8]}-{ms[8:]}-7{delivery:03x}-8000-{self.number:012x}"

    @property
    def is_left(self) -> bool:
        """Return whether nobody ever closed it."""
        return SMALL <= self.number < SMALL + LEFT

    @cached_property
    def status(self) -> str:
        """Return what became of it."""
        if self.number >= self.total - OPEN:
            return "acknowledged" if self.number % 2 else "triggered"
        if self.is_left:
            return "triggered" if self.number % 10 == 0 else "acknowledged"
        return "cancelled" if self.number % 7 == 0 else "resolved"

    @property
    def is_answered(self) -> bool:
        """Return whether somebody acknowledged it."""
        return self.status in {"acknowledged", "resolved"}

    @property
    def source(self) -> str:
        """Return what raised it."""
        return SOURCES[self.number % 10]

    @cached_property
    def site(self) -> str | None:
        """Return where."""
        if self.number < SMALL:
            return SMALL_SITE
        place = self.number * 7919 % 100
        return None if place < 2 else SITES[0 if place < 60 else 1 if place < 80 else 2 if place < 95 else 3]

    @cached_property
    def link_hash(self) -> str:
        """Return what is stored of its link."""
        return hashlib.sha256(self.id.encode()).hexdigest()


def _alarms(past: Past) -> Iterator[Row]:
    status = past.status
    is_open, is_new = status in {"acknowledged", "triggered"}, past.number >= past.total - OPEN
    answered_at = past.at(5 + past.number * 31 % 900) if past.is_answered else None
    exhausted_at = past.at(600) if past.number % 50 == 0 and not is_open else None
    yield (
        *(
            past.id,
            3,
            status,
            past.source,
            "panic",
            "critical",
            "Panic key: Reception",
            past.number % 20 == 3,
        ),
        *(past.site, past.site, "Europe/Berlin", "Reception", "Porter", f"key-{past.number % DEVICES}"),
        *('{"device": "Desk phone", "model": "T46U"}', None, 1, _POLICY_TEXT, 0, 1, 1),
        past.stored(NOW + timedelta(minutes=5)) if status == "triggered" and is_new else None,
        *(past.at(), answered_at, "Anna" if past.is_answered else None),
        *(None if is_open else past.at(1800), None if is_open else "Anna", exhausted_at, None, None),
    )


def _deliveries(past: Past) -> Iterator[Row]:
    waits = past.number >= past.total - 3
    told = (
        "pending"
        if waits
        else "error"
        if past.number % 40 == 1
        else "delivered"
        if past.number % 3
        else "sent"
    )
    for of, (kind, channel, state) in enumerate(
        (("page", "push", told), ("acknowledged", "text", "cancelled" if past.number % 25 == 0 else "sent")),
        1,
    ):
        is_sent = state in {"sent", "delivered"}
        yield (
            *(past.id_of(of), past.id, kind, "0.0", channel, "person-0", 0, "+4912345678", "Porter"),
            *('{"language": "en", "recipient_key": "person-0"}', state, past.at()),
            *(1, 1, of == 1, False, None, 1, None, False, False, f"ref-{past.number}" if is_sent else None),
            *(
                None,
                f"device:key-{past.number % DEVICES}" if of == 1 else None,
                None,
                past.at(),
            ),
            *(past.at(1) if is_sent else None, past.at(2) if state == "delivered" else None, None),
        )


def _attempts(past: Past) -> Iterator[Row]:
    for of, channel in enumerate(("push", "text"), 1):
        number = past.number * 2 + of
        yield (
            number,
            past.id_of(of),
            channel,
            1,
            past.at(),
            past.at(1),
            "sent",
            200,
            f"ref-{past.number}",
            None,
        )


def _journal(past: Past) -> Iterator[Row]:
    lines = (
        ("raised", '{"title": "Panic key: Reception"}'),
        ("escalated", '{"step": "0.0", "told": ["Porter"]}'),
        ("delivery_sent", '{"channel": "push"}'),
        ("acknowledged", '{"link_of": "Porter"}'),
    )
    for place, (event, detail) in enumerate(lines, 1):
        yield past.number * 4 + place, past.id, past.at(place), event, "Porter", "escalation", detail


def _links(past: Past) -> Iterator[Row]:
    yield past.link_hash, past.id, "Porter", past.at()


def _dedup(past: Past) -> Iterator[Row]:
    if past.source == "panel":
        yield f"ha:house:{past.number}", past.id, None


def _heard(past: Past) -> Iterator[Row]:
    if past.source == "panel":
        yield past.id, past.link_hash


def _said(past: Past) -> Iterator[Row]:
    if past.is_answered:
        yield "signal", f"said-{past.number}", past.at(5)


def _pictures(past: Past) -> Iterator[Row]:
    if past.number % 200 == 0:
        yield past.id, "image/jpeg", b"x" * 500, past.at(3)


def _also_for(past: Past) -> Iterator[Row]:
    if past.number % 20 == 0:
        yield past.id_of(1), "person-1", 0


def _failovers(past: Past) -> Iterator[Row]:
    if past.number >= past.total - 3:
        yield past.id_of(1), "person-0", past.id, past.stored(NOW + timedelta(minutes=1))


ROWS: dict[str, Callable[[Past], Iterator[Row]]] = {
    "alarm": _alarms,
    "delivery": _deliveries,
    "attempt": _attempts,
    "journal": _journal,
    "ack_link": _links,
    "dedup": _dedup,
    "heard_event": _heard,
    "channel_event": _said,
    "picture": _pictures,
    "also_for": _also_for,
    "failover": _failovers,
}


async def make_record(url: str, total: int) -> None:
    """Write a record of `total` alarms into a database that is not there yet, or empty."""
    await migrate(url)
    parsed = normalized_url(url)
    if parsed.drivername == "sqlite":
        await asyncio.to_thread(_fill_sqlite, Path(parsed.database or ""), total)
    else:
        await _fill_postgresql(url, total)


def _blocks(total: int, stored: Stored) -> Iterator[tuple[str, list[Row]]]:
    """Yield the rows of each table, block by block."""
    for start in range(0, total, BLOCK):
        pasts = [Past(number, total, stored) for number in range(start, min(start + BLOCK, total))]
        for table, make in ROWS.items():
            yield table, [row for past in pasts for row in make(past)]


def _packed(table: str, row: Row) -> Row:
    """Return the row as SQLite has it."""
    columns = tables.metadata.tables[table].columns
    return tuple(
        as_bytes(value) if isinstance(column.type, PackedText) else value
        for column, value in zip(columns, row, strict=True)
    )


def _columns(table: str) -> list[str]:
    """Return the columns in the order of our rows; a database that was migrated has them in another."""
    return [column.name for column in tables.metadata.tables[table].columns]


def _fill_sqlite(path: Path, total: int) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA cache_size=-400000")
    connection.execute("PRAGMA journal_mode=OFF")
    connection.execute("BEGIN")
    for table, rows in _blocks(total, as_microseconds):
        columns = _columns(table)
        insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608 # ours
        connection.executemany(insert, (_packed(table, row) for row in rows))
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()


async def _fill_postgresql(url: str, total: int) -> None:
    connection = await asyncpg.connect(url)
    for table, rows in _blocks(total, lambda at: at):
        await connection.copy_records_to_table(table, records=rows, columns=_columns(table))
    for table in ("journal", "attempt"):
        await connection.execute(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")  # noqa: S608 # as above
    await connection.close()
    await vacuum(url)


async def vacuum(url: str) -> None:
    """Do what PostgreSQL does by itself, in its time, after much was written or deleted."""
    connection = await asyncpg.connect(url)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


async def make_directory(db: Database) -> None:
    """Write who and what there is."""
    await db.write(_directory)


def _directory(conn: Connection) -> None:
    conn.execute(sa.insert(tables.policy).values(id="standard", name="Standard", body=_POLICY))
    sites = [{"id": one, "name": one, "timezone": "Europe/Berlin", "policy_id": "standard"} for one in SITES]
    conn.execute(sa.insert(tables.site), sites)
    people = [{"id": f"person-{n}", "name": f"Person {n}", "language": "en"} for n in range(20)]
    conn.execute(sa.insert(tables.person), people)
    channel = {"config": {}, "enabled": True, "concurrency": 2, "timeout_s": 5.0, "revision": 1}
    kinds = dict(zip(CHANNELS, ("signal", "sms", "zammad"), strict=True))
    conn.execute(
        sa.insert(tables.channel),
        [{"id": one, "kind": kind, "name": one, **channel} for one, kind in kinds.items()],
    )
    contacts = [
        {
            "id": f"c-{n}-{place}",
            "person_id": f"person-{n}",
            "channel_id": channel_id,
            "address": f"+49{n}",
            "position": place,
        }
        for n in range(20)
        for place, channel_id in enumerate(("push", "text"))
    ]
    conn.execute(sa.insert(tables.contact_point), contacts)
    device = {"kind": "yealink", "test": False, "enabled": True, "last_context": {}, "minute_count": 0}
    devices = [
        {
            "id": f"key-{n}",
            "name": f"Key {n}",
            "site_id": SITES[n % 4],
            "token_hash": token_hash(f"{DEVICE_TOKEN[:-1]}{n}"),
            **device,
        }
        for n in range(DEVICES)
    ]
    conn.execute(sa.insert(tables.device), devices)


def places_in(total: int) -> Places:
    """Return what is asked about in a record of so many alarms."""
    later = (Past(number, total, lambda at: at) for number in range(total // 2, total))
    middle = next(past for past in later if past.site == SITES[0])
    return Places(
        now=NOW,
        alarm_id=middle.id,
        device_token=DEVICE_TOKEN,
        provider_ref=f"ref-{middle.number}",
        link_token=TOKENS.token(middle.id, "person-0"),
        site=SITES[0],
        small_site=SMALL_SITE,
    )


async def make_link(db: Database, places: Places) -> None:
    """Let the link that is asked about be one that opens."""
    row = {"token_hash": link_hash(places.link_token), "alarm_id": places.alarm_id, "recipient": "Porter"}
    await db.write(lambda conn: conn.execute(sa.insert(tables.ack_link).values(**row, created_at=NOW)))
