"""Which codes may be set: long enough, nobody else's, and nothing like a duress code.

Only hashes of the others are there. A code that is equal to the new one, one digit off, or its beginning is found by
hashing variants of the new one. That the new one is the beginning of a longer code cannot be found so: hence the rule
on lengths, that no code may be set that is shorter than a duress code, and no duress code shorter than another.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from homeassistant.core import HomeAssistant

from .hashing import CodeUser, is_text, matching_user

LETTERS_LEAST, LETTERS_MOST = 4, 64
DIGITS_MOST = 10
DIGITS = "0123456789"


class CodeRefusal(StrEnum):
    """Why a code may not be set: the key of a form's error and of an action's."""

    NOT_DIGITS = "code_not_digits"
    NOT_TEXT = "code_not_text"
    """Half of a character (a lone surrogate): no keyboard types it."""
    TOO_SHORT = "code_too_short"
    TOO_LONG = "code_too_long"
    TAKEN = "code_taken"
    LIKE_DURESS = "code_like_duress"
    """Equal to a duress code but for one digit, or one begins with the other."""
    SHORTER_THAN_DURESS = "code_shorter_than_duress"
    """Shorter than a duress code, or a duress code shorter than another: it could be the beginning of that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCode:
    """Another user's code, as far as it is known."""

    user_id: str
    code_hash: str
    length: int
    duress: bool


def format_refusal(code: str, *, digits: bool, least: int) -> CodeRefusal | None:
    """Return what is wrong with a code by itself; `least` is how many digits the profile asks for."""
    if digits and not (code.isascii() and code.isdigit()):
        return CodeRefusal.NOT_DIGITS
    if not is_text(code):
        return CodeRefusal.NOT_TEXT
    if len(code) < (least if digits else LETTERS_LEAST):
        return CodeRefusal.TOO_SHORT
    if len(code) > (DIGITS_MOST if digits else LETTERS_MOST):
        return CodeRefusal.TOO_LONG
    return None


async def async_refusal(
    hass: HomeAssistant,
    code: str,
    *,
    duress: bool,
    others: Sequence[StoredCode],
    digits: bool,
    least: int,
) -> CodeRefusal | None:
    """Return why a code may not be set, or None; takes seconds where a duress code is concerned."""
    if (refused := format_refusal(code, digits=digits, least=least)) is not None:
        return refused
    rivals = [other for other in others if duress or other.duress]
    if any(other.length > len(code) for other in rivals):
        return CodeRefusal.SHORTER_THAN_DURESS
    return await hass.async_add_executor_job(_clash, code, tuple(others), tuple(rivals))


def _clash(code: str, others: Sequence[StoredCode], rivals: Sequence[StoredCode]) -> CodeRefusal | None:
    if _anybody(code, others):
        return CodeRefusal.TAKEN
    if rivals and any(_anybody(variant, rivals) for variant in variants(code)):
        return CodeRefusal.LIKE_DURESS
    return None


def variants(code: str) -> Iterator[str]:
    """Yield what may not be a duress code beside `code`: its beginnings, and every code that is one digit off.

    Of digits also the code before and the one after, as numbers: who miscounts writes 4799 for 4800.
    Of a word also the ways in which its case is usually mistaken: one letter, the first ones, or all.
    """
    for length in range(LETTERS_LEAST, len(code)):
        yield code[:length]
    for index, character in enumerate(code):
        if character in DIGITS:
            for digit in DIGITS.replace(character, ""):
                yield code[:index] + digit + code[index + 1 :]
    if code.isascii() and code.isdigit():
        for step in (-1, 1):
            yield f"{(int(code) + step) % 10 ** len(code):0{len(code)}}"
    one_letter = {code[:at] + code[at].swapcase() + code[at + 1 :] for at in range(len(code))}
    all_letters = {code.lower(), code.upper(), code.swapcase(), code.capitalize(), code.title()}
    yield from (one_letter | all_letters) - {code}


def _anybody(code: str, users: Iterable[StoredCode]) -> bool:
    return matching_user(code, [CodeUser(user.user_id, user.code_hash) for user in users]) is not None
