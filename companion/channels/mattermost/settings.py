"""Which webhook, or which server and bot."""

import re
from typing import override

from pydantic import Field

from companion.channels.base import AddressInvalid
from companion.channels.http import HeaderSecret, HttpOptions
from companion.channels.webhooks import WebhookUrl
from companion.texts.reasons import Reason

ADDRESS = re.compile(r"[a-z0-9]{26}|@[a-z0-9._-]{1,64}|#[^\s#@<>]{1,80}")
"""A channel's ID, a user, or what the channel of a webhook is called."""


class MattermostSettings(HttpOptions):
    """Which webhook, or which server and bot."""

    url: WebhookUrl = Field(
        description="Address of an incoming webhook, which is kept secret; with a token that of the Mattermost server."
    )
    token: HeaderSecret | None = Field(default=None, description="Access token of a Mattermost bot account.")

    @classmethod
    @override
    def formed_address(cls, address: str, country: str | None) -> str:
        formed = address.strip().lower()
        if not ADDRESS.fullmatch(formed):
            raise AddressInvalid(Reason("mattermost.no_address"))
        return formed
