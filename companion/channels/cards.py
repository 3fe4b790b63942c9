"""A message in parts, for providers that lay them out themselves: cards, blocks, embeds, mark-up. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from companion.channels.base import Message, MessageKind
from companion.channels.plainly import or_plainly, plain_title
from companion.channels.render import asks_for_answer, context, facts, headline, remarks
from companion.texts.language import texts_for

PAGES = frozenset({MessageKind.PAGE, MessageKind.EXHAUSTED, MessageKind.PRESSED_AGAIN})
HEARD_AT_ONCE = frozenset({MessageKind.CONFIRMED, MessageKind.VERIFIED, MessageKind.TROUBLE})
SETTLES = frozenset({MessageKind.ACKNOWLEDGED, MessageKind.RESOLVED, MessageKind.CANCELLED})


@dataclass(frozen=True, kw_only=True)
class Card:
    """What a reader sees, as plain text: each provider escapes it for where it stands. Together below 4,000 characters."""

    title: str
    remarks: Sequence[str] = ()
    rows: Sequence[tuple[str, str]] = ()
    """Label and value, most important first."""
    colon: str
    """What stands between the two."""
    link: str | None
    """Where the alarm is answered; None: it needs no answer."""
    link_label: str
    button: str
    """What stands on a button that answers by itself."""
    in_words: str
    """With which words to answer, where words are heard."""

    @property
    def lines(self) -> Sequence[str]:
        """What stands below the title, but for the link."""
        return [*self.remarks, *(f"{label}{self.colon}{value}" for label, value in self.rows)]


def plain_card(message: Message) -> Card:
    """Return what and where, and the link."""
    label = "ACKNOWLEDGE"
    return Card(
        title=plain_title(message),
        colon=": ",
        link=message.ack_url or None,
        link_label=label,
        button=label,
        in_words="",
    )


@or_plainly(plain_card)
def card_of(message: Message) -> Card:
    """Return the message in parts, in its reader's language."""
    texts = texts_for(message.language)
    return Card(
        title=headline(message),
        remarks=remarks(message),
        rows=[*facts(message), *context(message)],
        colon=texts.formats.colon,
        link=message.ack_url if asks_for_answer(message) else None,
        link_label=texts.messages.answer,
        button=texts.answers.acknowledge,
        in_words=texts.messages.answer_in_words.format(code=message.code),
    )


class Loudness(Enum):
    """How a telephone takes a message."""

    RINGS = auto()
    """Until somebody confirms it, where a provider can do that."""
    LOUD = auto()
    """Once, also in quiet hours."""
    USUAL = auto()


def loudness_of(message: Message) -> Loudness:
    """Return how loud the message is; an alarm of low severity does not go on ringing."""
    if message.kind in PAGES:
        return Loudness.LOUD if message.severity in {"low", "normal"} else Loudness.RINGS
    return Loudness.LOUD if message.kind in HEARD_AT_ONCE else Loudness.USUAL


def replaces_first(message: Message) -> bool:
    """Return whether the first message about the alarm, which asks for an answer, should now say that none is needed."""
    return message.thread_ref is not None and message.kind in SETTLES


def follows_first(message: Message) -> bool:
    """Return whether it belongs to the first message about the alarm, as a reply: news that neither asks nor settles anything."""
    return message.thread_ref is not None and message.kind not in SETTLES and not asks_for_answer(message)
