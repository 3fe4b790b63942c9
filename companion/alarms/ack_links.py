"""Links with which one recipient answers one alarm."""

import hashlib
import hmac
import string
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection

from companion.alarms.model import OPEN, Alarm
from companion.alarms.store import link_by_hash
from companion.dispatch.store import last_paged_at
from companion.ids import token_hash
from companion.store.scope import ALL_SITES

# No `_` and no `-`: carriers that read ISO 8859-1 as GSM 03.38 turn `_` into `§`, and some phones end a link at either.
ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
TOKEN_BYTES = 24
TOKEN_LENGTH = 33
"""Digits to this base that 192 bits take."""


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
        """Return the 192-bit token of one recipient for one alarm, in letters and digits only."""
        return spelled(self._bytes(alarm_id, recipient_key))

    def hash(self, alarm_id: str, recipient_key: str) -> str:
        """Return the `link_hash` of that token; to spell it first would take four times as long."""
        return _hash(self._bytes(alarm_id, recipient_key))

    def _bytes(self, alarm_id: str, recipient_key: str) -> bytes:
        digest = hmac.digest(self._key, f"{alarm_id}\n{recipient_key}".encode(), hashlib.sha256)
        return digest[:TOKEN_BYTES]

    def url(self, token: str) -> str:
        """Return the address of the page."""
        return f"{self._base}/a/{token}"


def spelled(token: bytes) -> str:
    """Return how a token is written in a link: letters and digits only, always as many."""
    number, digits = int.from_bytes(token), ""
    for _ in range(TOKEN_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits


def link_hash(token: str) -> str:
    """Return what is stored of a link's token: the hash of its older spelling (base64), whichever one it comes in.

    So links of either spelling open the same row, and those that went out before a change of the spelling go on working.
    """
    if len(token) != TOKEN_LENGTH or not set(token) <= set(ALPHABET):
        return token_hash(token)
    number = 0
    for digit in token:
        number = number * len(ALPHABET) + ALPHABET.index(digit)
    # A digit more than 192 bits take leaves room for numbers that are no token.
    return _hash(number.to_bytes(TOKEN_BYTES + 1).removeprefix(b"\0"))


def _hash(token: bytes) -> str:
    return token_hash(urlsafe_b64encode(token).decode())


def ack_link(conn: Connection, token: str) -> AckLink | None:
    """Return the link that `token` opens, expired or not, or None."""
    found = link_by_hash(ALL_SITES, conn, link_hash(token))
    return None if found is None else AckLink(*found)


def is_expired(conn: Connection, alarm: Alarm, now: datetime, life: timedelta) -> bool:
    """Return whether the alarm's links are too old: it is over, and so is their life after its last page.

    Counted from the page that was sent last, not from when the link was made: a page may be minutes old on the
    hundredth day of an alarm, and a provider may have taken it hours after it was written.
    """
    if alarm.status in OPEN:
        return False
    last = last_paged_at(ALL_SITES, conn, alarm.id)
    return last is None or now >= last + life
