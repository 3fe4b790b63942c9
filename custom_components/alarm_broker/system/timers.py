"""One timer, for the panel's earliest deadline."""

from collections.abc import Callable
from datetime import datetime

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from .clock import Clock

LOOK_EVERY_S = 30.0
"""The loop's own clock stands still while the host sleeps, and knows nothing of a wall clock that is set."""


class DeadlineTimer:
    """Calls `due` when the moment it was set to has come, or when the wall clock, by which it was set, has been moved.

    It counts by the loop's own clock, so that a wall clock that was set back cannot stop it.
    """

    def __init__(self, hass: HomeAssistant, due: Callable[[], object]) -> None:
        self._hass = hass
        self._due = due
        self._clock = Clock()
        self._cancel: CALLBACK_TYPE | None = None
        self._due_at: datetime | None = None

    @callback
    def async_set(self, due_at: datetime | None) -> None:
        """Wait for another moment, or for none."""
        if due_at == self._due_at:
            return
        self.async_cancel()
        self._due_at = due_at
        if due_at is not None:
            self._clock = Clock()
            self._async_wait(due_at)

    @callback
    def async_cancel(self) -> None:
        """Wait for nothing."""
        self._due_at = None
        if self._cancel is not None:
            self._cancel()
            self._cancel = None

    @callback
    def _async_wait(self, due_at: datetime) -> None:
        delay = max(0.0, (due_at - dt_util.utcnow()).total_seconds())
        woken = self._async_looks if delay > LOOK_EVERY_S else self._async_fires
        job = HassJob(woken, "alarm_broker deadline", cancel_on_shutdown=True)
        self._cancel = async_call_later(self._hass, min(delay, LOOK_EVERY_S), job)

    @callback
    def _async_looks(self, now: datetime) -> None:
        if self._due_at is None or self._due_at <= dt_util.utcnow() or self._clock.moved():
            self._async_fires(now)
        else:
            self._async_wait(self._due_at)

    @callback
    def _async_fires(self, _now: datetime) -> None:
        self._cancel = self._due_at = None
        self._due()
