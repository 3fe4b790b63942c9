"""Which webhook."""

from pydantic import Field

from companion.channels.http import HttpOptions
from companion.channels.webhooks import WebhookUrl


class DiscordSettings(HttpOptions):
    """Which webhook."""

    url: WebhookUrl = Field(
        description="Address of a webhook, with ?thread_id=… for one thread of its channel. Kept secret: whoever knows it may post."
    )
