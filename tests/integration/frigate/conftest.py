"""A Frigate with one event, and the clients that ask it."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, DummyCookieJar

from custom_components.alarm_broker.verification.frigate import FrigateClient
from tests.fakes.clock import Seconds
from tests.fakes.frigate import Access, FakeFrigate
from tests.integration.frigate.asking import EVENT, MODULE, T


@pytest.fixture
def monotonic(monkeypatch: pytest.MonkeyPatch) -> Seconds:
    moved = Seconds(1000.0)
    monkeypatch.setattr(f"{MODULE}.monotonic", moved)
    return moved


@pytest.fixture
async def frigate(socket_enabled: None) -> AsyncIterator[FakeFrigate]:
    async with FakeFrigate() as fake:
        fake.add_event(start_time=T + 1, id=EVENT)
        yield fake


@pytest.fixture
async def session(socket_enabled: None) -> AsyncIterator[ClientSession]:
    async with ClientSession(cookie_jar=DummyCookieJar()) as one:
        yield one


@pytest.fixture
def client(frigate: FakeFrigate, session: ClientSession) -> FrigateClient:
    """Asks the trusted port, without a login."""
    return FrigateClient(session, frigate.url)


@pytest.fixture
def guarded(frigate: FakeFrigate, session: ClientSession) -> FrigateClient:
    """Asks the authenticated port, with the right login."""
    frigate.access = Access.AUTHENTICATED
    return FrigateClient(session, frigate.url, username=frigate.username, password=frigate.password)
