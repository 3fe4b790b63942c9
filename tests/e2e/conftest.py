"""Real processes for each test, ended by their id whatever happens."""

import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import house
from tests.e2e.house import Api
from tests.e2e.processes import CompanionProcess, Providers
from tests.fakes.postgres import Postgres

QUICK = {
    "retry_quick_s": "0.2,0.4,0.8",
    "retry_base_s": "1",
    "lease_s": "5",
    "press_per_minute": "1000",
    "press_window_s": "2",
}
"""Waits of a second instead of minutes; everything else as a user has it."""


@pytest.fixture(autouse=True)
def _network(socket_enabled: None) -> None:
    """Let the tests talk to the processes they start; Home Assistant's plugin forbids it."""


@dataclass
class Office:
    """A companion with its directory, its providers and its keys."""

    companion: CompanionProcess
    providers: Providers
    token: str
    api: Api

    async def press(self) -> str:
        """Press the key and return the alarm's id."""
        status, answer = await house.press(self.companion.url, self.token)
        assert status == 200, answer
        return str(answer["alarm_id"])

    async def crash(self) -> None:
        """Kill the companion as a power cut would, and start it again."""
        await self.companion.kill()
        await self.companion.ready()

    async def tickets(self) -> list[dict[str, Any]]:
        """Return the requests that made a ticket."""
        return [
            request
            for request in await self.providers.received("zammad")
            if (request["method"], request["path"], request["status"]) == ("POST", "/api/v1/tickets", 201)
        ]

    async def articles(self) -> list[str]:
        """Return the text of what was written into tickets later."""
        return [
            str(request["body"])
            for request in await self.providers.received("zammad")
            if request["method"] in {"POST", "PUT"}
            and request["path"] != "/api/v1/tickets"
            and request["status"] in {200, 201}
        ]

    async def signals(self, number: str) -> list[str]:
        """Return the texts that Signal took for one number."""
        return [
            str(request["body"]["message"])
            for request in await self.providers.received("signal")
            if request["path"] == "/v2/send"
            and request["status"] == 201
            and number in request["body"]["recipients"]
        ]

    async def alarm(self, alarm_id: str) -> dict[str, Any]:
        """Return the alarm with its journal and deliveries."""
        found: dict[str, Any] = await self.api.get(f"/v1/alarms/{alarm_id}")
        return found


type OpenOffice = Callable[..., Any]


@pytest.fixture
async def providers(tmp_path: Path) -> AsyncIterator[Providers]:
    """The stand-ins, in a process of their own: they remember what they got while the companion is dead."""
    process = Providers(tmp_path)
    await process.ready()
    yield process
    await process.stop()


@pytest.fixture
async def office(tmp_path: Path, providers: Providers) -> AsyncIterator[Office]:
    """A companion on SQLite whose second step comes after 1.5 s and whose third after an hour."""
    companion = CompanionProcess(tmp_path / "companion", **QUICK)
    token = house.new_device_token()
    await house.apply(companion, house.directory(providers, token, steps=(0, 1.5, 3600)))
    key = await house.create_key(companion, "admin", "Tests")
    await companion.ready()
    yield Office(companion, providers, token, Api(companion.url, key))
    await companion.kill()


@pytest.fixture
def database_url(postgres: Postgres) -> Iterator[str]:
    """An empty database on it."""
    name = f"e2e_{uuid.uuid4().hex}"
    postgres.create_database(name)
    yield postgres.url(name)
    postgres.drop_database(name)
