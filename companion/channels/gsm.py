"""The alphabet of an SMS: what fits, what it costs, and what to write instead of the rest. Pure."""
# ruff: noqa: RUF001 - look-alike characters are what this table is about

import unicodedata

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
ONE_SEGMENT, MANY_SEGMENTS = 160, 153
"""Septets of a lone SMS, and of each part of a longer one."""


def gsm(text: str) -> str:
    """Return `text` with what an SMS cannot carry replaced by its nearest."""
    return "".join(nearest(character) for character in unicodedata.normalize("NFC", text))


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
    return sum(2 if character in GSM_EXTENSION else 1 for character in text)


def cut(text: str, limit: int) -> str:
    """Return a GSM text that costs at most `limit` septets, with dots where it was cut."""
    if septets(text) <= limit:
        return text
    while septets(text) > limit - 3:
        text = text[:-1]
    return f"{text.rstrip()}..."
