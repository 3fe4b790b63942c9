"""A real snmptrapd for tests, and what it has received."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fakes.ports import free_port

DAEMON = "/usr/sbin/snmptrapd"
ENGINE = "80007ed90500c0ffee00c0ffee"
"""The engine id of whoever sends traps of version 3, which a receiver must know."""
AUTH, PRIVACY = "authentication-1", "privacy-secret-2"
ACCESS = f"""
authCommunity log public
createUser -e 0x{ENGINE} trapper SHA-256 {AUTH} AES {PRIVACY}
authUser log trapper priv
createUser informer SHA-512 {AUTH} AES {PRIVACY}
authUser log informer priv
"""


@dataclass
class Snmptrapd:
    """A receiver on 127.0.0.1."""

    port: int
    _lines: asyncio.StreamReader

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"udp://127.0.0.1:{self.port}"

    async def next(self) -> dict[str, str]:
        """Return the objects of the next notification: what is said of each numeric OID, without its type."""
        async with asyncio.timeout(20):
            while line := (await self._lines.readline()).decode():
                if line.startswith(".1."):
                    pairs = (one.partition(" = ") for one in line.rstrip("\n").split("\t"))
                    return {oid: re.sub(r"^[\w-]+: ", "", value).strip('" ') for oid, _, value in pairs}
        raise AssertionError("snmptrapd has ended")


@asynccontextmanager
async def running_snmptrapd(folder: Path, *, access: str = ACCESS, port: int = 0) -> AsyncIterator[Snmptrapd]:
    """Yield a receiver that listens, and end it."""
    (folder / "snmptrapd.conf").write_text(access)
    listens = port or free_port()
    how: dict[str, Any] = {
        # It keeps users and its own engine id where it is told to.
        "env": {**os.environ, "SNMP_PERSISTENT_DIR": str(folder / "kept"), "SNMPCONFPATH": str(folder)},
        "stdout": asyncio.subprocess.PIPE,
        "stderr": asyncio.subprocess.DEVNULL,
    }
    process = await asyncio.create_subprocess_exec(
        DAEMON, "-f", "-Lo", "-On", "-C", "-c", folder / "snmptrapd.conf", "-m", "", "-M", "",
        f"udp:127.0.0.1:{listens}", **how,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            while b"NET-SNMP version" not in await process.stdout.readline():
                pass
        yield Snmptrapd(listens, process.stdout)
    finally:
        process.terminate()
        await process.communicate()
