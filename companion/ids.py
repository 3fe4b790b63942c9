"""Ids of rows, and the unguessable tokens that are stored only as hashes."""

import hashlib
import secrets
import uuid
from datetime import UTC, datetime


def new_id() -> str:
    """Return a UUID of version 7 (RFC 9562): it sorts by time of creation."""
    return str(uuid.uuid7())


def first_id(at: datetime) -> str:
    """Return what no id that is made from this moment on sorts before."""
    return str(uuid.UUID(int=int(at.timestamp() * 1000) << 80 | 0x7 << 76 | 0b10 << 62))


def made_at(some_id: str) -> datetime | None:
    """Return when the id was made, by the clock of that time; None: it is none of ours."""
    try:
        found = uuid.UUID(some_id)
        return datetime.fromtimestamp(found.time / 1000, UTC) if found.version == 7 else None
    except ValueError, OverflowError:  # the second for a time that no calendar has
        return None


def new_token() -> str:
    """Return 256 bits for a URL or a header."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return what is stored of a token.

    A plain hash is right here: tokens are long and random (directory and API refuse short ones), so there
    is nothing to guess, and looking up by hash takes the same time whether a token exists or not. Bytes of a
    header that are no UTF-8 come as lone surrogates: no token has them, and none may be an error here.
    """
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
