"""What an alarm takes of an SQLite file, table by table, after one person was told, has acknowledged and has ended it.

    script/benchmark disk [--alarms 2000]

By the service itself and a gateway that answers, so holes that a changing row leaves in its page count too.
"""

import argparse
import asyncio
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import aiohttp
import yaml
from aiohttp import web

from benchmarks.companion import POOL, directory, listening
from benchmarks.soak import LINK
from tests.e2e.processes import CompanionProcess
from tests.fakes.ports import free_port

IN_FLIGHT = 8
SETTLED_S = 12.0
"""After the last answer, until its news are sent and the counts are summed up."""
LEAST = 1.0
"""Bytes of an alarm below which a table is not named."""


def bytes_by_name(database: Path) -> dict[str, int]:
    """Return how many bytes the pages of each table and index take."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return dict(connection.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"))


async def _press(session: aiohttp.ClientSession, url: str, presses: int) -> None:
    for press in range(presses):
        async with session.get(f"{url}/v1/yealink/alarm?token={press % POOL:032d}") as answer:
            assert answer.status == 200, await answer.text()


async def _answer(session: aiohttp.ClientSession, told: asyncio.Queue[str], answers: int) -> None:
    for _ in range(answers):
        link = await told.get()
        for form in ({}, {"do": "resolve"}):
            async with session.post(link, data=form, allow_redirects=False) as answer:
                assert answer.status == 303, await answer.text()


async def measure(folder: Path, alarms: int) -> dict[str, float]:
    """Let so many alarms be raised, told, acknowledged and ended; return the bytes that one takes of each table and index."""
    told: asyncio.Queue[str] = asyncio.Queue()

    async def take(request: web.Request) -> web.Response:
        link = LINK.search((await request.json())["text"])
        if link is not None:
            told.put_nowait(link[0])
        return web.json_response({"id": "1"})

    companion = CompanionProcess(folder, press_per_minute="1000", press_window_s="1", log_level="warning")
    port, document, database = free_port(), folder / "directory.yaml", folder / "alarm-broker.db"
    document.write_text(yaml.safe_dump(directory(f"http://127.0.0.1:{port}/sms")))
    gateway = await listening(port, take)
    try:
        await companion.cli("apply", str(document))
        await companion.ready()
        before = bytes_by_name(database)
        async with aiohttp.ClientSession() as session:
            await asyncio.gather(
                _press(session, companion.url, alarms),
                *(_answer(session, told, alarms // IN_FLIGHT) for _ in range(IN_FLIGHT)),
            )
        await asyncio.sleep(SETTLED_S)
    finally:
        await companion.stop()
        await gateway.cleanup()
    return {name: (size - before.get(name, 0)) / alarms for name, size in bytes_by_name(database).items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--alarms", type=int, default=2000, help=f"a multiple of {IN_FLIGHT}")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        found = asyncio.run(measure(Path(name), options.alarms))
    for name, size in sorted(found.items(), key=lambda item: -item[1]):
        if size >= LEAST:
            print(f"{name:<50} {size:>8.0f}")
    print(f"{'bytes of an alarm':<50} {sum(found.values()):>8.0f}  <= 2500")


if __name__ == "__main__":
    main()
