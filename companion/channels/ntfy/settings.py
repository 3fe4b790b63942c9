"""Which server, and as whom."""

import re
from typing import Self, override

from pydantic import Field, HttpUrl, SecretStr, model_validator

from companion.channels.base import AddressInvalid
from companion.channels.http import HeaderSecret, HttpOptions
from companion.texts.reasons import Reason

TOPIC = re.compile(r"[-_A-Za-z0-9]{1,64}")
"""How ntfy writes topics and the ids of messages."""


class NtfySettings(HttpOptions):
    """Which server, and as whom."""

    url: HttpUrl = Field(default=HttpUrl("https://ntfy.sh"), description="Address of the server.")
    token: HeaderSecret | None = Field(default=None, description="Access token, such as tk_…")
    user: str | None = Field(
        default=None, min_length=1, pattern=r"^[^:\s]+$", description="User, instead of a token."
    )
    password: SecretStr | None = Field(default=None, description="That user's password.")

    @model_validator(mode="after")
    def _login_is_whole(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password belong together")
        if self.token is not None and self.user is not None:
            raise ValueError("either token, or user and password")
        return self

    @property
    def has_login(self) -> bool:
        """Whether the server is told who sends."""
        return self.token is not None or self.user is not None

    @classmethod
    @override
    def formed_address(cls, address: str, country: str | None) -> str:
        topic = address.strip()
        if not TOPIC.fullmatch(topic):
            raise AddressInvalid(Reason("ntfy.no_topic"))
        return topic
