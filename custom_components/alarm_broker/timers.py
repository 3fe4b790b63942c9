"""One timer, for the panel's earliest deadline."""

from collections.abc import Callable
from datetime import datetime

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util


class DeadlineTimer:
    """Calls `due` when the moment it was set to has come.

    It counts by the loop's own clock, so that a wall clock that was set back cannot stop it.
    """

    def __init__(self, hass: HomeAssistant, due: Callable[[], object]) -> None:
        self._hass = hass
        self._due = due
        self._cancel: CALLBACK_TYPE | None = None
        self._due_at: datetime | None = None

    @callback
    def async_set(self, due_at: datetime | None) -> None:
        """Wait for another moment, or for none."""
        if due_at == self._due_at:
            return
        self.async_cancel()
        self._due_at = due_at
        if due_at is None:
            return
        delay = max(0.0, (due_at - dt_util.utcnow()).total_seconds())
        job = HassJob(self._async_fired, "alarm_broker deadline", cancel_on_shutdown=True)
        self._cancel = async_call_later(self._hass, delay, job)

    @callback
    def async_cancel(self) -> None:
        """Wait for nothing."""
        self._due_at = None
        if self._cancel is not None:
            self._cancel()
            self._cancel = None

    @callback
    def _async_fired(self, _now: datetime) -> None:
        self._cancel = self._due_at = None
        self._due()
