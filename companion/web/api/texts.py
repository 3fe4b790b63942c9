"""Texts of messages, shown before anybody gets one."""

import asyncio
from dataclasses import asdict
from typing import Annotated

from pydantic import Field

from companion.channels.base import MessageKind
from companion.directory.roles import Role
from companion.texts.language import LANGUAGE_PATTERN
from companion.web.api.fields import Identifier
from companion.web.http.route import Call, Input, NoQuery, Output, Route
from companion.web.problems import ChannelNotUsable, InvalidRequest, UnknownAlarm, UnknownChannel

TEMPLATE_LIMIT = 4000
_Template = Annotated[str, Field(max_length=TEMPLATE_LIMIT)]


class PreviewRequest(Input):
    """Which message to show, and with which templates."""

    kind: Annotated[MessageKind, Field(strict=False)] = MessageKind.PAGE
    language: Annotated[str, Field(pattern=LANGUAGE_PATTERN)] = "en"
    channel: Identifier | None = Field(default=None, description="Id of the channel that it would go over")
    site: Identifier | None = Field(
        default=None, description="Absent: that of the alarm, or the only one there is"
    )
    alarm: Identifier | None = Field(default=None, description="Id of an alarm; absent: a sample")
    title: _Template | None = Field(default=None, description="A template to try as title")
    text: _Template | None = Field(default=None, description="A template to try as text")


class SmsOut(Output):
    """What it is as an SMS."""

    alphabet: str
    """`GSM-7` or `UCS-2`."""
    characters: int
    """As they are counted: some cost two."""
    segments: int
    left_out: str
    """What did not fit."""


class FaultOut(Output):
    """A template that cannot be used: ours stands in its place."""

    text: str
    """Its id; `(draft)` for one that is only tried."""
    part: str
    """`title` or `text`."""
    problem: str


class PreviewOut(Output):
    """What would be sent; the link in it leads nowhere."""

    title: str
    text: str
    title_from: str | None
    """Id of the text whose words these are, or `(draft)`; null: ours."""
    text_from: str | None
    sms: SmsOut | None
    """Null: the channel sends no SMS, or none was named."""
    faults: list[FaultOut]


async def preview_text(call: Call[NoQuery, PreviewRequest]) -> PreviewOut:
    """Return what would be sent, without telling anybody."""
    from companion import preview as previews  # with it comes Jinja's sandbox

    wanted = previews.Wanted(**call.body.model_dump())
    secrets, url = call.context.secrets, call.context.settings.public_url
    try:
        of = await call.context.db.read(
            lambda conn: previews.material(call.caller.scope, conn, wanted, secrets, url)
        )
    except previews.NotThere as err:
        raise _not_there(err.what, str(err)) from None
    except previews.ChannelNotReadable as err:
        raise ChannelNotUsable(str(err)) from None
    return PreviewOut.model_validate(asdict(await asyncio.to_thread(previews.preview, of)))


def _not_there(what: str, said: str) -> UnknownAlarm | UnknownChannel | InvalidRequest:
    match what:
        case "alarm":
            return UnknownAlarm(said)
        case "channel":
            return UnknownChannel(said)
        case _:
            return InvalidRequest(said, errors=[{"where": f"body.{what}", "problem": said}])


ROUTES = (
    Route(
        method="POST",
        path="/v1/admin/texts/preview",
        handler=preview_text,
        name="preview_text",
        summary="Show what a message would say, with the texts of the directory or with templates to try",
        tag="administration",
        role=Role.ADMIN,
        body=PreviewRequest,
        answers={200: PreviewOut},
        problems=(UnknownAlarm, UnknownChannel, ChannelNotUsable, InvalidRequest),
    ),
)
