"""How Apprise is asked: in a process of its own, with nothing of ours, and only for so long."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

WORKER = (sys.executable, "-P", "-s", "-m", "companion.channels.apprise.worker")
KEPT = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""What the process sees of our environment: no secrets, and no proxies, which nobody has checked."""
UNDERSTOOD_S = 20.0


@dataclass(frozen=True, kw_only=True)
class Done:
    """What became of an order."""

    understood: bool
    sent: bool
    status: int | None
    """What the service answered, if Apprise says."""
    forbidden: bool
    """It led to an address that no channel may call."""

    @classmethod
    def read(cls, answer: bytes) -> Self | None:
        """Return what the worker has said; None: it died."""
        try:
            return cls(**json.loads(answer))
        except ValueError, TypeError:
            return None


def environment() -> dict[str, str]:
    """Return what the worker sees; no home, in which Apprise and its libraries would look for settings and logins."""
    return {name: os.environ[name] for name in KEPT if name in os.environ} | {
        "HOME": "/nonexistent",
        "NETRC": os.devnull,
        "PYTHONDONTWRITEBYTECODE": "1",
    }


async def carried_out(order: dict[str, str]) -> Done | None:
    """Return what became of the order, or None if nobody knows; whoever asks limits the time, and then the process ends."""
    # The URL is no argument: those everybody on this host may read.
    process = await asyncio.create_subprocess_exec(
        *WORKER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(),
        start_new_session=True,
    )
    try:
        answer, _ = await process.communicate(json.dumps(order).encode())
        return Done.read(answer)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def is_understood(url: str) -> bool:
    """Return whether Apprise knows the service and finds nothing missing in its URL. It takes a second."""
    with suppress(subprocess.TimeoutExpired):
        ran = subprocess.run(  # noqa: S603 # our own program
            WORKER,
            input=json.dumps({"url": url}).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(),
            start_new_session=True,
            timeout=UNDERSTOOD_S,
            check=False,
        )
        found = Done.read(ran.stdout)
        return found is not None and found.understood
    return False
