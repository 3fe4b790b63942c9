"""Everybody who is told by push: who they are, and how a notification gets to them and away again."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from ..link.registry import AlarmRegistry
from .actions import IssuedButtons
from .delivery import PushDelivery
from .messages import PushMessage, clear_message
from .recipients import Recipient, users_of

RETRY_UNTOLD_AFTER_S = 30

type Told = Sequence[tuple[Recipient, Sequence[PushMessage]]]
"""What each of some targets is told."""


class PushTargets:
    """The notify targets of a config entry; nobody waits for what is on its way to them."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        *,
        recipients: Sequence[Recipient],
        alarms: AlarmRegistry,
        issued: IssuedButtons,
    ) -> None:
        """`issued` are the buttons that have been sent; they are stored together with `alarms`."""
        self.recipients = tuple(recipients)
        self.phones = tuple(one for one in recipients if one.is_phone)
        self._hass = hass
        self._entry = entry
        self._alarms = alarms
        self._issued = issued
        self._delivery = PushDelivery(hass)

    def phones_of(self, user_id: str) -> list[Recipient]:
        """Return the phones on which a press of this user counts."""
        return [one for one in self.phones if user_id in users_of(self._hass, one)]

    def do(self, work: Coroutine[Any, Any, None], what: str) -> None:
        """Carry something out in the background, until the entry is unloaded; `what` names it in the log."""
        self._entry.async_create_background_task(self._hass, work, f"alarm_broker push {what}")

    def send(self, what: str, told: Told) -> None:
        """Tell in the background; `what` is told names it in the log."""
        if told:
            self.do(self.async_send(what, told), what)

    async def async_send(self, what: str, told: Told) -> None:
        """Tell all of them at the same time, and return when each has been told or given up."""
        if any("actions" in message.data for _, messages in told for message in messages):
            # A button that is on a phone is on disk.
            await self._alarms.async_save()
        await asyncio.gather(*(self.async_deliver(one, what, messages) for one, messages in told))

    async def async_deliver(self, recipient: Recipient, what: str, messages: Sequence[PushMessage]) -> bool:
        """Hand messages of one tag to one target, in this order; return whether it took the last one."""
        return await self._delivery.async_send(recipient, what, messages)

    @staticmethod
    async def async_pause() -> None:
        """Wait until whoever could not be told is tried once more."""
        await asyncio.sleep(RETRY_UNTOLD_AFTER_S)

    def clear(self, tag: str) -> None:
        """Take from every phone what it shows under a tag; its buttons do nothing any more."""
        self._issued.withdraw(tag)
        self.send("an end", [(one, [clear_message(tag)]) for one in self.phones])
