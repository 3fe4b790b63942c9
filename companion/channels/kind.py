"""What a kind of channel is before one is configured. Naming it costs nothing: its settings and its sender are loaded when needed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StrictBool


@dataclass(frozen=True)
class Mistake:
    """Settings that cannot mean what their owner hopes for."""

    where: str
    """Their place, such as `.answers[1]`."""
    message: str


@dataclass(frozen=True, kw_only=True)
class SmsForm:
    """How a channel writes an SMS."""

    segments: int = 2
    """Of which the longest text is made."""
    unicode: bool = False
    """A text with letters that the GSM alphabet lacks keeps them."""
    by_reply: bool = False
    """It says with which words to answer."""


class ChannelSettings(BaseModel):
    """What one channel of a kind is told. Fields that hold a `SecretStr` are stored encrypted and never shown."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @classmethod
    def formed_address(cls, address: str, country: str | None) -> str:  # noqa: ARG003 # of a phone number
        """Return a contact point's address in the form that the provider needs. Raises AddressInvalid.

        `country` (ISO 3166-1 alpha-2) is that of numbers without a country code.
        """
        return address

    @classmethod
    def own_addresses(cls, config: Mapping[str, Any]) -> Iterable[str]:  # noqa: ARG003 # nobody knows any
        """Return what a channel sends from, as far as settings (without secrets, perhaps wrong) say so, in any form."""
        return ()

    @property
    def sms_form(self) -> SmsForm | None:
        """How messages over the channel are written, if it sends SMS; None: it does not."""
        return None

    def mistakes(self) -> Iterable[Mistake]:
        """Return what must be corrected before these are stored, although a channel can run with them.

        It may take a second: not for the event loop.
        """
        return ()


class ShowsPictures(ChannelSettings):
    """Settings of a kind with `ChannelKind.pictures`."""

    pictures: StrictBool = Field(
        default=True,
        description="The newest picture of the alarm's cameras goes with its messages; it passes through the provider's servers.",
    )


@dataclass(frozen=True, kw_only=True)
class ChannelKind:
    """One way to tell people: its name, what it can do, and where the rest of it is."""

    name: str
    title: str
    summary: str
    """One sentence for the documentation: what it tells people with, and what it needs."""
    settings: str
    """Where its `ChannelSettings` are, as `package.module:name`."""
    sender: str
    """Where that is which makes a `Channel` of its settings, as `package.module:name`."""
    records: bool = False
    """It keeps a record such as a ticket: it gets every update, and an answer does not cancel its first page."""
    updates: bool = True
    """Those who were paged also hear who acknowledged, resolved or cancelled."""
    addressed: bool = True
    """A contact point on it needs an address."""
    pictures: bool = False
    """It shows `Message.picture`; its settings are `ShowsPictures`."""
    may_reach_itself: bool = False
    """Whether a message to what it sends from can arrive."""
