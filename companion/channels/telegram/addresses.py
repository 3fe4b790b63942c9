"""Whom a bot can tell, and how a message of it is named."""

import re
from dataclasses import dataclass
from typing import Self, override

from companion.channels.base import AddressInvalid
from companion.texts.reasons import Reason

CHAT = re.compile(r"(?P<chat>-?[1-9]\d{2,18}|@[A-Za-z][A-Za-z0-9_]{3,31})(?:/(?P<topic>[1-9]\d{0,9}))?")
"""A person's id, a group's (it is negative) or a channel's name; after a slash the id of a forum's topic."""


@dataclass(frozen=True)
class Chat:
    """Where a message goes."""

    id: int | str
    topic: int | None = None

    @classmethod
    def of(cls, address: str) -> Self | None:
        """Return the chat that an address means; None: it means none."""
        found = CHAT.fullmatch(address)
        if found is None or (found["topic"] and found["chat"].isdecimal()):
            return None
        name, topic = found["chat"], found["topic"]
        return cls(name if name.startswith("@") else int(name), int(topic) if topic else None)

    @override
    def __str__(self) -> str:
        return str(self.id) if self.topic is None else f"{self.id}/{self.topic}"


def telegram_address(text: str) -> str:
    """Return the address as it is compared with who answers. Raises AddressInvalid."""
    chat = Chat.of("".join(text.split()))
    if chat is None:
        raise AddressInvalid(Reason("telegram.no_chat"))
    return str(chat)


@dataclass(frozen=True)
class MessageRef:
    """One message of a chat, as `Sent.provider_ref` and `Answer.thread_ref` name it."""

    chat: int
    message: int

    @classmethod
    def of(cls, ref: str | None) -> Self | None:
        """Return the message that a reference names; None: it names none."""
        found = re.fullmatch(r"(-?\d{1,19}):(\d{1,19})", ref or "")
        return cls(int(found[1]), int(found[2])) if found else None

    @override
    def __str__(self) -> str:
        return f"{self.chat}:{self.message}"
