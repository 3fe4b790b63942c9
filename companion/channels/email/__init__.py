"""E-mail over the house's or a provider's mail server."""

from companion.channels.kind import ChannelKind

KIND = ChannelKind(
    name="email",
    title="E-mail",
    summary="An e-mail with text and HTML over any mail server (SMTP), one thread an alarm; it needs a mailbox to send from.",
    settings="companion.channels.email.settings:EmailSettings",
    sender="companion.channels.email.sender:EmailChannel",
    pictures=True,
    may_reach_itself=True,
)
