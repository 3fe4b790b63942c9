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

from .panel.events import ZoneClosed, ZoneLost, ZoneOpened

OPEN_STATES = frozenset({STATE_ON, STATE_OPEN, STATE_OPENING, STATE_CLOSING, "unlocked", "unlocking"})
CLOSED_STATES = frozenset({STATE_OFF, STATE_CLOSED, "locked"})

type ZoneEvent = ZoneOpened | ZoneClosed | ZoneLost


def zone_event(hass: HomeAssistant, zone_id: str, entity_ids: tuple[str, ...]) -> ZoneEvent:
    """Return what a zone says now: open if one sensor is, blind if one says nothing, else closed."""
    states = [_state_text(hass.states.get(entity_id)) for entity_id in entity_ids]
    if any(state in OPEN_STATES for state in states):
        return ZoneOpened(zone_id)
    if all(state in CLOSED_STATES for state in states):
        return ZoneClosed(zone_id)
    return ZoneLost(zone_id)


class ZoneSensors:
    """Watches the entities of all zones and reports what they say."""

    def __init__(
        self,
        hass: HomeAssistant,
        zone_entities: Mapping[str, tuple[str, ...]],
        report: Callable[[ZoneEvent], object],
    ) -> None:
        self._hass = hass
        self._zone_entities = zone_entities
        self._report = report
        self._zones_of = _zones_by_entity(zone_entities)
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
        for zone_id, entity_ids in self._zone_entities.items():
            self._report(zone_event(self._hass, zone_id, entity_ids))

    @callback
    def _async_changed(self, event: Event[EventStateChangedData]) -> None:
        old, new = event.data["old_state"], event.data["new_state"]
        if _state_text(old) == _state_text(new):
            return
        for zone_id in self._zones_of[event.data["entity_id"]]:
            self._report(zone_event(self._hass, zone_id, self._zone_entities[zone_id]))


def _zones_by_entity(zone_entities: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    zones: dict[str, list[str]] = {}
    for zone_id, entity_ids in zone_entities.items():
        for entity_id in entity_ids:
            zones.setdefault(entity_id, []).append(zone_id)
    return zones


def _state_text(state: State | None) -> str | None:
    return None if state is None else state.state
