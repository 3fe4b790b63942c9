"""For operators and their machines: is it alive, is it ready, how much does it do."""

import asyncio
from datetime import datetime
from enum import StrEnum

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from companion.directory.model import ChannelRow, Role
from companion.dispatch.delivery import Attempt
from companion.dispatch.health import DispatchHealth, dispatch_health
from companion.errors import KeyMissing, NotReady, OneSiteOnly, RoleTooLow
from companion.store import directory
from companion.store.database import StoreUnavailable
from companion.store.deliveries import last_attempt_by_channel
from companion.web.auth import bearer_token, caller_of
from companion.web.context import CLIENT, WebContext
from companion.web.metrics import figures
from companion.web.middleware import is_loopback
from companion.web.route import Call, NoQuery, Output, Route

DATABASE_LIMIT_S = 5


class Light(StrEnum):
    """How a part is."""

    GREEN = "green"
    YELLOW = "yellow"
    """It works, but an operator should look."""
    RED = "red"
    """An alarm would not be told as it should be."""


class Part(Output):
    """One part of the service."""

    name: str
    light: Light
    says: str


class Liveness(Output):
    """The process answers."""

    status: str = "alive"
    instance: str
    version: str


class Readiness(Output):
    """Every part works, or at least none is red."""

    status: str = "ready"
    parts: list[Part]


async def healthz(call: Call[NoQuery, None]) -> Liveness:
    """Answer while the process lives; nothing else is looked at."""
    return Liveness(instance=call.context.instance_id, version=call.context.version)


async def readyz(call: Call[NoQuery, None]) -> Readiness:
    """Answer whether an alarm that came now would be told; raises NotReady."""
    parts = await readiness(call.context)
    red = [part for part in parts if part.light is Light.RED]
    if red:
        raise NotReady(
            " ".join(f"{part.name}: {part.says}" for part in red),
            parts=[part.model_dump(mode="json") for part in parts],
        )
    return Readiness(parts=parts)


async def readiness(context: WebContext) -> list[Part]:
    """Return how each part is."""
    now = context.clock()

    def work(conn: Connection) -> list[Part]:
        attempts = last_attempt_by_channel(conn)
        return [
            Part(name="database", light=Light.GREEN, says=f"{conn.dialect.name} takes units of work."),
            dispatcher_part(dispatch_health(conn, now)),
            *(channel_part(row, attempts.get(row.id)) for row in directory.channels(conn)),
        ]

    try:
        async with asyncio.timeout(DATABASE_LIMIT_S):
            # Through the writer, though it only reads: that is the way an alarm would go.
            return await context.db.write(work)
    except (StoreUnavailable, SQLAlchemyError, TimeoutError) as err:
        says = f"No unit of work ends ({type(err).__name__}). Alarms cannot be taken; look at the log."
        return [Part(name="database", light=Light.RED, says=says)]


def dispatcher_part(found: DispatchHealth) -> Part:
    """Return how the dispatcher is: is anything late that should have been sent?"""
    if found.healthy:
        return Part(name="dispatcher", light=Light.GREEN, says="Nothing is overdue.")
    says = (
        f"{found.overdue_deliveries} deliveries and {found.overdue_alarms} escalation steps are overdue, "
        f"the oldest by {found.oldest_due_s:.0f} s. Is a dispatcher running?"
    )
    return Part(name="dispatcher", light=Light.RED, says=says)


def channel_part(row: ChannelRow, last: Attempt | None) -> Part:
    """Return how a channel is.

    Never red: a broken provider must not take the service away from the phones, other channels still tell people.
    """
    name = f"channel {row.id}"
    if not row.enabled:
        return Part(name=name, light=Light.YELLOW, says="It is switched off.")
    if last is None:
        return Part(name=name, light=Light.GREEN, says="It has not been used yet.")
    code = "" if last.status_code is None else f" (status {last.status_code})"
    light = Light.GREEN if last.outcome == "sent" else Light.YELLOW
    return Part(
        name=name, light=light, says=f"Last outcome: {last.outcome}{code} at {_at(last.finished_at)}."
    )


def _at(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _is_from_here(request: web.Request) -> bool:
    # A proxy on this host that nobody has told us about: whom it speaks for, we cannot know.
    passed_on = not {"X-Forwarded-For", "Forwarded"}.isdisjoint(request.headers)
    return is_loopback(request[CLIENT]) and not passed_on


async def metrics(call: Call[NoQuery, None]) -> web.Response:
    """Answer with the figures: to a program on this host, or to the holder of a key for all sites."""
    context = call.context
    if bearer_token(call.request) is not None or not _is_from_here(call.request):
        caller = await caller_of(call.request, context)
        caller.require(Role.READ)
        caller.require_all_sites()
    now = context.clock()
    found = await context.db.read(lambda conn: figures(conn, now))
    return web.Response(body=context.metrics.exposition(found), headers={"Content-Type": CONTENT_TYPE_LATEST})


ROUTES = (
    Route(
        method="GET",
        path="/healthz",
        handler=healthz,
        name="liveness",
        summary="Is the process alive?",
        tag="operation",
        answers={200: Liveness},
    ),
    Route(
        method="GET",
        path="/readyz",
        handler=readyz,
        name="readiness",
        summary="Would an alarm that came now be told? Each part's state.",
        tag="operation",
        answers={200: Readiness},
        problems=(NotReady,),
        per_minute=600,
    ),
    Route(
        method="GET",
        path="/metrics",
        handler=metrics,
        name="metrics",
        summary="Figures for Prometheus; without a key only from this host",
        tag="operation",
        other_answers={CONTENT_TYPE_LATEST.partition(";")[0]: {"type": "string"}},
        problems=(KeyMissing, RoleTooLow, OneSiteOnly),
    ),
)
