"""Everything else: whatever Apprise can talk to."""

from companion.channels.kind import ChannelKind

KIND = ChannelKind(
    name="apprise",
    title="Apprise",
    summary="Any of the hundred services that Apprise knows, by its URL, without proof of delivery; take another kind where there is one.",
    settings="companion.channels.apprise.settings:AppriseSettings",
    sender="companion.channels.apprise.sender:AppriseChannel",
)
