"""Telegram: a bot tells people and groups, and hears what they answer."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import override

from telegram import InlineKeyboardMarkup, LinkPreviewOptions, ReplyParameters
from telegram.error import BadRequest, ChatMigrated, Forbidden, TelegramError

from companion.channels.base import (
    Callback,
    CallbackReply,
    Channel,
    Inbound,
    KnowsRecipients,
    Listens,
    Message,
    Outcome,
    Picture,
    Refused,
    Sent,
    TakesCallbacks,
    TryAgain,
)
from companion.channels.cards import replaces_first
from companion.channels.http import Failure, HttpClient, briefly, parsed
from companion.channels.signatures import same
from companion.channels.telegram.addresses import Chat, MessageRef
from companion.channels.telegram.outcomes import failure_of
from companion.channels.telegram.settings import TelegramSettings
from companion.channels.telegram.told import Told
from companion.channels.telegram.transport import UNREADABLE, bot_of
from companion.channels.telegram.updates import (
    UpdateReader,
    listen_by_asking,
    listen_by_webhook,
    webhook_secret,
)
from companion.channels.telegram.wording import buttons_of, edited_text_of, text_of
from companion.texts.reasons import Reason

CORRECTIONS = 3
PHOTO_S = 3.0
"""How long a photo may take …"""
PHOTO_BY_S = 6.0
"""… and when it must be there, counted from the beginning of its message: a line that was slow for the text is spared it."""
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 # its name


@dataclass(frozen=True, kw_only=True)
class Post:
    """A message on its way to a chat."""

    chat: Chat
    buttons: InlineKeyboardMarkup | None
    warning: Reason | None = None


class TelegramChannel(Channel, KnowsRecipients, Listens, TakesCallbacks):
    """One bot."""

    def __init__(self, config: TelegramSettings) -> None:
        self._config = config
        token = config.token.get_secret_value()
        self._http = HttpClient(config, secrets=[token, token.partition(":")[2]])
        self._bot = bot_of(config, self._http)
        self._told = Told()
        self._reader = UpdateReader(self._bot, bot_id=config.bot_id, told=self._told)

    @override
    async def send(self, message: Message) -> Outcome:
        """Write into the chat; news go below the first message, which then says so too and loses its buttons."""
        chat = Chat.of(message.address)
        if chat is None:
            return Refused(reason=Reason("telegram.no_chat"))
        photo_by = asyncio.get_running_loop().time() + PHOTO_BY_S
        first = MessageRef.of(message.thread_ref)
        outcome = await self._posted(message, Post(chat=chat, buttons=buttons_of(message)), first)
        if not isinstance(outcome, Sent):
            return outcome
        self._told.add(outcome.provider_ref or "")
        if first is not None and replaces_first(message):
            await self._edit(message, first)
        return await self._with_photo(message, outcome, photo_by)

    @override
    async def check(self) -> Outcome:
        """Ask who the bot is, and whether what people answer reaches us."""
        try:
            await self._bot.get_me()
            hook = await self._bot.get_webhook_info()
        except TelegramError as error:
            return failure_of(error, self._http)
        except UNREADABLE:
            return TryAgain(reason=Reason("telegram.not_understood"))
        warning = None
        if hook.url and not self._config.webhook:
            warning = Reason("telegram.webhook_is_set")
        elif self._config.webhook and hook.pending_update_count and hook.last_error_message:
            warning = Reason("telegram.webhook_fails", said=self._http.quoted(hook.last_error_message))
        return Sent(provider_ref=None, status_code=200, warning=warning)

    @override
    async def unreachable(self, addresses: Sequence[str]) -> frozenset[str]:
        """Ask for each chat: the Bot API knows none of a person who has never spoken to the bot."""
        missing = set()
        for address in addresses:
            chat = Chat.of(address)
            try:
                if chat is not None:
                    await self._bot.get_chat(chat.id)
            except BadRequest, Forbidden:
                missing.add(address)
            except (TelegramError, *UNREADABLE):
                continue
        return frozenset(missing)

    @override
    async def listen(self, inbound: Inbound) -> None:
        if self._config.webhook:
            await listen_by_webhook(self._bot, inbound)
        else:
            await listen_by_asking(self._bot, self._reader, inbound)

    @override
    async def called_back(self, callback: Callback, inbound: Inbound) -> CallbackReply | None:
        """Take one update. Telegram proves itself by the secret that it was given with the address."""
        said = callback.headers.get(SECRET_HEADER)
        if not self._config.webhook or not same(webhook_secret(self._bot.token), said):
            return None
        await self._reader.take(parsed(callback.body), inbound)
        return CallbackReply()

    @override
    async def close(self) -> None:
        await self._http.close()

    async def _posted(self, message: Message, post: Post, first: MessageRef | None) -> Outcome:
        """Send, and send again at once what the Bot API refuses for a reason that can be mended here."""
        text = text_of(message)
        for _ in range(CORRECTIONS):
            try:
                sent = await self._bot.send_message(
                    post.chat.id,
                    text,
                    message_thread_id=post.chat.topic,
                    reply_markup=post.buttons,
                    # Without it Telegram opens the acknowledge page to show what is on it.
                    link_preview_options=LinkPreviewOptions(is_disabled=True),
                    reply_parameters=_below(first, post.chat),
                )
                ref = MessageRef(sent.chat.id, sent.message_id)
            except TelegramError as error:
                mended = _mended(post, message, error)
                if mended is None:
                    return failure_of(error, self._http, private=_private(message))
                post = mended
            except UNREADABLE:  # the library found no message in the answer
                return TryAgain(reason=Reason("telegram.not_understood"), status_code=200, uncertain=True)
            else:
                return Sent(provider_ref=str(ref), status_code=200, warning=post.warning)
        return TryAgain(reason=Reason("telegram.not_understood"))

    async def _with_photo(self, message: Message, told: Sent, photo_by: float) -> Sent:
        """Show what a camera saw below the message that is told already; a photo that fails is a warning at most."""
        text, picture = MessageRef.of(told.provider_ref), message.picture
        # One that may have been sent is not delayed by its photo again.
        if text is None or picture is None or message.may_have_been_sent:
            return told
        chat = Chat.of(message.address)
        # With a warning it was told elsewhere than in the topic.
        topic = chat.topic if chat is not None and told.warning is None else None
        left_s = photo_by - asyncio.get_running_loop().time()
        failed = await briefly(self._show(picture, text, topic), min(PHOTO_S, left_s))
        if failed is None or told.warning is not None:
            return told
        return replace(told, warning=Reason("telegram.no_photo", why=failed.reason))

    async def _show(self, picture: Picture, text: MessageRef, topic: int | None) -> Failure | None:
        try:
            shown = await self._bot.send_photo(
                text.chat,
                picture.data,
                filename=picture.name,
                message_thread_id=topic,
                disable_notification=True,
                reply_parameters=ReplyParameters(text.message),
            )
            # People answer what they see: who replies to the photo answers the text.
            self._told.add(str(text), photo=MessageRef(shown.chat.id, shown.message_id))
        except TelegramError as error:
            return failure_of(error, self._http)
        except UNREADABLE:
            return TryAgain(reason=Reason("telegram.not_understood"))
        return None

    async def _edit(self, message: Message, first: MessageRef) -> None:
        """Let the first message say how it went on. The news are told already, so whatever comes of it is fine."""
        try:
            await self._bot.edit_message_text(
                edited_text_of(message),
                first.chat,
                first.message,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
        except (TelegramError, *UNREADABLE):
            return


def _below(first: MessageRef | None, chat: Chat) -> ReplyParameters | None:
    if first is None or (isinstance(chat.id, int) and chat.id != first.chat):
        return None
    return ReplyParameters(first.message, allow_sending_without_reply=True)


def _mended(post: Post, message: Message, error: TelegramError) -> Post | None:
    """Return what is sent instead; None: nothing can be mended."""
    match error:
        case ChatMigrated(new_chat_id=new):  # a group became a supergroup: its topics are new too
            chat = Chat(new)
            warning = Reason("telegram.migrated", old=str(post.chat.id), new=str(new))
            return None if chat == post.chat else replace(post, chat=chat, warning=warning)
        case BadRequest():
            said = error.message.lower().replace("_", " ")
            if post.chat.topic is not None and ("thread not found" in said or "topic" in said):
                gone = Reason("telegram.topic_gone", topic=str(post.chat))
                return replace(post, chat=Chat(post.chat.id), warning=gone)
            # An address whose host has no dot is none to Telegram.
            if "url" in said and post.buttons is not None and len(post.buttons.inline_keyboard[0]) > 1:
                return replace(post, buttons=buttons_of(message, page=False))
    return None


def _private(message: Message) -> list[str]:
    return [one for one in (message.ack_url, message.ack_token) if one]
