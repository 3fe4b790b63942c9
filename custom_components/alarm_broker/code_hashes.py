"""Hash users' codes and find whose code was entered: scrypt, off the event loop, in constant time."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from homeassistant.core import HomeAssistant

# 16 MiB and about 50 ms each on a small computer. RFC 7914 and OWASP ask for more where a server guards
# passwords; here every user's hash is tried for one disarm while the entry delay runs, and it is the lockout
# that stops guessing at the keypad. The parameters stand in each hash, so that they can rise later.
LOG2_N = 14
R = 8
P = 1
SALT_BYTES = 16
KEY_BYTES = 32
MAX_LOG2_N = 16
MAX_MEMORY = 80 * 1024 * 1024
MAX_CODE_LENGTH = 64


@dataclass(frozen=True, slots=True)
class CodeUser:
    """Somebody who has a code."""

    name: str
    code_hash: str


async def async_hash_code(hass: HomeAssistant, code: str) -> str:
    """Return the hash to store for a code: `scrypt$<log2 n>$<r>$<p>$<salt>$<key>`.

    Raises ValueError for an empty or too long code.
    """
    if not 0 < len(code) <= MAX_CODE_LENGTH:
        raise ValueError("a code has 1 to 64 characters")
    return await hass.async_add_executor_job(_hash, code)


async def async_matching_user(hass: HomeAssistant, code: str, users: Sequence[CodeUser]) -> str | None:
    """Return whose code it is, or None; takes as long for the first user as for none."""
    if not users or len(code) > MAX_CODE_LENGTH:
        return None
    return await hass.async_add_executor_job(_matching_user, code, tuple(users))


def _hash(code: str) -> str:
    salt = secrets.token_bytes(SALT_BYTES)
    key = _derive(code, salt, log2_n=LOG2_N, r=R, p=P)
    return f"scrypt${LOG2_N}${R}${P}${_text(salt)}${_text(key)}"


def _matching_user(code: str, users: tuple[CodeUser, ...]) -> str | None:
    matched: str | None = None
    for user in users:
        if _matches(code, user.code_hash) and matched is None:
            matched = user.name
    return matched


def _matches(code: str, code_hash: str) -> bool:
    try:
        scheme, log2_n, r, p, salt, key = code_hash.split("$")
        if scheme != "scrypt" or not 0 < int(log2_n) <= MAX_LOG2_N:
            return False
        derived = _derive(code, base64.b64decode(salt), log2_n=int(log2_n), r=int(r), p=int(p))
        return hmac.compare_digest(derived, base64.b64decode(key))
    except ValueError, binascii.Error:
        return False


def _derive(code: str, salt: bytes, *, log2_n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(code.encode(), salt=salt, n=2**log2_n, r=r, p=p, maxmem=MAX_MEMORY, dklen=KEY_BYTES)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
