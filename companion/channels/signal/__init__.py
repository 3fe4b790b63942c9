"""Signal, over a signal-cli-rest-api of the house."""

from companion.channels.kind import ChannelKind

KIND = ChannelKind(
    name="signal",
    title="Signal message",
    summary="A Signal message to a person or a group, over a signal-cli-rest-api that runs at home.",
    settings="companion.channels.signal.settings:SignalSettings",
    sender="companion.channels.signal.sender:SignalChannel",
    pictures=True,
)
