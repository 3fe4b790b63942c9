"""What is published of an alarm: its state, and what has just happened. Pure."""

import json
from dataclasses import replace
from datetime import UTC
from typing import Any

from companion.channels.base import Message, MessageKind
from companion.channels.render import TITLE_LIMIT, VALUE_LIMIT, full_text, headline, place
from companion.texts.one_line import one_line

STATUS = {
    MessageKind.PAGE: "triggered",
    MessageKind.EXHAUSTED: "triggered",
    MessageKind.ACKNOWLEDGED: "acknowledged",
    MessageKind.RESOLVED: "resolved",
    MessageKind.CANCELLED: "cancelled",
}
"""What a message says of its alarm's status; other kinds say nothing of it."""
OVER = frozenset({MessageKind.RESOLVED, MessageKind.CANCELLED})


def state(message: Message) -> bytes:
    """Return the alarm as it stands."""
    return _written({"status": STATUS[message.kind], **_about(message)})


def event(message: Message, *, link: bool) -> bytes:
    """Return what has happened; `link` shows the acknowledge link to everybody who may subscribe."""
    shown = message if link else replace(message, ack_url=None)
    return _written(
        {
            "kind": message.kind.value,
            **_about(message),
            "note": message.note and one_line(message.note, TITLE_LIMIT),
            "source": message.source,
            "test": message.test or message.kind is MessageKind.TEST,
            "text": full_text(shown),
            # The same in every repeat: who must not do a thing twice keeps it.
            "key": message.idempotency_key,
        }
    )


def _about(message: Message) -> dict[str, Any]:
    return {
        "id": message.alarm_id,
        "code": message.code,
        "title": one_line(message.title, TITLE_LIMIT) or headline(message),
        "severity": message.severity,
        "where": place(message),
        "since": message.raised_at.astimezone(UTC).isoformat(),
        "by": message.by and one_line(message.by, VALUE_LIMIT),
    }


def _written(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode(errors="replace")
