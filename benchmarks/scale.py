"""What is asked of a record of 10,000, of 100,000 and of a million alarms: it must cost the same, and read nothing whole.

    script/benchmark scale [--sizes 10k,100k,1M] [--postgresql] [--folder FOLDER]

Every page, list, monitor's question and hot statement, through the product's own functions. A read of a whole table that
grows with the record, or a cost that does, fails the run and is named. `--folder` keeps the databases for the next run.
"""

import argparse
import asyncio
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import Connection

from companion.store.database import Database, open_database
from companion.store.tallies import sum_up
from tests.builders import make_engine
from tests.companion.long_record import NOW, make_directory, make_link, make_record, places_in, vacuum
from tests.companion.plans import full_scans
from tests.companion.reads import Read, hot_statements, reads_of
from tests.fakes.clock import FrozenClock
from tests.fakes.postgres import running_postgres

FLAT = 2.0
"""So many times what it costs with the shortest record is still flat."""
NOISE_MS = 1.0
"""What takes less is not compared."""
REPEAT = 3


@dataclass(frozen=True)
class Measured:
    """One question to one record."""

    ms: float
    scans: tuple[str, ...]


class Undone(Exception):
    """Ends a transaction without a trace."""


async def measured(db: Database, read: Read) -> Measured:
    """Return what one question costs, in the middle of several times, and what of its plan reads a table whole."""
    took: list[float] = []

    def run(conn: Connection) -> None:
        # On SQLite the work is this thread's, on PostgreSQL the server's.
        clock = time.thread_time if conn.dialect.name == "sqlite" else time.perf_counter
        before = clock()
        read.work(conn)
        took.append((clock() - before) * 1000)
        raise Undone

    async def undone(work: Callable[[Connection], None]) -> None:
        with suppress(Undone):
            await db.write(work)

    for _ in range(REPEAT):
        await undone(run)
    scans: list[str] = []

    def explain(conn: Connection) -> None:
        scans.extend(full_scans(conn, read.work))
        raise Undone

    await undone(explain)
    return Measured(statistics.median(took), tuple(scans))


async def ask(url: str, total: int) -> dict[tuple[str, str], Measured]:
    """Return what everything costs that is asked of the record at `url`."""
    places = places_in(total)
    db = open_database(url)
    engine = make_engine(db, FrozenClock(NOW), claims=True)
    reads = [*reads_of(places), *hot_statements(engine.commands, places)]
    found = {(read.group, read.name): await measured(db, read) for read in reads}
    await db.close()
    return found


async def record_of(url: str, total: int) -> None:
    """Make a record with its directory, and say how long that took."""
    before = time.monotonic()
    await make_record(url, total)
    db = open_database(url)
    await make_directory(db)
    await make_link(db, places_in(total))
    await sum_up(db)  # as the running service does
    await db.close()
    if db.dialect == "postgresql":
        await vacuum(url)
    print(f"{total:,} alarms written in {time.monotonic() - before:.0f} s", flush=True)


def judged(by_size: dict[int, dict[tuple[str, str], Measured]]) -> list[str]:
    """Print a line for each group, of its slowest question, and return what is wrong."""
    smallest, largest = min(by_size), max(by_size)
    wrong: list[str] = []
    print(f"\n{'CPU in ms, of the slowest in its group':<40}" + "".join(f"{size:>12,}" for size in by_size))
    for group in dict.fromkeys(group for group, _ in by_size[largest]):
        names = [name for of, name in by_size[largest] if of == group]
        slowest = {size: max(found[group, name].ms for name in names) for size, found in by_size.items()}
        ratio = slowest[largest] / max(slowest[smallest], NOISE_MS)
        name = max(names, key=lambda one: by_size[largest][group, one].ms)
        print(
            f"{f'{group} ({len(names)})':<40}"
            + "".join(f"{ms:>12.2f}" for ms in slowest.values())
            + f"   {ratio:.1f}x  {name}"
        )
        if ratio > FLAT:
            wrong.append(f"{group}: {ratio:.1f}x from {smallest:,} to {largest:,} alarms, at worst {name}")
        wrong += [f"{group} {name}: {scan}" for name in names for scan in by_size[largest][group, name].scans]
    return wrong


def size(text: str) -> int:
    """Return the number that `10k` or `1M` is short for."""
    units = {"k": 1000, "M": 1_000_000}
    return int(text[:-1]) * units[text[-1]] if text[-1] in units else int(text)


async def compare(sizes: list[int], url_of: Callable[[int], str], exists: Callable[[int], bool]) -> list[str]:
    """Make the records that are not there yet, ask them all, and return what is wrong."""
    by_size = {}
    for total in sizes:
        if not exists(total):
            await record_of(url_of(total), total)
        by_size[total] = await ask(url_of(total), total)
    return judged(by_size)


def main() -> int:
    """Measure, print, and return 1 if something is read whole or costs more with a longer record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="10k,100k,1M")
    parser.add_argument("--postgresql", action="store_true", help="a server of its own, instead of SQLite")
    parser.add_argument("--folder", type=Path, help="where SQLite's files are kept, and found again")
    options = parser.parse_args()
    sizes = sorted(size(one) for one in options.sizes.split(","))
    logging.disable(logging.CRITICAL)
    if options.postgresql:
        with running_postgres() as server:
            for total in sizes:
                server.create_database(f"record_{total}")
            wrong = asyncio.run(
                compare(sizes, lambda total: server.url(f"record_{total}"), lambda _total: False)
            )
    else:
        with tempfile.TemporaryDirectory() as made:
            folder: Path = options.folder or Path(made)
            folder.mkdir(exist_ok=True)
            files = {total: folder / f"record_{total}.db" for total in sizes}
            wrong = asyncio.run(
                compare(sizes, lambda total: f"sqlite:///{files[total]}", lambda total: files[total].exists())
            )
    print("\n" + "\n".join(dict.fromkeys(wrong) or ["Nothing is read whole, and nothing costs more."]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
