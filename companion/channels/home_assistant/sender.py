"""Home Assistant: what a message says is done there; whether it was, comes back over the link."""

from typing import Final, override

from companion.channels.base import (
    Channel,
    Errand,
    House,
    Message,
    MessageKind,
    Outcome,
    Refused,
    UsesHouse,
)
from companion.channels.cards import card_of
from companion.channels.home_assistant.settings import HomeAssistantSettings, parted
from companion.channels.http import shortened
from companion.channels.render import spoken_text
from companion.texts.reasons import Reason

LONGEST_TEXT: Final = 1500
"""Apple and Google take a notification of 4 KB, and the buttons have some of it."""
URGENT: Final = frozenset(
    {
        MessageKind.PAGE,
        MessageKind.EXHAUSTED,
        MessageKind.PRESSED_AGAIN,
        MessageKind.TEST,
        MessageKind.TROUBLE,
    }
)


class HomeAssistantChannel(Channel, UsesHouse):
    """Asks for one errand a message; its id is the delivery's, so that what is asked again is done once."""

    def __init__(self, config: HomeAssistantSettings) -> None:
        self._config = config
        self._house: House | None = None

    @override
    def move_in(self, house: House) -> None:
        self._house = house

    @override
    async def send(self, message: Message) -> Outcome:
        if self._house is None:
            return _no_link()
        if message.trouble is not None and "source" in message.details:
            # It may be a silent alarm's, and its title must not be heard in the house.
            return Refused(reason=Reason("home_assistant.trouble_of_alarm"))
        return await self._house.ask(self._errand(message))

    def _errand(self, message: Message) -> Errand:
        action, target = parted(message.address)
        card = card_of(message)
        written = "\n".join([*card.remarks, *(f"{name}{card.colon}{value}" for name, value in card.rows)])
        return Errand(
            id=message.delivery_id,
            home=self._config.home,
            alarm_id=message.alarm_id,
            action=action,
            target=target,
            voice=self._config.voice,
            title=card.title,
            text=spoken_text(message) if action == "announce" else shortened(written, LONGEST_TEXT),
            code=message.code,
            news=message.kind.value,
            urgent=message.kind in URGENT,
        )

    @override
    async def check(self) -> Outcome:
        return _no_link() if self._house is None else await self._house.check(self._config.home)

    @override
    async def close(self) -> None:
        """There is nothing to give back: the link is the service's."""


def _no_link() -> Refused:
    return Refused(reason=Reason("home_assistant.unknown"), channel_broken=True)
