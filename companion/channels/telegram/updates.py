"""What comes back from Telegram: pressed buttons, words, reactions; and the two ways to hear of it."""

import asyncio
import logging
import time
from collections.abc import Awaitable
from typing import Any, Final

from pydantic import SecretStr
from telegram import (
    CallbackQuery,
    Message,
    MessageReactionUpdated,
    ReactionTypeEmoji,
    ReplyParameters,
    Update,
)
from telegram.error import Conflict, TelegramError

from companion.channels.base import Answer, Inbound, Understood
from companion.channels.http import SAY_S, briefly
from companion.channels.reactions import is_yes
from companion.channels.signatures import signature
from companion.channels.telegram.addresses import Chat, MessageRef
from companion.channels.telegram.told import Told
from companion.channels.telegram.transport import UNREADABLE, GuardedBot
from companion.channels.telegram.wording import TEXT_LIMIT, TOAST_LIMIT, cut
from companion.texts.language import texts_for
from companion.texts.reasons import Reason

_LOGGER = logging.getLogger(__name__)

KINDS: Final = ["message", "callback_query", "message_reaction"]
SETTLED: Final = frozenset({Understood.ACKNOWLEDGED, Understood.ALREADY, Understood.OVER})
WAIT_S: Final = 50
"""How long Telegram may hold a question back while nothing happens."""
BREATH_S: Final = 1.0
"""How long we wait after a server that did not hold it."""
WEBHOOK_SET_AGAIN_S: Final = 3600.0
"""Somebody else may have taken it away meanwhile."""


class UpdatesLostError(ConnectionError):
    """Telegram does not, or no longer, tell what people answer."""


class AnotherProgramListensError(UpdatesLostError):
    """Somebody else asks for this bot's updates, or has set a webhook of their own: a bot has one listener."""


class UpdateReader:
    """Turns updates into answers, and says back what became of them."""

    def __init__(self, bot: GuardedBot, *, bot_id: int, told: Told) -> None:
        self._bot = bot
        self._bot_id = bot_id
        self._told = told

    async def take(self, raw: object, inbound: Inbound) -> None:
        """Pass on one update; what is none, or none of ours, is dropped. Raises StoreUnavailable: it must come again."""
        update = self._read(raw)
        if update is None:
            return
        event_id = str(update.update_id)
        if update.callback_query is not None:
            await self._pressed(event_id, update.callback_query, inbound)
        elif update.message is not None:
            await self._said(event_id, update.message, inbound)
        elif update.message_reaction is not None:
            await self._reacted(event_id, update.message_reaction, inbound)

    def _read(self, raw: object) -> Update | None:
        try:
            return Update.de_json(raw, self._bot)  # type: ignore[arg-type] # whatever it is: see below
        except UNREADABLE:
            _LOGGER.warning("An update of Telegram cannot be read; it is left out")
            return None

    async def _pressed(self, event_id: str, query: CallbackQuery, inbound: Inbound) -> None:
        message = query.message
        ref = None if message is None else MessageRef(message.chat.id, message.message_id)
        answer = Answer(
            event_id=event_id,
            sender=str(query.from_user.id),
            acknowledges=True,
            token=query.data or "",
            thread_ref=None if ref is None else str(ref),
        )
        response = await inbound.answer(answer)
        settled = response is not None and response.understood in SETTLED
        # Also when there is nothing to say: the button shows that it is being worked on until then.
        await _quietly(
            self._bot.answer_callback_query(
                query.id,
                text=cut(response.text, TOAST_LIMIT) if response else None,
                show_alert=response is not None and not settled,
            )
        )
        if settled and ref is not None:
            await _quietly(self._bot.edit_message_reply_markup(ref.chat, ref.message))

    async def _said(self, event_id: str, message: Message, inbound: Inbound) -> None:
        sender, words = message.from_user, message.text or message.caption or ""
        if sender is None or sender.is_bot:
            return
        if words.partition("@")[0].strip() in {"/start", "/id"}:
            await self._say(message, _greeting(message))
            return
        answered = self._answered(message)
        # A bot may hear all that a group says: what is said to others is not for us.
        if not words or (answered is None and message.chat.type != message.chat.PRIVATE):
            return
        answer = Answer(
            event_id=event_id,
            sender=str(sender.id),
            acknowledges=False,
            words=words,
            thread_ref=None if answered is None else self._told.text_of(answered) or str(answered),
            at=message.date,
        )
        response = await inbound.answer(answer)
        if response is not None:
            await self._say(message, response.text)

    def _answered(self, message: Message) -> MessageRef | None:
        """Return the message of ours that this one is a reply to."""
        first = message.reply_to_message
        if first is None or first.from_user is None or first.from_user.id != self._bot_id:
            return None
        return MessageRef(message.chat.id, first.message_id)

    async def _reacted(self, event_id: str, reaction: MessageReactionUpdated, inbound: Inbound) -> None:
        # What others have written in a group is none of ours.
        ref = self._told.text_of(MessageRef(reaction.chat.id, reaction.message_id))
        new = {one.emoji for one in reaction.new_reaction if isinstance(one, ReactionTypeEmoji)}
        old = {one.emoji for one in reaction.old_reaction if isinstance(one, ReactionTypeEmoji)}
        if reaction.user is None or ref is None or not any(map(is_yes, new - old)):
            return
        answer = Answer(event_id=event_id, sender=str(reaction.user.id), acknowledges=True, thread_ref=ref)
        response = await inbound.answer(answer)
        if response is not None:
            await self._write(Chat(reaction.chat.id), reaction.message_id, response.text)

    async def _say(self, message: Message, text: str) -> None:
        topic = message.message_thread_id if message.is_topic_message else None
        await self._write(Chat(message.chat.id, topic), message.message_id, text)

    async def _write(self, chat: Chat, below: int, text: str) -> None:
        await _quietly(
            self._bot.send_message(
                chat.id,
                cut(text, TEXT_LIMIT),
                message_thread_id=chat.topic,
                reply_parameters=ReplyParameters(below, allow_sending_without_reply=True),
            )
        )


def _greeting(message: Message) -> str:
    """Return what whoever enters people into the directory must know of this chat, in the language of who asks."""
    topic = message.message_thread_id if message.is_topic_message else None
    address = Chat(message.chat.id, topic)
    language = message.from_user.language_code if message.from_user else None
    return Reason("telegram.your_address", address=str(address)).said(texts_for(language or ""))


async def _quietly(call: Awaitable[object]) -> None:
    """Say something back: the answer itself is taken, whether they see it (in time) or not."""
    try:
        await briefly(call, SAY_S)
    except (TelegramError, *UNREADABLE) as error:
        _LOGGER.debug("Telegram did not pass on what became of an answer (%s)", type(error).__name__)


# --- hearing --------------------------------------------------------------------------------------------


async def listen_by_asking(bot: GuardedBot, reader: UpdateReader, inbound: Inbound) -> None:
    """Ask for updates until something fails; raises UpdatesLostError. One counts as taken when the next question is asked."""
    try:
        hook = await bot.get_webhook_info()
        if hook.url and hook.url == inbound.callback_url:  # ours, from before the settings were changed
            await bot.delete_webhook()
        offset: int | None = None
        while True:
            asked_at = time.monotonic()
            updates = await bot.raw_updates(offset=offset, wait_s=WAIT_S, kinds=KINDS)
            for raw in updates:
                await reader.take(raw, inbound)
                offset = _id_of(raw) + 1
            if not updates and time.monotonic() - asked_at < BREATH_S:
                await asyncio.sleep(BREATH_S)
    except Conflict:
        raise AnotherProgramListensError from None
    except (TelegramError, *UNREADABLE):
        # Not chained: the original error may hold what was asked, so the token.
        raise UpdatesLostError from None


def _id_of(raw: Any) -> int:
    return int(raw["update_id"])


async def listen_by_webhook(bot: GuardedBot, inbound: Inbound) -> None:
    """Have Telegram call us, and see to it that it goes on doing so; raises UpdatesLostError."""
    while True:
        try:
            await bot.set_webhook(
                inbound.callback_url, allowed_updates=KINDS, secret_token=webhook_secret(bot.token)
            )
        except TelegramError:
            raise UpdatesLostError from None
        await asyncio.sleep(WEBHOOK_SET_AGAIN_S)


def webhook_secret(token: str) -> str:
    """Return with what Telegram proves itself: made of the bot's token, so that nothing has to be stored."""
    return signature(SecretStr(token), b"alarm-broker webhook")
