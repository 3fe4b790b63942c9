"""Which webhook, or which app."""

import re
from typing import Self, override

from pydantic import Field, SecretStr, model_validator

from companion.channels.base import AddressInvalid
from companion.channels.http import HeaderSecret, HttpOptions
from companion.channels.webhooks import WebhookUrl
from companion.texts.reasons import Reason

API = "https://slack.com/api"
ADDRESS = re.compile(r"[CGDUW][A-Z0-9]{6,30}|#[^\s#@<>]{1,80}")


class SlackSettings(HttpOptions):
    """Which webhook, or which app."""

    url: WebhookUrl = Field(
        default=SecretStr(API),
        description="Address of an incoming webhook, which is kept secret; with a token that of the API, if it is not https://slack.com/api.",
    )
    token: HeaderSecret | None = Field(
        default=None, description="Bot token (xoxb-…) of an app with the scope chat:write."
    )
    signing_secret: HeaderSecret | None = Field(
        default=None,
        description="Signing secret of the app: with it messages have a button that acknowledges.",
    )

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if self.token is None and self.url.get_secret_value() == API:
            raise ValueError("url (of an incoming webhook) or token (of an app) is needed")
        if self.token is None and self.signing_secret is not None:
            raise ValueError("signing_secret belongs to a token: a webhook has no buttons")
        return self

    @classmethod
    @override
    def formed_address(cls, address: str, country: str | None) -> str:
        if not ADDRESS.fullmatch(address.strip()):
            raise AddressInvalid(Reason("slack.no_address"))
        return address.strip()
