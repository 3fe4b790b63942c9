"""The forms of the dashboard that answer an alarm. Each is one command, and leads back to where it was sent from."""

from collections.abc import Callable
from typing import Annotated, Final, Literal

from aiohttp import web
from pydantic import Field

from companion.alarms.errors import (
    AlarmNotFound,
    MoveRefused,
)
from companion.alarms.model import Actor
from companion.alarms.store import alarm_by_id
from companion.alarms.transaction import (
    AlarmTransaction,
)
from companion.web.ack import ANSWER_TRIES, NOTE_LIMIT
from companion.web.context import ALARM_ID, context_of
from companion.web.desk import NO_ALARM, VIEW, Button, form_of, to_login
from companion.web.http.route import Page, PageHandler
from companion.web.pages import see_other, some_lines
from companion.web.problems import UnknownAlarm


class Answer(Button):
    """A button beside an alarm, perhaps with a note."""

    note: Annotated[str, Field(max_length=NOTE_LIMIT)] = ""
    back: Literal["", "overview", "alarms"] = ""
    """The list it was pressed in; the alarm's own page if there is none."""


type Command = Callable[[AlarmTransaction, str, Actor, str | None], object]


def _note(unit: AlarmTransaction, alarm_id: str, actor: Actor, note: str | None) -> None:
    if note is not None:
        unit.note(alarm_id, actor, note)


_COMMANDS: Final[dict[str, tuple[Command, str]]] = {
    "acknowledge": (
        lambda unit, alarm_id, actor, note: unit.acknowledge(alarm_id, actor, note=note),
        "Say that somebody is on it",
    ),
    "resolve": (
        lambda unit, alarm_id, actor, note: unit.resolve(alarm_id, actor, note=note),
        "Say that an acknowledged alarm is over",
    ),
    "cancel": (
        lambda unit, alarm_id, actor, note: unit.cancel(alarm_id, actor, note=note),
        "Say that it was a false alarm",
    ),
    "note": (_note, "Write a note"),
    "escalate": (
        lambda unit, alarm_id, actor, note: unit.escalate(alarm_id, actor, note=note),
        "Let whoever is told next be told now",
    ),
}
_BACK: Final = {"overview": "../../../admin", "alarms": "../../alarms"}


def _handler(command: Command) -> PageHandler:
    async def handler(request: web.Request) -> web.StreamResponse:
        sent = await form_of(request)
        if sent is None:
            return to_login(request)
        caller, form = sent
        alarm_id = request[ALARM_ID] = request.match_info["alarm_id"]
        note = some_lines(form.get("note", ""), NOTE_LIMIT) or None
        actor = caller.actor(via="dashboard")

        def work(unit: AlarmTransaction) -> None:
            if alarm_by_id(unit.scope, unit.conn, alarm_id) is None:
                raise AlarmNotFound(alarm_id)
            try:
                command(unit, alarm_id, actor, note)
            except MoveRefused:
                # Somebody was faster, as the page that follows shows: what was typed is kept.
                _note(unit, alarm_id, actor, note)

        try:
            await context_of(request).commands.run_patiently(caller.scope, work, tries=ANSWER_TRIES)
        except AlarmNotFound as err:
            raise UnknownAlarm(NO_ALARM) from err
        return see_other(_BACK.get(form.get("back", ""), f"../{alarm_id}"))

    return handler


PAGES: Final = tuple(
    Page(
        method="POST",
        path=f"/admin/alarms/{{alarm_id}}/{name}",
        handler=_handler(command),
        name=f"dashboard_{name}",
        summary=summary,
        statuses=(303, 400, 403, 404, 413, 415),
        form=Answer,
        view=VIEW,
    )
    for name, (command, summary) in _COMMANDS.items()
)
