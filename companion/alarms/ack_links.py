"""Links with which one recipient answers one alarm."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.alarms.model import OPEN, Alarm
from companion.dispatch.delivery import PAGES
from companion.ids import token_hash
from companion.store.tables import ack_link as table, delivery


@dataclass(frozen=True)
class AckLink:
    """Whose link it is, and for which alarm."""

    alarm_id: str
    recipient: str


class AckTokens:
    """Makes tokens that can be made again: a message is composed, perhaps after a crash, when it is sent.

    Derived from the server's key, so the database holds only their hashes.
    """

    def __init__(self, secret_key: bytes, public_url: str) -> None:
        self._key = hmac.digest(secret_key, b"alarm-broker ack link", hashlib.sha256)
        self._base = public_url.rstrip("/")

    def token(self, alarm_id: str, recipient_key: str) -> str:
        """Return the 192-bit token of one recipient for one alarm."""
        digest = hmac.digest(self._key, f"{alarm_id}\n{recipient_key}".encode(), hashlib.sha256)
        return urlsafe_b64encode(digest[:24]).decode()

    def url(self, token: str) -> str:
        """Return the address of the page."""
        return f"{self._base}/a/{token}"


def ack_link(conn: Connection, token: str) -> AckLink | None:
    """Return the link that `token` opens, expired or not, or None."""
    row = conn.execute(
        sa.select(table.c.alarm_id, table.c.recipient).where(table.c.token_hash == token_hash(token))
    ).first()
    return None if row is None else AckLink(*row)


def is_expired(conn: Connection, alarm: Alarm, now: datetime, life: timedelta) -> bool:
    """Return whether the alarm's links are too old: it is over, and so is their life after its last page.

    Counted from the page that was sent last, not from when the link was made: a page may be minutes old on the
    hundredth day of an alarm, and a provider may have taken it hours after it was written.
    """
    if alarm.status in OPEN:
        return False
    paged_at = sa.func.max(sa.func.coalesce(delivery.c.sent_at, delivery.c.created_at))
    last = conn.execute(
        sa.select(paged_at).where(delivery.c.alarm_id == alarm.id, delivery.c.kind.in_(sorted(PAGES)))
    ).scalar()
    return last is None or now >= last + life
