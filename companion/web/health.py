"""For operators and their machines: is it alive, is it ready, how much does it do."""

from dataclasses import replace

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from companion.directory.roles import Role
from companion.texts.reasons import Reason
from companion.web.auth import (
    bearer_token,
    caller_of,
)
from companion.web.context import CLIENT
from companion.web.health_checks import HealthCheck, HealthStatus, alerting, readiness
from companion.web.http.middleware import is_loopback
from companion.web.http.route import Call, NoQuery, Output, Route
from companion.web.metrics import figures
from companion.web.problems import KeyMissing, NotReady, OneSiteOnly, RoleTooLow


class HealthCheckOut(Output):
    """One part of the service."""

    name: str
    status: HealthStatus
    code: str
    """Why it has this status, for programs."""
    message: str
    """The same for people, in English."""


class Liveness(Output):
    """The process answers."""

    status: str = "alive"
    instance: str
    version: str


class Readiness(Output):
    """This replica can take an alarm."""

    status: str = "ready"
    checks: list[HealthCheckOut]


class Alerting(Output):
    """Somebody would be told; what an operator should look at is a warning."""

    status: str = "alerting"
    checks: list[HealthCheckOut]


async def healthz(call: Call[NoQuery, None]) -> Liveness:
    """Answer while the process lives; nothing else is looked at."""
    return Liveness(instance=call.context.instance_id, version=call.context.version)


async def readyz(call: Call[NoQuery, None]) -> Readiness:
    """Answer whether this replica could take an alarm now, for a load balancer; raises NotReady."""
    return Readiness(checks=_unless_broken(await readiness(call.context)))


async def healthz_alerting(call: Call[NoQuery, None]) -> Alerting:
    """Answer whether somebody would be told of an alarm that came now, for a monitor; raises NotReady."""
    checks = await alerting(call.context)
    if not await _may_read(call):
        checks = _without_names(checks)
    return Alerting(checks=_unless_broken(checks))


def _unless_broken(checks: list[HealthCheck]) -> list[HealthCheckOut]:
    """Return what is said of the checks; raises NotReady if one of them is an error."""
    shown = [
        HealthCheckOut(name=one.name, status=one.status, code=one.reason.code, message=str(one.reason))
        for one in checks
    ]
    broken = [one for one in shown if one.status is HealthStatus.ERROR]
    if broken:
        raise NotReady(
            " ".join(f"{one.name}: {one.message}" for one in broken),
            checks=[one.model_dump(mode="json") for one in shown],
        )
    return shown


async def _may_read(call: Call[NoQuery, None]) -> bool:
    """Return whether the caller may know names of sites, channels and alarms: a program here, or a key for all sites."""
    if bearer_token(call.request) is None:
        return _is_from_here(call.request)
    await _require_reader(call)
    return True


async def _require_reader(call: Call[NoQuery, None]) -> None:
    caller = await caller_of(call.request, call.context)
    caller.require(Role.READ)
    caller.require_all_sites()


def _without_names(checks: list[HealthCheck]) -> list[HealthCheck]:
    """Return one check of each kind, with the worst status of them, and no reason."""
    worst: dict[str, HealthCheck] = {}
    for one in checks:
        known = worst.get(one.kind)
        if known is None or one.status.badness > known.status.badness:
            worst[one.kind] = replace(one, id="", reason=Reason("ask_with_key"))
    return list(worst.values())


def _is_from_here(request: web.Request) -> bool:
    # A proxy on this host that nobody has told us about: whom it speaks for, we cannot know.
    passed_on = not {"X-Forwarded-For", "Forwarded"}.isdisjoint(request.headers)
    return is_loopback(request[CLIENT]) and not passed_on


async def metrics(call: Call[NoQuery, None]) -> web.Response:
    """Answer with the figures: to a program on this host, or to the holder of a key for all sites."""
    context = call.context
    if bearer_token(call.request) is not None or not _is_from_here(call.request):
        await _require_reader(call)
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
        summary="Can this replica take an alarm? For load balancers; proved by a write.",
        tag="operation",
        answers={200: Readiness},
        problems=(NotReady,),
        per_minute=120,
    ),
    Route(
        method="GET",
        path="/healthz/alerting",
        handler=healthz_alerting,
        name="alerting",
        summary="Would somebody be told of an alarm that came now? The address to monitor. "
        "Details only from this host, or with a key for all sites.",
        tag="operation",
        answers={200: Alerting},
        problems=(NotReady, KeyMissing, RoleTooLow, OneSiteOnly),
        per_minute=120,
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
