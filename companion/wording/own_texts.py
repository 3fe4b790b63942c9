"""Texts that an installation has written, which of them a message gets, and what becomes of one that fails. Pure.

The title and what stands below it are chosen each by itself: the most specific text that has one. What cannot be written
is ours, is said once, and is kept in `broken` for whoever looks.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, override

from companion.channels.base import Message, MessageKind, Wording
from companion.texts.one_line import one_line

if TYPE_CHECKING:
    from companion.wording.template import Template

type Part = Literal["title", "text"]

PARTS: Final[tuple[Part, ...]] = ("title", "text")
LIMITS: Final[Mapping[Part, int]] = {"title": 200, "text": 1500}
"""Longest in characters. Signal shows 2,000 of a message, with the link in them."""


@dataclass(frozen=True, kw_only=True)
class OwnText:
    """What one kind of message says, for some readers."""

    id: str
    kind: MessageKind
    language: str | None
    """None: any."""
    site_id: str | None
    """None: alarms of all sites."""
    channel_id: str | None
    """None: over any channel."""
    title: str | None
    text: str | None
    """Templates; None: ours."""

    def part(self, part: Part) -> str | None:
        """Return the template of the part."""
        return self.title if part == "title" else self.text

    def fits(self, message: Message) -> bool:
        """Return whether it is for such a message, wherever that goes."""
        languages = {None, message.language, _base(message.language)}
        return self.kind is message.kind and self.language in languages

    def specificity(self, message: Message) -> tuple[bool, bool, bool, bool]:
        """Return by what the one is found that is said, of those that fit: the channel says most, the language least."""
        return (
            self.channel_id is not None,
            self.site_id is not None,
            self.language == message.language,
            self.language is not None,
        )


def _base(language: str) -> str:
    return language.partition("-")[0]


@dataclass(frozen=True)
class Broken:
    """A part of a text that could not be written: ours went out instead."""

    text_id: str
    part: Part
    problem: str


class OwnTexts:
    """All that an installation has written. Without any, nothing is loaded and no message pays for it."""

    def __init__(
        self, texts: Iterable[OwnText] = (), *, say: Callable[[Broken], None] = lambda _broken: None
    ) -> None:
        """Compiles every template: not for the event loop. `say` hears once of each part that is broken."""
        self.texts = tuple(texts)
        self._say = say
        self.broken: dict[tuple[str, Part], Broken] = {}
        self._templates: dict[tuple[str, Part], Template] = {}
        if self.texts:
            self._compile()

    def _compile(self) -> None:
        from companion.wording.template import Template  # with it comes Jinja's sandbox
        from companion.wording.values import VARIABLES

        known = frozenset(VARIABLES)
        for own in self.texts:
            for part in PARTS:
                source = own.part(part)
                if source is None:
                    continue
                try:
                    self._templates[own.id, part] = Template(source, known)
                except Exception as err:  # noqa: BLE001 # stored by another version; whatever it is: pages go out
                    self._is_broken(own, part, err)

    def wording(self, channel_id: str | None, site_id: str | None) -> Wording | None:
        """Return what is said over a channel of the alarms of a site; None: nothing of it is the installation's own."""
        found = self._for(channel_id, site_id)
        return _Chosen(found, self._filled) if found else None

    def _for(self, channel_id: str | None, site_id: str | None) -> list[OwnText]:
        return [
            own
            for own in self.texts
            if own.channel_id in {None, channel_id} and own.site_id in {None, site_id}
        ]

    def chosen(self, message: Message, channel_id: str | None, site_id: str | None) -> dict[Part, str]:
        """Return the id of the text that is chosen for each part; a part that is ours is not there."""
        there = self._for(channel_id, site_id)
        found = {part: chosen(there, part, message) for part in PARTS}
        return {part: own.id for part, own in found.items() if own is not None}

    def said(self, message: Message, channel_id: str | None, site_id: str | None) -> dict[Part, str]:
        """Return the same of those only whose words go out: not of one that says nothing of this message, or is broken."""
        wording = self.wording(channel_id, site_id)
        if wording is None:
            return {}
        says: dict[Part, object] = {"title": wording.title(message), "text": wording.lines(message)}
        ids = self.chosen(message, channel_id, site_id)
        return {part: text_id for part, text_id in ids.items() if says[part] is not None}

    def _filled(self, own: OwnText, part: Part, message: Message) -> str | None:
        """Return the part as the message says it; None: it cannot be written, or says nothing."""
        template = self._templates.get((own.id, part))
        if template is None:
            return None
        from companion.wording.values import values_of

        try:
            return template.filled(values_of(message), LIMITS[part])
        except Exception as err:  # noqa: BLE001 # whatever it is: a page goes out
            self._is_broken(own, part, err)
            return None

    def _is_broken(self, own: OwnText, part: Part, err: Exception) -> None:
        if (own.id, part) not in self.broken:
            self.broken[own.id, part] = Broken(own.id, part, str(err))
            self._say(self.broken[own.id, part])


type _Fill = Callable[[OwnText, Part, Message], str | None]


class _Chosen(Wording):
    """The texts that are for one channel and one site."""

    def __init__(self, texts: list[OwnText], fill: _Fill) -> None:
        self._texts = texts
        self._fill = fill

    @override
    def title(self, message: Message) -> str | None:
        written = self._written("title", message)
        return None if written is None else one_line(written, LIMITS["title"]) or None

    @override
    def lines(self, message: Message) -> list[str] | None:
        written = self._written("text", message)
        return None if written is None else fitting_lines(written) or None

    def _written(self, part: Part, message: Message) -> str | None:
        own = chosen(self._texts, part, message)
        return None if own is None else self._fill(own, part, message)


def chosen(texts: Iterable[OwnText], part: Part, message: Message) -> OwnText | None:
    """Return the text whose part is said: the most specific that has one."""
    fitting = [own for own in texts if own.part(part) is not None and own.fits(message)]
    return max(fitting, key=lambda own: own.specificity(message), default=None)


def fitting_lines(written: str) -> list[str]:
    """Return the lines that say something, each fit to be one, together at most as long as a text may be; cut at a word."""
    limit = LIMITS["text"]
    clean = [line for line in map(partial(one_line, limit=limit + 1), written.splitlines()) if line]
    whole = "\n".join(clean)
    if len(whole) <= limit:
        return clean
    kept = whole[: limit - 1]
    words = kept.rsplit(maxsplit=1)[0]
    return f"{words or kept}…".splitlines()
