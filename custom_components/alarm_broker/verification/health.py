"""Looks whether the camera servers can be reached: an alarm is a bad moment to find out that they cannot."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.start import async_at_started

from ..core.panel.config import TroubleKind
from ..core.panel.events import TroubleBegan, TroubleEnded
from ..core.panel.state import Trouble
from .frigate import FrigateClient, FrigateError

LOOK_EVERY = timedelta(minutes=5)
MISSES = 2
"""Looks in a row that must fail: a server that restarts is no trouble."""


class CameraWatch:
    """Reports each server that has been out of reach for longer than a restart."""

    def __init__(
        self,
        hass: HomeAssistant,
        servers: Mapping[str, tuple[str, FrigateClient]],
        report: Callable[[TroubleBegan | TroubleEnded], object],
    ) -> None:
        """`servers` are names and clients by id."""
        self._hass = hass
        self._servers = servers
        self._report = report
        self._missed: dict[str, int] = {}
        self._unsubs: list[CALLBACK_TYPE] = []
        self._looking: asyncio.Task[None] | None = None

    @callback
    def async_start(self) -> None:
        """Look from now on."""
        if self._servers:
            self._unsubs = [
                async_track_time_interval(self._hass, self._look, LOOK_EVERY, cancel_on_shutdown=True),
                async_at_started(self._hass, self._look),
            ]

    @callback
    def async_stop(self) -> None:
        """Look no more."""
        while self._unsubs:
            self._unsubs.pop()()
        if self._looking is not None:
            self._looking.cancel()

    @callback
    def _look(self, _now: datetime | HomeAssistant) -> None:
        # In the background: nothing that starts waits for a server that does not answer.
        self._looking = self._hass.async_create_background_task(
            self._async_look(), "alarm_broker camera servers"
        )

    async def _async_look(self) -> None:
        await asyncio.gather(*map(self._async_look_at, self._servers))

    async def _async_look_at(self, server_id: str) -> None:
        name, client = self._servers[server_id]
        trouble = Trouble(kind=TroubleKind.CAMERA, source=name)
        try:
            await client.async_cameras()
        except FrigateError:
            self._missed[server_id] = self._missed.get(server_id, 0) + 1
            if self._missed[server_id] == MISSES:
                self._report(TroubleBegan(trouble))
        else:
            if self._missed.pop(server_id, 0) >= MISSES:
                self._report(TroubleEnded(trouble))
