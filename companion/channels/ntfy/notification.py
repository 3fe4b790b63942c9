"""A message as what ntfy publishes, within its limits. Pure."""

import json
from typing import Any

from companion.channels.base import Message, MessageKind
from companion.channels.cards import Loudness, card_of, loudness_of, replaces_first
from companion.channels.ntfy.settings import TOPIC

TEXT_LIMIT = 4096
"""Bytes: of a longer one ntfy makes an attachment. The whole JSON may be twice as long."""
TITLE_LIMIT = 400
PRIORITIES = {Loudness.RINGS: 5, Loudness.LOUD: 4, Loudness.USUAL: 3}
PICTURES = {
    MessageKind.PAGE: "rotating_light",
    MessageKind.EXHAUSTED: "rotating_light",
    MessageKind.PRESSED_AGAIN: "rotating_light",
    MessageKind.ACKNOWLEDGED: "white_check_mark",
    MessageKind.RESOLVED: "white_check_mark",
    MessageKind.CANCELLED: "white_check_mark",
    MessageKind.TROUBLE: "warning",
}
"""By ntfy's names of emoji."""


def published(message: Message) -> bytes:
    """Return the body of the request: UTF-8 as it is, since escaped it would be up to three times as long."""
    return json.dumps(_fields(message), ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def _fields(message: Message) -> dict[str, Any]:
    card = card_of(message)
    fields: dict[str, Any] = {
        "topic": message.address,
        "title": cut(card.title, TITLE_LIMIT),
        # Of an empty one ntfy makes the word `triggered`.
        "message": cut("\n".join(card.lines) or card.title, TEXT_LIMIT),
        "priority": PRIORITIES[loudness_of(message)],
        "sequence_id": sequence_of(message),
    }
    if message.kind in PICTURES:
        fields["tags"] = [PICTURES[message.kind]]
    if card.link is not None:
        acknowledge = {
            "action": "http",
            "label": card.button,
            "url": card.link,
            "method": "POST",
            "clear": True,
        }
        fields |= {"click": card.link, "actions": [acknowledge]}
    return fields


def sequence_of(message: Message) -> str:
    """Return which notification on a phone this is: with an id that it has already, ntfy (from 2.16 on) changes that one.

    A repeat takes the place of what it may be a repeat of, and news that no answer is needed that of the page.
    """
    first = message.thread_ref or ""
    return first if replaces_first(message) and TOPIC.fullmatch(first) else message.delivery_id


def cut(text: str, limit: int) -> str:
    """Return `text` cut between words to `limit` bytes of UTF-8."""
    whole = text.encode(errors="replace")
    if len(whole) <= limit:
        return whole.decode()
    kept = whole[: max(0, limit - len("…".encode()))].decode(errors="ignore")
    words = kept[: max(kept.rfind(" "), kept.rfind("\n"))] if kept.strip().count(" ") else kept
    return f"{words.rstrip()}…"
