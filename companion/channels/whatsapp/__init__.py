"""WhatsApp, over Meta's Cloud API."""

from companion.channels.kind import ChannelKind

KIND = ChannelKind(
    name="whatsapp",
    title="WhatsApp message",
    summary="A WhatsApp message over Meta's Cloud API, with a button that acknowledges; it needs a business account with two approved templates.",
    settings="companion.channels.whatsapp.settings:WhatsAppSettings",
    sender="companion.channels.whatsapp.sender:WhatsAppChannel",
)
