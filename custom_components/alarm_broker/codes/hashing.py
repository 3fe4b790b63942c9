"""Hash users' codes and find whose code was entered: scrypt, off the event loop, in constant time."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import bcrypt
from homeassistant.core import HomeAssistant

# 16 MiB and about 50 ms each on a small computer. RFC 7914 and OWASP ask for more where a server guards
# passwords; here it is the lockout that stops guessing at the keypad, and an entry delay that runs. The
# parameters stand in each hash, so that they can rise later.
LOG2_N = 14
R = 8
P = 1
SALT_BYTES = 16
KEY_BYTES = 32
MAX_LOG2_N, MAX_R, MAX_P = 16, 8, 4
MAX_MEMORY = 80 * 1024 * 1024
"""What the dearest of these takes (128 bytes times n times r), and some."""
MAX_CODE_LENGTH = 64

BCRYPT = "bcrypt$"
"""Marks a hash that was imported from Alarmo: what follows is a bcrypt hash."""


@dataclass(frozen=True, slots=True)
class CodeUser:
    """Somebody who has a code."""

    user_id: str
    code_hash: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a code becomes a key. All codes of a panel share one, so that trying every user costs one derivation."""

    salt: bytes
    log2_n: int = LOG2_N
    r: int = R
    p: int = P

    @classmethod
    def of(cls, code_hash: str) -> tuple[Self, bytes] | None:
        """Return the recipe and the key in a hash, or None for one that is not a scrypt hash of ours."""
        try:
            scheme, log2_n, r, p, salt, key = code_hash.split("$")
            recipe = cls(base64.b64decode(salt), int(log2_n), int(r), int(p))
            wanted = base64.b64decode(key)
        except ValueError, binascii.Error:
            return None
        sensible = 0 < recipe.log2_n <= MAX_LOG2_N and 0 < recipe.r <= MAX_R and 0 < recipe.p <= MAX_P
        if scheme != "scrypt" or not sensible:
            return None
        return recipe, wanted

    def derive(self, code: str) -> bytes:
        """Return the key of a code; takes its time."""
        return hashlib.scrypt(
            code.encode(),
            salt=self.salt,
            n=2**self.log2_n,
            r=self.r,
            p=self.p,
            maxmem=MAX_MEMORY,
            dklen=KEY_BYTES,
        )


async def async_hash_code(hass: HomeAssistant, code: str, *, like: Iterable[str] = ()) -> str:
    """Return the hash to store for a code: `scrypt$<log2 n>$<r>$<p>$<salt>$<key>`, salted like the others' hashes.

    Raises ValueError for an empty or too long code, and for one that is no text.
    """
    if not 0 < len(code) <= MAX_CODE_LENGTH or not is_text(code):
        raise ValueError("a code has 1 to 64 characters")
    return await hass.async_add_executor_job(hashed, code, tuple(like))


async def async_matching_user(hass: HomeAssistant, code: str, users: Sequence[CodeUser]) -> str | None:
    """Return the id of the user whose code it is, or None; takes as long for one as for another."""
    if not users or len(code) > MAX_CODE_LENGTH or not is_text(code):
        return None
    return await hass.async_add_executor_job(matching_user, code, tuple(users))


def is_text(code: str) -> bool:
    """Return whether it is whole characters: JSON can hold half of one (a lone surrogate), which has no bytes."""
    return not any("\ud800" <= character <= "\udfff" for character in code)


def hashed(code: str, like: Sequence[str] = ()) -> str:
    """Return the hash of a code; blocks."""
    known = next((found for found in map(Recipe.of, like) if found is not None), None)
    recipe = known[0] if known is not None else Recipe(secrets.token_bytes(SALT_BYTES))
    key = recipe.derive(code)
    return f"scrypt${recipe.log2_n}${recipe.r}${recipe.p}${_text(recipe.salt)}${_text(key)}"


def matching_user(code: str, users: Sequence[CodeUser]) -> str | None:
    """Return whose code it is; blocks for one derivation a recipe, however many users there are."""
    derived: dict[Recipe, bytes] = {}
    matched: str | None = None
    for user in users:
        if _matches(code, user.code_hash, derived) and matched is None:
            matched = user.user_id
    return matched


def _matches(code: str, code_hash: str, derived: dict[Recipe, bytes]) -> bool:
    if code_hash.startswith(BCRYPT):
        try:
            return bcrypt.checkpw(code.encode(), code_hash.removeprefix(BCRYPT).encode())
        except ValueError:
            return False
    found = Recipe.of(code_hash)
    if found is None:
        return False
    recipe, wanted = found
    if recipe not in derived:
        derived[recipe] = recipe.derive(code)
    return hmac.compare_digest(derived[recipe], wanted)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
