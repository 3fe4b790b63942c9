"""What every page behind the login shares: who gets in, for how long, and how problems look there."""

import hmac
import re
import secrets
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from aiohttp import web
from pydantic import Field
from sqlalchemy.engine import Connection

from companion.alarms.model import Alarm
from companion.alarms.store import alarm_by_id
from companion.directory import store as directory
from companion.directory.model import Site
from companion.directory.roles import Role
from companion.texts.language import preferred, texts_for
from companion.texts.model import Texts
from companion.web.auth import (
    Caller,
    caller_with_key,
    count_wrong_try,
)
from companion.web.context import ProblemView, WebContext, context_of
from companion.web.http.parsing import read_query
from companion.web.http.route import ID, Input, Page
from companion.web.pages import page, problem_text, read_form, refuse_cross_site, see_other
from companion.web.pressed import Pressed, forget
from companion.web.problems import FormExpired, OneSiteOnly, Problem, RoleTooLow
from companion.web.sessions import (
    Session,
    Sessions,
    end_for_good,
    session_caller,
)

LOGIN_COOKIE: Final = "alarm_broker_login"
LOGIN_LIFE_S: Final = 3600
PATH_LIMIT: Final = 200
_OWN_PAGE: Final = re.compile(rf"admin(/(devices|people|channels|alarms(/{ID})?))?")
NO_ALARM: Final = "Go back to the overview; the link may be from another installation."


class Login(Input):
    """The form of the login page."""

    key: Annotated[str, Field(max_length=200)]
    to: Annotated[str, Field(max_length=PATH_LIMIT)] = ""
    """Where to go on, as a path from the service's root; what is no page of ours leads to the overview."""
    form_token: str


class LoginQuery(Input):
    """What led to the login page."""

    to: Annotated[str, Field(max_length=PATH_LIMIT)] = ""
    lost: Literal["", "yes"] = ""
    """A button was pressed whose session was over: nothing was done."""


class Button(Input):
    """A form that is only a button."""

    form_token: str


def _same(cookie: str, given: str) -> bool:
    # Bytes of a cookie that are no UTF-8 come as lone surrogates.
    return hmac.compare_digest(cookie.encode(errors="surrogatepass"), given.encode(errors="surrogatepass"))


def texts_of(request: web.Request) -> Texts:
    """Return the texts of the language that the browser asks for."""
    return texts_for(preferred(request.headers.get("Accept-Language", "")))


def sessions_of(context: WebContext) -> Sessions:
    """Return what makes and reads the cookies of this installation."""
    return Sessions(context.secret_key, context.settings)


# --- login and logout -----------------------------------------------------------------------------------


async def login_page(request: web.Request) -> web.Response:
    """Answer with the form that takes the key."""
    query = read_query(request, LoginQuery)
    return _login_page(request, wrong="logged_out" if query.lost else None, to=query.to, status=200)


async def login(request: web.Request) -> web.Response:
    """Make a session for the holder of a key that may answer alarms."""
    refuse_cross_site(request)
    form = await read_form(request)
    # The form must be ours: whoever can only make a browser send one does not know its cookie.
    cookie = request.cookies.get(LOGIN_COOKIE, "")
    if not cookie or not _same(cookie, form.get("form_token", "")):
        raise FormExpired("Load the login page again; it needs cookies.")
    context, to = context_of(request), form.get("to", "")
    caller = await caller_with_key(form.get("key", "").strip(), context)
    if caller is None:
        count_wrong_try(request)
        return _login_page(request, wrong="key_not_known", to=to, status=401)
    if not _may_look(caller):
        return _login_page(request, wrong="key_reads_only", to=to, status=403)
    response = see_other(f"../{_own_page(to)}")
    sessions_of(context).begin(response, caller.key_id, context.clock())
    response.del_cookie(LOGIN_COOKIE, path="/")
    return response


async def logout(request: web.Request) -> web.Response:
    """End the session of this browser."""
    refuse_cross_site(request)
    context = context_of(request)
    sessions = sessions_of(context)
    found = await session_caller(request, context, sessions)
    form = await read_form(request)
    response = see_other("login")
    if found is not None:
        sessions.check_form(found[0], form.get("form_token", ""))
        await end_for_good(found[0], context)
        sessions.end(response)
    return response


def _login_page(request: web.Request, *, wrong: str | None, to: str, status: int) -> web.Response:
    token = secrets.token_urlsafe(24)
    response = page(
        request, "login.html", status=status, wrong=wrong, to=to, form_token=token, t=texts_of(request)
    )
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
    return caller.role.covers(Role.OPERATE)


def _own_page(path: str) -> str:
    """Return the path if it is one of our pages, as it stands in `to` of the login; else the first page's."""
    return path if _OWN_PAGE.fullmatch(path) else "admin"


# --- pages behind the login -----------------------------------------------------------------------------


async def desk_page(
    request: web.Request, template: str, caller: Caller, form_token: str, **values: Any
) -> web.Response:
    """Return a page for who has logged in; it says once what the button did that led to it."""
    context, pressed, texts = context_of(request), Pressed.of(request), texts_of(request)

    def work(conn: Connection) -> tuple[Alarm | None, str]:
        alarm = None if pressed is None else alarm_by_id(caller.scope, conn, pressed.alarm_id)
        return alarm, zone_of(directory.sites(caller.scope, conn))

    alarm, zone = await context.db.read(work)
    response = page(
        request,
        template,
        here=template,
        caller=caller,
        sees_all=sees_all(caller),
        form_token=form_token,
        version=context.version,
        zone=zone,
        said=None if pressed is None or alarm is None else pressed.said(alarm, texts),
        t=texts,
        **values,
    )
    if pressed is not None:
        forget(response, secure=context.settings.public_url.startswith("https://"))
    return response


def sees_all(caller: Caller) -> bool:
    """Return whether the caller may see who and what there is: addresses of people, and how the service does."""
    return caller.role.covers(Role.ADMIN) and caller.site_id is None


def zone_of(sites: Sequence[Site]) -> str:
    """Return the time zone of the house: that of all its sites, or UTC where they are in several."""
    zones = {site.timezone for site in sites}
    return zones.pop() if len(zones) == 1 else "UTC"


async def looking(request: web.Request, context: WebContext) -> tuple[Session, Caller] | None:
    """Return the session of somebody who may see the dashboard, and who that is; None: log in."""
    found = await session_caller(request, context, sessions_of(context))
    return found if found is not None and _may_look(found[1]) else None


def to_login(request: web.Request) -> web.Response:
    """Return the answer that leads to the login page, and from there to the page that was asked for.

    After a button, to the alarm that it belongs to, and the login page says that nothing was done.
    """
    is_form = request.method == "POST"
    wanted = request.path.lstrip("/")
    if is_form:
        wanted = wanted.rpartition("/")[0]
    query = {**({"lost": "yes"} if is_form else {}), "to": _own_page(wanted)}
    return see_other("../" * (request.path.count("/") - 1) + f"admin/login?{urlencode(query, safe='/')}")


async def form_of(request: web.Request) -> tuple[Caller, dict[str, str]] | None:
    """Return who sent a form, and what is in it; None: log in. Raises FormExpired if it is not of this session."""
    refuse_cross_site(request)
    context = context_of(request)
    found = await looking(request, context)
    if found is None:
        return None
    session, caller = found
    form = await read_form(request)
    sessions_of(context).check_form(session, form.get("form_token", ""))
    return caller, form


def problem_page(request: web.Request, problem: Problem) -> web.Response:
    """Return the problem as a page that says what to do."""
    texts = texts_of(request)
    shown = problem_text(problem, texts)
    response = page(
        request,
        "dashboard_problem.html",
        status=problem.status,
        problem=shown,
        other_key=isinstance(problem, RoleTooLow | OneSiteOnly),
        t=texts,
    )
    response.headers.update(problem.headers)
    return response


VIEW: Final = ProblemView(problem_page)

PAGES: Final = (
    Page(
        method="GET",
        path="/admin/login",
        handler=login_page,
        name="login_page",
        summary="Asks for the key",
        statuses=(200, 422),
        query=LoginQuery,
        view=VIEW,
    ),
    Page(
        method="POST",
        path="/admin/login",
        handler=login,
        name="login",
        summary="Make a session",
        statuses=(303, 400, 401, 403, 413, 415),
        form=Login,
        view=VIEW,
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
        view=VIEW,
    ),
)
