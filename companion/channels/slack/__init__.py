"""Slack: an incoming webhook, or an app's token with messages that change and a button that answers."""

from companion.channels.kind import ChannelKind

KIND = ChannelKind(
    name="slack",
    title="Slack message",
    summary="A message in Slack: over an incoming webhook, or with an app's token, which brings a button to acknowledge and changes the message once somebody answered.",
    settings="companion.channels.slack.settings:SlackSettings",
    sender="companion.channels.slack.sender:slack_channel",
)
