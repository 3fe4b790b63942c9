"""Whether a request proves where it comes from: a keyed hash over the very bytes, compared in constant time."""

import hmac

from pydantic import SecretStr


def signature(key: SecretStr, signed: bytes, algorithm: str = "sha256") -> str:
    """Return an HMAC in hexadecimal digits."""
    return hmac.digest(key.get_secret_value().encode(), signed, algorithm).hex()


def same(expected: str, said: object) -> bool:
    """Return whether both are the same text, in a time that does not tell how much of it is."""
    return isinstance(said, str) and hmac.compare_digest(expected.encode(), said.encode(errors="replace"))
