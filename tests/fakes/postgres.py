"""A real PostgreSQL on a free port of 127.0.0.1, made for one test session and thrown away after it."""

# ruff: noqa: S603 # all it starts is PostgreSQL, with arguments of its own
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.ports import free_port

USER = "alarm"
START_TIMEOUT_S = 60
# Nothing here outlives the session, so nothing has to survive a power cut.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "200",
    "autovacuum": "off",
    "unix_socket_directories": "",
    "listen_addresses": "127.0.0.1",
}


class PostgresMissing(Exception):
    """The tests need PostgreSQL and skip nothing."""


@dataclass(frozen=True)
class Postgres:
    """A running server, in which every role may do everything."""

    binaries: Path
    port: int

    def url(self, database: str) -> str:
        """Return what a user would put into DATABASE_URL."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str, *, template: str = "template1") -> None:
        self._sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')

    def drop_database(self, name: str) -> None:
        self._sql(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _sql(self, statement: str) -> None:
        # psql, not asyncpg: fixtures that are no coroutines, and other processes, need it too.
        subprocess.run(
            [
                self.binaries / "psql",
                *("--host=127.0.0.1", f"--port={self.port}", f"--username={USER}", "--dbname=postgres"),
                *("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--command", statement),
            ],
            check=True,
            capture_output=True,
            timeout=30,
        )


def find_binaries() -> Path:
    """Return the folder with initdb and postgres of the newest version on this host."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True
    )
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise PostgresMissing(
        "PostgreSQL is not installed, and the tests need a real one: `apt-get install postgresql` (the server "
        "need not be started; script/bootstrap does this)."
    )


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Start a server of its own, and end and remove it at the end."""
    binaries = find_binaries()
    folder = Path(tempfile.mkdtemp(prefix="alarm-broker-postgres-"))
    prefix = _as_unprivileged(folder)
    try:
        subprocess.run(
            [
                *prefix,
                binaries / "initdb",
                *("--pgdata", folder / "data", "--username", USER, "--auth", "trust"),
                *("--no-sync", "--encoding", "UTF8", "--locale", "C", "--no-instructions"),
            ],
            check=True,
            capture_output=True,
            timeout=START_TIMEOUT_S,
            cwd=folder,
        )
        port = free_port()
        settings = [part for name, value in FAST.items() for part in ("-c", f"{name}={value}")]
        log = (folder / "log").open("wb")
        server = subprocess.Popen(
            [*prefix, binaries / "postgres", "-D", folder / "data", "-c", f"port={port}", *settings],
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
        )
        try:
            _wait_until_ready(server, binaries, port, folder / "log")
            yield Postgres(binaries, port)
        finally:
            server.send_signal(signal.SIGINT)  # fast shutdown: does not wait for clients
            server.wait(timeout=30)
            log.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as_unprivileged(folder: Path) -> list[str]:
    """Return what to put before a command; PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    # --pdeathsig: the server must not outlive a test run that was killed.
    ids = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--pdeathsig=INT"]
    return ["setpriv", *ids, "--"]


def _wait_until_ready(server: subprocess.Popen[bytes], binaries: Path, port: int, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    ready: list[Path | str] = [binaries / "pg_isready", "--quiet", "--host=127.0.0.1", f"--port={port}"]
    while subprocess.run(ready, check=False).returncode != 0:
        if server.poll() is not None or time.monotonic() > deadline:
            raise PostgresMissing(
                f"PostgreSQL does not start:\n{log.read_text(encoding='utf-8', errors='replace')}"
            )
        time.sleep(0.05)
