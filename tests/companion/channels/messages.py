"""Messages for tests: a page with everything in it, changed where a test cares."""

from datetime import UTC, datetime
from typing import Any

from companion.channels.base import Message, MessageKind, Picture
from companion.channels.registry import kind_names

KINDS = ", ".join(kind_names())
"""As they are offered to whoever has named another one."""
PICTURE = Picture(media_type="image/jpeg", data=b"\xff\xd8\xff\xe0 a picture", camera="Drive <1>")
ACK_URL = "https://alarm.example/a/tok_EN-0123456789abcdef"


def message(kind: MessageKind = MessageKind.PAGE, **changes: Any) -> Message:
    """Return a message about one alarm to one address."""
    every: dict[str, Any] = {
        "delivery_id": "01JD0000000000000000000002",
        "alarm_id": "01JD0000000000000000000001",
        "kind": kind,
        "idempotency_key": "key-1",
        "may_have_been_sent": False,
        "thread_ref": None,
        "address": "+491701234567",
        "recipient": "Anna",
        "title": "Panic key: Reception",
        "source": "yealink",
        "site": "Main office",
        "room": "Reception",
        "person": "Max Müller",
        "raised_at": datetime(2026, 11, 20, 22, 14, 5, tzinfo=UTC),
        "timezone": "Europe/Berlin",
        "details": {"Phone": "T46U"},
        "ack_url": ACK_URL if kind is MessageKind.PAGE else None,
    }
    return Message(**every | changes)
