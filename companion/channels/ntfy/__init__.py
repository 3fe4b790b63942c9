"""ntfy: a topic that phones subscribe to, at ntfy.sh or on a server of the house."""

from companion.channels.kind import ChannelKind

KIND = ChannelKind(
    name="ntfy",
    title="ntfy notification",
    summary="A notification to everybody who has subscribed to a topic of ntfy, with a button that acknowledges; it needs nothing but the topic, or an access token where a server wants one.",
    settings="companion.channels.ntfy.settings:NtfySettings",
    sender="companion.channels.ntfy.sender:NtfyChannel",
)
