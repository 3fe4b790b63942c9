"""`export`."""

import asyncio
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import typer

from companion.commands.database import migrated
from companion.commands.settings import quiet_settings
from companion.config import Settings
from companion.export import csv_lines, json_lines, recorded_alarms


def export(config: Path | None, *, since: str | None, until: str | None, as_csv: bool) -> None:
    """Write alarms with their journals and deliveries to standard output, newest first."""
    settings = quiet_settings(config)
    with suppress(BrokenPipeError):  # whoever reads it (`head`) has seen enough
        asyncio.run(_export(settings, since=_moment(since), until=_moment(until), as_csv=as_csv))


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as err:
        raise typer.BadParameter("write it like 2026-11-20 or 2026-11-20T22:00+01:00") from err
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


async def _export(
    settings: Settings, *, since: datetime | None, until: datetime | None, as_csv: bool
) -> None:
    async with migrated(settings.database_url) as db:
        records = recorded_alarms(db, since=since, until=until)
        async for text in csv_lines(records) if as_csv else json_lines(records):
            sys.stdout.write(text)
