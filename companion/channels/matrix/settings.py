"""Which homeserver, and as whom."""

import re
from typing import override

from pydantic import Field, HttpUrl

from companion.channels.base import AddressInvalid
from companion.channels.http import HeaderSecret, HttpOptions
from companion.texts.reasons import Reason

ADDRESS = re.compile(r"(![^\s:]{1,200}(:[^\s/]{1,200})?|[@#][^\s:]{1,200}:[^\s/]{1,200})")
"""A room (since room version 12 without a server), its alias, or a user (Matrix specification, appendix 4.2)."""


class MatrixSettings(HttpOptions):
    """Which homeserver, and as whom."""

    url: HttpUrl = Field(
        description="Address of the homeserver's client API, such as https://matrix.example.org."
    )
    token: HeaderSecret = Field(min_length=1, description="Access token of the account that sends.")

    @classmethod
    @override
    def formed_address(cls, address: str, country: str | None) -> str:
        if not ADDRESS.fullmatch(address.strip()):
            raise AddressInvalid(Reason("matrix.no_address"))
        return address.strip()
