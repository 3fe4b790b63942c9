"""Whether a request proves where it comes from: a keyed hash over the very bytes, compared in constant time."""

import hmac
from hashlib import sha256

from pydantic import SecretStr


def signature(key: SecretStr, signed: bytes) -> str:
    """Return HMAC-SHA256 in hexadecimal digits."""
    return hmac.new(key.get_secret_value().encode(), signed, sha256).hexdigest()


def same(expected: str, said: object) -> bool:
    """Return whether both are the same text, in a time that does not tell how much of it is."""
    return isinstance(said, str) and hmac.compare_digest(expected.encode(), said.encode(errors="replace"))
