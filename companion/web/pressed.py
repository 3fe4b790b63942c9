"""What became of a button, for the page that follows: kept in the browser until that page has said it once."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from aiohttp import web

from companion.alarms.model import Alarm, Status
from companion.texts.labels import alarm_title
from companion.texts.model import Texts
from companion.timezones import on_site_clock
from companion.web.http.route import ID

COOKIE: Final = "alarm_broker_pressed"
_LIFE_S: Final = 60


class Became(StrEnum):
    """What a button did; else the alarm was another by then, and this is what it was."""

    DONE = "done"
    EMPTY = "empty"
    """There was no note to write."""
    TRIGGERED_AGAIN = "triggered_again"
    WAITING = "waiting"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    CANCELLED = "cancelled"

    @classmethod
    def of(cls, status: Status) -> Self:
        """Return that the alarm was in this status by then."""
        return cls("waiting" if status is Status.TRIGGERED else status.value)


@dataclass(frozen=True, kw_only=True)
class Pressed:
    """A button beside an alarm."""

    button: str
    """A name of `DeskTexts.done`."""
    became: Became
    kept_note: bool = False
    """Nothing else was done, but the note was written."""
    alarm_id: str

    def keep(self, response: web.StreamResponse, *, secure: bool) -> None:
        """Let the browser bring it to the next page."""
        response.set_cookie(
            COOKIE,
            f"{self.button}.{self.became}.{int(self.kept_note)}.{self.alarm_id}",
            max_age=_LIFE_S,
            httponly=True,
            samesite="Strict",
            secure=secure,
            path="/",
        )

    @classmethod
    def of(cls, request: web.Request) -> Self | None:
        """Return what the browser brings, if this answer is shown to somebody: a script that looks for news is nobody."""
        if request.headers.get("Sec-Fetch-Dest", "document") != "document":
            return None
        button, _, rest = request.cookies.get(COOKIE, "").partition(".")
        became, _, rest = rest.partition(".")
        kept, _, alarm_id = rest.partition(".")
        # A browser may bring bytes that no database takes for a text.
        if became not in set(Became) or re.fullmatch(ID, alarm_id, re.ASCII) is None:
            return None
        return cls(button=button, became=Became(became), kept_note=kept == "1", alarm_id=alarm_id)

    def said(self, alarm: Alarm, texts: Texts) -> str | None:
        """Return what was done to which alarm, or why nothing was; None: a button that there is not."""
        desk, title = texts.desk, alarm_title(alarm.title, alarm.source, texts)
        if self.became is Became.DONE:
            done = desk.done.get(self.button)
            return None if done is None else done.format(alarm=title)
        if self.became is Became.EMPTY:
            return desk.nothing_written.format(alarm=title)
        closed = self.became in {Became.RESOLVED, Became.CANCELLED}
        who, at = (
            (alarm.closed_by, alarm.closed_at) if closed else (alarm.acknowledged_by, alarm.acknowledged_at)
        )
        meanwhile = desk.meanwhile[self.became].format(
            name=who or texts.desk.unknown,
            time=f"{on_site_clock(at, alarm.timezone):%H:%M}" if at else texts.desk.unknown,
        )
        sentences = [f"{title}{texts.formats.colon}{meanwhile}", desk.nothing_done]
        return " ".join([*sentences, desk.note_kept] if self.kept_note else sentences)


def forget(response: web.StreamResponse, *, secure: bool) -> None:
    """Take it from the browser, as it has been said."""
    response.del_cookie(COOKIE, path="/", secure=secure, httponly=True, samesite="Strict")


def state_of(alarm: Alarm) -> str:
    """Return what a page shows of an alarm that a button in it relies on: its status, and how often it was triggered."""
    return f"{alarm.status}.{alarm.presses}"
