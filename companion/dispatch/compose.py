"""A delivery's row becomes the message that its channel understands, whatever is stored in it."""

from dataclasses import fields
from datetime import datetime
from typing import Any

from companion.channels.base import Message, Wording
from companion.dispatch.delivery import Delivery

FACTS = frozenset(one.name for one in fields(Message)) - {"picture"}
"""What may be stored of a message: a picture is its alarm's."""


def compose(
    delivery: Delivery,
    thread_ref: str | None,
    ack_url: str | None,
    callback_url: str | None,
    wording: Wording | None = None,
) -> Message:
    """Return the message of `delivery`; `thread_ref`, the addresses and the wording are known only now."""
    # Of a newer version's facts those that are not known here are left out: the page goes out without them.
    facts = {name: value for name, value in delivery.message.items() if name in FACTS}
    known: dict[str, Any] = {
        "title": "",
        "source": "",
        **facts,
        "delivery_id": delivery.id,
        # What is about no alarm is a thing of its own: it must not be taken for another one's message.
        "alarm_id": delivery.alarm_id or delivery.id,
        "kind": delivery.kind,
        "idempotency_key": delivery.id,
        "may_have_been_sent": delivery.uncertain,
        "thread_ref": thread_ref,
        "address": delivery.address,
        "recipient": delivery.recipient,
        "ack_url": ack_url,
        "callback_url": callback_url,
        "wording": wording,
        "raised_at": _moment(facts.get("raised_at")) or delivery.created_at,
    }
    return Message(**known)


def _moment(stored: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(stored))
    except ValueError:
        return None
