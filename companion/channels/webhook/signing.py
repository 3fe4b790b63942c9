"""How a receiver knows that a request is ours: HMAC-SHA256 over timestamp and body, in two spellings of the same thing. Pure."""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime
from hmac import digest

from pydantic import SecretStr

PREFIX = "whsec_"
SHORTEST_KEY, LONGEST_KEY = 24, 64
"""Bytes, as Standard Webhooks has it."""


def key_bytes(key: SecretStr) -> bytes:
    """Return the bytes of a key, as Standard Webhooks writes it; raises ValueError."""
    text = key.get_secret_value().strip()
    try:
        found = b64decode(text.removeprefix(PREFIX), validate=True) if text.startswith(PREFIX) else b""
    except ValueError:
        found = b""
    if not SHORTEST_KEY <= len(found) <= LONGEST_KEY:
        raise ValueError(
            f"must be {PREFIX} and {SHORTEST_KEY} to {LONGEST_KEY} random bytes in base64: make one with "
            'echo "whsec_$(openssl rand -base64 32)"'
        )
    return found


def signatures(keys: Sequence[SecretStr], message_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """Return the headers that prove where this body comes from; none without a key.

    Those of Standard Webhooks sign `id.timestamp.body` in base64, `X-Signature-SHA256` signs `timestamp.body` in hexadecimal
    digits. Each has one signature a key, the newest first: a receiver that finds one it can make itself is content.
    """
    if not keys:
        return {}
    timestamp = str(int(now.timestamp()))
    stamped = timestamp.encode() + b"." + body
    identified = message_id.encode() + b"." + stamped
    secrets = [key_bytes(key) for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(
            f"v1,{b64encode(digest(one, identified, 'sha256')).decode()}" for one in secrets
        ),
        "X-Signature-Timestamp": timestamp,
        "X-Signature-SHA256": " ".join(digest(one, stamped, "sha256").hex() for one in secrets),
    }
