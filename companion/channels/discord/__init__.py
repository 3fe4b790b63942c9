"""Discord, over a webhook, whose messages change once somebody answered."""

from companion.channels.kind import ChannelKind

KIND = ChannelKind(
    name="discord",
    title="Discord message",
    summary="A message in a Discord channel over a webhook; it changes once somebody answered.",
    settings="companion.channels.discord.settings:DiscordSettings",
    sender="companion.channels.discord.sender:DiscordChannel",
    addressed=False,
)
