"""A message as Slack shows it. Pure. Values stand in elements that Slack takes literally: nothing in them can ping or link."""

from typing import Any

from companion.channels.cards import Card

HEADER_LIMIT = 150
BUTTON_LIMIT = 75
ACKNOWLEDGE = "acknowledge"
OPEN = "open"


def escaped(text: str) -> str:
    """Return `text` so that Slack's mark-up has no meaning in it: `<!channel>` would ping everybody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def fallback(card: Card) -> str:
    """Return what notifications and screen readers say."""
    where = ", ".join(value for _, value in card.rows[:2])
    return escaped(f"{card.title} ({where})" if where else card.title)


def blocks(card: Card, token: str | None) -> list[dict[str, Any]]:
    """Return the blocks of a message; `token` goes with the button that answers, None: there is only the link."""
    found: list[dict[str, Any]] = [{"type": "header", "text": _plain(card.title, HEADER_LIMIT)}]
    lines: list[list[dict[str, Any]]] = [[_literal(remark)] for remark in card.remarks]
    lines += [[_literal(f"{name}{card.colon}", bold=True), _literal(value)] for name, value in card.rows]
    if lines:
        elements = [part for line in lines for part in (*line, _literal("\n"))][:-1]
        section = {"type": "rich_text_section", "elements": elements}
        found.append({"type": "rich_text", "elements": [section]})
    if card.link is not None:
        found.append({"type": "actions", "elements": _buttons(card, card.link, token)})
    return found


def _buttons(card: Card, link: str, token: str | None) -> list[dict[str, Any]]:
    opens = {
        "type": "button",
        "action_id": OPEN,
        "text": _plain(card.link_label, BUTTON_LIMIT),
        "url": link,
    }
    if token is None:
        return [opens]
    answers = {
        "type": "button",
        "action_id": ACKNOWLEDGE,
        "text": _plain(card.button, BUTTON_LIMIT),
        "value": token,
        "style": "primary",
    }
    return [answers, opens]


def _plain(text: str, limit: int) -> dict[str, Any]:
    cut = text if len(text) <= limit else f"{text[: limit - 1]}…"
    return {"type": "plain_text", "text": cut, "emoji": False}


def _literal(text: str, *, bold: bool = False) -> dict[str, Any]:
    return {"type": "text", "text": text, **({"style": {"bold": True}} if bold else {})}
