"""What services that page people by themselves (PagerDuty, Opsgenie) are told of an alarm: one thing under one key. Pure."""

from enum import Enum, auto
from hashlib import sha256

from companion.channels.base import Message, MessageKind, alarm_code
from companion.channels.cards import Card

PREFIX = "alarm-broker:"


class Step(Enum):
    """What becomes of the incident."""

    OPEN = auto()
    """Made, or if it is there a repeat of it."""
    ADD = auto()
    """More is known; nobody is to be paged for it."""
    ACKNOWLEDGE = auto()
    CLOSE = auto()


STEPS = {
    MessageKind.ACKNOWLEDGED: Step.ACKNOWLEDGE,
    MessageKind.RESOLVED: Step.CLOSE,
    MessageKind.CANCELLED: Step.CLOSE,
    MessageKind.TROUBLE_OVER: Step.CLOSE,
    MessageKind.CONFIRMED: Step.ADD,
    MessageKind.VERIFIED: Step.ADD,
    MessageKind.NOTE: Step.ADD,
}


def step_of(message: Message) -> Step:
    """Return what the message does to its incident."""
    return STEPS.get(message.kind, Step.OPEN)


def key_of(message: Message) -> str:
    """Return what is one with every message about the same alarm, or about the same trouble of the service."""
    if message.trouble is None:
        return f"{PREFIX}{message.alarm_id}"
    return f"{PREFIX}{sha256(f'{message.trouble}/{message.title}'.encode()).hexdigest()[:32]}"


def code_in(key: str) -> str:
    """Return the code of the key's alarm: it says which one is meant although nobody knows yet whether the provider took it."""
    return alarm_code(key.removeprefix(PREFIX))


def details_of(card: Card) -> dict[str, str]:
    """Return all that is known by its label; what stands under the same one stands there together, remarks under a dot."""
    found: dict[str, str] = {}
    for name, value in (*card.rows, *(("·", remark) for remark in card.remarks)):
        found[name] = f"{found[name]}; {value}" if name in found else value
    return found
