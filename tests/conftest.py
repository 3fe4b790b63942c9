"""What holds for every test."""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import pytest_socket
from hypothesis import HealthCheck, settings

from tests.fakes.postgres import Postgres, running_postgres

# How long an example takes to make or to try says something about the machine only.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_configure() -> None:
    """Leave what is logged to pytest, which shows it with a test that fails.

    Home Assistant's plugin also writes each line to stderr, which takes as long as a fifth of its tests.
    """
    logging.getLogger().handlers.clear()
    # Nor does anybody read every statement; whoever wants them asks for the level.
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)


@pytest.fixture(autouse=True)
async def enable_event_loop_debug(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold that only the loop's own thread gives it work, as asyncio's debug mode does.

    That mode, which Home Assistant's plugin turns on here, also notes the whole stack with each task, future and
    callback, and that takes longer than all the rest of a test. With PYTHONASYNCIODEBUG=1 it is there again.
    """
    loop = asyncio.get_running_loop()
    for name in ("call_soon", "call_at"):
        monkeypatch.setattr(loop, name, _from_its_own_thread(loop, getattr(loop, name)))


def _from_its_own_thread(
    loop: asyncio.AbstractEventLoop, schedule: Callable[..., asyncio.Handle]
) -> Callable[..., asyncio.Handle]:
    its_own = threading.get_ident()

    def checked(*args: Any, **kwargs: Any) -> asyncio.Handle:
        if threading.get_ident() != its_own:
            raise RuntimeError(
                "a thread gives the loop of another one work: call_soon_threadsafe is for that"
            )
        return schedule(*args, **kwargs)

    return checked


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server."""
    pytest_socket.enable_socket()  # the plugin has closed the door before this fixture could ask
    with running_postgres() as server:
        yield server
