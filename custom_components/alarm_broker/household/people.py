"""Where Home Assistant says that people are: persons and trackers to one word for each of the household."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from homeassistant.const import STATE_HOME, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import CALLBACK_TYPE, Event, EventStateChangedData, HomeAssistant, State, callback
from homeassistant.helpers.event import async_track_state_change_event

from ..core.household.events import GuestMode, Seen
from ..core.household.state import Presence

HOME_ZONE = "zone.home"
ATTR_IN_ZONES = "in_zones"
SILENT = (STATE_UNAVAILABLE, STATE_UNKNOWN, "")

type Report = Callable[[Seen | GuestMode], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """Whose whereabouts are told by which entities: a person, trackers, or both."""

    person_id: str
    entities: tuple[str, ...]


class People:
    """Reports each person's place whenever one of their entities changes."""

    def __init__(
        self, hass: HomeAssistant, people: Iterable[Tracked], guest_mode: str | None, report: Report
    ) -> None:
        """`guest_mode` is the entity that is on while guests stay."""
        self._hass = hass
        self._entities = {one.person_id: one.entities for one in people}
        self._guest_mode = guest_mode
        self._report = report
        self._unsub: CALLBACK_TYPE | None = None

    @callback
    def async_start(self) -> None:
        """Report where everybody is now, and follow them."""
        by_entity: dict[str, list[str]] = {}
        for person_id, entities in self._entities.items():
            for entity_id in entities:
                by_entity.setdefault(entity_id, []).append(person_id)

        @callback
        def changed(event: Event[EventStateChangedData]) -> None:
            if event.data["entity_id"] == self._guest_mode:
                self._report_guests()
            for person_id in by_entity.get(event.data["entity_id"], ()):
                self._report_person(person_id)

        followed = [*by_entity, *([self._guest_mode] if self._guest_mode else [])]
        if followed:
            self._unsub = async_track_state_change_event(self._hass, followed, changed)
        self._report_guests()
        for person_id in self._entities:
            self._report_person(person_id)

    @callback
    def async_stop(self) -> None:
        """Follow nobody any more."""
        if self._unsub is not None:
            self._unsub()
            self._unsub = None

    @callback
    def _report_person(self, person_id: str) -> None:
        states = [self._hass.states.get(entity_id) for entity_id in self._entities[person_id]]
        self._report(Seen(person_id, place_of(states)))

    @callback
    def _report_guests(self) -> None:
        """Report whether guests stay; a switch that says nothing changes nothing."""
        state = None if self._guest_mode is None else self._hass.states.get(self._guest_mode)
        if self._guest_mode is None or (state is not None and state.state not in SILENT):
            self._report(GuestMode(on=state is not None and state.state == STATE_ON))


def place_of(states: Iterable[State | None]) -> Presence | None:
    """Return where somebody is, or None when their trackers do not say.

    One that says home is believed. Away are those of whom every tracker says so: one that is silent may lie at home.
    """
    places = [_place(state) for state in states]
    if Presence.HOME in places:
        return Presence.HOME
    return Presence.AWAY if places and None not in places else None


def _place(state: State | None) -> Presence | None:
    if state is None or state.state in SILENT:
        return None
    attributes: Mapping[str, object] = state.attributes
    zones = attributes.get(ATTR_IN_ZONES)
    at_home = HOME_ZONE in zones if isinstance(zones, list | tuple | set) else state.state == STATE_HOME
    # A tracker that follows no position (a ping, a router) has states of its own: on is home.
    return Presence.HOME if at_home or state.state in (STATE_HOME, STATE_ON) else Presence.AWAY
