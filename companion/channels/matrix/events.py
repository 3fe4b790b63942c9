"""Matrix events: what an alarm looks like in a room, and what answers it. Pure (specification: Client-Server API, m.room.message)."""

from html import escape
from typing import Any

from companion.channels.base import Answer, Message
from companion.channels.cards import Card, card_of, follows_first
from companion.channels.reactions import is_yes
from companion.channels.render import full_text


def ref(room: str, event: str) -> str:
    """Return what names an event: `Sent.provider_ref`. Neither part has a blank in it."""
    return f"{room} {event}"


def place_of(thread_ref: str | None) -> tuple[str, str] | None:
    """Return the room and the event that `ref` has named."""
    room, _, event = (thread_ref or "").partition(" ")
    return (room, event) if room and event else None


def content_of(message: Message, first: str | None) -> dict[str, Any]:
    """Return the content of the event; `first` is the one about the same alarm that was sent first."""
    content = _text(full_text(message, by_reply=True), html(card_of(message)))
    if first is not None and follows_first(message):
        content["m.relates_to"] = {"m.in_reply_to": {"event_id": first}}
    return content


def replacing(message: Message, first: str) -> dict[str, Any]:
    """Return what changes the first event; who knows no such changes reads it as a message of its own."""
    new = content_of(message, None)
    return {
        **new,
        "body": f"* {new['body']}",
        "m.new_content": new,
        "m.relates_to": {"rel_type": "m.replace", "event_id": first},
    }


def notice(text: str, to: str) -> dict[str, Any]:
    """Return what is said back to whoever answered; other programs do not answer a notice."""
    return {
        "msgtype": "m.notice",
        "body": text,
        "m.mentions": {},
        "m.relates_to": {"m.in_reply_to": {"event_id": to}},
    }


def html(card: Card) -> str:
    """Return the message in the part of HTML that clients show."""
    lines = [f"<b>{escape(card.title)}</b>", *(escape(remark) for remark in card.remarks)]
    lines += [f"<b>{escape(name)}</b>{escape(card.colon)}{escape(value)}" for name, value in card.rows]
    if card.link is not None:
        lines.append(f'<a href="{escape(card.link)}">{escape(card.link_label)}</a> {escape(card.in_words)}')
    return "<br>".join(lines)


def _text(body: str, formatted: str) -> dict[str, Any]:
    return {
        "msgtype": "m.text",
        "body": body,
        "format": "org.matrix.custom.html",
        "formatted_body": formatted,
        # Whom it mentions: nobody, whatever `@room` stands in it.
        "m.mentions": {},
    }


def answer_in(room: str, event: Any) -> Answer | None:
    """Return the answer that a reaction or a reply can be; None for all else that is said in a room."""
    try:
        content, relation = event["content"], event["content"]["m.relates_to"]
        if event["type"] == "m.reaction":
            means_yes = is_yes(relation["key"]) and relation["rel_type"] == "m.annotation"
            to, words = relation["event_id"] if means_yes else None, ""
        elif event["type"] == "m.room.message" and relation.get("rel_type") != "m.replace":
            is_thread = relation.get("rel_type") == "m.thread"
            to = relation["event_id"] if is_thread else relation["m.in_reply_to"]["event_id"]
            words = without_quotation(content["body"])
        else:
            return None
        if to is None:
            return None
        return Answer(
            event_id=event["event_id"],
            sender=event["sender"],
            acknowledges=event["type"] == "m.reaction",
            words=words,
            thread_ref=ref(room, to),
        )
    except KeyError, TypeError, AttributeError:
        return None


def without_quotation(body: str) -> str:
    """Return a reply without what older clients quote before it."""
    lines = body.split("\n")
    while lines and lines[0].startswith("> "):
        lines.pop(0)
    return "\n".join(lines).strip()
