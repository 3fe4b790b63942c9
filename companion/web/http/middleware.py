"""What every request goes through: an id, the client's address, limits, problem documents, headers, the log line."""

import asyncio
import json
import logging
import re
import time
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler
from sqlalchemy.exc import InterfaceError, OperationalError

from companion.ids import new_id
from companion.logging import bind
from companion.store.database import StoreUnavailable
from companion.web.context import (
    ALARM_ID,
    CLIENT,
    LOST_VIEW,
    PROBLEM_VIEW,
    REQUEST_ID,
    ProblemView,
    context_of,
)
from companion.web.problems import (
    BodyTooLarge,
    InternalProblem,
    MalformedRequest,
    MethodNotAllowed,
    NoSuchPage,
    Problem,
    StoreProblem,
    TookTooLong,
)

BODY_LIMIT: Final = 1024**2
TIME_LIMIT_S: Final = 30
LINK_ROUTE: Final = "link"
"""Name of the route that is meant to last: the WebSocket."""

SECURITY_HEADERS: Final = {
    "Server": "alarm-broker",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""Set on every answer that does not bring its own."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

type Networks = Sequence[IPv4Network | IPv6Network]

_LOGGER = logging.getLogger(__name__)


@web.middleware
async def around(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Serve the request, whatever happens, with one answer and one line in the log."""
    started = time.monotonic()
    request_id = _request_id(request)
    request[REQUEST_ID] = request_id
    request[CLIENT] = client_address(
        _peer(request),
        request.headers.getall("X-Forwarded-For", []),
        context_of(request).settings.trusted_proxies,
    )
    bound = {"request_id": request_id}
    if "alarm_id" in request.match_info:
        bound["alarm_id"] = request.match_info["alarm_id"][:64]
    with bind(**bound):
        response = await _answer(request, handler)
        if not response.prepared:
            for name, value in SECURITY_HEADERS.items():
                response.headers.setdefault(name, value)
            response.headers["X-Request-ID"] = request_id
        # After the answer is written: a phone must not wait for a line in the log. The context goes with the call.
        took_ms = round((time.monotonic() - started) * 1000, 1)
        if _LOGGER.isEnabledFor(logging.INFO):
            asyncio.get_running_loop().call_soon(_log, request, response.status, took_ms)
    return response


def _log(request: web.Request, status: int, took_ms: float) -> None:
    # The pattern, never the path or the query: both may hold a token.
    route = _pattern(request)
    extra = {"client": request[CLIENT], "ms": took_ms}
    if ALARM_ID in request:
        extra["alarm_id"] = request[ALARM_ID]
    _LOGGER.info("%s %s %s", request.method, route, status, extra=extra)


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await _served(request, handler)
    except Problem as problem:
        if problem.status >= 500:
            _LOGGER.warning("The request failed: %s (%s)", problem.slug, problem.detail)
        view = request.get(PROBLEM_VIEW) or _view_of_lost(request, problem)
        return problem_response(problem) if view is None else view.render(request, problem)


def _view_of_lost(request: web.Request, problem: Problem) -> ProblemView | None:
    """Return how a person is shown that an address of the dashboard leads nowhere; programs get the document."""
    reads_pages = "text/html" in request.headers.get("Accept", "")
    is_among_pages = request.path == "/admin" or request.path.startswith("/admin/")
    return (
        request.app[LOST_VIEW] if isinstance(problem, NoSuchPage) and reads_pages and is_among_pages else None
    )


async def _served(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Return the handler's answer; raises nothing but Problem (and cancellation)."""
    limit = None if request.match_info.route.name == LINK_ROUTE else TIME_LIMIT_S
    try:
        async with asyncio.timeout(limit):
            return await handler(request)
    except Problem:
        raise
    except web.HTTPException as err:
        if err.status < 400:
            return err
        raise _as_problem(request, err) from err
    except (StoreUnavailable, OperationalError, InterfaceError) as err:
        _LOGGER.warning("The database cannot be used: %s", type(err).__name__)
        raise StoreProblem(
            "What was asked for is not known to have happened. Try again in a few seconds; /readyz says what is wrong.",
            headers={"Retry-After": "5"},
        ) from err
    except TimeoutError as err:
        raise TookTooLong(
            f"It was ended after {TIME_LIMIT_S} seconds; what it asked for may have happened. Look, then try again.",
            headers={"Retry-After": "5"},
        ) from err
    except ConnectionError as err:
        raise MalformedRequest("The connection ended before the request did.") from err
    except Exception as err:
        _LOGGER.exception("Unexpected error")
        raise InternalProblem(
            f"This is a mistake in Alarm Broker. The log says more under the request id {request[REQUEST_ID]}."
        ) from err


def _as_problem(request: web.Request, err: web.HTTPException) -> Problem:
    match err:
        case web.HTTPNotFound():
            return NoSuchPage("Check the address; /openapi.json lists what there is.")
        case web.HTTPMethodNotAllowed():
            allowed = ", ".join(sorted(err.allowed_methods))
            return MethodNotAllowed(
                f"{request.method} does nothing here; use {allowed}.", headers={"Allow": allowed}
            )
        case web.HTTPRequestEntityTooLarge():
            return BodyTooLarge(f"At most {BODY_LIMIT} bytes are read.")
        case _:
            return MalformedRequest(f"The request cannot be read: {err.reason}.")


def problem_response(problem: Problem) -> web.Response:
    """Return the problem as application/problem+json."""
    # A detail may quote what came in, and not everything that comes in can be encoded.
    body = json.dumps(problem.document(), ensure_ascii=False).encode(errors="replace")
    return web.Response(
        status=problem.status,
        body=body,
        content_type="application/problem+json",
        headers=problem.headers,
    )


def _request_id(request: web.Request) -> str:
    given = request.headers.get("X-Request-ID", "")
    return given if _REQUEST_ID.fullmatch(given) else new_id()


def _pattern(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return "(none)" if resource is None else resource.canonical


# --- whose request it is --------------------------------------------------------------------------------


def _peer(request: web.Request) -> str:
    peer = None if request.transport is None else request.transport.get_extra_info("peername")
    return str(peer[0]) if isinstance(peer, tuple) else "unknown"


def client_address(peer: str, forwarded_for: Sequence[str], trusted: Networks) -> str:
    """Return the address nearest to us that is not one of our proxies.

    Read from the right: what is left of the first address that we do not trust was written by anybody.
    """
    hops = [hop.strip() for line in forwarded_for for hop in line.split(",")]
    address = peer
    while hops and _is_in(address, trusted):
        claimed = _parsed(hops.pop())
        if claimed is None:
            break
        address = str(claimed)
    return address


def is_trusted(networks: Networks, address: str) -> bool:
    """Return whether the address is one of our proxies."""
    return _is_in(address, networks)


def is_loopback(address: str) -> bool:
    """Return whether the client is a program on this host."""
    parsed = _parsed(address)
    return parsed is not None and parsed.is_loopback


def _is_in(address: str, networks: Networks) -> bool:
    parsed = _parsed(address)
    return parsed is not None and any(
        parsed in network for network in networks if network.version == parsed.version
    )


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed
