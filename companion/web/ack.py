"""The page behind the link in a message: one responder answers one alarm. Only POST changes anything."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Final, Literal

from aiohttp import web
from pydantic import Field
from sqlalchemy.engine import Connection

from companion.alarms.ack_links import AckLink, ack_link, is_expired
from companion.alarms.errors import MoveRefused
from companion.alarms.flood import acknowledge_together, told_together
from companion.alarms.journal import journal_of
from companion.alarms.model import OPEN, Actor, Alarm, Change, JournalEntry, Picture, Status
from companion.alarms.pictures import picture_of
from companion.alarms.store import alarm_by_id
from companion.alarms.transaction import AlarmTransaction
from companion.dispatch.store import language_told_in
from companion.store.scope import ALL_SITES
from companion.texts.language import preferred, texts_for
from companion.texts.model import Texts
from companion.web.auth import count_wrong_try
from companion.web.context import ALARM_ID, ProblemView, WebContext, context_of
from companion.web.http.route import Input, Page, PageHandler
from companion.web.pages import (
    HEADERS,
    PICTURE_TYPES,
    one_line,
    page,
    picture_response,
    problem_text,
    read_form,
    refuse_cross_site,
    see_other,
    some_lines,
)
from companion.web.problems import LinkExpired, Problem, UnknownToken

NAME_LIMIT: Final = 80
NOTE_LIMIT: Final = 500
ANSWER_TRIES: Final = 8
"""Each a second long, when somebody else holds the alarm: whoever presses the button takes it that they have answered."""
SAID: Final = frozenset(
    {
        Change.ACKNOWLEDGED,
        Change.NOTED,
        Change.ANSWERED_AGAIN,
        Change.CONFIRMED,
        Change.ZONE_TRIPPED,
        Change.PRESSED_AGAIN,
        Change.REOPENED,
    }
)
"""What the page shows of the journal: what people have answered, and what has happened since."""
SHOWN: Final = 20


class Answer(Input):
    """The form."""

    together: Annotated[str, Field(max_length=64)] = ""
    """The newest of the alarms of the same source that the page showed: the answer is for all up to it."""
    name: Annotated[str, Field(max_length=NAME_LIMIT)] = ""
    note: Annotated[str, Field(max_length=NOTE_LIMIT)] = ""
    do: Literal["", "resolve"] = ""
    """What the button says; by default: I am on it, or: I am coming too."""


@dataclass(frozen=True)
class Opened:
    """What a link leads to."""

    link: AckLink
    alarm: Alarm
    said: list[JournalEntry]
    language: str | None
    """The recipient's own, or None: a group."""
    is_own_answer: bool
    """The alarm was answered with this link."""
    together: list[str]
    """Other alarms of the same source that the recipient was told of in one message with it."""


async def show(request: web.Request) -> web.Response:
    """Answer with the alarm as it is; nothing is written, as link previews come here too."""
    context, token = context_of(request), request.match_info["ack_token"]
    opened = await context.db.read(lambda conn: _opened(conn, token, context.clock(), _life(context)))
    request[ALARM_ID] = opened.alarm.id
    return page(
        request,
        "ack.html",
        token=token,
        t=_texts(request, opened.language),
        alarm=opened.alarm,
        is_open=opened.alarm.status in OPEN,
        recipient=opened.link.recipient,
        said=opened.said,
        is_own_answer=opened.is_own_answer,
        together=opened.together,
        name_limit=NAME_LIMIT,
        note_limit=NOTE_LIMIT,
    )


async def picture(request: web.Request) -> web.Response:
    """Answer with the picture of the alarm that the link is for."""
    context, token = context_of(request), request.match_info["ack_token"]

    def work(conn: Connection) -> tuple[str, Picture | None]:
        _link, alarm = _valid(conn, token, context.clock(), _life(context))
        return alarm.id, picture_of(ALL_SITES, conn, alarm.id)

    request[ALARM_ID], found = await context.db.read(work)
    return picture_response(found, HEADERS)


async def answer(request: web.Request) -> web.Response:
    """Acknowledge, or write down that somebody else is coming too; then show the page anew."""
    refuse_cross_site(request)
    form = await read_form(request)
    name, note = one_line(form.get("name", ""), NAME_LIMIT), some_lines(form.get("note", ""), NOTE_LIMIT)
    context, token = context_of(request), request.match_info["ack_token"]
    request[ALARM_ID] = await context.commands.run_patiently(
        ALL_SITES,
        lambda unit: _answer(
            unit, token, _life(context), name=name, note=note or None, is_over=form.get("do") == "resolve"
        ),
        tries=ANSWER_TRIES,
    )
    if form.get("together"):
        await _answer_together(context, token, form["together"], name=name)
    return see_other(token)


async def _answer_together(context: WebContext, token: str, newest: str, *, name: str) -> None:
    """Let the answer be for every alarm that the page has shown with it; some at a time, as others wait for the database."""

    def others(conn: Connection) -> tuple[AckLink, list[str]]:
        link, alarm = _valid(conn, token, context.clock(), _life(context))
        return link, [one for one in told_together(conn, alarm, link.recipient) if one <= newest]

    link, found = await context.db.read(others)
    actor = Actor(name=name or link.recipient, via="ack_page")

    await acknowledge_together(
        context.commands,
        found,
        actor,
        tries=ANSWER_TRIES,
        link_of=link.recipient,
        together_with=link.alarm_id,
    )


def _answer(
    unit: AlarmTransaction, token: str, life: timedelta, *, name: str, note: str | None, is_over: bool
) -> str:
    """Let the holder of the link answer, and return the alarm's id; raises UnknownToken or LinkExpired."""
    link, alarm = _valid(unit.conn, token, unit.now, life)
    actor = Actor(name=name or link.recipient, via="ack_page")
    try:
        if is_over and alarm.status is Status.ACKNOWLEDGED:
            unit.resolve(link.alarm_id, actor, note=note)
        else:
            unit.acknowledge(link.alarm_id, actor, note=note, link_of=link.recipient)
    except MoveRefused as refused:
        # Somebody was faster, or it is over: what was typed is kept, and nothing else happens.
        if note is not None:
            unit.note(link.alarm_id, actor, note, link_of=link.recipient)
        elif refused.alarm.status is Status.ACKNOWLEDGED:
            unit.journal(link.alarm_id, Change.ANSWERED_AGAIN, actor, link_of=link.recipient)
    return link.alarm_id


def _life(context: WebContext) -> timedelta:
    return timedelta(days=context.settings.ack_link_days)


def _valid(conn: Connection, token: str, now: datetime, life: timedelta) -> tuple[AckLink, Alarm]:
    """Return the link and its alarm; raises UnknownToken if there is none, LinkExpired if its time is over."""
    link = ack_link(conn, token)
    alarm = None if link is None else alarm_by_id(ALL_SITES, conn, link.alarm_id)
    if link is None or alarm is None:
        raise UnknownToken("No alarm has a link like this.")
    if is_expired(conn, alarm, now, life):
        raise LinkExpired("The newest message has a link of its own.")
    return link, alarm


def _opened(conn: Connection, token: str, now: datetime, life: timedelta) -> Opened:
    link, alarm = _valid(conn, token, now, life)
    said = [entry for entry in journal_of(ALL_SITES, conn, alarm.id) if entry.event in SAID]
    answers = [entry for entry in said if entry.event is Change.ACKNOWLEDGED]
    return Opened(
        link,
        alarm,
        said[-SHOWN:],
        language_told_in(ALL_SITES, conn, link.alarm_id, link.recipient),
        is_own_answer=bool(answers) and answers[-1].detail.get("link_of") == link.recipient,
        together=told_together(conn, alarm, link.recipient),
    )


def _texts(request: web.Request, language: str | None) -> Texts:
    return texts_for(language or preferred(request.headers.get("Accept-Language", "")))


def problem_page(request: web.Request, problem: Problem) -> web.Response:
    """Return the problem as a page that says what to do; nothing of the alarm is on it."""
    texts = _texts(request, None)
    shown = problem_text(problem, texts)
    response = page(request, "ack_problem.html", status=problem.status, problem=shown, t=texts)
    response.headers.update(problem.headers)
    return response


def _guesses_counted(handler: PageHandler) -> PageHandler:
    """Limit wrong links by address. A right one is always answered: behind one address a whole carrier may be."""

    async def counted(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except UnknownToken:
            count_wrong_try(request)
            raise

    return counted


_VIEW: Final = ProblemView(problem_page)
_PATH: Final = "/a/{ack_token}"

_page = partial(Page, path=_PATH, view=_VIEW, per_minute=None)

PAGES: Final = (
    _page(
        method="GET",
        handler=_guesses_counted(show),
        name="show_ack_page",
        summary="The page behind the link in a message; changes nothing",
        statuses=(200, 404, 410),
    ),
    _page(
        method="HEAD",
        handler=_guesses_counted(show),
        name="head_ack_page",
        summary="The same without its body; changes nothing",
        statuses=(200, 404, 410),
    ),
    _page(
        method="GET",
        path=f"{_PATH}/picture",
        handler=_guesses_counted(picture),
        name="show_ack_picture",
        summary="The newest picture of the alarm; changes nothing",
        statuses=(200, 404, 410),
        content_types=PICTURE_TYPES,
    ),
    _page(
        method="POST",
        handler=_guesses_counted(answer),
        name="answer_ack_page",
        summary="Acknowledge; on an alarm that somebody has acknowledged, leave a note",
        statuses=(303, 400, 403, 404, 410, 413, 415),
        form=Answer,
    ),
)
