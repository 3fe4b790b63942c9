"""Which manager, how it knows us, and where our objects stand."""

from secrets import token_hex
from typing import Annotated, Literal, Self

from pydantic import AnyUrl, Field, SecretStr, UrlConstraints, model_validator

from companion.channels.kind import ChannelSettings

PASSPHRASE = 8
"""Shortest passphrase (RFC 3414, 11.2)."""
DOCUMENTATION = "1.3.6.1.4.1.32473.1"
"""Below the enterprise number for documentation (RFC 5612), which belongs to nobody."""


class SnmpSettings(ChannelSettings):
    """Which manager, how it knows us, and where our objects stand."""

    url: Annotated[AnyUrl, UrlConstraints(allowed_schemes=["udp"], host_required=True)] = Field(
        description="The manager: udp://nms.example, or with another port than 162 at its end."
    )
    version: Literal["2c", "3"] = Field(default="3", description="Version of SNMP.")
    notify: Literal["inform", "trap"] = Field(
        default="inform", description="An inform is confirmed by the manager, a trap by nobody."
    )
    community: SecretStr | None = Field(default=None, min_length=1, description="Community, for version 2c.")
    user: str | None = Field(
        default=None, min_length=1, max_length=32, description="User (USM), for version 3."
    )
    auth: Literal["md5", "sha", "sha224", "sha256", "sha384", "sha512"] = Field(
        default="sha256", description="How a message proves who it is from."
    )
    auth_passphrase: SecretStr | None = Field(
        default=None, min_length=PASSPHRASE, description="Passphrase for it, at least 8 characters."
    )
    privacy: Literal["aes", "aes192", "aes256", "aes192c", "aes256c"] = Field(
        default="aes", description="How messages are encrypted; with `c` as Cisco and net-snmp make its key."
    )
    privacy_passphrase: SecretStr | None = Field(
        default=None, min_length=PASSPHRASE, description="Passphrase for it, at least 8 characters."
    )
    engine_id: str | None = Field(
        default=None,
        pattern=r"^(?:0x)?8[0-9A-Fa-f]([0-9A-Fa-f]{2}){5,30}$",
        description="Our engine id in hexadecimal, which a manager must know for traps of version 3.",
    )
    base_oid: str = Field(
        default=DOCUMENTATION,
        pattern=r"^1\.3\.6\.1\.4\.1(\.(0|[1-9]\d{0,9})){1,4}$",
        description="Where `alarmBroker` of the MIB stands: below an enterprise number of your own.",
    )
    reply_s: float = Field(
        default=3, gt=0, le=8, description="How long an inform's answer is waited for, in seconds."
    )
    repeats: int = Field(default=2, ge=0, le=2, description="How often an inform is sent again without one.")

    @property
    def host(self) -> str:
        """The name or address of the manager."""
        return (self.url.host or "").strip("[]")

    @property
    def port(self) -> int:
        """The port of the manager."""
        return self.url.port or 162

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.url.username or self.url.path not in {None, "", "/"} or self.url.query:
            raise ValueError("url: only udp://, a host and a port")
        if any(int(part) >= 2**32 for part in self.base_oid.split(".")):
            raise ValueError("base_oid: each number must be below 4294967296")
        if self.version == "2c" and self.community is None:
            raise ValueError("version 2c needs a community")
        if self.version == "3" and self.user is None:
            raise ValueError("version 3 needs a user")
        if self.version == "3" and self.community is not None:
            raise ValueError("community is for version 2c")
        if self.privacy_passphrase is not None and self.auth_passphrase is None:
            raise ValueError("privacy_passphrase needs an auth_passphrase")
        if self.version == "3" and self.notify == "trap" and self.engine_id is None:
            raise ValueError(
                f"a trap of version 3 needs an engine_id that the manager knows; a new one is 80007ed905{token_hex(8)}"
            )
        return self
