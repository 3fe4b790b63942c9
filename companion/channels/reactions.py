"""Which reactions to a message acknowledge: those that mean nothing else. Pure."""

from typing import Final

YES: Final = frozenset({"👍", "👌", "✅", "✔", "☑", "🫡"})
SHADES: Final = dict.fromkeys([0xFE0F, *range(0x1F3FB, 0x1F400)])
"""Colours of skin, and the sign that asks for a coloured picture."""


def is_yes(emoji: object) -> bool:
    """Return whether a reaction acknowledges."""
    return isinstance(emoji, str) and emoji.translate(SHADES) in YES
