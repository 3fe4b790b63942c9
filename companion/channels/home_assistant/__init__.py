"""Home Assistant: phones of a household, a voice, a light or a script, by way of the link."""

from companion.channels.kind import ChannelKind

KIND = ChannelKind(
    name="home_assistant",
    title="Home Assistant",
    summary="A notification on the phones of a household, an announcement, a flashing light or a script, done by a Home Assistant on the link.",
    settings="companion.channels.home_assistant.settings:HomeAssistantSettings",
    sender="companion.channels.home_assistant.sender:HomeAssistantChannel",
)
