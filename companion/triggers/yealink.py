"""The panic key of a Yealink phone: what it is, and what the phone says of itself."""

import re
from collections.abc import Iterable
from typing import Final

from companion.alarms.model import AlarmKind, Source
from companion.triggers.press import Pressed

KNOWN_VARIABLES: Final = frozenset({
    "mac", "ip", "model", "firmware", "user", "active_url", "active_user", "active_host", "local", "remote",
    "display_local", "display_remote", "call_id", "duration", "call_type", "callDirection", "wifi_number",
})  # fmt: skip # wire contract: Yealink, variables of Action URLs
"""What phones say of themselves."""
OTHERS_KEPT: Final = 20
VALUE_LENGTH: Final = 200
OURS: Final = frozenset({"token", "format", "device"})
"""Names that mean something to us: never kept as a phone's variable."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")
_NOT_SUBSTITUTED = re.compile(r"\$\w+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_NO_HEX = re.compile(r"[^0-9A-Fa-f]")


def panic_key(pairs: Iterable[tuple[str, str]]) -> Pressed:
    """Return what a press means of which the phone has sent these names and values."""
    return Pressed(
        source=Source.YEALINK, kind=AlarmKind.PANIC, head="Panic key", context=phone_context(pairs)
    )


def phone_context(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return what the phone said of itself, bounded; hints that are missing or odd are no reason to refuse a press."""
    known: dict[str, str] = {}
    others: dict[str, str] = {}
    for name, raw in pairs:
        value = _CONTROL.sub(" ", raw).strip()[:VALUE_LENGTH]
        # A phone that does not know a variable sends its name as it is.
        if name in OURS or not value or _NOT_SUBSTITUTED.fullmatch(value):
            continue
        if name == "mac":
            value = normalised_mac(value) or ""
        if name in KNOWN_VARIABLES and value:
            known.setdefault(name, value)
        elif value and _NAME.fullmatch(name) and len(others) < OTHERS_KEPT:
            others.setdefault(name, value)
    return known | others


def normalised_mac(text: str) -> str | None:
    """Return the address as `00:15:65:aa:bb:cc`, or None if it is none."""
    digits = _NO_HEX.sub("", text).lower()
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2)) if len(digits) == 12 else None
