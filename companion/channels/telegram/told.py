"""The bot's messages since it was started, to whose readers a reaction or a reply means an answer."""

from companion.channels.telegram.addresses import MessageRef

REMEMBERED = 1000


class Told:
    """Which message of the bot is about what. The oldest are forgotten."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        """Of each message the one that says it in words: of a photo the text above it."""

    def add(self, text: str, *, photo: MessageRef | None = None) -> None:
        """Remember a text, or the photo below it; `text` is its `Sent.provider_ref`."""
        self._texts[text if photo is None else str(photo)] = text
        while len(self._texts) > REMEMBERED:
            del self._texts[next(iter(self._texts))]

    def text_of(self, ref: MessageRef) -> str | None:
        """Return the text that a message is, or that a photo belongs to; None: it is not remembered."""
        return self._texts.get(str(ref))
