"""Texts with their placeholders filled. Pure."""

from collections.abc import Mapping


class _Known(dict[str, object]):
    """The facts that there are, and a question mark for the others: a text of ours must not fail for one that is missing."""

    def __missing__(self, name: str) -> str:
        return "?"


def filled(text: str, facts: Mapping[str, object]) -> str:
    """Return the text with each `{name}` replaced by that fact."""
    return text.format_map(_Known(facts))
