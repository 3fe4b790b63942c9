"""How long the companion takes to be there, and what it costs while nothing happens: memory, wake-ups, CPU.

    script/benchmark size [--alarms 10000] [--idle 60]

The service has a channel of each kind, on SQLite. Ratios are to the floor of the same run (`benchmarks.floors`): bare
aiohttp with one SQLite commit a request. A command's is to the start of an interpreter that does nothing.
"""

import argparse
import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.e2e import house
from tests.e2e.processes import CompanionProcess, Process, Providers
from tests.fakes.ports import free_port

TOKEN = "benchmark-token-0123456789"  # noqa: S105 # of a phone that there is not
COMMANDS = (["--help"], ["key", "list"], ["check"])
SETTLED_S = 5.0
"""After a start and after the last alarm, until what it brought about is over."""
TICKS = os.sysconf("SC_CLK_TCK")
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1024**2


@dataclass(frozen=True)
class Used:
    """What a process has used until a moment."""

    cpu_s: float
    waits: int
    """How often one of its threads has gone to sleep, and so was woken."""


def used(pid: int) -> Used:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    threads = [status.read_text() for status in Path(f"/proc/{pid}/task").glob("*/status")]
    waits = [re.search(r"^voluntary_ctxt_switches:\s*(\d+)", text, re.MULTILINE) for text in threads]
    return Used(
        cpu_s=(int(fields[11]) + int(fields[12])) / TICKS,
        waits=sum(int(found[1]) for found in waits if found),
    )


def memory_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_MB


@dataclass(frozen=True)
class Running:
    """A server that has just answered for the first time."""

    pid: int
    ready_s: float
    cpu_s: float


@asynccontextmanager
async def running(process: Process, url: str) -> AsyncIterator[Running]:
    """Start the server, and stop it in the end."""
    started = time.perf_counter()
    await process.start()
    try:
        await process.answers(f"{url}/healthz")
        ready_s = time.perf_counter() - started
        yield Running(process.pid, ready_s, used(process.pid).cpu_s)
    finally:
        await process.stop()


async def floor(folder: Path) -> tuple[Running, float]:
    """Return how the floor starts, and its memory."""
    port = free_port()
    arguments = [
        sys.executable,
        "-m",
        "benchmarks.floors",
        "commit-thread",
        str(port),
        str(folder / "floor.db"),
    ]
    async with running(
        Process("floor", arguments, folder / "floor.log"), f"http://127.0.0.1:{port}"
    ) as there:
        await asyncio.sleep(SETTLED_S)
        return there, memory_mb(there.pid)


async def command_cpu_s(arguments: list[str], environment: dict[str, str]) -> float:
    """Return what running the command costs."""
    before = os.times()
    process = await asyncio.create_subprocess_exec(
        *arguments,
        env=os.environ | environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    await process.wait()
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def _print(figure: str, value: str, ratio: float | None = None, goal: str = "") -> None:
    print(f"{figure:<44} {value:>10}  {'' if ratio is None else f'{ratio:.2f}':>7}  {goal}")


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--alarms", type=int, default=10_000, help="how many are raised until memory is looked at again"
    )
    parser.add_argument("--idle", type=float, default=60, help="seconds during which nothing happens")
    options = parser.parse_args()
    print(f"{'figure':<44} {'':>10}  {'ratio':>7}  goal")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        await floor(folder)  # what it reads from the disk is in memory now
        bare, bare_mb = await floor(folder)
        providers = Providers(folder)
        companion = CompanionProcess(
            folder / "companion", press_per_minute="1000", press_window_s="1", log_level="warning"
        )
        try:
            await providers.ready()
            await house.apply(companion, house.directory(providers, TOKEN, steps=(0,)))
            async with running(companion, companion.url):
                pass
            async with running(companion, companion.url) as there:
                _print("start to ready", f"{there.ready_s:.2f} s", there.ready_s / bare.ready_s, "<= 1 s")
                _print("start to ready, CPU", f"{there.cpu_s:.2f} s", there.cpu_s / bare.cpu_s)
                await asyncio.sleep(SETTLED_S)
                idle_mb = memory_mb(there.pid)
                _print("memory at rest", f"{idle_mb:.0f} MB", idle_mb / bare_mb, "<= 75 MB")
                before = used(there.pid)
                await asyncio.sleep(options.idle)
                after = used(there.pid)
                _print(
                    "wake-ups a second at rest",
                    f"{(after.waits - before.waits) / options.idle:.1f}",
                    goal="<= 2",
                )
                cpu_ms = (after.cpu_s - before.cpu_s) / options.idle * 1000
                _print("CPU a second at rest", f"{cpu_ms:.1f} ms")
                await _raise(companion, options.alarms)
                await asyncio.sleep(SETTLED_S)
                _print(
                    f"memory after {options.alarms} alarms",
                    f"{memory_mb(there.pid):.0f} MB",
                    memory_mb(there.pid) / idle_mb,
                    "flat",
                )
            nothing = await command_cpu_s([sys.executable, "-c", ""], {})
            for arguments in COMMANDS:
                cpu_s = await command_cpu_s([*companion.command, *arguments], dict(companion.environment))
                _print(f"alarm-broker {' '.join(arguments)}, CPU", f"{cpu_s:.2f} s", cpu_s / nothing)
        finally:
            await providers.stop()


async def _raise(companion: CompanionProcess, alarms: int) -> None:
    """Raise so many alarms over the API, eight at a time."""
    key = await house.create_key(companion, "operate", "Benchmark")
    numbers = iter(range(alarms))

    async def raise_on(session: aiohttp.ClientSession) -> None:
        for number in numbers:
            alarm = {"title": f"Alarm {number}", "kind": "panic", "site": "office"}
            async with session.post(f"{companion.url}/v1/alarms", json=alarm) as answer:
                assert answer.status == 201, await answer.text()

    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session:
        await asyncio.gather(*(raise_on(session) for _ in range(8)))


if __name__ == "__main__":
    asyncio.run(main())
