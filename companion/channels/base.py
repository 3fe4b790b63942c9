"""What a channel is: it takes a message, tells one address, and answers with an outcome."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
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


class Wording(Protocol):
    """Texts that the installation has written itself. Nothing of it raises: what cannot be written is ours."""

    def title(self, message: Message) -> str | None:
        """Return the message's title in one line; None: ours."""
        ...

    def lines(self, message: Message) -> list[str] | None:
        """Return what the message says below its title; None: ours."""
        ...


@dataclass(frozen=True, kw_only=True)
class Picture:
    """What a camera saw, as a browser shows it: a JPEG or a PNG of at most 180 KiB."""

    media_type: str
    data: bytes = field(repr=False)
    camera: str | None = None

    @property
    def name(self) -> str:
        """Return a name for it as a file."""
        return f"camera.{'png' if self.media_type == 'image/png' else 'jpg'}"


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
    alarm_kind: str | None = None
    """What sort of alarm it is (`alarms.model.AlarmKind`); None: an earlier version wrote it, or it is about none."""
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
    callback_url: str | None = None
    """Where the channel's provider can call us (`TakesCallbacks`)."""
    wording: Wording | None = field(default=None, compare=False, repr=False)
    """What the installation says instead of our words. It is asked when a text is written, so that a text is of the message
    that it is written of: a page's headline above its news, an event without its link."""
    picture: Picture | None = None
    """The alarm's newest, for kinds that can show one (`ChannelKind.pictures`). What is refused with it is sent without it."""

    @property
    def ack_token(self) -> str | None:
        """What makes the acknowledge link a secret: with it an `Answer` says which alarm it is for."""
        return None if self.ack_url is None else self.ack_url.rsplit("/", 1)[-1]

    @property
    def code(self) -> str:
        """Four digits with which people say in words which alarm they mean; not unique, and no secret."""
        return alarm_code(self.alarm_id)


def alarm_code(alarm_id: str) -> str:
    """Return the alarm's code: four digits made of its id, none of them at the beginning a zero."""
    return str(1000 + int.from_bytes(sha256(alarm_id.encode()).digest()[:8]) % 9000)


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What the provider said, for whoever tries the channel: bounded, and without secrets. It is not stored."""

    answer: str
    rule: str | None
    """Which of the channel's rules read it; None: none of them knew it."""


class Per(StrEnum):
    """After what time a provider begins to count anew; days and months of UTC."""

    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, kw_only=True)
class Quota:
    """How many messages a provider takes in a span of time."""

    limit: int
    per: Per
    used: int | None = None
    """How many it has taken by its own count; None: it does not say, and ours is believed."""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """The provider took it."""

    provider_ref: str | None
    """The provider's id of the message; kept, and given back as `thread_ref` later."""
    status_code: int | None = None
    warning: Reason | None = None
    """What an operator should know although it worked, such as members of a group who did not get it."""
    receipt_follows: bool = False
    """Where the message arrives its provider says so later (`Receipt`), or that it does not (`Undelivered`)."""
    quota: Quota | None = None
    """Of a check: what is used up of the messages that the provider takes. None: it does not count them."""
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


@dataclass(frozen=True, kw_only=True)
class Undelivered:
    """The provider's word that a message which it had taken will not arrive: its reader is told another way."""

    provider_ref: str
    reason: Reason


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What somebody says back over a channel: with a button, a key, a reaction, or in words."""

    event_id: str
    """The provider's own id of it, at most 200 characters: what comes twice counts once."""
    sender: str
    """Their address, in the form of this channel's contact points."""
    acknowledges: bool
    """It was a button, a key or a reaction that means nothing else. False: `words` say what is meant."""
    words: str = ""
    """What they wrote."""
    token: str | None = None
    """The `Message.ack_token` that a button brought back."""
    thread_ref: str | None = None
    """The message that it answers, as `Sent.provider_ref` named it."""
    at: datetime | None = None
    """When it was said, by the provider's clock; None: the provider does not say. It may have held it for hours."""


class Understood(StrEnum):
    """What became of an answer."""

    ACKNOWLEDGED = "acknowledged"
    ALREADY = "already"
    """Somebody else was first."""
    OVER = "over"
    """The alarm needs no answer any more."""
    NOTED = "noted"
    """Words that are no acknowledgement: they stand in the alarm's journal."""
    WHICH = "which"
    """More than one alarm is open: nobody was acknowledged, the person is asked which one they mean."""
    NONE_OPEN = "none_open"
    UNKNOWN_SENDER = "unknown_sender"
    """Nobody of this address may answer."""


@dataclass(frozen=True, kw_only=True)
class Response:
    """What became of an answer, and what is said to whoever gave it, in their language."""

    understood: Understood
    text: str


class Inbound(Protocol):
    """Whom a channel tells what it hears from its provider. Nothing of it raises for what was heard."""

    @property
    def callback_url(self) -> str:
        """Where the provider can call us."""
        ...

    async def receipt(self, receipt: Receipt | Undelivered) -> None:
        """Take the provider's word on a message."""
        ...

    async def answer(self, answer: Answer) -> Response | None:
        """Take what somebody said; return what to say to them, or None: it is known already, or nothing should be said.

        Raises StoreUnavailable: it was not taken, and the provider should say it again.
        """
        ...


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
class Listens(Protocol):
    """A channel that hears from its provider over a connection of its own."""

    async def listen(self, inbound: Inbound) -> None:
        """Pass on what is heard; end or raise when the connection is lost (the caller comes back)."""
        ...


@dataclass(frozen=True, kw_only=True)
class Errand:
    """Something that a Home Assistant on the link is asked to do for a message."""

    id: str
    """Stable over all attempts: what was done once is not done again."""
    home: str | None
    """Which Home Assistant, by its name or id; None: the only one."""
    alarm_id: str
    action: str
    """`push`, `announce`, `light` or `script`."""
    target: str | None
    """Which entity, or for `push` whom; None: everybody there."""
    voice: str | None
    """The entity that speaks on a media player; None: Home Assistant chooses."""
    title: str
    text: str
    code: str
    news: str
    """The message's kind."""
    urgent: bool
    """It needs an answer."""


class House(Protocol):
    """The way to the Home Assistants on the link, for one channel."""

    async def ask(self, errand: Errand) -> Outcome:
        """Hand the errand over; `Sent` says that Home Assistant has it on its disk. What became of it comes as a receipt."""
        ...

    async def check(self, home: str | None) -> Outcome:
        """Return whether that Home Assistant could be asked now."""
        ...


@runtime_checkable
class UsesHouse(Protocol):
    """A channel that tells people by way of a Home Assistant."""

    def move_in(self, house: House) -> None:
        """Take the way; called once, before anything else is."""
        ...


@dataclass(frozen=True, kw_only=True)
class Callback:
    """A request that somebody sent to the channel's `callback_url`: its provider, or anybody else."""

    method: str
    url: str
    """The whole address as it was called, with the public name of this service."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Whatever the case of their names."""
    body: bytes


@dataclass(frozen=True, kw_only=True)
class CallbackReply:
    """What the provider is answered."""

    status: int = 200
    body: str = ""
    content_type: str = "text/plain"


@runtime_checkable
class TakesCallbacks(Protocol):
    """A channel whose provider calls us."""

    async def called_back(self, callback: Callback, inbound: Inbound) -> CallbackReply | None:
        """Pass on what the provider says, and return what it is answered.

        None: it was not our provider, which is for the channel to prove (a signature, a secret of its own).
        """
        ...
