"""Which number or service sends, and what a text may cost."""

import re
from typing import Self, override

from pydantic import Field, model_validator

from companion.channels.kind import SmsForm
from companion.channels.twilio import TwilioSettings

NUMBER = re.compile(r"\+[1-9]\d{5,14}|\d{3,8}")
"""A number or a short code: what can be answered."""


class TwilioSmsSettings(TwilioSettings):
    """Which account, and what sends."""

    sender: str | None = Field(
        default=None,
        pattern=r"^(\+[1-9]\d{5,14}|\d{3,8}|[A-Za-z0-9 &_+-]{1,11})$",
        description="Number of the account, short code or name that messages come from, such as +4930123456.",
    )
    messaging_service_sid: str | None = Field(
        default=None,
        pattern=r"^MG[0-9a-fA-F]{32}$",
        description="Messaging service that sends, instead of `sender`.",
    )
    replies: bool = Field(
        default=False,
        description="The number's or service's incoming messages are sent to the channel's callback address: texts "
        "say that they can be answered by SMS.",
    )
    validity_s: int = Field(
        default=600,
        ge=1,
        le=36000,
        description="How long Twilio may hold a message back, in seconds; then it counts as undelivered.",
    )
    segments: int = Field(
        default=2, ge=1, le=4, description="Longest text, in SMS of 160 (153 when several) characters."
    )
    unicode: bool = Field(
        default=False,
        description="A text with letters that plain SMS lack keeps them, in SMS of 70 (67) characters. "
        "Otherwise they are replaced by their nearest, or by a question mark.",
    )

    @model_validator(mode="after")
    def _names_one_sender(self) -> Self:
        if (self.sender is None) == (self.messaging_service_sid is None):
            raise ValueError("name either sender or messaging_service_sid")
        if self.replies and self.sender is not None and not NUMBER.fullmatch(self.sender):
            raise ValueError("replies: nobody can answer to a name, only to a number")
        return self

    @property
    @override
    def sms_form(self) -> SmsForm:
        return SmsForm(segments=self.segments, unicode=self.unicode, by_reply=self.replies)
