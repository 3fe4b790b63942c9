"""What goes out: the variables of an approved template, each as Meta takes it. Pure."""

from typing import Any

from companion.channels.base import Message
from companion.channels.plainly import or_plainly, plain_title
from companion.channels.render import asks_for_answer, facts, headline, remarks
from companion.channels.whatsapp.settings import WhatsAppSettings
from companion.texts.language import texts_for
from companion.texts.one_line import one_line

HEADLINE_LIMIT, FACTS_LIMIT = 250, 600
"""Together below the 1024 characters of a body, with the template's own words."""


def request(config: WhatsAppSettings, message: Message) -> dict[str, Any]:
    """Return the body of `POST /{phone_number_id}/messages`."""
    asks = asks_for_answer(message) and message.ack_token is not None
    components = [body_of(message)]
    if asks:
        components += [
            button(kind, index, message.ack_token or "") for index, kind in enumerate(config.buttons)
        ]
    return to(message.address) | {
        "type": "template",
        "template": {
            "name": config.template if asks else config.news_template,
            "language": {"code": config.language_code(message.language)},
            "components": components,
        },
    }


def reply(sender: str, event_id: str, text: str) -> dict[str, Any]:
    """Return what answers somebody who has just written: for a day free text is allowed."""
    return to(sender) | {
        "type": "text",
        "context": {"message_id": event_id},
        "text": {"preview_url": False, "body": text[:4096]},
    }


def to(number: str) -> dict[str, Any]:
    """Return how each request begins."""
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": number.removeprefix("+"),
    }


def body_of(message: Message) -> dict[str, Any]:
    """Return the two variables: what it is, and the rest of it."""
    texts = [variable(headline(message), HEADLINE_LIMIT), variable(rest_of(message), FACTS_LIMIT)]
    return {"type": "body", "parameters": [{"type": "text", "text": text} for text in texts]}


@or_plainly(plain_title)
def rest_of(message: Message) -> str:
    """Return what a responder must know, in one line."""
    colon = texts_for(message.language).formats.colon
    return " · ".join([*(f"{name}{colon}{value}" for name, value in facts(message)), *remarks(message)])


def variable(text: str, limit: int) -> str:
    """Return a text as a variable may be: not empty, on one line, without several spaces (errors 132000, 132012)."""
    return one_line(text, limit) or "-"


def button(kind: str, index: int, token: str) -> dict[str, Any]:
    """Return what a button carries: the end of its address, or what comes back when it is pressed."""
    if kind == "url":
        sub_type, parameter = "url", {"type": "text", "text": token}
    else:
        sub_type, parameter = "quick_reply", {"type": "payload", "payload": token}
    return {"type": "button", "sub_type": sub_type, "index": str(index), "parameters": [parameter]}
