"""What a channel is: it takes a message, tells one address, and answers with an outcome."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from companion.texts.reasons import Reason


class MessageKind(StrEnum):
    """What a message wants from its reader."""

    PAGE = "page"
    """An alarm that needs an answer."""
    ACKNOWLEDGED = "acknowledged"
    """News for those who were paged: somebody answered."""
    PRESSED_AGAIN = "pressed_again"
    """For whoever answered: it was triggered again, and others are paged unless they say that they know."""
    CONFIRMED = "confirmed"
    """News for those who were paged: a second zone has tripped, which `note` names."""
    VERIFIED = "verified"
    """News for those who were paged: somebody is there, or very likely, which `level`, `label` and `camera` say."""
    RESOLVED = "resolved"
    CANCELLED = "cancelled"
    NOTE = "note"
    """Somebody wrote something into the alarm's journal (for ticket systems)."""
    EXHAUSTED = "exhausted"
    """The policy ran out and nobody answered: the last resort."""
    TEST = "test"
    """An operator tries the channel."""
    TROUBLE = "trouble"
    """For an operator: something is wrong with the service itself, which `trouble`, `title` and `details` say."""
    TROUBLE_OVER = "trouble_over"
    """For an operator who was told of it: it is well again."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """All a channel may know: one thing to say to one address. Nothing of it is secret but `ack_url`."""

    delivery_id: str
    alarm_id: str
    kind: MessageKind
    idempotency_key: str
    """Stable over all attempts of this delivery."""
    may_have_been_sent: bool
    """An earlier attempt ended without an answer (timeout after the body, a worker that died)."""
    thread_ref: str | None
    """The provider's id of the first message to this address about this alarm (ticket id, Signal timestamp)."""
    address: str
    recipient: str
    """Whom the message is for, readable: a person's name, or what the address is."""
    language: str = "en"
    title: str
    """One line: what and where, for example `Panic key: Reception`."""
    severity: str = "critical"
    source: str
    site: str | None = None
    room: str | None = None
    person: str | None = None
    """Who raised it or is concerned, a name."""
    raised_at: datetime
    timezone: str = "UTC"
    """IANA zone of the site, in which `raised_at` is shown."""
    test: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)
    """Context to show in full texts (phone model, zone names …)."""
    by: str | None = None
    """Who acknowledged, resolved, cancelled or noted."""
    note: str | None = None
    ending: str | None = None
    """How disarming ended it, a code of `Texts.endings`; None: it was closed in another way."""
    more: int = 0
    """How many other alarms of the same source this message stands for: a source that floods is told of in one."""
    level: int | None = None
    """How sure the alarm is, 0 to 4 (ANSI/TMA-AVS-01); None: nobody has looked."""
    label: str | None = None
    """What a camera recognised, and which camera."""
    camera: str | None = None
    trouble: str | None = None
    """What is wrong with the service itself (`troubles.model.TroubleKind`); None: this is about an alarm."""
    ack_url: str | None = None


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What the provider said, for whoever tries the channel: bounded, and without secrets. It is not stored."""

    answer: str
    rule: str | None
    """Which of the channel's rules read it; None: none of them knew it."""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """The provider took it."""

    provider_ref: str | None
    """The provider's id of the message; kept, and given back as `thread_ref` later."""
    status_code: int | None = None
    warning: Reason | None = None
    """What an operator should know although it worked, such as members of a group who did not get it."""
    heard: Heard | None = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True)
class TryAgain:
    """It did not get through, or nobody can say whether it did; another attempt may help."""

    reason: Reason
    status_code: int | None = None
    after: timedelta | None = None
    """The provider's `Retry-After`."""
    uncertain: bool = False
    """The request went out and no answer came: the message may exist."""
    unknown: bool = False
    """The provider answered no, in words that nobody can say are final: a page is tried a few times, quickly, and no more."""
    tried: bool = True
    """False: there was nothing to try it with, so it is no attempt and uses up none."""
    heard: Heard | None = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True)
class Refused:
    """Another attempt cannot help: bad number, bad credentials. Goes on with the next contact point."""

    reason: Reason
    status_code: int | None = None
    channel_broken: bool = False
    """The whole channel is refused (401, 403, captcha), not only this message: an operator must look."""
    heard: Heard | None = field(default=None, compare=False)


type Outcome = Sent | TryAgain | Refused


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """The provider's word that a message arrived at the device."""

    provider_ref: str
    at: datetime
    read: bool = False


class AddressInvalid(ValueError):
    """An address that no message can reach over a channel of this kind; the reason says what to write, not the address."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class Channel(Protocol):
    """One configured way to tell people. Instances are long-lived, used concurrently and closed once."""

    async def send(self, message: Message) -> Outcome:
        """Try once to tell `message.address`. Never raises for anything a provider can do; the caller limits the time."""
        ...

    async def check(self) -> Outcome:
        """Try credentials and reachability without telling anybody."""
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...


@runtime_checkable
class KnowsRecipients(Protocol):
    """A channel whose provider says, without telling anybody, whom it can reach."""

    async def unreachable(self, addresses: Sequence[str]) -> frozenset[str]:
        """Return which of the addresses the provider says it cannot reach; what it does not say is believed."""
        ...


@runtime_checkable
class ReceiptSource(Protocol):
    """A channel that hears back from its provider."""

    def receipts(self) -> AsyncIterator[Receipt]:
        """Yield receipts while connected; end or raise when the connection is lost (the caller comes back)."""
        ...
