"""What stands in a chat: the text of a message, and its buttons."""

from dataclasses import replace

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from companion.channels.base import Message, MessageKind
from companion.channels.render import asks_for_answer, full_text, headline
from companion.texts.language import texts_for
from companion.texts.reasons import Reason

TEXT_LIMIT, TOAST_LIMIT = 4096, 200
"""Longest text of a message and of the answer to a button."""
DATA_LIMIT = 64
"""Most bytes that a button brings back."""


def text_of(message: Message) -> str:
    """Return the text of a message; it is plain, so that nothing in it is taken for mark-up."""
    return cut(full_text(message, by_reply=True), TEXT_LIMIT)


def edited_text_of(news: Message) -> str:
    """Return what the first message says from now on: the news, and below them what it has said, without the link."""
    first = replace(news, kind=MessageKind.PAGE, ack_url=None, may_have_been_sent=False)
    return cut(f"{headline(news)}\n\n{full_text(first)}", TEXT_LIMIT)


def buttons_of(message: Message, *, page: bool = True) -> InlineKeyboardMarkup | None:
    """Return the buttons under a message that asks for an answer; without `page` only the one that acknowledges."""
    token, url = message.ack_token, message.ack_url
    if not asks_for_answer(message) or token is None or len(token.encode()) > DATA_LIMIT:
        return None
    texts = texts_for(message.language)
    row = [InlineKeyboardButton(texts.answers.acknowledge, callback_data=token)]
    if page:
        row.append(InlineKeyboardButton(Reason("telegram.open_page").said(texts), url=url))
    return InlineKeyboardMarkup([row])


def cut(text: str, limit: int) -> str:
    """Return `text` cut to `limit` UTF-16 units, in which Telegram counts; the link stands long before the end of any."""
    if len(text.encode("utf-16-le", "replace")) <= 2 * limit:
        return text
    kept = text.encode("utf-16-le", "replace")[: 2 * (limit - 1)]
    return f"{kept.decode('utf-16-le', 'ignore').rstrip()}…"
