"""The operators' view of everything, behind a login. A key of one site sees that site's alarms and nothing else."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from aiohttp import web
from pydantic import Field
from sqlalchemy.engine import Connection

from companion.alarms.model import OPEN, Source
from companion.alarms.pictures import picture_of
from companion.directory import store as directory
from companion.directory.model import Site
from companion.directory.roles import Role
from companion.web import dashboard_data as data
from companion.web.ack import NOTE_LIMIT
from companion.web.auth import Caller
from companion.web.context import WebContext, context_of
from companion.web.desk import NO_ALARM, VIEW, desk_page, looking, sessions_of, texts_of, to_login
from companion.web.health_checks import host_checks
from companion.web.http.parsing import read_query
from companion.web.http.route import ID, Input, Page
from companion.web.pages import (
    HEADERS,
    LIVE_POLICY,
    PICTURE_TYPES,
    picture_response,
    see_other,
)
from companion.web.problems import UnknownAlarm


class AlarmsQuery(Input):
    """Which alarms a list shows; an empty value is any."""

    status: data.Which = data.Which.ANY
    sort: data.Sort = data.Sort.ANY
    source: Source | Literal[""] = ""
    site: Annotated[str, Field(pattern=f"^({ID})?$", max_length=64)] = ""
    after: Annotated[str, Field(pattern=rf"^(\d{{1,2}}\.)?{ID}$", max_length=70)] | None = None
    """Where the page before ended."""


# --- pages ----------------------------------------------------------------------------------------------

type Shown = Callable[[web.Request, WebContext, Caller], Awaitable[dict[str, Any]]]


def _behind_login(template: str, shown: Shown) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return a handler that shows `template` with what `shown` finds, or leads to the login page."""

    async def handler(request: web.Request) -> web.StreamResponse:
        context = context_of(request)
        found = await looking(request, context)
        if found is None:
            return to_login(request)
        session, caller = found
        values = await shown(request, context, caller)
        sessions = sessions_of(context)
        response = await desk_page(request, template, caller, sessions.form_token(session), **values)
        response.headers["Content-Security-Policy"] = LIVE_POLICY
        sessions.renew(response, session, context.clock())
        return response

    return handler


async def _overview(_request: web.Request, context: WebContext, caller: Caller) -> dict[str, Any]:
    now = context.clock()
    return {
        "overview": await context.db.read(
            lambda conn: data.overview(caller.scope, conn, now, of_host=host_checks(context))
        ),
    }


async def _alarms(request: web.Request, context: WebContext, caller: Caller) -> dict[str, Any]:
    query = read_query(request, AlarmsQuery)
    wanted = data.Wanted(
        which=query.status,
        sort=query.sort,
        source=query.source or None,
        site_id=query.site or None,
        after=query.after,
    )

    def work(conn: Connection) -> tuple[data.AlarmPage, list[Site]]:
        return data.alarm_page(caller.scope, conn, wanted), directory.sites(caller.scope, conn)

    shown, sites = await context.db.read(work)
    chosen = query.model_dump(mode="json", exclude={"after"})
    return {
        "shown": shown,
        "sites": sites,
        "chosen": chosen,
        "following": urlencode({**chosen, "after": shown.next}),
        "which": data.Which,
        "sources": Source,
    }


async def _alarm(request: web.Request, context: WebContext, caller: Caller) -> dict[str, Any]:
    alarm_id = request.match_info["alarm_id"]
    found = await context.db.read(
        lambda conn: data.alarm_story(caller.scope, conn, alarm_id, texts_of(request))
    )
    if found is None:
        raise UnknownAlarm(NO_ALARM)
    return {
        "story": found,
        "alarm": found.alarm,
        "is_open": found.alarm.status in OPEN,
        "note_limit": NOTE_LIMIT,
    }


async def picture(request: web.Request) -> web.StreamResponse:
    """Answer with the newest picture of the alarm."""
    context = context_of(request)
    found = await looking(request, context)
    if found is None:
        return to_login(request)
    alarm_id, caller = request.match_info["alarm_id"], found[1]

    return picture_response(
        await context.db.read(lambda conn: picture_of(caller.scope, conn, alarm_id)), HEADERS
    )


def _require_all(caller: Caller) -> None:
    caller.require(Role.ADMIN)
    caller.require_all_sites()


async def _devices(_request: web.Request, context: WebContext, caller: Caller) -> dict[str, Any]:
    _require_all(caller)
    return {"devices": await context.db.read(partial(data.devices, caller.scope))}


async def _people(_request: web.Request, context: WebContext, caller: Caller) -> dict[str, Any]:
    _require_all(caller)
    return {"people": await context.db.read(partial(data.people, caller.scope))}


async def _channels(_request: web.Request, context: WebContext, caller: Caller) -> dict[str, Any]:
    _require_all(caller)
    return {"channels": await context.db.read(data.channels)}


async def start(_request: web.Request) -> web.StreamResponse:
    """Lead whoever typed only the service's name to the dashboard."""
    return see_other("admin")


def _page(
    path: str,
    template: str,
    shown: Shown,
    name: str,
    summary: str,
    *statuses: int,
    query: type[Input] | None = None,
) -> Page:
    return Page(
        method="GET",
        query=query,
        path=path,
        handler=_behind_login(template, shown),
        name=name,
        summary=summary,
        statuses=(200, 303, *statuses),
        view=VIEW,
        per_minute=600,
    )


PAGES: Final = (
    Page(
        method="GET",
        path="/",
        handler=start,
        name="start",
        summary="Leads to the dashboard",
        statuses=(303,),
        view=VIEW,
        per_minute=None,
    ),
    _page(
        "/admin/alarms",
        "alarms.html",
        _alarms,
        "dashboard_alarms",
        "All alarms, page by page, narrowed down",
        422,
        query=AlarmsQuery,
    ),
    _page("/admin", "overview.html", _overview, "dashboard", "Open alarms, and how everything is"),
    _page(
        "/admin/alarms/{alarm_id}", "alarm.html", _alarm, "dashboard_alarm", "One alarm's whole story", 404
    ),
    _page(
        "/admin/devices",
        "devices.html",
        _devices,
        "dashboard_devices",
        "Devices, and when they were heard",
        403,
    ),
    _page("/admin/people", "people.html", _people, "dashboard_people", "Who can be told, and how", 403),
    _page(
        "/admin/channels",
        "channels.html",
        _channels,
        "dashboard_channels",
        "Ways to tell, and how they are",
        403,
    ),
    Page(
        method="GET",
        path="/admin/alarms/{alarm_id}/picture",
        handler=picture,
        name="dashboard_picture",
        summary="The newest picture of an alarm",
        statuses=(200, 303, 404),
        content_types=PICTURE_TYPES,
        view=VIEW,
        per_minute=600,
    ),
)
