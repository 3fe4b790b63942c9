"""Which bridge, as whom, and what addresses it takes."""

from collections.abc import Iterable, Mapping
from typing import Any, Self, override

from pydantic import Field, HttpUrl, model_validator

from companion.channels.http import HeaderSecret, HttpOptions
from companion.channels.kind import ShowsPictures
from companion.channels.signal.addresses import signal_address


class SignalSettings(HttpOptions, ShowsPictures):
    """Which bridge, and as whom."""

    url: HttpUrl = Field(description="Address of signal-cli-rest-api.")
    number: str = Field(
        pattern=r"^\+[1-9]\d{5,14}$", description="The registered number that sends, such as +4930123456."
    )
    header_name: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9-]+$",
        description="Header that a proxy in front of the bridge demands.",
    )
    header_value: HeaderSecret | None = Field(default=None, description="Value of that header.")

    @model_validator(mode="after")
    def _header_is_whole(self) -> Self:
        if (self.header_name is None) != (self.header_value is None):
            raise ValueError("header_name and header_value belong together")
        return self

    @classmethod
    @override
    def formed_address(cls, address: str, country: str | None) -> str:
        return signal_address(address, country)

    @classmethod
    @override
    def own_addresses(cls, config: Mapping[str, Any]) -> Iterable[str]:
        number = config.get("number")
        return [number] if isinstance(number, str) else ()
