"""What a template can say: a message's facts, readable, in the language of its reader. Pure."""

from dataclasses import dataclass
from typing import Final

from companion.channels.base import Message
from companion.channels.render import (
    NOTE_LIMIT,
    VALUE_LIMIT,
    details,
    how_sure,
    place,
    raised_at,
    short_raised_at,
    title_of,
)
from companion.texts.labels import ending, label
from companion.texts.language import texts_for
from companion.texts.one_line import one_line

VARIABLES: Final = {
    "title": "what it is and where, in one line: `Panic key: Reception`",
    "word": "our word for this kind of message: `ALARM`",
    "where": "room and site",
    "site": "the site's name",
    "room": "the room's name",
    "person": "who raised it, or whom it concerns",
    "recipient": "whom the message is for",
    "severity": "how severe it is",
    "source": "what raised it",
    "when": "date and time on the clock of the site",
    "time": "the same, short",
    "by": "who acknowledged, resolved, cancelled or noted",
    "note": "what they wrote, or the second zone",
    "ending": "how disarming ended it",
    "sure": "how sure the alarm is, and what a camera recognised",
    "level": "how sure it is as a number, 0 to 4; `none` if nobody has looked",
    "seen": "what a camera recognised",
    "camera": "which camera",
    "more": "how many other alarms of the same source the message stands for: a number",
    "code": "four digits with which people say in words which alarm they mean",
    "test": "whether it is a test",
    "details": "what else is known, to go over: `{% for name, value in details %}`",
    "detail": "the same, one by its name as the alarm has it: `detail.zone`; empty if there is none",
}
"""Every variable, and what it is. What a message does not know is empty."""


def values_of(message: Message) -> dict[str, object]:
    """Return the variables of a message."""
    texts = texts_for(message.language)

    def line(text: str | None, limit: int = VALUE_LIMIT) -> str:
        return one_line(text or "", limit)

    return {
        "title": title_of(message),
        "word": texts.messages.kinds[message.kind],
        "where": place(message),
        "site": line(message.site),
        "room": line(message.room),
        "person": line(message.person),
        "recipient": line(message.recipient),
        "severity": line(label(message.severity, texts)),
        "source": line(label(message.source, texts)),
        "when": raised_at(message),
        "time": short_raised_at(message),
        "by": line(message.by),
        "note": line(message.note, NOTE_LIMIT),
        "ending": line(message.ending and ending(message.ending, texts)),
        "sure": how_sure(message),
        "level": message.level,
        "seen": line(message.label),
        "camera": line(message.camera),
        "more": message.more,
        "code": message.code,
        "test": message.test,
        "details": details(message),
        "detail": Details(
            {name: value for name, (_, value) in zip(message.details, details(message), strict=False)}
        ),
    }


@dataclass(frozen=True)
class Details:
    """Details by name. Without methods, which a detail may be called like."""

    _known: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self._known.get(name, "")
