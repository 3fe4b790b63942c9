"""Hands notifications to notify targets: in order for each target, none waiting for another, tried again in vain."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from homeassistant.const import STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant, split_entity_id
from homeassistant.exceptions import HomeAssistantError

from ..const import LOGGER
from .messages import PushMessage
from .recipients import Recipient

SEND_TIMEOUT_S = 10
RETRY_AFTER_S = 5


@dataclass(slots=True)
class _Line:
    """What waits for one target under one tag."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    newest: int = 0


class PushDelivery:
    """Sends; a message that a newer one of its tag has overtaken is not sent any more, or it would replace that."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._lines: dict[tuple[str, str], _Line] = {}
        self._failing: set[str] = set()

    async def async_send(self, recipient: Recipient, what: str, messages: Sequence[PushMessage]) -> bool:
        """Send messages of one tag, one after the other; return whether the last one was taken."""
        key = (recipient.target, messages[-1].data["tag"])
        line = self._lines.setdefault(key, _Line())
        line.newest += 1
        turn = line.newest
        try:
            async with line.lock:
                once = len(messages) > 1
                return [
                    await self._async_try(recipient, what, one, line, turn, once=once) for one in messages
                ][-1]
        finally:
            if line.newest == turn:
                self._lines.pop(key, None)

    async def _async_try(
        self, recipient: Recipient, what: str, message: PushMessage, line: _Line, turn: int, *, once: bool
    ) -> bool:
        # What another notify platform takes as data is not known: the second time it gets the words alone.
        tries = [(0, message.data), (RETRY_AFTER_S, message.data if recipient.is_phone else {})]
        for wait_s, data in tries[:1] if message.clears and once else tries:
            await asyncio.sleep(wait_s)
            if line.newest != turn:
                return False
            if await self._async_notify(recipient.target, what, message, data):
                return True
        return False

    async def _async_notify(self, target: str, what: str, message: PushMessage, data: dict[str, Any]) -> bool:
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self._async_call(target, {"title": message.title, "message": message.message}, data)
        except (HomeAssistantError, TimeoutError, ValueError) as err:
            self._failed(target, what, str(err) or "timeout")
        except Exception:  # noqa: BLE001 - a broken notify platform must not keep the others from being told
            LOGGER.exception("%s was not notified of %s", target, what)
        else:
            if target in self._failing:
                self._failing.discard(target)
                LOGGER.info("%s is notified again", target)
            return True
        return False

    def _failed(self, target: str, what: str, reason: str) -> None:
        """Write it down once, not for each try while an alarm is open."""
        if target not in self._failing:
            self._failing.add(target)
            LOGGER.warning("%s was not notified of %s: %s", target, what, reason)

    async def _async_call(self, target: str, words: dict[str, Any], data: dict[str, Any]) -> None:
        """Notify one target: a notify service takes everything, a notify entity only title and message."""
        _, name = split_entity_id(target)
        service = name if self._hass.services.has_service(Platform.NOTIFY, name) else "send_message"
        more = ({"data": data} if data else {}) if service == name else {"entity_id": target}
        if service != name:
            # Home Assistant itself takes a message for an entity that is not there, and only logs that.
            state = self._hass.states.get(target)
            if state is None or state.state == STATE_UNAVAILABLE:
                raise HomeAssistantError("there is no such notify action, or its entity is unavailable")
        await self._hass.services.async_call(Platform.NOTIFY, service, {**words, **more}, blocking=True)
