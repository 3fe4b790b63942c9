"""Messages of each kind as they might come, to see what a template makes of them. Pure."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from companion.channels.base import Message, MessageKind
from companion.texts.language import LANGUAGES

LINK: Final = f"https://alarm.example/a/{'x' * 33}"
_ABOUT: Final[Mapping[str, Any]] = {
    "delivery_id": "01JD0000000000000000000002",
    "alarm_id": "01JD0000000000000000000001",
    "idempotency_key": "sample",
    "may_have_been_sent": False,
    "thread_ref": None,
    "address": "+491701234567",
    "recipient": "Anna Vogel",
    "source": "yealink",
    "raised_at": datetime(2026, 11, 20, 22, 14, 5, tzinfo=UTC),
}
_ASKS: Final = frozenset({MessageKind.PAGE, MessageKind.EXHAUSTED, MessageKind.PRESSED_AGAIN})
_ABOUT_THE_SERVICE: Final = frozenset({MessageKind.TROUBLE, MessageKind.TROUBLE_OVER})


def sample(kind: MessageKind, language: str, **changes: Any) -> Message:
    """Return a message of the kind that knows all that one of its kind can know."""
    known: dict[str, Any] = {
        "title": "Panic key: Reception",
        "site": "Main office",
        "room": "Reception",
        "person": "Max Miller",
        "timezone": "Europe/Berlin",
        "details": {"phone_model": "T46U", "zone": "Front door"},
        "ack_url": LINK if kind in _ASKS else None,
    }
    if kind in _ABOUT_THE_SERVICE:
        known |= {"title": "sms", "trouble": "channel_refuses", "details": {}, "source": "", "site": None}
        known |= {"room": None, "person": None}
    elif kind not in _ASKS and kind is not MessageKind.TEST:
        known |= {"by": "Anna Vogel", "note": "On my way"}
    if kind in {MessageKind.PAGE, MessageKind.VERIFIED}:
        known |= {"level": 2, "label": "person", "camera": "Hall"}
    if kind is MessageKind.TEST:
        known |= {"title": "", "test": True}
    return Message(**{**_ABOUT, **known, "kind": kind, "language": language, **changes})


def bare(kind: MessageKind, language: str) -> Message:
    """Return a message of the kind that knows as little as one can."""
    return Message(**_ABOUT, kind=kind, language=language, title="?")


def samples(kind: MessageKind, language: str | None) -> Iterator[Message]:
    """Yield messages of the kind: much known and little, one and many, in the language or in every."""
    for one in [language] if language is not None else LANGUAGES:
        yield sample(kind, one)
        yield sample(kind, one, more=3, may_have_been_sent=True, test=True)
        yield bare(kind, one)
