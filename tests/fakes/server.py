"""What every stand-in has: a server on 127.0.0.1, a record of what it received, and orders to misbehave."""

import asyncio
import json
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from aiohttp import hdrs, web

from tests.fakes.misbehaviour import Behaviour, Handler, misbehave
from tests.fakes.ports import free_port


@dataclass(kw_only=True)
class Received:
    """One request, as it came in."""

    at: datetime
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    """Without `Authorization`, so that the record can be shown."""
    body: Any
    """Parsed when it is JSON, otherwise text."""
    status: int | None = None
    """What was answered; None while there is no answer, and when it misbehaved."""
    behaviour: Behaviour | None = None


@dataclass
class FakeServer:
    """A server that can be entered in a test or kept running in a process of its own."""

    port: int = 0
    tls: ssl.SSLContext | None = None
    received: list[Received] = field(default_factory=list, init=False)
    _orders: deque[Behaviour | None] = field(default_factory=deque, init=False)
    _always: Behaviour | None = field(default=None, init=False)
    _only: str | None = field(default=None, init=False)
    _answered: asyncio.Condition = field(default_factory=asyncio.Condition, init=False)
    _runner: web.AppRunner | None = field(default=None, init=False)

    def routes(self) -> list[web.RouteDef]:
        """Return what this provider serves."""
        raise NotImplementedError

    @property
    def url(self) -> str:
        """The address of the server, without a slash at its end."""
        return f"{'http' if self.tls is None else 'https'}://127.0.0.1:{self.port}"

    def behave(
        self, behaviour: Behaviour | None, *, times: int | None = None, path: str | None = None
    ) -> None:
        """Treat the next `times` requests so, or all from now on; None makes it good again.

        With `path` only the requests to it are counted: a companion probes its channels when it pleases. Nor is a
        connection that is to stay open: nobody knows when it comes.
        """
        self._orders.clear()
        self._always = None
        self._only = path
        if times is None:
            self._always = behaviour
        else:
            self._orders.extend([behaviour] * times)

    def requests(self, method: str, path: str) -> list[Received]:
        """Return what came in for one route, oldest first."""
        return [one for one in self.received if one.method == method and one.path == path]

    async def until(self, come: Callable[[], object]) -> None:
        """Wait until something is so that only a request can bring about."""
        async with self._answered:
            await self._answered.wait_for(lambda: bool(come()))

    async def start(self) -> None:
        """Listen; a port of 0 becomes a free one."""
        app = web.Application(middlewares=[self._record], client_max_size=32 * 1024 * 1024)
        app.add_routes(
            [
                web.get("/_received", self._show),
                web.post("/_behave", self._order),
                *self.routes(),
            ]
        )
        # A hanging handler ends with its client, and never holds up a stop.
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.01, access_log=None)
        await self._runner.setup()
        self.port = self.port or free_port()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=self.tls).start()

    async def stop(self) -> None:
        """End every connection and stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @web.middleware
    async def _record(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in {"/_received", "/_behave"}:
            return await handler(request)
        counted = hdrs.UPGRADE not in request.headers and self._only in (None, request.path)
        entry = Received(
            at=datetime.now(UTC),
            method=request.method,
            path=request.path,
            query=dict(request.query),
            headers={k: v for k, v in request.headers.items() if k != hdrs.AUTHORIZATION},
            body=_parsed((await request.read()).decode(request.charset or "utf-8", "replace")),
            behaviour=self._orders.popleft() if counted and self._orders else self._always,
        )
        self.received.append(entry)
        if entry.behaviour is not None:
            async with self._answered:
                self._answered.notify_all()
            return await misbehave(entry.behaviour, request, handler)
        response = await handler(request)
        entry.status = response.status
        async with self._answered:
            self._answered.notify_all()
        return response

    async def _show(self, _request: web.Request) -> web.Response:
        return web.Response(
            text=json.dumps([asdict(entry) for entry in self.received], default=str),
            content_type="application/json",
        )

    async def _order(self, request: web.Request) -> web.Response:
        order = await request.json()
        behaviour = order.get("behaviour")
        self.behave(
            Behaviour(behaviour) if behaviour else None, times=order.get("times"), path=order.get("path")
        )
        return web.Response(status=204)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
