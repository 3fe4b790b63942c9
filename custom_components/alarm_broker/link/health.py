"""How long the companion has been out of reach, and who has to know."""

from datetime import datetime
from typing import Protocol

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from ..const import COMPANION_AWAY_AFTER, LINK_GRACE, LOGGER
from ..system.subscribers import Subscribers
from .client import LinkClient, LinkState


class TellAway(Protocol):
    """Is told when the companion has been away for so long that a person should look, and when it is there."""

    def __call__(self, *, away: bool) -> None:
        """`away` says which of the two; it may be said again."""
        ...


class LinkWatch:
    """Says once that the companion is away and once that it is back; `trusted` is what entities go by."""

    def __init__(self, hass: HomeAssistant, link: LinkClient, *, tell: TellAway) -> None:
        """Believe the companion, until `async_start` finds that it is not there."""
        self.trusted = True
        self.changes = Subscribers[()]()
        """Told when the link or the trust in it has changed."""
        self._hass = hass
        self._link = link
        self._tell = tell
        self._timers: list[CALLBACK_TYPE] = []
        self._unsub: CALLBACK_TYPE | None = None
        self._logged = False

    @callback
    def async_start(self) -> None:
        """Begin to watch; a link that is not up yet counts as down from now on."""
        self._unsub = self._link.changes.subscribe(self._link_changed)
        self._link_changed()

    @callback
    def async_stop(self) -> None:
        """End all timers."""
        if self._unsub is not None:
            self._unsub()
            self._unsub = None
        self._cancel_timers()

    @callback
    def _link_changed(self) -> None:
        if self._link.connected:
            self._cancel_timers()
            self.trusted = True
            if self._logged:
                self._logged = False
                LOGGER.info("The companion is back")
            self._tell(away=False)
        else:
            if self._link.state is not LinkState.CONNECTING and not self._logged:
                self._logged = True
                LOGGER.warning("The companion is away: %s", self._link.last_error)
            if not self._timers:
                self._timers = [
                    async_call_later(self._hass, LINK_GRACE, self._grace_over),
                    async_call_later(self._hass, COMPANION_AWAY_AFTER, self._away_for_long),
                ]
        self.changes.tell()

    @callback
    def _grace_over(self, _now: datetime) -> None:
        self.trusted = False
        self.changes.tell()

    @callback
    def _away_for_long(self, _now: datetime) -> None:
        self._tell(away=True)

    def _cancel_timers(self) -> None:
        for cancel in self._timers:
            cancel()
        self._timers = []
