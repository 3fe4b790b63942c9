"""Providers that more than one file talks to."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_socket

from companion.app import Companion
from companion.config import Settings
from tests.fakes.mosquitto import Mosquitto, running_mosquitto
from tests.fakes.sms import FakeSms
from tests.fakes.twilio import FakeTwilio


@pytest.fixture
async def gateway() -> AsyncIterator[FakeSms]:
    """An SMS gateway."""
    async with FakeSms() as server:
        yield server


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    """Twilio, for messages and calls."""
    async with FakeTwilio() as server:
        yield server


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """An MQTT broker."""
    pytest_socket.enable_socket()  # the plugin has closed the door before this fixture could ask
    with running_mosquitto(tmp_path_factory.mktemp("mosquitto")) as running:
        yield running


@pytest.fixture
async def running(settings: Settings) -> AsyncIterator[Companion]:
    """The whole service, which sends over whatever channels a test gives it."""
    async with Companion(settings) as companion, asyncio.timeout(30):
        yield companion
