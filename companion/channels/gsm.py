"""The alphabet of an SMS: what fits, what it costs, and what to write instead of the rest. Pure."""
# ruff: noqa: RUF001 - look-alike characters are what this table is about

import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

# 3GPP TS 23.038: the default alphabet; those of the extension cost two septets.
GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = frozenset("^{}\\[~]|€")
TRANSLITERATED = {
    **dict.fromkeys("‘’‚‛`´′", "'"),
    **dict.fromkeys("“”„‟«»″", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    "…": "...",
    "•": "-",
    "·": "-",
    "×": "x",
    "°": "deg",
    "ẞ": "SS",
    "Œ": "OE",
    "œ": "oe",
    "Ł": "L",
    "ł": "l",
    "Đ": "D",
    "đ": "d",
    "Ð": "D",
    "ð": "d",
    "Þ": "Th",
    "þ": "th",
    "ı": "i",
}


LONGEST_WORD = 30
"""Characters: what is longer is no word, and may be cut within."""


@dataclass(frozen=True)
class Alphabet:
    """One way in which an SMS can be written."""

    name: str
    write: Callable[[str], str]
    cost: Callable[[str], int]
    one: int
    """What a lone SMS may cost."""
    part: int
    """What each part of a longer one may cost."""

    def limit(self, segments: int) -> int:
        """Return what a text of so many SMS may cost."""
        return self.one if segments == 1 else segments * self.part

    def segments(self, text: str) -> int:
        """Return how many SMS a text takes."""
        cost = self.cost(text)
        return 1 if cost <= self.one else -(-cost // self.part)

    def cut(self, text: str, limit: int) -> str:
        """Return a text that costs at most `limit`, with dots where it was cut: between words, but for an endless one."""
        if self.cost(text) <= limit:
            return text
        fitting = bisect_right(range(len(text)), limit - 3, key=lambda end: self.cost(text[:end])) - 1
        kept = text[:fitting]
        if not text[fitting].isspace():
            words = kept.rpartition(" ")[0]
            kept = words if len(kept) - len(words) <= LONGEST_WORD and words else kept
        return f"{kept.rstrip(' .,;:')}..."


def alphabet_for(text: str, *, unicode: bool) -> Alphabet:
    """Return the alphabet to write `text` in: `unicode` allows the other one where the GSM alphabet would lose a letter."""
    return UNICODE if unicode and not survives(text) else GSM


def survives(text: str) -> bool:
    """Return whether the GSM alphabet has every letter and sign of `text`; typographic marks may become plain ones."""
    return all(
        c in GSM_BASIC or c in GSM_EXTENSION or (c in TRANSLITERATED and not c.isalpha())
        for c in composed(text)
    )


def composed(text: str) -> str:
    """Return `text` with letters and their accents as one character each."""
    return unicodedata.normalize("NFC", text)


def gsm(text: str) -> str:
    """Return `text` with what an SMS cannot carry replaced by its nearest."""
    text = composed(text)
    return text if GSM_BASIC.issuperset(text) else "".join(map(nearest, text))


def nearest(character: str) -> str:
    """Return the character itself, its transliteration, its letter without accents, or a question mark."""
    if character in GSM_BASIC or character in GSM_EXTENSION:
        return character
    if character in TRANSLITERATED:
        return TRANSLITERATED[character]
    plain = "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))
    return plain if plain and all(c in GSM_BASIC for c in plain) else "?"


def septets(text: str) -> int:
    """Return what a GSM text costs."""
    return len(text) + sum(text.count(character) for character in GSM_EXTENSION)


def units(text: str) -> int:
    """Return what a text costs in UCS-2: what lies beyond the first 65,536 characters, such as an emoji, costs two."""
    return sum(2 if ord(character) > 0xFFFF else 1 for character in text)


GSM = Alphabet("GSM-7", gsm, septets, 160, 153)
UNICODE = Alphabet("UCS-2", composed, units, 70, 67)
