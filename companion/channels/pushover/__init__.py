"""Pushover: a notification that rings until somebody has seen it."""

from companion.channels.kind import ChannelKind

KIND = ChannelKind(
    name="pushover",
    title="Pushover notification",
    summary="A Pushover notification that rings until somebody confirms it, which acknowledges the alarm; it needs an application's token.",
    settings="companion.channels.pushover.settings:PushoverSettings",
    sender="companion.channels.pushover.sender:PushoverChannel",
    pictures=True,
)
