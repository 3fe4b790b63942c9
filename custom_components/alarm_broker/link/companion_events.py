"""What the companion says in its events, as docs/link-protocol.md fixes it. Pure; what Home Assistant says is in `events`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from .wire import BadFrame, moment, seconds, text, text_or_none, whole_number


class Status(StrEnum):
    """Where an alarm is in its life. The order is the only one it moves in; both last ones are ends."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True, slots=True)
class TitleParts:
    """A title that the companion has made: whoever reads it gets it in their own words."""

    head: str
    """What it is, a code such as `panic_key`."""
    where: str
    room_unknown: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmSnapshot:
    """The companion's whole word about one alarm at one version; the newest version wins."""

    alarm_id: str
    uid: str | None
    version: int
    change: str
    status: Status
    source: str
    alarm_kind: str
    severity: str
    title: str
    title_parts: TitleParts | None = None
    """None: the title is a person's or a program's own words."""
    site: str | None
    room: str | None
    person: str | None
    test: bool
    raised_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    closed_at: datetime | None
    closed_by: str | None
    step: int


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryTrouble:
    """The companion gave a delivery up: somebody was not told."""

    alarm_id: str
    channel: str
    recipient: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceTrouble:
    """Something is wrong with the companion itself, or is well again (`is_open` false)."""

    key: str
    """The same from its beginning to its end."""
    trouble: str
    """What is wrong, a code such as `channel_refuses`."""
    subject: str
    """What it is about, a name."""
    severity: str
    """`error` or `warning`."""
    is_open: bool
    facts: Mapping[str, str]
    """Values for the text."""
    subject_parts: TitleParts | None = None
    """Where the subject is the title of an alarm."""


class Action(StrEnum):
    """What the companion may ask for."""

    PUSH = "push"
    ANNOUNCE = "announce"
    LIGHT = "light"
    SCRIPT = "script"


@dataclass(frozen=True, kw_only=True, slots=True)
class Errand:
    """Something that the companion asks to be done, so that people are told."""

    id: str
    """The same however often it asks for it: it is to be done once."""
    channel: str
    """Whose message it is; said back."""
    alarm_id: str | None
    action: Action | None
    """None: a newer companion asks for something that is not known here."""
    target: str | None
    """Which entity, or whom a push is for (None: everybody)."""
    voice: str | None
    """The entity that speaks on a media player; None: whichever there is."""
    title: str
    text: str
    code: str
    news: str
    """What it is about: `page`, `acknowledged` …"""
    urgent: bool
    """It needs an answer."""
    useful_s: float
    """For how long it is still of any use, since it was said; 0 is too late."""


type CompanionEvent = AlarmSnapshot | DeliveryTrouble | ServiceTrouble | Errand


def parse_event(body: Mapping[str, Any]) -> CompanionEvent | None:
    """Return what the companion says in an event, or None for a kind that a newer companion invented.

    Raises BadFrame when a known kind lacks what the contract promises.
    """
    match body.get("kind"):
        case "alarm":
            return _alarm_snapshot(body)
        case "delivery_trouble":
            return DeliveryTrouble(
                alarm_id=text(body, "alarm_id"),
                channel=text(body, "channel"),
                recipient=text(body, "recipient"),
                reason=text(body, "reason"),
            )
        case "trouble":
            return _service_trouble(body)
        case "notify":
            return _errand(body)
        case _:
            return None


def _alarm_snapshot(body: Mapping[str, Any]) -> AlarmSnapshot:
    try:
        status = Status(text(body, "status"))
    except ValueError as err:
        raise BadFrame("the alarm has a status that version 1 does not know") from err
    test = body.get("test")
    if not isinstance(test, bool):
        raise BadFrame("test is not a boolean")
    raised_at = moment(body, "raised_at")
    if raised_at is None:
        raise BadFrame("raised_at is missing")
    return AlarmSnapshot(
        alarm_id=text(body, "alarm_id"),
        uid=text_or_none(body, "uid"),
        version=whole_number(body, "version", least=1),
        change=text(body, "change"),
        status=status,
        source=text(body, "source"),
        alarm_kind=text(body, "alarm_kind"),
        severity=text(body, "severity"),
        title=text(body, "title"),
        title_parts=_title_parts(body.get("title_parts")),
        site=text_or_none(body, "site"),
        room=text_or_none(body, "room"),
        person=text_or_none(body, "person"),
        test=test,
        raised_at=raised_at,
        acknowledged_at=moment(body, "acknowledged_at"),
        acknowledged_by=text_or_none(body, "acknowledged_by"),
        closed_at=moment(body, "closed_at"),
        closed_by=text_or_none(body, "closed_by"),
        step=whole_number(body, "step"),
    )


def _service_trouble(body: Mapping[str, Any]) -> ServiceTrouble:
    is_open, facts = body.get("open"), body.get("facts")
    if not isinstance(is_open, bool):
        raise BadFrame("open is not a boolean")
    if not isinstance(facts, dict):
        raise BadFrame("facts is not an object")
    return ServiceTrouble(
        key=text(body, "key"),
        trouble=text(body, "trouble"),
        subject=text(body, "subject"),
        severity=text(body, "severity"),
        is_open=is_open,
        facts={name: text(facts, name) for name in facts},
        subject_parts=_title_parts(body.get("subject_parts")),
    )


def _errand(body: Mapping[str, Any]) -> Errand:
    useful = body.get("useful_s")
    action = text(body, "action")
    return Errand(
        id=text(body, "id"),
        channel=text(body, "channel"),
        alarm_id=text_or_none(body, "alarm_id"),
        action=Action(action) if action in list(Action) else None,
        target=text_or_none(body, "target"),
        voice=text_or_none(body, "voice"),
        title=text(body, "title"),
        text=text(body, "text"),
        code=text(body, "code"),
        news=text(body, "news"),
        urgent=body.get("urgent") is True,
        useful_s=0 if useful == 0 else seconds(body, "useful_s"),
    )


def _title_parts(said: object) -> TitleParts | None:
    """Return the parts of a title; of what is odd, or missing as with an older companion, the title itself is shown."""
    if not isinstance(said, Mapping):
        return None
    try:
        head, where = text(said, "head"), text(said, "where")
    except BadFrame:
        return None
    return TitleParts(head=head, where=where, room_unknown=said.get("room_unknown") is True)
