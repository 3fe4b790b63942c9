"""A message as an event for programs: codes, names and facts, and the text that people would read."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from companion.channels.base import Message, MessageKind
from companion.channels.http import shortened
from companion.channels.render import full_text, headline

TYPES = {
    MessageKind.PAGE: "alarm.triggered",
    MessageKind.PRESSED_AGAIN: "alarm.triggered_again",
    MessageKind.CONFIRMED: "alarm.confirmed",
    MessageKind.VERIFIED: "alarm.verified",
    MessageKind.ACKNOWLEDGED: "alarm.acknowledged",
    MessageKind.RESOLVED: "alarm.resolved",
    MessageKind.CANCELLED: "alarm.cancelled",
    MessageKind.NOTE: "alarm.noted",
    MessageKind.EXHAUSTED: "alarm.unanswered",
    MessageKind.TEST: "channel.tested",
    MessageKind.TROUBLE: "service.trouble",
    MessageKind.TROUBLE_OVER: "service.trouble_over",
}

LONGEST = 4000
"""Characters of one text."""


def event(message: Message, now: datetime, *, link: bool) -> dict[str, Any]:
    """Return `{"id", "type", "time", "data"}`; `time` is when it is sent, `id` stays the same when it is sent again."""
    shown = message if link else replace(message, ack_url=None)
    return {
        "id": message.idempotency_key,
        "type": TYPES[message.kind],
        "time": rfc3339(now),
        "data": data(message, shown) | ({"ack_url": message.ack_url} if link else {}),
    }


def data(message: Message, shown: Message) -> dict[str, Any]:
    """Return what is known; `shown` is the message as its readers may see it."""
    facts = {
        "alarm_id": message.alarm_id,
        "code": message.code,
        "title": message.title,
        "severity": message.severity,
        "source": message.source,
        "site": message.site,
        "room": message.room,
        "person": message.person,
        "raised_at": rfc3339(message.raised_at),
        "timezone": message.timezone,
        "by": message.by,
        "note": message.note,
        "ending": message.ending,
        "label": message.label,
        "camera": message.camera,
        "trouble": message.trouble,
        "recipient": message.recipient,
        "language": message.language,
        "headline": headline(message),
        "text": full_text(shown),
    }
    return {
        **{name: None if value is None else whole(value) for name, value in facts.items()},
        "test": message.test,
        "more": message.more,
        "level": message.level,
        "details": {whole(name): whole(str(value)) for name, value in message.details.items()},
    }


def values(message: Message, now: datetime, *, link: bool) -> Mapping[str, str]:
    """Return what the placeholders of a template stand for; what is not known is empty."""
    shown = message if link else replace(message, ack_url=None)
    known = {
        "id": message.idempotency_key,
        "type": TYPES[message.kind],
        "time": rfc3339(now),
        "alarm_id": message.alarm_id,
        "code": message.code,
        "kind": message.kind.value,
        "title": message.title,
        "headline": headline(message),
        "text": full_text(shown),
        "severity": message.severity,
        "source": message.source,
        "site": message.site,
        "room": message.room,
        "person": message.person,
        "raised_at": rfc3339(message.raised_at),
        "by": message.by,
        "note": message.note,
        "link": shown.ack_url,
        "recipient": message.recipient,
    }
    return {name: whole(value or "") for name, value in known.items()}


def whole(text: str) -> str:
    """Return a text without half characters, which no encoding has, cut to what no receiver refuses."""
    return shortened(text, LONGEST).encode(errors="replace").decode()


def rfc3339(at: datetime) -> str:
    """Return a moment as programs read it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
