"""What is wrong without being an alarm: sensors lost, silent or weak, opened housings, jamming, power, companion.

How long a sensor has been silent is measured: a wall clock that is set must not make a trouble of every sensor.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import CALLBACK_TYPE, Event, EventStateChangedData, HomeAssistant, State, callback
from homeassistant.helpers.event import async_track_state_change_event, async_track_time_interval
from homeassistant.util import dt as dt_util

from ..core.panel.config import TroubleKind
from ..core.panel.events import TroubleBegan, TroubleEnded
from ..core.panel.state import Trouble
from . import clock
from .config import Sensing, SystemConfig
from .issues import async_clear_away, async_report_away
from .system import AlarmSystem

LOOK_EVERY = timedelta(minutes=1)
BATTERY_LOW, BATTERY_FINE = 10.0, 15.0
"""Percent; between them a battery is what it was."""


class Supervision:
    """Keeps the panel's list of troubles true: at once for what tells, by the minute for what has fallen silent."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry[Any], system: AlarmSystem) -> None:
        self._hass = hass
        self._entry = entry
        self._system = system
        self._config = system.config
        self._known: set[Trouble] = set()
        self._unavailable_since: dict[str, float] = {}
        self._heard: dict[str, tuple[datetime, float]] = {}
        """The latest report of each entity, by the wall clock of then and by the time that nobody can set."""
        self._sources = dict(_sources(system.config))
        self._unsubs: list[CALLBACK_TYPE] = []

    @callback
    def async_start(self) -> None:
        """Watch from now on. What is wrong already is listed without a word: it was told of when it began."""
        for entity_id in self._sources:
            self._look_at(entity_id, quiet=True)
        if self._sources:
            self._unsubs.append(
                async_track_state_change_event(self._hass, list(self._sources), self._async_changed)
            )
        self._unsubs.append(
            async_track_time_interval(self._hass, self._async_look, LOOK_EVERY, cancel_on_shutdown=True)
        )

    @callback
    def async_stop(self) -> None:
        """Watch no more."""
        while self._unsubs:
            self._unsubs.pop()()

    @callback
    def async_companion(self, *, away: bool) -> None:
        """Take the link's word about the companion: a trouble of the panel, and a repair for a person."""
        if away:
            async_report_away(self._hass, self._entry)
        else:
            async_clear_away(self._hass, self._entry)
        self._put(Trouble(kind=TroubleKind.COMPANION, source=""), wrong=away)

    @callback
    def _async_changed(self, event: Event[EventStateChangedData]) -> None:
        self._look_at(event.data["entity_id"])

    @callback
    def _async_look(self, _now: datetime) -> None:
        now = clock.elapsed()
        unavailable = self._system.state.unavailable_zones
        self._unavailable_since = {
            zone_id: self._unavailable_since.get(zone_id, now) for zone_id in unavailable
        }
        for zone_id, sensing in self._config.sensing.items():
            since = self._unavailable_since.get(zone_id)
            lost = since is not None and now - since >= self._config.lost_after.total_seconds()
            self._put(_of_zone(TroubleKind.LOST, zone_id, sensing), wrong=lost)
        for zone_id, supervised in self._config.supervised.items():
            if supervised.heartbeat is not None:
                sensing = self._config.sensing[zone_id]
                states = filter(None, map(self._hass.states.get, sensing.entities))
                silent_s = max((now - self._heard_at(one, now) for one in states), default=0.0)
                silent = silent_s >= supervised.heartbeat.total_seconds()
                self._put(_of_zone(TroubleKind.HEARTBEAT, zone_id, sensing), wrong=silent)

    def _heard_at(self, state: State, now: float) -> float:
        """Return when an entity has reported: at the latest look that found something new, at first as it says itself."""
        known = self._heard.get(state.entity_id)
        if known is not None and known[0] == state.last_reported:
            return known[1]
        at_first = (dt_util.utcnow() - state.last_reported).total_seconds()
        heard = now - max(0.0, at_first) if known is None else now
        self._heard[state.entity_id] = (state.last_reported, heard)
        return heard

    @callback
    def _look_at(self, entity_id: str, *, quiet: bool = False) -> None:
        state = self._hass.states.get(entity_id)
        for trouble in self._sources[entity_id]:
            wrong = _is_wrong(trouble.kind, state, before=trouble in self._known)
            self._put(trouble, wrong=wrong, quiet=quiet)

    @callback
    def _put(self, trouble: Trouble, *, wrong: bool, quiet: bool = False) -> None:
        if wrong and trouble not in self._known:
            self._known.add(trouble)
            self._system.async_report(TroubleBegan(trouble, quiet=quiet))
        elif not wrong and trouble in self._known:
            self._known.discard(trouble)
            self._system.async_report(TroubleEnded(trouble))


def _sources(config: SystemConfig) -> Iterator[tuple[str, list[Trouble]]]:
    """Yield each entity that tells of troubles, and which."""
    found: dict[str, list[Trouble]] = {}

    def add(kind: TroubleKind, entity_ids: Sequence[str], zone_id: str | None = None) -> None:
        for entity_id in entity_ids:
            trouble = Trouble(kind=kind, source=entity_id, zone_id=zone_id)
            found.setdefault(entity_id, []).append(trouble)

    for zone_id, supervised in config.supervised.items():
        add(TroubleKind.BATTERY, supervised.battery_entities, zone_id)
        add(TroubleKind.TAMPER, supervised.tamper_entities, zone_id)
    add(TroubleKind.POWER, config.power_entities)
    add(TroubleKind.JAM, config.jam_entities)
    yield from found.items()


def _of_zone(kind: TroubleKind, zone_id: str, sensing: Sensing) -> Trouble:
    return Trouble(kind=kind, source=sensing.entities[0] if sensing.entities else "", zone_id=zone_id)


def _is_wrong(kind: TroubleKind, state: State | None, *, before: bool) -> bool:
    """Return whether an entity tells of a trouble; one that says nothing tells of what it told before."""
    text = None if state is None else state.state
    if text not in (STATE_ON, STATE_OFF):
        if kind is TroubleKind.BATTERY and (percent := _number(text)) is not None:
            return percent <= (BATTERY_FINE if before else BATTERY_LOW)
        return before
    return text == (STATE_OFF if kind is TroubleKind.POWER else STATE_ON)


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
