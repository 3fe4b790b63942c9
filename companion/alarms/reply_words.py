"""What somebody who answers in words says: that they are on it, and of which alarm. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from companion.texts.language import LANGUAGES, texts_for

WORDS_LIMIT: Final = 500
"""Characters of an answer that are read and kept."""
LONGEST_YES: Final = 4
"""Words of one yes."""
CODE: Final = re.compile(r"(?<!\d)[1-9]\d{3}(?!\d)", re.ASCII)


@dataclass(frozen=True)
class Meaning:
    """What the words of an answer mean."""

    acknowledges: bool
    """They are nothing but a yes, or the code of an alarm, which was asked for."""
    codes: frozenset[str] = frozenset()
    """The codes of alarms (`channels.base.alarm_code`) in them."""


def meaning(words: str) -> Meaning:
    """Return what the words mean, in whichever language they are.

    Only what means nothing else is a yes: an answer that is not understood costs a question, one that is
    misunderstood costs help.
    """
    # Digits and letters of other widths are the same ones; the pictures of a hand lose the colour of their skin.
    plain = words[:WORDS_LIMIT].replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    plain = re.sub("[\ufe0f\U0001f3fb-\U0001f3ff]", "", unicodedata.normalize("NFKC", plain))
    codes = frozenset(CODE.findall(plain))
    rest = re.sub(r"[\s.,!;:#*\"()\[\]-]+", " ", CODE.sub(" ", plain)).strip().casefold()
    is_whole = len(words.rstrip()) <= WORDS_LIMIT
    return Meaning(acknowledges=is_whole and bool(rest or codes) and _are_yes(rest.split()), codes=codes)


def _are_yes(words: Sequence[str]) -> bool:
    """Return whether the words are one yes after the other, and nothing else."""
    return not words or any(
        " ".join(words[:count]) in _yes() and _are_yes(words[count:])
        for count in range(1, min(len(words), LONGEST_YES) + 1)
    )


@cache
def _yes() -> frozenset[str]:
    return frozenset(word.casefold() for texts in map(texts_for, LANGUAGES) for word in texts.replies.yes)
