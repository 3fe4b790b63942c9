"""From the phone's request to the durable answer and to the first provider request, against bare floors.

    script/benchmark companion [--presses 400] [--repeat 3]

Every figure is a ratio to a floor of the same run (see `benchmarks.floors`), the median over the repeats.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import yaml
from aiohttp import web

from tests.e2e.processes import CompanionProcess, Process
from tests.fakes.ports import free_port

POOL = 3000
"""Keys in the directory. Each is pressed at most once a run, so that every press is an alarm of its own."""


async def listening(port: int, take: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> web.AppRunner:
    """Return a running SMS gateway that answers as `take` does."""
    app = web.Application()
    app.router.add_post("/sms", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    return runner


@dataclass
class Provider:
    """An SMS gateway that notes when it was told of which room."""

    port: int = field(default_factory=free_port)
    told: dict[str, float] = field(default_factory=dict)

    async def start(self) -> web.AppRunner:
        """Listen."""
        return await listening(self.port, self._take)

    async def _take(self, request: web.Request) -> web.Response:
        text = (await request.json())["text"]
        now = time.perf_counter()
        for word in text.replace(",", " ").replace(".", " ").split():
            if word.startswith("room"):
                self.told.setdefault(word, now)
        return web.json_response({"id": "1"})


@dataclass(frozen=True)
class Figures:
    """One run, in seconds; `told_*` is empty when the server has no channel."""

    answers: list[float]
    told: list[float]
    per_second: float
    told_per_second: float
    cpu_us: float
    """Of the server's process for each press, with all that follows from it."""


type Press = Callable[[int], str]


async def load(
    process: Process,
    url: str,
    press: Press,
    rooms: list[int],
    in_flight: int,
    gap_s: float,
    provider: Provider | None,
) -> Figures:
    """Press every key once, `in_flight` at a time, each `gap_s` after the one before."""
    answers: list[float] = []
    begun: dict[str, float] = {}
    keys = iter(rooms)

    async def press_on(session: aiohttp.ClientSession) -> None:
        for room in keys:
            begun[f"room{room}"] = before = time.perf_counter()
            async with session.get(f"{url}/v1/yealink/alarm?{press(room)}") as answer:
                await answer.read()
                assert answer.status == 200, await answer.text()
            answers.append(time.perf_counter() - before)
            if gap_s:
                await asyncio.sleep(gap_s)

    if provider is not None:
        provider.told.clear()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=in_flight)) as session:
        started, cpu_s = time.perf_counter(), process.cpu_s()
        await asyncio.gather(*(press_on(session) for _ in range(in_flight)))
        per_second = len(rooms) / (time.perf_counter() - started)
        told: list[float] = []
        told_per_second = 0.0
        if provider is not None:
            async with asyncio.timeout(60):
                while len(provider.told) < len(rooms):
                    await asyncio.sleep(0.005)
            told = [provider.told[room] - at for room, at in begun.items()]
            told_per_second = len(rooms) / (max(provider.told.values()) - started)
    cpu_us = (process.cpu_s() - cpu_s) / len(rooms) * 1e6
    return Figures(answers, told, per_second, told_per_second, cpu_us)


def directory(sms_url: str, *, steps: Sequence[float] = (0,)) -> dict[str, object]:
    """Return a directory of one person with an SMS gateway, told after so many seconds each, and of POOL keys."""
    return {
        "channels": [
            {"id": "sms", "kind": "sms", "name": "SMS", "concurrency": 64, "config": {"url": sms_url}}
        ],
        "people": [{"id": "anna", "name": "Anna", "contacts": [{"channel": "sms", "address": "+49301234"}]}],
        "policies": [
            {
                "id": "p",
                "name": "P",
                "steps": [{"after": after, "targets": [{"person": "anna"}]} for after in steps],
            },
        ],
        "sites": [
            {
                "id": "s",
                "name": "S",
                "timezone": "UTC",
                "policy": "p",
                "rooms": [{"id": f"r{n}", "name": f"room{n}"} for n in range(POOL)],
            }
        ],
        "devices": [
            {
                "id": f"d{n}",
                "kind": "yealink",
                "name": f"d{n}",
                "site": "s",
                "room": f"r{n}",
                "person": "anna",
                "token": f"{n:032d}",
            }
            for n in range(POOL)
        ],
    }


async def companion(folder: Path, provider: Provider | None) -> tuple[Process, str, Press]:
    """Start the companion with its directory and return it."""
    process = CompanionProcess(folder, press_per_minute="1000", press_window_s="1", log_level="warning")
    document = folder / "directory.yaml"
    document.parent.mkdir(parents=True, exist_ok=True)
    # Nobody to tell: a policy that waits, so that only the durable answer is measured.
    found = (
        directory("http://127.0.0.1:9/sms", steps=(86_400,))
        if provider is None
        else directory(f"http://127.0.0.1:{provider.port}/sms")
    )
    document.write_text(yaml.safe_dump(found))
    await process.cli("apply", str(document))
    await process.ready()
    return process, process.url, lambda room: f"token={room:032d}"


async def floor(mode: str, folder: Path, provider: Provider | None) -> tuple[Process, str, Press]:
    """Start one of the floors and return it."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    arguments = [sys.executable, "-m", "benchmarks.floors", mode, str(port), str(folder / "floor.db")]
    if provider is not None:
        arguments.append(f"http://127.0.0.1:{provider.port}/sms")
    process = Process(mode, arguments, folder / "floor.log")
    await process.start()
    url = f"http://127.0.0.1:{port}"
    await process.answers(f"{url}/healthz")
    return process, url, lambda room: f"room=room{room}"


@dataclass(frozen=True)
class Case:
    """One way of pressing."""

    name: str
    in_flight: int
    gap_s: float


CASES = (
    Case("isolated", 1, 0.01),
    Case("back to back", 1, 0),
    Case("10 in flight", 10, 0),
    Case("50 in flight", 50, 0),
)


async def measure(
    start: Awaitable[tuple[Process, str, Press]], presses: int, provider: Provider | None
) -> dict[str, Figures]:
    """Start a server, warm it up, run every case and end it."""
    process, url, press = await start
    try:
        await load(process, url, press, list(range(100)), 4, 0, provider)
        found, first = {}, 100
        for case in CASES:
            rooms = list(range(first, first + presses))
            first += presses
            found[case.name] = await load(process, url, press, rooms, case.in_flight, case.gap_s, provider)
        return found
    finally:
        await process.stop()


def _p(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


type Ratio = tuple[str, str, Callable[[Figures], float], str, str, str]

RATIOS: tuple[Ratio, ...] = (
    ("isolated: answer p50", "isolated", lambda f: _p(f.answers, 0.5), "durable", "commit-group", "<= 1.3"),
    (
        "isolated: answer p50, against one commit a request",
        "isolated",
        lambda f: _p(f.answers, 0.5),
        "durable",
        "commit-thread",
        "",
    ),
    (
        "isolated: first provider request p50",
        "isolated",
        lambda f: _p(f.told, 0.5),
        "telling",
        "hook-group",
        "<= 1.3",
    ),
    (
        "back to back: first provider request p50",
        "back to back",
        lambda f: _p(f.told, 0.5),
        "telling",
        "hook-group",
        "<= 1.6",
    ),
    (
        "10 in flight: first provider request p50",
        "10 in flight",
        lambda f: _p(f.told, 0.5),
        "telling",
        "hook-group",
        "<= 2",
    ),
    (
        "50 in flight: first provider request p50",
        "50 in flight",
        lambda f: _p(f.told, 0.5),
        "telling",
        "hook-group",
        "<= 2",
    ),
    (
        "50 in flight: first provider request p99",
        "50 in flight",
        lambda f: _p(f.told, 0.99),
        "telling",
        "hook-group",
        "",
    ),
    (
        "50 in flight: told per second",
        "50 in flight",
        lambda f: f.told_per_second,
        "telling",
        "hook-group",
        ">= 0.6",
    ),
    (
        "50 in flight: durable answers per second",
        "50 in flight",
        lambda f: f.per_second,
        "durable",
        "commit-group",
        ">= 0.6",
    ),
    (
        "50 in flight: durable answers per second",
        "50 in flight",
        lambda f: f.per_second,
        "durable",
        "commit-thread",
        ">= 3",
    ),
    ("50 in flight: CPU per alarm told", "50 in flight", lambda f: f.cpu_us, "telling", "hook-group", "<= 2"),
)


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presses", type=int, default=400, help="per case (at most 700)")
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    ratios: dict[int, list[float]] = {number: [] for number in range(len(RATIOS))}
    for repeat in range(options.repeat):
        print(f"run {repeat + 1} of {options.repeat} …", file=sys.stderr)
        provider = Provider()
        receiver = await provider.start()
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            runs = {
                "commit-thread": await measure(
                    floor("commit-thread", folder / "1", None), options.presses, None
                ),
                "commit-group": await measure(
                    floor("commit-group", folder / "2", None), options.presses, None
                ),
                "durable": await measure(companion(folder / "3", None), options.presses, None),
                "hook-group": await measure(
                    floor("hook-group", folder / "4", provider), options.presses, provider
                ),
                "telling": await measure(companion(folder / "5", provider), options.presses, provider),
            }
        await receiver.cleanup()
        cpu = {name: round(runs[name]["50 in flight"].cpu_us) for name in ("telling", "hook-group")}
        print(
            f"CPU per alarm told, 50 in flight: {cpu['telling']} us, floor {cpu['hook-group']} us",
            file=sys.stderr,
        )
        for number, (_, case, figure, ours, theirs, _) in enumerate(RATIOS):
            ratios[number].append(figure(runs[ours][case]) / figure(runs[theirs][case]))
    print(f"{'figure':<55} {'floor':<15} {'ratio':>7}  {'goal':<7} runs")
    for number, (name, _, _, _, theirs, goal) in enumerate(RATIOS):
        values = " ".join(f"{value:.2f}" for value in ratios[number])
        print(f"{name:<55} {theirs:<15} {statistics.median(ratios[number]):>7.2f}  {goal:<7} {values}")


if __name__ == "__main__":
    asyncio.run(main())
