"""Whether the companion stays as it is: half an hour of alarms that come, are told, and are answered or not.

    script/benchmark soak [--minutes 30] [--per-second 20]

Memory, descriptors, the write-ahead log and the time to the durable answer are looked at in every part of the run. Each
figure is the last fifth's to that of the second fifth (the first one warms up), all in one run; one that has grown beyond
its bound ends the run with 1. Times of answers are to those of a page that does nothing (`/healthz`) in the same part, as
the machine is not the same all the time.
"""

import argparse
import asyncio
import os
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import aiohttp
import yaml
from aiohttp import web

from benchmarks.companion import POOL, directory, listening
from tests.e2e.processes import CompanionProcess
from tests.fakes.ports import free_port

PARTS = 20
ANSWERED = 0.7
"""Share of the pages that somebody answers …"""
SECONDS_TO_ANSWER = 5.0
"""… within so many seconds; what nobody answers escalates."""
ENDED = 0.5
"""Share of the answers that also say that it is over."""
NOTHING = 0.2
"""How many requests of a page that does nothing there are for a press."""
FAILING = 0.02
"""Share of the requests that the provider refuses for the moment."""
LINK = re.compile(r"https?://\S+/a/\S+")
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1024**2


@dataclass
class Gateway:
    """An SMS gateway, and behind it the people who read their phones."""

    session: aiohttp.ClientSession
    tasks: asyncio.TaskGroup
    port: int = field(default_factory=free_port)
    told: int = 0
    answering: int = 0
    answered: int = 0
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    async def start(self) -> web.AppRunner:
        """Listen."""
        return await listening(self.port, self._take)

    async def all_answered(self) -> None:
        """Wait until everybody who wanted to has answered."""
        while self.answering:
            self.idle.clear()
            await self.idle.wait()

    async def _take(self, request: web.Request) -> web.Response:
        text = (await request.json())["text"]
        if self.chance.random() < FAILING:
            return web.Response(status=503)
        self.told += 1
        link = LINK.search(text)
        if link is not None and self.chance.random() < ANSWERED:
            self.answering += 1
            self.tasks.create_task(self._answer(link[0]))
        return web.json_response({"id": str(self.told)})

    async def _answer(self, link: str) -> None:
        await asyncio.sleep(self.chance.uniform(0, SECONDS_TO_ANSWER))
        form = {"do": "resolve"} if self.chance.random() < ENDED else {}
        async with self.session.post(link, data=form, allow_redirects=False) as answer:
            assert answer.status == 303, await answer.text()
        self.answered += 1
        self.answering -= 1
        self.idle.set()


@dataclass(frozen=True)
class Part:
    """What one part of the run was like."""

    memory_mb: float
    descriptors: float
    wal_mb: float
    answer_p50_ms: float
    answer_p99_ms: float
    nothing_p50_ms: float
    """Of a page that does nothing."""


FIGURES: Sequence[tuple[str, Callable[[Part], float], float]] = (
    ("memory", lambda part: part.memory_mb, 1.15),
    ("descriptors", lambda part: part.descriptors, 1.5),
    ("write-ahead log", lambda part: part.wal_mb, 1.5),
    ("answer p50", lambda part: part.answer_p50_ms / part.nothing_p50_ms, 1.5),
    ("answer p99", lambda part: part.answer_p99_ms / part.nothing_p50_ms, 2.0),
)
"""Name, value and how much it may grow."""


@dataclass
class Taken:
    """How long requests took, in milliseconds."""

    presses: list[float] = field(default_factory=list)
    nothing: list[float] = field(default_factory=list)

    async def get(self, session: aiohttp.ClientSession, url: str, into: list[float]) -> None:
        """Time one request."""
        before = time.perf_counter()
        async with session.get(url) as answer:
            assert answer.status == 200, await answer.text()
        into.append(1000 * (time.perf_counter() - before))


async def press_on(
    session: aiohttp.ClientSession, url: str, per_second: float, until: float, taken: Taken
) -> None:
    """Press keys at random moments, so many in a second on average, whatever becomes of those before."""
    chance = random.Random(2)
    keys = list(range(POOL))
    chance.shuffle(keys)
    async with asyncio.TaskGroup() as pressing:
        for key in cycle(keys):
            pressing.create_task(
                taken.get(session, f"{url}/v1/yealink/alarm?token={key:032d}", taken.presses)
            )
            await asyncio.sleep(chance.expovariate(per_second))
            if time.monotonic() > until:
                return
            if chance.random() < NOTHING:
                await taken.get(session, f"{url}/healthz", taken.nothing)


def look(pid: int, database: Path, taken: Taken) -> Part:
    """Return what the process holds now, and how long the answers of this part took."""
    presses = sorted(taken.presses)
    log = database.with_name(f"{database.name}-wal")
    return Part(
        memory_mb=int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_MB,
        descriptors=len(os.listdir(f"/proc/{pid}/fd")),  # noqa: PTH208 # of a process that lives
        wal_mb=log.stat().st_size / 1024**2 if log.exists() else 0.0,
        answer_p50_ms=presses[len(presses) // 2],
        answer_p99_ms=presses[int(len(presses) * 0.99)],
        nothing_p50_ms=statistics.median(taken.nothing),
    )


async def soak(folder: Path, minutes: float, per_second: float) -> list[Part]:
    """Run it and return its parts; raises what a request that went wrong has raised."""
    parts, taken, pressed = [], Taken(), 0
    companion = CompanionProcess(folder, press_per_minute="1000", press_window_s="1", log_level="warning")
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100)) as session,
        asyncio.TaskGroup() as tasks,
    ):
        gateway = Gateway(session, tasks)
        provider = await gateway.start()
        document = folder / "directory.yaml"
        document.write_text(yaml.safe_dump(directory(f"http://127.0.0.1:{gateway.port}/sms", steps=(0, 30))))
        await companion.cli("apply", str(document))
        await companion.ready()
        try:
            ends = time.monotonic() + minutes * 60
            pressing = tasks.create_task(press_on(session, companion.url, per_second, ends, taken))
            for _ in range(PARTS):
                taken.presses.clear()
                taken.nothing.clear()
                await asyncio.sleep(minutes * 60 / PARTS)
                found = look(companion.pid, folder / "alarm-broker.db", taken)
                parts.append(found)
                pressed += len(taken.presses)
                print(
                    f"{pressed:>7} pressed, {gateway.told:>7} told, {gateway.answered:>7} answered: "
                    f"{found.memory_mb:6.1f} MB, {found.descriptors:3.0f} files, log {found.wal_mb:4.1f} MB, "
                    f"answers {found.answer_p50_ms:6.1f} / {found.answer_p99_ms:6.1f} ms",
                    file=sys.stderr,
                )
            await pressing
            await provider.cleanup()  # nobody is told any more; those who were may still answer
            await gateway.all_answered()
        finally:
            await companion.stop()
    return parts


def verdict(parts: Sequence[Part]) -> bool:
    """Print how the last fifth is to the second one, and return whether all of it is flat."""
    fifth = PARTS // 5
    early, late = parts[fifth : 2 * fifth], parts[-fifth:]
    flat = True
    print(f"{'figure':<20} {'early':>10} {'late':>10} {'ratio':>7}  goal")
    for name, figure, most in FIGURES:
        first, last = (statistics.median(map(figure, some)) for some in (early, late))
        ratio = last / first if first else 1.0
        flat &= ratio <= most
        print(f"{name:<20} {first:>10.1f} {last:>10.1f} {ratio:>7.2f}  <= {most:g}")
    return flat


def main() -> None:
    """Measure and print; end with 1 if something has grown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--per-second", type=float, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        parts = asyncio.run(soak(Path(name), options.minutes, options.per_second))
    sys.exit(0 if verdict(parts) else 1)


if __name__ == "__main__":
    main()
