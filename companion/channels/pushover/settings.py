"""Which application at Pushover, and how long a page rings."""

import re
from typing import override

from pydantic import Field, HttpUrl

from companion.channels.base import AddressInvalid
from companion.channels.http import HeaderSecret, HttpOptions
from companion.channels.kind import ShowsPictures
from companion.texts.reasons import Reason

KEY = re.compile(r"[A-Za-z0-9]{30}")
"""How Pushover writes tokens, keys of users and groups, and receipts."""


class PushoverSettings(HttpOptions, ShowsPictures):
    """Which application, and how long a page rings."""

    token: HeaderSecret = Field(min_length=1, description="API token of the application.")
    url: HttpUrl = Field(default=HttpUrl("https://api.pushover.net"), description="Address of the API.")
    repeat_every_s: int = Field(
        default=60, ge=30, le=600, description="How often a page rings until it is confirmed, in seconds."
    )
    give_up_after_s: int = Field(
        default=3600, ge=60, le=10800, description="How long it goes on ringing, in seconds."
    )
    sound: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_]{1,40}$",
        description="Sound of pages, by Pushover's name for it.",
    )

    @classmethod
    @override
    def formed_address(cls, address: str, country: str | None) -> str:
        key = address.strip()
        if not KEY.fullmatch(key):
            raise AddressInvalid(Reason("pushover.no_key"))
        return key
