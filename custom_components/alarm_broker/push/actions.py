"""Buttons on phones: each is an unguessable word that works once, for one thing, by those whose phone it was sent to. Pure.

The event of a pressed button comes over the bus from any phone that has a webhook, so it proves nothing by itself.
"""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from ..core.stored import made, mapping
from ..link.companion_events import Status

NONCE_LIFE = timedelta(hours=24)
NONCES_KEPT = 500


class PushAction(StrEnum):
    """What a button does."""

    ACKNOWLEDGE = "acknowledge"
    DISARM = "disarm"
    DISARM_WITH_CODE = "disarm_with_code"
    """The code comes as a text reply."""
    SILENCE = "silence"
    ESCALATE = "escalate"
    FALSE_ALARM = "false_alarm"
    ARM = "arm"
    FORCE_ARM = "force_arm"
    POSTPONE = "postpone"
    CALL_OFF = "call_off"


ARMING_ACTIONS = frozenset({PushAction.ARM, PushAction.FORCE_ARM, PushAction.POSTPONE, PushAction.CALL_OFF})


class RefusedPress(StrEnum):
    """Why a press does nothing."""

    FORGED = "forged"
    """Nobody was sent this button."""
    REPLAYED = "replayed"
    """It has been used."""
    LATE = "late"
    """Its time is over, or what it was for."""
    NOT_YOURS = "not_yours"
    """It was sent to somebody else, or whoever pressed it is nobody whom Home Assistant knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """What one button is for."""

    subject: str
    """The alarm, or what a notice is about."""
    action: PushAction
    users: frozenset[str]
    """Home Assistant users whose press counts."""
    until: datetime
    spent: RefusedPress | None = None
    word: str | None = field(default=None, repr=False)
    """What is on the phone; never stored, so it is known until the next restart."""


class IssuedButtons:
    """The buttons that were sent. Only hashes of their words are kept."""

    def __init__(self, saved: Mapping[str, Any] | None) -> None:
        """Go on from what was stored: a button on a phone outlives a restart. Raises one of UNREADABLE."""
        self._by_hash = {key: made(Button, kept) for key, kept in mapping(saved or {}).items()}

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored."""
        return {
            key: {
                "subject": button.subject,
                "action": button.action.value,
                "users": sorted(button.users),
                "until": button.until.isoformat(),
                "spent": button.spent,
            }
            for key, button in self._by_hash.items()
        }

    def issue(self, subject: str, action: PushAction, now: datetime, *, users: Iterable[str]) -> str:
        """Return the word of a button.

        A notification that is sent again carries the same word: the phone may show either of the two, and pictures
        that come one after the other must not push another alarm's buttons out.
        """
        wanted = Button(subject=subject, action=action, users=frozenset(users), until=now + NONCE_LIFE)
        word = self._unused_word(wanted) or secrets.token_urlsafe(32)
        key = _hash(word)
        self._by_hash.pop(key, None)
        self._by_hash[key] = replace(wanted, word=word)
        self._make_room()
        return word

    def redeem(
        self, word: str, user_id: str | None, now: datetime
    ) -> tuple[Button | None, RefusedPress | None]:
        """Return what the button is for, as far as it is known, and why this press does not count, or None.

        A press by somebody else does not use the button up.
        """
        key = _hash(word)
        button = self._by_hash.get(key)
        if button is None:
            return None, RefusedPress.FORGED
        if user_id not in button.users:
            return button, RefusedPress.NOT_YOURS
        if button.spent is not None:
            return button, button.spent
        if now > button.until:
            return button, RefusedPress.LATE
        self._by_hash[key] = replace(button, spent=RefusedPress.REPLAYED)
        return button, None

    def knows(self, word: str) -> bool:
        """Return whether somebody was ever sent this word from here."""
        return _hash(word) in self._by_hash

    def withdraw_actions(self, actions: frozenset[PushAction]) -> None:
        """Make every button of some actions useless, whatever they are about."""
        for key, button in self._by_hash.items():
            if button.action in actions and button.spent is None:
                self._by_hash[key] = replace(button, spent=RefusedPress.LATE)

    def withdraw(self, subject: str) -> None:
        """Make every button of a subject useless: it is over, or there are newer ones."""
        for key, button in self._by_hash.items():
            if button.subject == subject and button.spent is None:
                self._by_hash[key] = replace(button, spent=RefusedPress.LATE)

    def _unused_word(self, wanted: Button) -> str | None:
        same = (wanted.subject, wanted.action, wanted.users)
        return next(
            (
                button.word
                for button in self._by_hash.values()
                if button.spent is None and (button.subject, button.action, button.users) == same
                if button.word is not None
            ),
            None,
        )

    def _make_room(self) -> None:
        """Forget the oldest of too many, first of those that do nothing any more."""
        surplus = len(self._by_hash) - NONCES_KEPT
        for key in sorted(self._by_hash, key=lambda one: self._by_hash[one].spent is None)[: max(surplus, 0)]:
            del self._by_hash[key]


def alarm_actions(
    status: Status, *, disarm: PushAction | None, sounding: bool, escalates: bool
) -> list[PushAction]:
    """Return what can be done about an alarm as it is, most urgent first: Android shows three buttons.

    `disarm` is how its reader may disarm, None for not at all. A siren that still sounds can be ended even though the
    alarm itself is over.
    """
    trusted = disarm is PushAction.DISARM
    disarming = [disarm] if disarm is not None else []
    silencing = [PushAction.SILENCE] if sounding and trusted else []
    match status:
        case Status.TRIGGERED:
            escalating = [PushAction.ESCALATE] if escalates else []
            return [
                PushAction.ACKNOWLEDGE,
                *disarming,
                PushAction.FALSE_ALARM,
                *silencing,
                *escalating,
            ]
        case Status.ACKNOWLEDGED:
            return [*disarming, *silencing, PushAction.FALSE_ALARM]
        case _:
            return [*disarming, *silencing] if sounding else []


def _hash(word: str) -> str:
    return hashlib.sha256(word.encode(errors="surrogatepass")).hexdigest()
