"""The least that a service like ours must do, as bare aiohttp handlers: what the companion is measured against.

- `commit-thread`: one SQLite commit (WAL, synchronous=FULL) a request, in a thread.
- `commit-group`: the same, but requests that wait at the same time share a commit.
- `hook-group`: `commit-group`, then a POST to a provider.

    python -m benchmarks.floors MODE PORT DATABASE [PROVIDER_URL]
"""

import asyncio
import queue
import sqlite3
import sys
import threading
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress

import aiohttp
from aiohttp import web

type Save = Callable[[str], Awaitable[None]]


def _open(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS alarm (id TEXT PRIMARY KEY, body TEXT)")
    return connection


def commit_thread(path: str) -> Save:
    """Return a save that commits alone."""
    connection, lock = _open(path), threading.Lock()

    def commit(alarm_id: str) -> None:
        with lock:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO alarm VALUES (?, ?)", (alarm_id, "{}"))
            connection.execute("COMMIT")

    return lambda alarm_id: asyncio.to_thread(commit, alarm_id)


def commit_group(path: str) -> Save:
    """Return a save that shares its commit with whoever else is waiting."""
    connection = _open(path)
    waiting: queue.SimpleQueue[tuple[str, asyncio.Future[None]]] = queue.SimpleQueue()

    def settle(futures: list[asyncio.Future[None]]) -> None:
        for future in futures:
            future.set_result(None)

    def write_forever() -> None:
        while True:
            jobs = [waiting.get()]
            with suppress(queue.Empty):
                while len(jobs) < 128:
                    jobs.append(waiting.get_nowait())
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO alarm VALUES (?, ?)", [(alarm_id, "{}") for alarm_id, _ in jobs]
            )
            connection.execute("COMMIT")
            jobs[0][1].get_loop().call_soon_threadsafe(settle, [future for _, future in jobs])

    threading.Thread(target=write_forever, daemon=True).start()

    async def save(alarm_id: str) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.put((alarm_id, future))
        await future

    return save


async def serve(mode: str, port: int, path: str, provider: str | None) -> None:
    """Serve until ended."""
    save = commit_thread(path) if mode == "commit-thread" else commit_group(path)
    session = aiohttp.ClientSession()
    background: set[asyncio.Task[None]] = set()

    async def tell(room: str) -> None:
        async with session.post(
            provider or "", json={"to": "+49301234", "text": f"Panic key: {room}"}
        ) as answer:
            await answer.read()

    async def press(request: web.Request) -> web.Response:
        alarm_id = str(uuid.uuid7())
        await save(alarm_id)
        if mode == "hook-group":
            task = asyncio.create_task(tell(request.query["room"]))
            background.add(task)
            task.add_done_callback(background.discard)
        return web.json_response({"alarm_id": alarm_id, "status": "triggered"})

    app = web.Application()
    app.router.add_get("/v1/yealink/alarm", press)
    app.router.add_get("/healthz", lambda _: asyncio.sleep(0, web.Response()))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4] if len(sys.argv) > 4 else None))
