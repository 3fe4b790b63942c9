"""The web application: every route in one table, and how a request gets from the router to its handler."""

import time
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web
from pydantic import BaseModel

from companion.rate_limit import RateLimit
from companion.web import ack, answering, callbacks, dashboard, desk, health, pages, yealink
from companion.web.api import admin, alarms, channel_tests as trials, keys, policies, raising, seeding, texts
from companion.web.auth import (
    Caller,
    caller_of,
)
from companion.web.context import (
    CLIENT,
    CONTEXT,
    LOST_VIEW,
    PROBLEM_VIEW,
    WRONG_TRIES,
    WebContext,
    context_of,
)
from companion.web.http import openapi
from companion.web.http.middleware import BODY_LIMIT, LINK_ROUTE, SECURITY_HEADERS, around
from companion.web.http.parsing import read_body, read_query
from companion.web.http.route import ID, Answer, Call, NoQuery, Page, Route
from companion.web.problems import TooManyRequests

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

WRONG_TRIES_A_MINUTE = 30

ROUTES: tuple[Route, ...] = (
    *yealink.ROUTES,
    *alarms.ROUTES,
    *raising.ROUTES,
    *seeding.ROUTES,
    *policies.ROUTES,
    *admin.ROUTES,
    *trials.ROUTES,
    *texts.ROUTES,
    *keys.ROUTES,
    *callbacks.ROUTES,
    *health.ROUTES,
)
PAGES: tuple[Page, ...] = (*ack.PAGES, *dashboard.PAGES, *answering.PAGES, *desk.PAGES)


def make_web_app(context: WebContext, *, link: Handler | None = None) -> web.Application:
    """Return the application. `link` serves the WebSocket to Home Assistant."""
    app = web.Application(
        middlewares=[around],
        client_max_size=BODY_LIMIT,
        handler_args={"auto_decompress": False},  # see http.parsing.unpacked
    )
    app[CONTEXT] = context
    app.on_response_prepare.append(_name_server)
    app[LOST_VIEW] = desk.VIEW
    app[WRONG_TRIES] = RateLimit(WRONG_TRIES_A_MINUTE, 60)
    url = context.settings.public_url
    for route in openapi.with_own_route(ROUTES, PAGES, version=context.version, url=url):
        # By name of the method, not add_get(): that would answer HEAD too, and HEAD must change nothing.
        app.router.add_route(route.method, _with_ids(route.path), _serve(route))
    for route in yealink.ROUTES:
        app.router.add_route(route.method, yealink.AS_TYPED, _serve(route))
    for page in PAGES:
        app.router.add_route(page.method, page.path, _show(page))
    app.router.add_route("GET", pages.STATIC_PATH, pages.static)
    if link is not None:
        app.router.add_route("GET", "/v1/link", link, name=LINK_ROUTE)
    return app


async def _name_server(_request: web.BaseRequest, response: web.StreamResponse) -> None:
    # aiohttp names itself and Python with their versions, also where the middleware no longer comes: WebSockets.
    response.headers["Server"] = SECURITY_HEADERS["Server"]


def _with_ids(path: str) -> str:
    return path.replace("}", f":{ID}}}")


def _serve(route: Route) -> Handler:
    limited = _limit(route.per_minute)

    async def serve(request: web.Request) -> web.StreamResponse:
        limited(request)
        context = context_of(request)
        holder = await _holder(route, request, context)
        query = NoQuery() if route.documented_query else read_query(request, route.query)
        body = (
            None if route.body is None else await read_body(request, route.body, required=route.body_required)
        )
        return _response(
            await route.handler(Call(request=request, context=context, query=query, body=body, holder=holder))
        )

    return serve


async def _holder(route: Route, request: web.Request, context: WebContext) -> Caller | None:
    if route.role is None:
        return None
    caller = await caller_of(request, context)
    caller.require(route.role)
    if route.all_sites:
        caller.require_all_sites()
    return caller


def _response(answer: BaseModel | Answer | web.StreamResponse) -> web.StreamResponse:
    if isinstance(answer, web.StreamResponse):
        return answer
    if isinstance(answer, BaseModel):
        answer = Answer(body=answer)
    return web.Response(
        status=answer.status,
        body=answer.body.model_dump_json().encode(),
        content_type="application/json",
        headers=answer.headers,
    )


def _show(page: Page) -> Handler:
    limited = _limit(page.per_minute)

    async def show(request: web.Request) -> web.StreamResponse:
        request[PROBLEM_VIEW] = page.view
        limited(request)
        return await page.handler(request)

    return show


def _limit(per_minute: int | None) -> Callable[[web.Request], None]:
    """Return a check that raises TooManyRequests for a client over the limit."""
    if per_minute is None:
        return lambda _request: None
    limit = RateLimit(per_minute, 60)

    def check(request: web.Request) -> None:
        wait_s = limit.take(request[CLIENT], time.monotonic())
        if wait_s:
            raise TooManyRequests(
                f"More than {per_minute} requests a minute from this address. Wait {wait_s} seconds.",
                retry_after_s=wait_s,
            )

    return check


def table() -> Sequence[Route | Page]:
    """Return every operation, for whoever wants to look at all of them."""
    return (*ROUTES, *PAGES)
