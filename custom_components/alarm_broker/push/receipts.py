"""Whether alarms arrive on phones: waits for the phones' own word, and says so when it does not come.

That a call to a notify service went well proves nothing: the app's push server may have failed, and Home Assistant
hides that. Android's app says that a notification has arrived; one phone's word is enough.
"""

from datetime import datetime, timedelta
from typing import Any

from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..link.events import PushUnconfirmed
from ..link.registry import AlarmRegistry
from ..system.activity import Activity, ActivityKind
from ..system.system import AlarmSystem
from .recipients import is_android, users_of
from .targets import PushTargets

RECEIVED_EVENT = "mobile_app_notification_received"


class PushReceipts:
    """Waits for one receipt an alarm."""

    def __init__(
        self,
        hass: HomeAssistant,
        targets: PushTargets,
        *,
        wait: timedelta,
        alarms: AlarmRegistry,
        system: AlarmSystem,
    ) -> None:
        """A `wait` of zero waits for no receipt."""
        self._hass = hass
        self._targets = targets
        self._wait = wait
        self._alarms = alarms
        self._system = system
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
        if not any(is_android(self._hass, one) for one in self._targets.recipients):
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
        if any(user_id in users_of(self._hass, one) for one in self._targets.recipients):
            self._settle(tag)

    def _tell(self, alarm_id: str, waited: timedelta | None) -> None:
        """Say that nobody's phone is known to have an alarm: the companion must not wait for the household.

        `waited` is None when no target could be reached.
        """
        self._settle(alarm_id)
        alarm = self._alarms.find(alarm_id)
        if alarm is None or not alarm.local:
            return
        LOGGER.warning("Alarm %s: no phone has said that its notification arrived", alarm_id)
        now = dt_util.utcnow()
        names = tuple(sorted({recipient.name for recipient in self._targets.recipients}))
        self._system.async_announce(
            Activity(kind=ActivityKind.PUSH_UNCONFIRMED, at=now, data={"people": list(names)})
        )
        after_s = None if waited is None else waited.total_seconds()
        event = PushUnconfirmed(at=now, uid=alarm_id, people=names, after_s=after_s)
        self._targets.do(self._alarms.async_emit(event), alarm_id)

    def _settle(self, alarm_id: str) -> None:
        self._stop_waiting(alarm_id)
        self._settled.add(alarm_id)

    def _stop_waiting(self, alarm_id: str) -> None:
        if (cancel := self._waiting.pop(alarm_id, None)) is not None:
            cancel()
