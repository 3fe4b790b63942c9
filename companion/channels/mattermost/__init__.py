"""Mattermost: an incoming webhook (Rocket.Chat's are alike), or a bot with messages that change and a button that answers."""

from companion.channels.kind import ChannelKind

KIND = ChannelKind(
    name="mattermost",
    title="Mattermost message",
    summary="A message in Mattermost or Rocket.Chat over an incoming webhook; with the token of a Mattermost bot it has a button to acknowledge and changes once somebody answered.",
    settings="companion.channels.mattermost.settings:MattermostSettings",
    sender="companion.channels.mattermost.sender:mattermost_channel",
)
