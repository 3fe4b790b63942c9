"""What goes out when a message cannot be written as it should be: less, but never nothing."""

import logging
from collections.abc import Callable
from functools import wraps
from html import escape
from typing import Concatenate

from companion.channels.base import Message

_LOGGER = logging.getLogger(__name__)

PART_LIMIT = 100


def plain_title(message: Message) -> str:
    """Return what and where in one line, whatever the message holds."""
    parts = [_letters(part)[:PART_LIMIT] for part in (message.title, message.room, message.site) if part]
    return f"{_letters(message.kind).upper()}: {', '.join(parts)}"


def plain_text(message: Message) -> str:
    """Return the same with the acknowledge link."""
    return f"{plain_title(message)} {_letters(message.ack_url or '')}".strip()


def plain_html(message: Message) -> str:
    """Return the same as a ticket's article, without the link: not everybody who reads a ticket may answer."""
    return f"<p><b>{escape(plain_title(message))}</b></p>"


def _letters(value: object) -> str:
    text = str(value).encode(errors="replace").decode()
    return "".join(character if character.isprintable() else " " for character in text)


def or_plainly[T, **P](
    plain: Callable[[Message], T],
) -> Callable[[Callable[Concatenate[Message, P], T]], Callable[Concatenate[Message, P], T]]:
    """Let a function that writes a message fall back on `plain`: a fault in a text must not keep a page from going out."""

    def total(write: Callable[Concatenate[Message, P], T]) -> Callable[Concatenate[Message, P], T]:
        @wraps(write)
        def written(message: Message, /, *args: P.args, **kwargs: P.kwargs) -> T:
            try:
                return write(message, *args, **kwargs)
            except Exception:
                _LOGGER.exception(
                    "Delivery %s could not be written as it should, a plain text is sent", message.delivery_id
                )
                return plain(message)

        return written

    return total
