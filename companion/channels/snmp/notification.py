"""From a message to the notification of ALARM-BROKER-MIB: numbers and texts, each cut to its place. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from companion.channels.base import Message, MessageKind
from companion.channels.render import headline, place
from companion.texts.one_line import one_line

NUMBERS = {
    MessageKind.PAGE: 1,
    MessageKind.ACKNOWLEDGED: 2,
    MessageKind.RESOLVED: 3,
    MessageKind.CANCELLED: 4,
    MessageKind.PRESSED_AGAIN: 5,
    MessageKind.CONFIRMED: 5,
    MessageKind.VERIFIED: 5,
    MessageKind.NOTE: 5,
    MessageKind.EXHAUSTED: 6,
    MessageKind.TEST: 7,
    MessageKind.TROUBLE: 8,
    MessageKind.TROUBLE_OVER: 9,
}
"""Below `abNotifications`."""
SEVERITIES = {"critical": 1, "high": 2, "normal": 3, "low": 4}
TRUE, FALSE = 1, 2
"""TruthValue (RFC 2579)."""


@dataclass(frozen=True)
class Notification:
    """What is said of an event, in the order of `abObjects`. Texts and times are bytes, everything else a number."""

    number: int
    objects: tuple[bytes | int, ...]

    @property
    def event_number(self) -> int:
        """The number that is the same in every repeat."""
        found = self.objects[1]
        assert isinstance(found, int)  # noqa: S101 # as it is made below
        return found


def notification(message: Message) -> Notification:
    """Return what a manager is told. Its texts have at most 764 bytes together, so that a datagram stays below 1400."""
    return Notification(
        number=NUMBERS[message.kind],
        objects=(
            cut(message.alarm_id, 64),
            int.from_bytes(sha256(message.idempotency_key.encode()).digest()[:4]),
            int(message.code),
            SEVERITIES.get(message.severity, 0),
            cut(headline(message), 200),
            cut(place(message), 160),
            cut(message.source, 40),
            date_and_time(message.raised_at),
            cut(message.by or "", 100),
            cut(message.note or "", 200),
            TRUE if message.test or message.kind is MessageKind.TEST else FALSE,
        ),
    )


def cut(text: str, limit: int) -> bytes:
    """Return one line of UTF-8 of at most `limit` bytes, and no half character."""
    written = one_line(text, limit).encode(errors="replace")
    return written if len(written) <= limit else written[:limit].decode(errors="ignore").encode()


def date_and_time(moment: datetime) -> bytes:
    """Return a time in UTC as eleven bytes (DateAndTime of RFC 2579)."""
    at = moment.astimezone(UTC)
    return at.year.to_bytes(2) + bytes((at.month, at.day, at.hour, at.minute, at.second, 0)) + b"+\0\0"
