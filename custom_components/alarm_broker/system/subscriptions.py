"""Who is told what about the panel's state: nobody is called for a change that is none of theirs."""

from collections import defaultdict
from itertools import chain

from homeassistant.core import CALLBACK_TYPE, callback

from ..core.panel.config import PanelConfig
from ..core.panel.effects import Effect
from ..core.panel.state import AreaState, PanelState
from .activity import Activity
from .subscribers import Listener, Subscribers, tell_each


class Subscriptions:
    """Listeners by area and by zone; the work grows with what has changed, not with what there is."""

    def __init__(self, config: PanelConfig) -> None:
        self._config = config
        self._panels: dict[str, Subscribers[()]] = defaultdict(Subscribers[()])
        self._everything = Subscribers[()]()
        self._areas: dict[str, Subscribers[()]] = defaultdict(Subscribers[()])
        self._zones: dict[str, Subscribers[()]] = defaultdict(Subscribers[()])
        self.activity = Subscribers[Activity]()
        """Told each thing that happens."""
        self.effects = Subscribers[Effect]()
        """Told each effect once it is stored; among them are those of silent alarms."""
        self._told = self._latest = PanelState()
        """What everybody has been told of, and what there is to tell."""

    @callback
    def subscribe(self, listener: Listener[()], *, area_id: str | None = None) -> CALLBACK_TYPE:
        """Call `listener` after visible changes of an area, its zones or the troubles; of any without an area."""
        return (self._everything if area_id is None else self._areas[area_id]).subscribe(listener)

    @callback
    def subscribe_panel(self, area_id: str, listener: Listener[()]) -> CALLBACK_TYPE:
        """Call `listener` at once after each change of the area itself: a panel lets nobody wait for an alarm."""
        return self._panels[area_id].subscribe(listener)

    @callback
    def subscribe_zone(self, zone_id: str, listener: Listener[()]) -> CALLBACK_TYPE:
        """Call `listener` when a zone opened, closed, fell silent, or is left out or not any more."""
        return self._zones[zone_id].subscribe(listener)

    @callback
    def tell_panels(self, state: PanelState) -> None:
        """Tell the panels of areas that are not as they were; everybody else is told by `tell_everybody`."""
        before, self._latest = self._latest, state
        if state.areas is not before.areas:
            for area_id, area in state.areas.items():
                if area is not before.areas.get(area_id):
                    tell_each(self._panels.get(area_id, ()))

    @callback
    def tell_everybody(self) -> None:
        """Tell whoever can see a difference to what was told last: many changes may have become one."""
        before, after = self._told, self._latest
        self._told = after
        zones = (before.open_zones ^ after.open_zones) | (before.unavailable_zones ^ after.unavailable_zones)
        areas = {
            area_id
            for area_id, area in after.areas.items()
            if before.areas.get(area_id) is not area and _seen(before.areas.get(area_id)) != _seen(area)
        }
        areas |= {self._config.zones[zone_id].area_id for zone_id in zones if zone_id in self._config.zones}
        if before.troubles != after.troubles:
            areas = set(after.areas)
        for area_id in areas:
            zones |= _bypass_changes(before.areas.get(area_id), after.areas[area_id])
        concerned = [
            *([self._everything] if areas else []),
            *(self._areas[area_id] for area_id in areas & self._areas.keys()),
            *(self._zones[zone_id] for zone_id in zones & self._zones.keys()),
        ]
        # Once each, whatever many of these it listens to.
        tell_each(dict.fromkeys(chain.from_iterable(concerned)))


def _seen(area: AreaState | None) -> object:
    """Return what of an area is on some entity; of silent alarms only that there are any (the duress sensor)."""
    if area is None:
        return None
    return (
        area.guard,
        area.siren,
        area.bypassed,
        area.memory,
        area.changed_by,
        area.walk_test,
        area.chime,
        area.last,
        len(area.silent),
    )


def _bypass_changes(before: AreaState | None, after: AreaState) -> frozenset[str]:
    old = {} if before is None else before.bypassed
    if old is after.bypassed:
        return frozenset()
    return frozenset(
        zone_id for zone_id in {*old, *after.bypassed} if old.get(zone_id) is not after.bypassed.get(zone_id)
    )
