"""Which Home Assistant, and how an address says what it does."""

import re
from typing import override

from pydantic import Field

from companion.channels.base import AddressInvalid
from companion.channels.kind import ChannelSettings
from companion.texts.reasons import Reason

PUSH = "push"
DOMAINS = {
    "announce": ("assist_satellite", "media_player"),
    "light": ("light",),
    "script": ("script",),
}
"""Of which entities an action may be asked."""

_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,100}")
_OBJECT = re.compile(r"[a-z0-9_]{1,200}")


class HomeAssistantSettings(ChannelSettings):
    """Which Home Assistant, and who speaks there."""

    home: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="Which Home Assistant on the link, by its name or id. Needed where there are several.",
    )
    voice: str | None = Field(
        default=None,
        pattern=r"^tts\.[a-z0-9_]{1,200}$",
        description="The entity that speaks on media players, such as tts.piper. Left out: the first that there is.",
    )

    @classmethod
    @override
    def formed_address(cls, address: str, country: str | None) -> str:
        action, target = parted(address)
        if action == PUSH and (target is None or _NAME.fullmatch(target)):
            return address_of(action, target)
        if action in DOMAINS and target is not None:
            domain, _, name = target.lower().partition(".")
            if domain in DOMAINS[action] and _OBJECT.fullmatch(name):
                return address_of(action, target.lower())
        raise AddressInvalid(Reason("home_assistant.no_action"))


def parted(address: str) -> tuple[str, str | None]:
    """Return what is to be done, and with what or for whom."""
    action, _, target = address.partition(":")
    return action.strip().lower(), target.strip() or None


def address_of(action: str, target: str | None) -> str:
    """Return the address that says it."""
    return action if target is None else f"{action}:{target}"
