"""Which receivers, which account, and how it is written."""

from typing import Annotated, Self

from pydantic import AnyUrl, Field, SecretStr, UrlConstraints, model_validator

from companion.channels.addresses import is_forbidden_url
from companion.channels.kind import ChannelSettings
from companion.channels.sia.events import Format

Receiver = Annotated[AnyUrl, UrlConstraints(allowed_schemes=["tcp", "udp"], host_required=True)]


class SiaSettings(ChannelSettings):
    """Which receivers, which account, and how it is written."""

    url: Receiver = Field(description="The station's receiver: tcp://receiver.example:10002, or udp://…")
    second_url: Receiver | None = Field(
        default=None, description="Its second receiver, for when the first one does not answer."
    )
    account: str = Field(
        pattern=r"^[0-9A-Fa-f]{3,16}$", description="Our account number there, 3 to 16 hexadecimal digits."
    )
    format: Format = Field(default=Format.SIA, description="How events are written: sia-dcs or adm-cid.")
    key: SecretStr | None = Field(default=None, description="Key for AES; with one everything is encrypted.")
    key_is_hex: bool = Field(
        default=False, description="The key stands in hexadecimal digits, not in characters."
    )
    receiver: str = Field(
        default="0", pattern=r"^[0-9A-Fa-f]{1,6}$", description="Receiver number, if the station says one."
    )
    line: str = Field(
        default="0", pattern=r"^[0-9A-Fa-f]{1,6}$", description="Line number, if the station says one."
    )
    area: int = Field(default=1, ge=0, le=99, description="Area (partition) of all events.")
    zone: int = Field(default=1, ge=0, le=999, description="Zone of what `zones` does not name.")
    zones: dict[str, Annotated[int, Field(ge=0, le=999)]] = Field(
        default_factory=dict, description="Zones by the name of a zone or a room."
    )
    poll_s: int | None = Field(
        default=None, ge=10, le=86400, description="How often the receivers are polled, in seconds."
    )
    reply_s: float = Field(
        default=3, gt=0, le=20, description="How long an answer is waited for until a frame is sent again."
    )
    tries: int = Field(default=2, ge=1, le=3, description="How often a receiver is tried.")

    @property
    def aes_key(self) -> bytes | None:
        """The key, as bytes."""
        if self.key is None:
            return None
        text = self.key.get_secret_value().strip()
        return bytes.fromhex(text) if self.key_is_hex else text.encode()

    @property
    def receivers(self) -> list[AnyUrl]:
        """The receivers in the order in which they are tried."""
        return [one for one in (self.url, self.second_url) if one is not None]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for name, one in (("url", self.url), ("second_url", self.second_url)):
            if one is not None and is_forbidden_url(str(one)):
                raise ValueError(f"{name}: no channel may call this address")
        for one in self.receivers:
            if one.port is None or one.username or one.path not in {None, "", "/"} or one.query:
                raise ValueError("url, second_url: tcp:// or udp://, a host and a port")
        try:
            usable = self.aes_key is None or len(self.aes_key) in {16, 24, 32}
        except ValueError:
            usable = False
        if not usable:
            raise ValueError("key: must be 16, 24 or 32 characters (key_is_hex: 32, 48 or 64 digits)")
        if self.reply_s * self.tries * len(self.receivers) > 25:
            raise ValueError("reply_s times tries, for each receiver, must not be more than 25 seconds")
        return self
