"""A delivery: one message to one address, and what it may become."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from companion.channels.base import MessageKind
from companion.texts.reasons import Reason


class State(StrEnum):
    """Each is a sentence about the provider and the device."""

    PENDING = "pending"
    """Waits for its time or for a worker."""
    PROCESSING = "processing"
    """A worker holds its lease and may be calling the provider."""
    SENT = "sent"
    """The provider took it. Nobody knows yet whether a device has it."""
    DELIVERED = "delivered"
    """The provider says that a device has it."""
    FAILED = "failed"
    """The last attempt failed; there will be another."""
    ERROR = "error"
    """Given up; a person must look."""
    CANCELLED = "cancelled"
    """Not needed any more: somebody answered before it was sent."""
    FOLDED = "folded"
    """Told in one message with others of a source that floods: `folded_into`, once that is written."""


class Urgency(IntEnum):
    """What goes before what, in claiming and in sending."""

    LIFE = 0
    """A page about an alarm that a life may depend on. One place of every channel is kept for it."""
    ALARM = 1
    """Any other page that is loud."""
    LOW = 2
    """A page about an alarm of low severity."""
    REST = 3
    """News, drills, troubles."""


FINAL = frozenset({State.SENT, State.DELIVERED, State.ERROR, State.CANCELLED, State.FOLDED})
WAITING = frozenset({State.PENDING, State.FAILED})
PAGES = frozenset({MessageKind.PAGE, MessageKind.EXHAUSTED, MessageKind.PRESSED_AGAIN})
"""What is not sent any more once somebody has answered."""


OF_THE_ALARM = frozenset(
    {"title", "severity", "source", "site", "site_id", "room", "person", "raised_at", "timezone", "test"}
)
"""Facts of a message that are columns of its alarm, and of which nobody makes anything else."""


@dataclass(frozen=True)
class Reader:
    """Somebody whom a message is for, and the place of its address in their order of contact points."""

    person_id: str
    position: int


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One message to one address. The fields are the columns of its table."""

    id: str
    alarm_id: str | None
    kind: MessageKind
    occurrence: str
    channel_id: str
    person_id: str | None
    position: int
    address: str
    recipient: str
    message: Mapping[str, Any]
    """The facts of the message, as JSON: what `companion.channels.base.Message` has beyond these columns. Stored without
    what its alarm says (`OF_THE_ALARM`)."""
    state: State
    due_at: datetime
    attempts: int
    urgency: Urgency
    first_page: bool
    record: bool
    owner: str | None
    fence: int
    lease_until: datetime | None
    uncertain: bool
    cancelled: bool
    provider_ref: str | None
    last_error: Reason | None
    source_key: str | None
    """What its alarm came from, as far as it may be folded (`Alarm.source_key`)."""
    folded_into: str | None
    """The delivery that is sent for it."""
    created_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    """The provider says that somebody has opened it."""

    @property
    def more(self) -> int:
        """Return how many other alarms it stands for; none where that cannot be read, as the page goes on all the same."""
        stored: object = self.message  # whatever the column holds
        more = stored.get("more") if isinstance(stored, Mapping) else None
        return more if isinstance(more, int) else 0


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One try."""

    delivery_id: str
    channel_id: str
    number: int
    started_at: datetime
    finished_at: datetime
    outcome: str
    """sent, failed, uncertain, error; cut_off: the process that made it ended before it wrote down what became of it"""
    status_code: int | None
    provider_ref: str | None
    error: Reason | None
