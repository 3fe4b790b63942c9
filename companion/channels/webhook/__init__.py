"""A program that wants to know of every alarm, called over HTTP."""

from companion.channels.kind import ChannelKind

KIND = ChannelKind(
    name="webhook",
    title="Webhook",
    summary="An HTTP request to a program for everything that happens to an alarm: signed JSON of ours, or a body by template.",
    settings="companion.channels.webhook.settings:WebhookSettings",
    sender="companion.channels.webhook.sender:WebhookChannel",
    # A 2xx says that a program knows, not that a person does: it wants everything, and stops nobody from being told.
    records=True,
    addressed=False,
)
