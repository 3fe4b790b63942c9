"""Which service, as an Apprise URL."""

import re
from collections.abc import Iterator
from typing import Annotated, override
from urllib.parse import quote

from pydantic import AfterValidator, Field, SecretStr

from companion.channels.kind import ChannelSettings, Mistake

PLACE = "{to}"
WRITTEN = re.compile(r"[A-Za-z][A-Za-z0-9]{0,31}://[^\s,]+")


def apprise_url(setting: SecretStr) -> SecretStr:
    """Return what can be an Apprise URL; which services there are only Apprise knows. Raises ValueError."""
    text = setting.get_secret_value().strip()
    if not WRITTEN.fullmatch(text) or not text.isprintable():
        raise ValueError("must be one Apprise URL, such as gotify://host/token")
    return SecretStr(text)


class AppriseSettings(ChannelSettings):
    """Which service."""

    url: Annotated[SecretStr, AfterValidator(apprise_url)] = Field(
        description="Apprise URL; {to} in it stands for the address of a contact. Kept secret: it holds the service's token."
    )
    timeout_s: float = Field(
        default=20,
        gt=0,
        le=25,
        description="Longest time of one message, in seconds; then its process is ended.",
    )

    def url_for(self, address: str) -> str:
        """Return the URL for one address, written so that it cannot change the rest."""
        return self.url.get_secret_value().replace(PLACE, quote(address, safe=""))

    @override
    def mistakes(self) -> Iterator[Mistake]:
        # Apprise is asked where settings are applied, in its own process.
        from companion.channels.apprise.process import is_understood

        if not is_understood(self.url_for("x")):
            yield Mistake(".url", "Apprise knows no such service, or something is missing in its URL")
