"""A message as Markdown, as chats know it (Mattermost, Rocket.Chat, Discord). Pure."""

import re

from companion.channels.cards import Card

MEANS_SOMETHING = re.compile(r"([\\`*_\[\]~|#>])")
CALLS_SOMEBODY = re.compile("([@<])")
ZERO_WIDTH_SPACE = "\u200b"


def literal(text: str) -> str:
    """Return `text` so that it is shown as it is, and calls nobody.

    Mentions are found whatever is escaped (`@all`, `<@1234>`): a space that is not seen parts what begins one.
    """
    return CALLS_SOMEBODY.sub(rf"\1{ZERO_WIDTH_SPACE}", MEANS_SOMETHING.sub(r"\\\1", text))


def markdown(card: Card) -> str:
    """Return the whole message."""
    lines = [f"**{literal(card.title)}**", *(literal(remark) for remark in card.remarks)]
    lines += [f"**{literal(name)}**{card.colon}{literal(value)}" for name, value in card.rows]
    if card.link is not None:
        lines += ["", link(card.link_label, card.link)]
    return "\n".join(lines)


def link(label: str, url: str) -> str:
    """Return a link; parentheses would end its address."""
    return f"[{literal(label)}]({url.replace('(', '%28').replace(')', '%29')})"
