"""Real processes of the house, each with a log file, ended by their id."""

import asyncio
import os
import resource
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.fakes.ports import free_port

ROOT = Path(__file__).parents[2]
READY_S = 60


class DidNotStart(Exception):
    """A process ended or stayed silent; the message has the end of its log."""


@dataclass
class Process:
    """A child process: it can be stopped as an operator would, or killed as a power cut would."""

    name: str
    arguments: list[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    cwd: Path = ROOT
    _running: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it; its output is appended to its log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ALARM_BROKER_", "DATABASE_URL"))
        }
        with self.log.open("ab") as output:
            self._running = await asyncio.create_subprocess_exec(
                *self.arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.cwd,
                env=environment | {"PYTHONUNBUFFERED": "1"} | dict(self.environment),
                start_new_session=True,
            )

    @property
    def running(self) -> bool:
        """Return whether it is alive."""
        return self._running is not None and self._running.returncode is None

    @property
    def pid(self) -> int:
        """Return its number, for whoever looks at what it uses."""
        assert self._running is not None
        return self._running.pid

    def cpu_s(self) -> float:
        """Return the time that it has had of a processor, all its threads, in user and system mode."""
        # proc(5): utime and stime are the 14th and 15th, counted after the name, which may have blanks in it.
        stat = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")

    def limit_files(self, most_bytes: int) -> None:
        """Let none of its files grow beyond so many bytes, as on a disk that is full."""
        assert self._running is not None
        _, hard = resource.prlimit(self._running.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self._running.pid, resource.RLIMIT_FSIZE, (most_bytes, hard))

    async def kill(self) -> None:
        """SIGKILL: as if the power had gone."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL if that does not help."""
        try:
            async with asyncio.timeout(20):
                await self._end(signal.SIGTERM)
        except TimeoutError:
            await self._end(signal.SIGKILL)

    def send_signal(self, number: signal.Signals) -> None:
        """Send the process and its children a signal: SIGSTOP, and it hangs until SIGCONT."""
        assert self._running is not None
        os.killpg(self._running.pid, number)

    async def _end(self, number: signal.Signals) -> None:
        if self._running is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._running.pid, number)
        await self._running.wait()

    async def answers(self, url: str, *, status: int = 200, timeout_s: float = READY_S) -> None:
        """Wait until `url` answers with `status`."""
        try:
            async with asyncio.timeout(timeout_s), aiohttp.ClientSession() as session:
                while True:
                    if not self.running:
                        raise DidNotStart(f"{self.name} has ended:\n{self.last_words()}")
                    with suppress(aiohttp.ClientError, TimeoutError):
                        async with session.get(url, timeout=aiohttp.ClientTimeout(total=5)) as answer:
                            if answer.status == status:
                                return
                    await asyncio.sleep(0.05)
        except TimeoutError as err:
            raise DidNotStart(f"{self.name} does not answer at {url}:\n{self.last_words()}") from err

    async def says(self, word: str, *, timeout_s: float = READY_S) -> str:
        """Wait until the log has a line with `word` in it; return the whole log."""
        try:
            async with asyncio.timeout(timeout_s):
                while word not in (text := self.log.read_text(errors="replace")):
                    if not self.running:
                        raise DidNotStart(f"{self.name} has ended:\n{self.last_words()}")
                    await asyncio.sleep(0.05)
                return text
        except TimeoutError as err:
            raise DidNotStart(f"{self.name} has not said {word!r}:\n{self.last_words()}") from err

    def last_words(self) -> str:
        """Return the end of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-25:])


async def run(*arguments: str, environment: Mapping[str, str]) -> str:
    """Run a command to its end and return what it prints; raises DidNotStart if it fails."""
    process = await asyncio.create_subprocess_exec(
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env=os.environ | dict(environment),
    )
    output, errors = await process.communicate()
    if process.returncode != 0:
        raise DidNotStart(f"{' '.join(arguments[:4])} failed:\n{errors.decode()}{output.decode()}")
    return output.decode()


class Providers(Process):
    """The stand-ins for Zammad, signal-cli-rest-api and an SMS gateway, in a process of their own."""

    def __init__(self, folder: Path) -> None:
        self.ports = {name: free_port() for name in ("zammad", "signal", "sms")}
        ports = [part for name, port in self.ports.items() for part in (f"--{name}-port", str(port))]
        super().__init__(
            "the providers", [sys.executable, "-m", "tests.fakes.providers", *ports], folder / "providers.log"
        )

    def url(self, name: str) -> str:
        """Return the address of one of them."""
        return f"http://127.0.0.1:{self.ports[name]}"

    async def ready(self) -> None:
        """Start, and wait until all of them listen."""
        await self.start()
        await self.says("ready")

    async def received(self, name: str) -> list[dict[str, Any]]:
        """Return the requests that one of them has had, oldest first."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.url(name)}/_received") as answer:
            found: list[dict[str, Any]] = await answer.json()
            return found


class CompanionProcess(Process):
    """`alarm-broker serve`, on a folder of its own or on a database that it shares with others."""

    def __init__(
        self, folder: Path, *, name: str = "companion", database_url: str | None = None, **settings: str
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        environment = {
            "ALARM_BROKER_DATA_DIR": str(folder),
            "ALARM_BROKER_HOST": "127.0.0.1",
            "ALARM_BROKER_PORT": str(self.port),
            "ALARM_BROKER_PUBLIC_URL": self.url,
            "ALARM_BROKER_ZEROCONF": "false",
        }
        if database_url is not None:
            environment["ALARM_BROKER_DATABASE_URL"] = database_url
        environment |= {f"ALARM_BROKER_{key.upper()}": value for key, value in settings.items()}
        self.command = [sys.executable, "-m", "companion"]
        super().__init__(name, [*self.command, "serve"], folder / f"{name}.log", environment)

    async def ready(self) -> None:
        """Start, and wait until it answers."""
        await self.start()
        await self.answers(f"{self.url}/healthz")

    async def cli(self, *arguments: str) -> str:
        """Run another of its commands on the same data and return what it prints."""
        return await run(*self.command, *arguments, environment=self.environment)
