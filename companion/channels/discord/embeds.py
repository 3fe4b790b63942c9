"""A message as Discord shows it, within its limits (docs: Message create, Embed limits). Pure."""

from dataclasses import replace
from typing import Any

from companion.channels.cards import Card
from companion.channels.http import shortened
from companion.channels.markdown import link, literal

CONTENT, FIELD_NAME, FIELD_VALUE, DESCRIPTION, TOGETHER, FIELDS = 2000, 256, 1024, 4096, 6000, 25


def message_of(card: Card) -> dict[str, Any]:
    """Return the message; what is least important is left out of one that is too long."""
    lines = [literal(remark) for remark in card.remarks]
    if card.link is not None:
        lines.append(f"**{link(card.link_label, card.link)}**")
    fields = [
        {"name": fitting(name, FIELD_NAME), "value": fitting(value, FIELD_VALUE), "inline": False}
        for name, value in card.rows
    ]
    embed = {"description": "\n".join(lines)[:DESCRIPTION], "fields": fields}
    length = len(embed["description"]) + sum(len(str(one["name"])) + len(str(one["value"])) for one in fields)
    if card.rows and (length > TOGETHER or len(fields) > FIELDS):
        return message_of(replace(card, rows=card.rows[:-1]))
    return {
        # What a telephone shows of a message is this, and nothing of an embed.
        "content": f"**{fitting(card.title, CONTENT - 4)}**",
        "embeds": [embed] if fields or lines else [],
        "allowed_mentions": {"parse": []},
    }


def fitting(text: str, limit: int) -> str:
    """Return the text without meaning as mark-up, which can make it twice as long."""
    found = literal(text)
    return found if len(found) <= limit else literal(shortened(text, limit // 2))
