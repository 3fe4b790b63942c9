"""Whether alarms arrive on phones: waits for the phones' own word, and says so when it does not come.

That a call to a notify service went well proves nothing: the app's push server may have failed, and Home Assistant
hides that. Android's app says that a notification has arrived; one phone's word is enough.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from .recipients import Recipient, is_android, users_of

RECEIVED_EVENT = "mobile_app_notification_received"


class PushReceipts:
    """Waits for one receipt an alarm."""

    def __init__(
        self,
        hass: HomeAssistant,
        recipients: Iterable[Recipient],
        *,
        wait: timedelta,
        on_unconfirmed: Callable[[str, timedelta | None], None],
    ) -> None:
        """`on_unconfirmed` is told an alarm's id and how long was waited, None when no target could be reached.

        A `wait` of zero waits for no receipt.
        """
        self._hass = hass
        self._recipients = tuple(recipients)
        self._wait = wait
        self._on_unconfirmed = on_unconfirmed
        self._waiting: dict[str, CALLBACK_TYPE] = {}
        self._settled: set[str] = set()

    @callback
    def async_start(self) -> CALLBACK_TYPE:
        """Listen to the phones, until the returned function is called."""
        unlisten = self._hass.bus.async_listen(RECEIVED_EVENT, self._received)

        @callback
        def stop() -> None:
            unlisten()
            for alarm_id in list(self._waiting):
                self._stop_waiting(alarm_id)

        return stop

    @callback
    def expect(self, alarm_id: str) -> None:
        """An alarm is on its way to the phones; of several times the first counts."""
        if not self._wait or alarm_id in self._waiting or alarm_id in self._settled:
            return
        if not any(is_android(self._hass, one) for one in self._recipients):
            return

        @callback
        def look(_now: datetime) -> None:
            self._tell(alarm_id, self._wait)

        self._waiting[alarm_id] = async_call_later(self._hass, self._wait, look)

    @callback
    def unreachable(self, alarm_id: str) -> None:
        """No target took the alarm: there is nothing to wait for."""
        if alarm_id not in self._settled:
            self._tell(alarm_id, None)

    @callback
    def forget(self, alarm_id: str) -> None:
        """Nobody needs to know any more whether an alarm has arrived: it is answered."""
        self._stop_waiting(alarm_id)
        self._settled.discard(alarm_id)

    @callback
    def _received(self, event: Event[Any]) -> None:
        """Take a phone's word that a notification has arrived; anybody's phone may say anything, so not a stranger's."""
        tag, user_id = event.data.get("tag"), event.context.user_id
        if not isinstance(tag, str) or tag not in self._waiting:
            return
        if any(user_id in users_of(self._hass, one) for one in self._recipients):
            self._settle(tag)

    def _tell(self, alarm_id: str, waited: timedelta | None) -> None:
        self._settle(alarm_id)
        self._on_unconfirmed(alarm_id, waited)

    def _settle(self, alarm_id: str) -> None:
        self._stop_waiting(alarm_id)
        self._settled.add(alarm_id)

    def _stop_waiting(self, alarm_id: str) -> None:
        if (cancel := self._waiting.pop(alarm_id, None)) is not None:
            cancel()
