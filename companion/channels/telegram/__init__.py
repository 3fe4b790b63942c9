"""Telegram, with a bot of the house's own."""

from companion.channels.kind import ChannelKind

KIND = ChannelKind(
    name="telegram",
    title="Telegram message",
    summary="A Telegram message to a person, a group, a topic of it or a channel, with a button that acknowledges; it needs a bot's token.",
    settings="companion.channels.telegram.settings:TelegramSettings",
    sender="companion.channels.telegram.sender:TelegramChannel",
    pictures=True,
)
