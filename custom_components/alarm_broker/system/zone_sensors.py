"""Home Assistant states → zone events."""

from collections.abc import Callable, Mapping

from homeassistant.const import (
    STATE_CLOSED,
    STATE_CLOSING,
    STATE_OFF,
    STATE_ON,
    STATE_OPEN,
    STATE_OPENING,
)
from homeassistant.core import CALLBACK_TYPE, Event, EventStateChangedData, HomeAssistant, State, callback
from homeassistant.helpers.event import async_track_state_change_event

from ..core.panel.events import ZoneClosed, ZoneLost, ZoneOpened
from .config import Sensing

OPEN_STATES = frozenset(
    {STATE_ON, STATE_OPEN, STATE_OPENING, STATE_CLOSING, "unlocked", "unlocking", "locking", "jammed"}
)
CLOSED_STATES = frozenset({STATE_OFF, STATE_CLOSED, "locked"})

type ZoneEvent = ZoneOpened | ZoneClosed | ZoneLost


def is_open(state: State | None, sensing: Sensing) -> bool | None:
    """Return whether an entity says open, or None when it says nothing."""
    if state is None:
        return None
    if sensing.above is not None or sensing.below is not None:
        return _beyond(state.state, sensing)
    if state.state in OPEN_STATES:
        return not sensing.invert
    if state.state in CLOSED_STATES:
        return sensing.invert
    return None


def zone_event(hass: HomeAssistant, zone_id: str, sensing: Sensing) -> ZoneEvent:
    """Return what a zone says now: open if one entity is, unavailable if one says nothing, else closed."""
    readings = [is_open(hass.states.get(entity_id), sensing) for entity_id in sensing.entities]
    if True in readings:
        return ZoneOpened(zone_id)
    return ZoneLost(zone_id) if None in readings else ZoneClosed(zone_id)


class ZoneSensors:
    """Watches the entities of all zones with one tracker, and reports what they say."""

    def __init__(
        self, hass: HomeAssistant, sensing: Mapping[str, Sensing], report: Callable[[ZoneEvent], object]
    ) -> None:
        self._hass = hass
        self._sensing = sensing
        self._report = report
        self._zones_of = _zones_by_entity(sensing)
        self._untrack: CALLBACK_TYPE | None = None

    @callback
    def async_start(self) -> None:
        """Report changes from now on, and what is known already."""
        if self._zones_of:
            self._untrack = async_track_state_change_event(
                self._hass, list(self._zones_of), self._async_changed
            )
        self.async_report_all()

    @callback
    def async_stop(self) -> None:
        """Report nothing any more."""
        if self._untrack is not None:
            self._untrack()
            self._untrack = None

    @callback
    def async_report_all(self) -> None:
        """Report what every zone says now."""
        for zone_id, sensing in self._sensing.items():
            self._report(zone_event(self._hass, zone_id, sensing))

    @callback
    def _async_changed(self, event: Event[EventStateChangedData]) -> None:
        old, new = event.data["old_state"], event.data["new_state"]
        if old is not None and new is not None and old.state == new.state:
            return
        for zone_id in self._zones_of[event.data["entity_id"]]:
            self._report(zone_event(self._hass, zone_id, self._sensing[zone_id]))


def _beyond(text: str, sensing: Sensing) -> bool | None:
    try:
        value = float(text)
    except ValueError:
        return None
    if value != value:  # noqa: PLR0124 - only NaN differs from itself
        return None
    above = sensing.above is not None and value > sensing.above
    below = sensing.below is not None and value < sensing.below
    return (above or below) is not sensing.invert


def _zones_by_entity(sensing: Mapping[str, Sensing]) -> dict[str, tuple[str, ...]]:
    zones: dict[str, tuple[str, ...]] = {}
    for zone_id, one in sensing.items():
        for entity_id in one.entities:
            zones[entity_id] = (*zones.get(entity_id, ()), zone_id)
    return zones
