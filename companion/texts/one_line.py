"""Anybody's text made fit to stand in one line. Pure."""

import re
import unicodedata


def one_line(text: str, limit: int) -> str:
    """Return `text` without line breaks and control or direction characters, cut to `limit` characters.

    Half characters (lone surrogates, Cs) go too: no provider could be sent one, and the page would fail.
    """
    # Nearly every text is printable: it has none of what is taken out below, and no white space but blanks.
    line = " ".join(text.split()) if text.isprintable() else _without_controls(text)
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def _without_controls(text: str) -> str:
    # Direction overrides (Cf) can make a text read as another; the joiners of emoji and scripts stay.
    kept = "".join(" " if c.isspace() or unicodedata.category(c) in {"Cc", "Cs"} else c for c in text)
    kept = re.sub("[\u202a-\u202e\u2066-\u2069\u200e\u200f\ufeff]", "", kept)
    return " ".join(kept.split())
