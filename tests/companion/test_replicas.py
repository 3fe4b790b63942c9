"""What a replica says of its connection to the others, through the application's own composition."""

import asyncio
from typing import Any

import aiohttp
import asyncpg
import pytest

from companion.app import Companion
from companion.config import Settings
from companion.dispatch import wake
from tests.builders import until
from tests.companion.conftest import Directory

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql"])
END_THE_LISTENER = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"


async def status(settings: Settings, path: str) -> str | None:
    """Return the status of the check that speaks of the replicas, or None when it is silent; always 200 or 503."""
    async with aiohttp.ClientSession() as session, session.get(f"{settings.public_url}{path}") as reply:
        checks = (await reply.json())["checks"]
    return next((one["status"] for one in checks if one["name"] == "replicas"), None)


@pytest.mark.parametrize("path", ["/readyz", "/healthz/alerting"])
async def test_a_replica_that_does_not_hear_the_others_says_so_until_it_does(
    settings: Settings, directory: Directory, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    allowed = asyncio.Event()
    allowed.set()

    connect = asyncpg.connect

    async def connect_if_allowed(*dsn: str, **options: Any) -> Any:
        """Connect; who listens does it by an address, and the pool by the parts of one."""
        if dsn and not allowed.is_set():
            raise ConnectionRefusedError
        return await connect(*dsn, **options)

    monkeypatch.setattr(asyncpg, "connect", connect_if_allowed)
    monkeypatch.setattr(wake, "RECONNECT_S", 0.1)
    async with Companion(settings) as running:
        heard = running.wake.subscribe()
        await heard.wait()  # it listens, and wakes everybody for what was said before
        assert await status(settings, path) is None

        allowed.clear()
        await running.db.read(lambda conn: conn.exec_driver_sql(END_THE_LISTENER).all())

        await until(lambda: running.wake.deaf_because is not None)
        assert await status(settings, path) == "warning"
        allowed.set()
        await until(lambda: running.wake.deaf_because is None)
        assert await status(settings, path) is None
