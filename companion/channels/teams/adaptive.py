"""A message as an Adaptive Card 1.4. Pure. Text stands in runs, which unlike text blocks know no mark-up."""

import json
from dataclasses import replace
from typing import Any

from companion.channels.cards import Card

LIMIT = 20_000
"""Bytes: a message of more than 28 KB is refused, and a workflow wraps ours in something of its own."""


def request(card: Card) -> bytes:
    """Return what the workflow is sent; what is least important is left out of a message that is too long."""
    # Not as \\uXXXX: six bytes for every letter that is not English.
    body = json.dumps(_message(card), ensure_ascii=False).encode()
    if len(body) <= LIMIT or not card.rows:
        return body
    return request(replace(card, rows=card.rows[:-1]))


def _message(card: Card) -> dict[str, Any]:
    lines = [_line(_run(card.title, weight="Bolder", size="Large"))]
    lines += [_line(_run(remark)) for remark in card.remarks]
    lines += [_line(_run(f"{name}{card.colon}", weight="Bolder"), _run(value)) for name, value in card.rows]
    content: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": lines,
        "msteams": {"width": "Full"},
    }
    if card.link is not None:
        content["actions"] = [{"type": "Action.OpenUrl", "title": card.link_label, "url": card.link}]
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": content,
    }
    return {"type": "message", "attachments": [attachment]}


def _line(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": list(runs)}


def _run(text: str, **style: str) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **style}
