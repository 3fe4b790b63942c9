"""The application in a thread of its own: who asks may block, as hypothesis and schemathesis do."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from aiohttp import web
from sqlalchemy.engine import Connection

from companion.directory.model import ApiKey
from companion.directory.store import api_keys
from companion.rate_limit import RateLimit
from companion.store.database import open_database
from companion.store.scope import ALL_SITES
from companion.web.metrics import Metrics
from companion.web.sessions import Sessions
from tests.companion.web.harness import Api, make_keys, settings_in, started, web_context
from tests.fakes.channel import FakePool
from tests.fakes.clock import FrozenClock

type Seed = Callable[[Connection], object]


@contextmanager
def in_a_thread[T](serving: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """Enter in the loop of another thread, and leave there at the end."""
    ready: Future[tuple[T, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def main() -> None:
        stop = asyncio.Event()
        async with serving as served:
            ready.set_result((served, asyncio.get_running_loop(), stop))
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    served, loop, stop = ready.result(60)
    yield served
    loop.call_soon_threadsafe(stop.set)
    thread.join()


@asynccontextmanager
async def application(
    database_url: str, folder: Path, channels: FakePool, seed: Seed, *, other_site: str
) -> AsyncIterator[Api]:
    """The application on a database with something in it; nobody is held back for asking often."""
    db = open_database(database_url)
    context = web_context(settings_in(folder, press_per_minute=1000), db, FrozenClock(), channels, Metrics())
    await db.write(seed)
    client = await started(context, wrong_tries=RateLimit(10**9, 60))
    yield Api(client=client, context=context, channels=channels, keys=await make_keys(context, other_site))
    await client.close()
    await db.close()


@dataclass(frozen=True)
class Session:
    """Of the dashboard."""

    cookie: str
    """As a browser sends it."""
    form_token: str


async def signed_in(api: Api, holds: Callable[[ApiKey], bool]) -> Session:
    """Begin a session with the first key that `holds`."""
    sessions, response = Sessions(api.context.secret_key, api.context.settings), web.Response()
    key = next(key for key in await api.context.db.read(partial(api_keys, ALL_SITES)) if holds(key))
    session = sessions.begin(response, key.id, api.context.clock())
    cookie = f"{sessions.cookie_name}={response.cookies[sessions.cookie_name].value}"
    return Session(cookie, sessions.form_token(session))
