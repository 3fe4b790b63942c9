"""The operators' view of everything, behind a login with an admin key. It changes nothing but to tell more people."""

import hmac
import secrets
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from aiohttp import web
from pydantic import Field
from sqlalchemy.engine import Connection

from companion.alarms.commands import AlarmNotFound
from companion.alarms.model import OPEN, Source
from companion.directory.model import Role, Site
from companion.errors import FormExpired, Problem, UnknownAlarm
from companion.store import directory
from companion.store.pictures import picture_of
from companion.web import dashboard_data as data
from companion.web.auth import (
    Caller,
    Session,
    Sessions,
    caller_with_key,
    count_wrong_try,
    end_for_good,
    session_caller,
)
from companion.web.context import ProblemView, WebContext, context_of
from companion.web.pages import (
    HEADERS,
    PICTURE_TYPES,
    page,
    picture_response,
    read_form,
    refuse_cross_site,
    see_other,
)
from companion.web.reading import read_query
from companion.web.route import ID, Input, Page
from companion.web.words import ENGLISH

REFRESH_S: Final = 5
LOGIN_COOKIE: Final = "alarm_broker_login"
LOGIN_LIFE_S: Final = 3600


class Login(Input):
    """The form of the login page."""

    key: Annotated[str, Field(max_length=200)]
    form_token: str


class AlarmsQuery(Input):
    """Which alarms a list shows; an empty value is any."""

    status: data.Which = data.Which.ANY
    sort: data.Sort = data.Sort.ANY
    source: Source | Literal[""] = ""
    site: Annotated[str, Field(pattern=f"^({ID})?$", max_length=64)] = ""
    after: Annotated[str, Field(pattern=rf"^(\d{{1,2}}\.)?{ID}$", max_length=70)] | None = None
    """Where the page before ended."""


class Button(Input):
    """A form that is only a button."""

    form_token: str


def _same(cookie: str, given: str) -> bool:
    # Bytes of a cookie that are no UTF-8 come as lone surrogates.
    return hmac.compare_digest(cookie.encode(errors="surrogatepass"), given.encode(errors="surrogatepass"))


def _sessions(context: WebContext) -> Sessions:
    return Sessions(context.secret_key, context.settings)


# --- login and logout -----------------------------------------------------------------------------------


async def login_page(request: web.Request) -> web.Response:
    """Answer with the form that takes the admin key."""
    return _login_page(request, wrong=None, status=200)


async def login(request: web.Request) -> web.Response:
    """Make a session for the holder of an admin key."""
    refuse_cross_site(request)
    form = await read_form(request)
    # The form must be ours: whoever can only make a browser send one does not know its cookie.
    cookie = request.cookies.get(LOGIN_COOKIE, "")
    if not cookie or not _same(cookie, form.get("form_token", "")):
        raise FormExpired("Load the login page again; it needs cookies.")
    context = context_of(request)
    caller = await caller_with_key(form.get("key", "").strip(), context)
    if caller is None:
        count_wrong_try(request)
        return _login_page(request, wrong="This key is not known or was revoked.", status=401)
    if not _may_look(caller):
        return _login_page(
            request,
            wrong="The dashboard shows every site: it needs a key with the role admin and without a site.",
            status=403,
        )
    response = see_other("../admin")
    _sessions(context).begin(response, caller.key_id, context.clock())
    response.del_cookie(LOGIN_COOKIE, path="/")
    return response


async def logout(request: web.Request) -> web.Response:
    """End the session of this browser."""
    refuse_cross_site(request)
    context = context_of(request)
    sessions = _sessions(context)
    found = await session_caller(request, context, sessions)
    form = await read_form(request)
    response = see_other("login")
    if found is not None:
        sessions.check_form(found[0], form.get("form_token", ""))
        await end_for_good(found[0], context)
        sessions.end(response)
    return response


def _login_page(request: web.Request, *, wrong: str | None, status: int) -> web.Response:
    token = secrets.token_urlsafe(24)
    response = page(request, "login.html", status=status, wrong=wrong, form_token=token)
    response.set_cookie(
        LOGIN_COOKIE,
        token,
        max_age=LOGIN_LIFE_S,
        httponly=True,
        samesite="Strict",
        secure=context_of(request).settings.public_url.startswith("https://"),
        path="/",
    )
    return response


def _may_look(caller: Caller) -> bool:
    return caller.role.covers(Role.ADMIN) and caller.site_id is None


# --- pages ----------------------------------------------------------------------------------------------

_NO_ALARM: Final = "Go back to the overview; the link may be from another installation."


async def _looking(request: web.Request, context: WebContext) -> tuple[Session, Caller] | None:
    """Return the session of somebody who may see the dashboard, and who that is; None: log in."""
    found = await session_caller(request, context, _sessions(context))
    return found if found is not None and _may_look(found[1]) else None


def _to_login(request: web.Request) -> web.Response:
    return see_other("../" * (request.path.count("/") - 1) + "admin/login")


type Shown = Callable[[web.Request, WebContext], Awaitable[dict[str, Any]]]


def _behind_login(template: str, shown: Shown) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return a handler that shows `template` with what `shown` finds, or leads to the login page."""

    async def handler(request: web.Request) -> web.StreamResponse:
        context = context_of(request)
        found = await _looking(request, context)
        if found is None:
            return _to_login(request)
        session, caller = found
        values = await shown(request, context)
        return page(
            request,
            template,
            here=template,
            caller=caller,
            form_token=_sessions(context).form_token(session),
            refresh_s=REFRESH_S,
            version=context.version,
            **values,
        )

    return handler


async def _overview(_request: web.Request, context: WebContext) -> dict[str, Any]:
    now = context.clock()
    return {"overview": await context.db.read(lambda conn: data.overview(conn, now))}


async def _alarms(request: web.Request, context: WebContext) -> dict[str, Any]:
    query = read_query(request, AlarmsQuery)
    wanted = data.Wanted(
        which=query.status,
        sort=query.sort,
        source=query.source or None,
        site_id=query.site or None,
        after=query.after,
    )

    def work(conn: Connection) -> tuple[data.AlarmPage, list[Site]]:
        return data.alarm_page(conn, wanted), directory.sites(conn)

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


async def _alarm(request: web.Request, context: WebContext) -> dict[str, Any]:
    alarm_id = request.match_info["alarm_id"]
    found = await context.db.read(lambda conn: data.alarm_story(conn, alarm_id))
    if found is None:
        raise UnknownAlarm(_NO_ALARM)
    return {"story": found, "alarm": found.alarm, "is_open": found.alarm.status in OPEN, "words": ENGLISH}


async def picture(request: web.Request) -> web.StreamResponse:
    """Answer with the newest picture of the alarm."""
    context = context_of(request)
    if await _looking(request, context) is None:
        return _to_login(request)
    alarm_id = request.match_info["alarm_id"]
    return picture_response(await context.db.read(lambda conn: picture_of(conn, alarm_id)), HEADERS)


async def escalate(request: web.Request) -> web.StreamResponse:
    """Let whoever is told next be told now; then show the page anew."""
    refuse_cross_site(request)
    context = context_of(request)
    found = await _looking(request, context)
    if found is None:
        return _to_login(request)
    session, caller = found
    form, alarm_id = await read_form(request), request.match_info["alarm_id"]
    _sessions(context).check_form(session, form.get("form_token", ""))
    try:
        await context.commands.run(lambda unit: unit.escalate(alarm_id, caller.actor(via="dashboard")))
    except AlarmNotFound as err:
        raise UnknownAlarm(_NO_ALARM) from err
    return see_other(f"../{alarm_id}")


async def _devices(_request: web.Request, context: WebContext) -> dict[str, Any]:
    return {"devices": await context.db.read(data.devices)}


async def _people(_request: web.Request, context: WebContext) -> dict[str, Any]:
    return {"people": await context.db.read(data.people)}


async def _channels(_request: web.Request, context: WebContext) -> dict[str, Any]:
    return {"channels": await context.db.read(data.channels)}


def problem_page(request: web.Request, problem: Problem) -> web.Response:
    """Return the problem as a page that says what to do."""
    response = page(request, "dashboard_problem.html", status=problem.status, problem=problem)
    response.headers.update(problem.headers)
    return response


_VIEW: Final = ProblemView(problem_page)


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
        view=_VIEW,
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
        view=_VIEW,
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
        "/admin/devices", "devices.html", _devices, "dashboard_devices", "Devices, and when they were heard"
    ),
    _page("/admin/people", "people.html", _people, "dashboard_people", "Who can be told, and how"),
    _page(
        "/admin/channels", "channels.html", _channels, "dashboard_channels", "Ways to tell, and how they are"
    ),
    Page(
        method="GET",
        path="/admin/alarms/{alarm_id}/picture",
        handler=picture,
        name="dashboard_picture",
        summary="The newest picture of an alarm",
        statuses=(200, 303, 404),
        content_types=PICTURE_TYPES,
        view=_VIEW,
        per_minute=600,
    ),
    Page(
        method="POST",
        path="/admin/alarms/{alarm_id}/escalate",
        handler=escalate,
        name="dashboard_escalate",
        summary="Let whoever is told next be told now",
        statuses=(303, 400, 403, 404, 413, 415),
        form=Button,
        view=_VIEW,
    ),
    Page(
        method="GET",
        path="/admin/login",
        handler=login_page,
        name="login_page",
        summary="Asks for the admin key",
        view=_VIEW,
    ),
    Page(
        method="POST",
        path="/admin/login",
        handler=login,
        name="login",
        summary="Make a session",
        statuses=(303, 400, 401, 403, 413, 415),
        form=Login,
        view=_VIEW,
        per_minute=20,
    ),
    Page(
        method="POST",
        path="/admin/logout",
        handler=logout,
        name="logout",
        summary="End the session",
        statuses=(303, 400, 403, 413, 415),
        form=Button,
        view=_VIEW,
    ),
)
