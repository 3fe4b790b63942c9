"""The forms of the dashboard that answer an alarm. Each is one command, and leads back to where it was sent from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from aiohttp import web
from pydantic import Field

from companion.alarms.errors import (
    AlarmNotFound,
    MoveRefused,
)
from companion.alarms.model import OPEN, Actor, Alarm, Status
from companion.alarms.store import alarm_by_id
from companion.alarms.transaction import AlarmTransaction
from companion.store.locks import lock_alarm
from companion.web.ack import ANSWER_TRIES, NOTE_LIMIT
from companion.web.auth import Caller
from companion.web.context import ALARM_ID, context_of
from companion.web.desk import NO_ALARM, VIEW, Button, desk_page, form_of, to_login
from companion.web.http.route import Page, PageHandler
from companion.web.pages import see_other, some_lines
from companion.web.pressed import Became, Pressed, state_of
from companion.web.problems import UnknownAlarm


class Answer(Button):
    """A button beside an alarm, perhaps with a note."""

    note: Annotated[str, Field(max_length=NOTE_LIMIT)] = ""
    back: Literal["", "overview", "alarms"] = ""
    """The list it was pressed in; the alarm's own page if there is none."""
    seen: Annotated[str, Field(max_length=40)] = ""
    """What the page showed of the alarm (`pressed.state_of`); empty: whatever it is now."""
    sure: Literal["", "yes"] = ""
    """Whether the question was answered that comes before an alarm is called false."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """What a button does."""

    run: Callable[[AlarmTransaction, str, Actor, str | None], object]
    summary: str
    leads_to: Status | None = None
    relies_on_seen: bool = False
    """It is for the alarm that was shown, and for no other state of it."""
    asks: bool = False
    """It asks once before: in a list that moves, a second click hits another alarm."""


def _note(unit: AlarmTransaction, alarm_id: str, actor: Actor, note: str | None) -> bool:
    if note is not None:
        unit.note(alarm_id, actor, note)
    return note is not None


_COMMANDS: Final = {
    "acknowledge": Command(
        run=lambda unit, alarm_id, actor, note: unit.acknowledge(alarm_id, actor, note=note),
        summary="Say that somebody is on it",
        leads_to=Status.ACKNOWLEDGED,
    ),
    "resolve": Command(
        run=lambda unit, alarm_id, actor, note: unit.resolve(alarm_id, actor, note=note),
        summary="Say that an acknowledged alarm is over",
        leads_to=Status.RESOLVED,
        relies_on_seen=True,
    ),
    "cancel": Command(
        run=lambda unit, alarm_id, actor, note: unit.cancel(alarm_id, actor, note=note),
        summary="Ask, then say that it was a false alarm",
        leads_to=Status.CANCELLED,
        relies_on_seen=True,
        asks=True,
    ),
    "note": Command(run=_note, summary="Write a note"),
    "escalate": Command(
        run=lambda unit, alarm_id, actor, note: unit.escalate(alarm_id, actor, note=note),
        summary="Let whoever is told next be told now",
        relies_on_seen=True,
    ),
}
_BACK: Final = {"overview": "../../../admin", "alarms": "../../alarms"}


def _handler(name: str, command: Command) -> PageHandler:
    async def handler(request: web.Request) -> web.StreamResponse:
        sent = await form_of(request)
        if sent is None:
            return to_login(request)
        caller, form = sent
        alarm_id = request[ALARM_ID] = request.match_info["alarm_id"]
        back = _BACK.get(form.get("back", ""), f"../{alarm_id}")
        if command.asks and form.get("sure") != "yes":
            question = await _question(request, caller, form, alarm_id, leads_back=back)
            if question is not None:
                return question
        note = some_lines(form.get("note", ""), NOTE_LIMIT) or None
        seen = form.get("seen", "") if command.relies_on_seen else ""

        def work(unit: AlarmTransaction) -> Pressed:
            actor = caller.actor(via="dashboard")
            became = _carried_out(unit, command, alarm_id, actor, note, seen)
            kept = became not in {Became.DONE, Became.EMPTY} and _note(unit, alarm_id, actor, note)
            return Pressed(button=name, became=became, kept_note=kept, alarm_id=alarm_id)

        context = context_of(request)
        try:
            pressed = await context.commands.run_patiently(caller.scope, work, tries=ANSWER_TRIES)
        except AlarmNotFound as err:
            raise UnknownAlarm(NO_ALARM) from err
        response = see_other(back)
        pressed.keep(response, secure=context.settings.public_url.startswith("https://"))
        return response

    return handler


async def _question(
    request: web.Request, caller: Caller, form: dict[str, str], alarm_id: str, *, leads_back: str
) -> web.Response | None:
    """Return the page that names the alarm and asks; None: it is over, there is nothing to ask."""
    alarm = await context_of(request).db.read(lambda conn: alarm_by_id(caller.scope, conn, alarm_id))
    if alarm is None:
        raise UnknownAlarm(NO_ALARM)
    if alarm.status not in OPEN:
        return None
    return await desk_page(
        request,
        "confirm.html",
        caller,
        form["form_token"],
        alarm=alarm,
        seen=state_of(alarm),
        note=form.get("note", ""),
        note_limit=NOTE_LIMIT,
        back=form.get("back", ""),
        leads_back=leads_back,
    )


def _carried_out(
    unit: AlarmTransaction, command: Command, alarm_id: str, actor: Actor, note: str | None, seen: str
) -> Became:
    """Do what the button says, unless the alarm is another by now than the page showed; raises AlarmNotFound."""
    lock_alarm(unit.scope, unit.conn, alarm_id)
    alarm = alarm_by_id(unit.scope, unit.conn, alarm_id)
    if alarm is None:
        raise AlarmNotFound(alarm_id)
    if note is None and _is_done(command, alarm, actor):
        return Became.DONE
    if seen and seen != state_of(alarm):
        is_same = seen.partition(".")[0] == alarm.status
        return Became.TRIGGERED_AGAIN if is_same else Became.of(alarm.status)
    try:
        did = command.run(unit, alarm_id, actor, note)
    except MoveRefused as refused:
        return Became.of(refused.alarm.status)
    return Became.EMPTY if did is False else Became.DONE


def _is_done(command: Command, alarm: Alarm, actor: Actor) -> bool:
    """Return whether the same key has done the same already: a button is easily pressed twice."""
    who = alarm.closed_by or alarm.acknowledged_by
    return alarm.status is command.leads_to and not alarm.awaits_reaction and who == actor.name


PAGES: Final = tuple(
    Page(
        method="POST",
        path=f"/admin/alarms/{{alarm_id}}/{name}",
        handler=_handler(name, command),
        name=f"dashboard_{name}",
        summary=command.summary,
        statuses=(*((200,) if command.asks else ()), 303, 400, 403, 404, 413, 415),
        form=Answer,
        view=VIEW,
    )
    for name, command in _COMMANDS.items()
)
