"""An engine, and dispatchers that run until the test ends."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from companion.dispatch import worker
from companion.dispatch.wake import wait
from companion.store.database import Database
from tests.builders import Engine, make_engine
from tests.companion.conftest import Directory
from tests.fakes.clock import FrozenClock


@pytest.fixture
def claiming(db: Database, clock: FrozenClock, directory: Directory) -> Engine:
    """An engine that takes the first pages of an alarm in the transaction that raises it."""
    return make_engine(db, clock, claims=True)


type Run = Callable[[Engine], asyncio.Task[None]]


@pytest.fixture
async def run() -> AsyncIterator[Run]:
    """Runs an engine's dispatcher; at the end of the test it is torn away, as by a crash."""
    engines: list[Engine] = []
    running: list[asyncio.Task[None]] = []

    def start(engine: Engine) -> asyncio.Task[None]:
        engines.append(engine)
        running.append(asyncio.create_task(engine.dispatcher.run()))
        return running[-1]

    yield start
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    for engine in engines:
        await crash(engine)


@pytest.fixture
def at_rest(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set once a dispatcher has nothing left to do, and waits for a wake-up or for its next poll."""
    resting = asyncio.Event()

    async def waiting(woken: asyncio.Event, sleep_s: float, *, settle_s: float) -> None:
        resting.set()
        await wait(woken, sleep_s, settle_s=settle_s)

    monkeypatch.setattr(worker, "wait", waiting)
    return resting


async def crash(engine: Engine) -> None:
    """Tear away whatever the engine is sending, as if its process were killed."""
    sending = engine.dispatcher.sending
    for task in sending:
        task.cancel()
    await asyncio.gather(*sending, return_exceptions=True)
