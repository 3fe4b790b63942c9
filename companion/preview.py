"""What would be sent, shown before anybody is told: of a sample, or of an alarm that there is."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy.engine import Connection

from companion.alarms.ack_links import TOKEN_LENGTH
from companion.alarms.model import Alarm
from companion.alarms.paging import facts
from companion.alarms.store import alarm_by_id
from companion.channels.base import Message, MessageKind
from companion.channels.kind import SmsForm
from companion.channels.registry import ChannelConfigError, validated
from companion.channels.render import full_text, headline, written_sms
from companion.directory import store as directory
from companion.dispatch.compose import FACTS
from companion.store.scope import Scope
from companion.store.secrets import Secrets, WrongSecretKey
from companion.wording.faults import faults
from companion.wording.own_texts import OwnText, OwnTexts, Part
from companion.wording.samples import sample

DRAFT: Final = "(draft)"
"""Stands for the id of templates that are not stored; no id has parentheses."""
NOT_OF_THE_ALARM: Final = frozenset({"by", "note", "ending", "language"})
"""What only a message knows."""


class NotThere(LookupError):
    """What is to be previewed is not there, or not for whoever asks."""

    def __init__(self, what: str, name: str) -> None:
        super().__init__(f"There is no {what} {name}.")
        self.what = what


class ChannelNotReadable(ValueError):
    """The channel's settings cannot be read, so nobody knows how it writes."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be shown."""

    kind: MessageKind
    language: str
    channel: str | None = None
    """None: as a channel without any of its own would say it."""
    site: str | None = None
    """None: that of the alarm, or the only one there is."""
    alarm: str | None = None
    """None: a sample."""
    title: str | None = None
    text: str | None = None
    """Templates to try, in place of those that are stored."""


@dataclass(frozen=True, kw_only=True)
class SmsPreview:
    """What it is as an SMS."""

    alphabet: str
    """GSM-7 or UCS-2."""
    characters: int
    """As they are counted: some cost two."""
    segments: int
    left_out: str
    """What did not fit."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A template that cannot be used: ours stands in its place."""

    text: str
    """Its id; `(draft)` for one that is only tried."""
    part: Part
    problem: str


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What would be sent."""

    title: str
    text: str
    title_from: str | None
    """Id of the text whose words these are; None: ours."""
    text_from: str | None
    sms: SmsPreview | None
    faults: tuple[Fault, ...]


@dataclass(frozen=True, kw_only=True)
class Material:
    """All that a preview is made of."""

    message: Message
    texts: tuple[OwnText, ...]
    channel: str | None
    site: str | None
    sms: SmsForm | None
    draft: OwnText | None


def material(scope: Scope, conn: Connection, wanted: Wanted, secrets: Secrets, public_url: str) -> Material:
    """Return what is needed for the preview. Raises NotThere; ChannelNotReadable."""
    alarm = None
    if wanted.alarm is not None and (alarm := alarm_by_id(scope, conn, wanted.alarm)) is None:
        raise NotThere("alarm", wanted.alarm)
    if wanted.site is not None:
        site = directory.site_by_id(scope, conn, wanted.site)
        if site is None:
            raise NotThere("site", wanted.site)
    else:
        site = directory.only_site(scope, conn)
    site_id = None if site is None else site.id
    message = sample(wanted.kind, wanted.language)
    if message.site is not None and site is not None:
        message = replace(message, site=site.name, timezone=site.timezone)
    if message.ack_url is not None:
        message = replace(message, ack_url=f"{public_url.rstrip('/')}/a/{'x' * TOKEN_LENGTH}")
    if alarm is not None:
        message, site_id = replace(message, **_said_of(alarm)), alarm.site_id
    return Material(
        message=message,
        texts=tuple(directory.message_texts(scope, conn)),
        channel=wanted.channel,
        site=site_id,
        sms=None if wanted.channel is None else _sms_form(scope, conn, wanted.channel, secrets),
        draft=_draft(wanted, site_id),
    )


def _said_of(alarm: Alarm) -> dict[str, Any]:
    """Return what a message says of the alarm, whatever kind of message it is."""
    nobody_looked = dict.fromkeys(("level", "label", "camera"))
    known = nobody_looked | facts(alarm, "en") | {"raised_at": alarm.raised_at, "alarm_id": alarm.id}
    return {name: value for name, value in known.items() if name in FACTS - NOT_OF_THE_ALARM}


def _sms_form(scope: Scope, conn: Connection, channel_id: str, secrets: Secrets) -> SmsForm | None:
    try:
        row = directory.channel_by_id(scope, conn, channel_id, secrets)
        if row is None:
            raise NotThere("channel", channel_id)
        return validated(row.kind, row.full_config).sms_form
    except (WrongSecretKey, ChannelConfigError) as err:
        raise ChannelNotReadable(f"Channel {channel_id}: {err}.") from err


def _draft(wanted: Wanted, site_id: str | None) -> OwnText | None:
    """Return the templates to try as the most specific that can be."""
    if wanted.title is None and wanted.text is None:
        return None
    return OwnText(
        id=DRAFT,
        kind=wanted.kind,
        language=wanted.language,
        site_id=site_id,
        channel_id=wanted.channel,
        title=wanted.title,
        text=wanted.text,
    )


def preview(of: Material) -> Preview:
    """Return what would be sent. It compiles templates: not for the event loop."""
    drafts = [] if of.draft is None else [of.draft]
    texts = OwnTexts([*drafts, *of.texts])
    message = replace(of.message, wording=texts.wording(of.channel, of.site))
    title, text, sms = headline(message), full_text(message), None
    if of.sms is not None:
        form = of.sms
        written = written_sms(message, segments=form.segments, unicode=form.unicode, by_reply=form.by_reply)
        text = written.text
        sms = SmsPreview(
            alphabet=written.alphabet.name,
            characters=written.alphabet.cost(text),
            segments=written.alphabet.segments(text),
            left_out=written.left_out,
        )
    said = texts.said(message, of.channel, of.site)
    return Preview(
        title=title,
        text=text,
        title_from=said.get("title"),
        text_from=said.get("text"),
        sms=sms,
        faults=tuple(dict.fromkeys(_faults(of, texts))),
    )


def _faults(of: Material, texts: OwnTexts) -> Iterator[Fault]:
    """Yield what is wrong with what is said here: a draft is tried with every sample, as `apply` does."""
    if of.draft is not None:
        for part, problem in faults(of.draft):
            yield Fault(text=DRAFT, part=part, problem=problem)
    chosen = texts.chosen(of.message, of.channel, of.site)
    for (text_id, part), broken in texts.broken.items():
        if text_id != DRAFT and chosen.get(part) == text_id:
            yield Fault(text=text_id, part=part, problem=broken.problem)
