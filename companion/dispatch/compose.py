"""A delivery's row becomes the message that its channel understands."""

from datetime import datetime

from companion.channels.base import Message
from companion.dispatch.delivery import Delivery


def compose(delivery: Delivery, thread_ref: str | None, ack_url: str | None) -> Message:
    """Return the message of `delivery`; `thread_ref` and `ack_url` are known only now."""
    facts = dict(delivery.message)
    facts.pop("recipient_key", None)
    return Message(
        delivery_id=delivery.id,
        # What is about no alarm is a thing of its own: it must not be taken for another one's message.
        alarm_id=delivery.alarm_id or delivery.id,
        kind=delivery.kind,
        idempotency_key=delivery.idempotency_key,
        may_have_been_sent=delivery.uncertain,
        thread_ref=thread_ref,
        address=delivery.address,
        recipient=delivery.recipient,
        ack_url=ack_url,
        **facts | {"raised_at": datetime.fromisoformat(facts["raised_at"])},
    )
