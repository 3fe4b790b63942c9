"""Which kinds of channel there are, what each can be told, and how one is built from its settings."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, get_args

from pydantic import BaseModel, SecretStr, ValidationError

from companion.channels.addresses import is_forbidden_url
from companion.channels.base import Channel
from companion.channels.phone_numbers import e164
from companion.channels.signal.addresses import signal_address
from companion.channels.signal.sender import SignalChannel, SignalConfig
from companion.channels.sms.own_numbers import own_numbers
from companion.channels.sms.reachability import dead_rules
from companion.channels.sms.sender import SmsChannel, SmsConfig
from companion.channels.zammad.sender import ZammadChannel, ZammadConfig

type AddressForm = Callable[[str, str | None], str]
"""Address and country (ISO 3166-1 alpha-2, of numbers without a country code) → address; raises AddressInvalid."""


class ChannelConfigError(ValueError):
    """Settings that no channel can be built from; the text names each field, never a value."""


@dataclass(frozen=True)
class Mistake:
    """Settings that cannot mean what their owner hopes for."""

    where: str
    """Their place, such as `.answers[1]`."""
    message: str


@dataclass(frozen=True, kw_only=True)
class ChannelKind:
    """One way to tell people, before it is configured."""

    kind: str
    title: str
    config: type[BaseModel]
    build: Callable[[Any], Channel]
    records: bool
    """A record such as a ticket: it gets every update, and an acknowledgement does not cancel its first page."""
    updates: bool
    """Those who were paged also hear who acknowledged, resolved or cancelled."""
    address: AddressForm | None
    """Brings a contact point's address to the form that its provider needs; None: it needs no address."""
    own_addresses: Callable[[Mapping[str, Any]], Iterable[str]] = lambda _config: ()
    """What it sends from, as far as settings (without secrets, perhaps wrong) say so, in any form."""
    may_reach_itself: bool = False
    """Whether a message to what it sends from can arrive."""
    mistakes: Callable[[Any], Iterable[Mistake]] = lambda _config: ()
    """What must be corrected before settings are stored, although a channel can run with them. Not for the event loop."""

    @property
    def addressed(self) -> bool:
        """Whether a contact point on it needs an address."""
        return self.address is not None

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of its settings, for the API's document."""
        return self.config.model_json_schema()


def _number(config: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(config.get("number"), str):
        yield config["number"]


def _dead_rules(config: SmsConfig) -> Iterator[Mistake]:
    for index, message in dead_rules(config.answers):
        yield Mistake(f".answers[{index}]", message)


_KINDS = MappingProxyType(
    {
        one.kind: one
        for one in (
            ChannelKind(
                kind="zammad",
                title="Zammad ticket",
                config=ZammadConfig,
                build=ZammadChannel,
                records=True,
                updates=True,
                address=None,
            ),
            ChannelKind(
                kind="signal",
                title="Signal message",
                config=SignalConfig,
                build=SignalChannel,
                records=False,
                updates=True,
                address=signal_address,
                own_addresses=_number,
            ),
            ChannelKind(
                kind="sms",
                title="SMS over an HTTP gateway",
                config=SmsConfig,
                build=SmsChannel,
                records=False,
                updates=True,
                address=e164,
                own_addresses=own_numbers,
                may_reach_itself=True,
                mistakes=_dead_rules,
            ),
        )
    }
)


def channel_kinds() -> Mapping[str, ChannelKind]:
    """Return every kind of channel by its name."""
    return _KINDS


def build_channel(kind: str, config: Mapping[str, Any]) -> Channel:
    """Return a channel with these settings; it connects at its first message. Raises ChannelConfigError."""
    return kind_named(kind).build(validated(kind, config))


def mistakes(kind: str, settings: BaseModel) -> Iterable[Mistake]:
    """Return what must be corrected before validated settings are stored. It may take a second: not for the event loop."""
    return kind_named(kind).mistakes(settings)


def validated(kind: str, config: Mapping[str, Any]) -> BaseModel:
    """Return the settings as the kind's model. Raises ChannelConfigError with one line a problem."""
    try:
        settings = kind_named(kind).config.model_validate(dict(config))
    except ValidationError as err:
        problems = err.errors(include_url=False, include_input=False, include_context=False)
        lines = [f"{'.'.join(str(part) for part in one['loc']) or kind}: {one['msg']}" for one in problems]
        # Not chained: the original error can show what was put in.
        raise ChannelConfigError("; ".join(lines)) from None
    if is_forbidden_url(_url_of(settings)):
        raise ChannelConfigError("url: no channel may call this address")
    return settings


def _url_of(settings: BaseModel) -> str:
    url = getattr(settings, "url", "")
    return url.get_secret_value() if isinstance(url, SecretStr) else str(url)


def kind_named(kind: str) -> ChannelKind:
    """Return the kind with this name. Raises ChannelConfigError that says which there are."""
    try:
        return _KINDS[kind]
    except KeyError:
        raise ChannelConfigError(
            f"there is no channel kind {kind!r}, only {', '.join(sorted(_KINDS))}"
        ) from None


def secret_fields(kind: str) -> frozenset[str]:
    """Return the settings that are stored encrypted and never shown."""
    fields = kind_named(kind).config.model_fields
    return frozenset(name for name, one in fields.items() if holds_secret(one.annotation))


def holds_secret(annotation: Any) -> bool:
    """Return whether a type is or contains a secret text."""
    return annotation is SecretStr or any(holds_secret(part) for part in get_args(annotation))
