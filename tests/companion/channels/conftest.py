"""Providers that more than one file talks to."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_socket

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
