"""Who is told what about the panel's state: nobody is called for a change that is none of theirs."""

from collections.abc import Callable, Iterable
from functools import partial

from homeassistant.core import CALLBACK_TYPE, callback

from ..const import LOGGER
from ..core.panel.config import PanelConfig
from ..core.panel.effects import Effect
from ..core.panel.state import AreaState, PanelState
from .activity import Activity

type Listener = Callable[[], None]
type ActivityListener = Callable[[Activity], None]
type EffectListener = Callable[[Effect], None]


class Subscriptions:
    """Listeners by area and by zone; the work grows with what has changed, not with what there is."""

    def __init__(self, config: PanelConfig) -> None:
        """Begin with nobody."""
        self._config = config
        self._panels: dict[str, dict[Listener, None]] = {}
        self._everything: dict[Listener, None] = {}
        self._areas: dict[str, dict[Listener, None]] = {}
        self._zones: dict[str, dict[Listener, None]] = {}
        self._activity: dict[ActivityListener, None] = {}
        self._effects: dict[EffectListener, None] = {}
        self._told = self._latest = PanelState()
        """What everybody has been told of, and what there is to tell."""

    @callback
    def subscribe(self, listener: Listener, *, area_id: str | None = None) -> CALLBACK_TYPE:
        """Call `listener` after visible changes of an area, its zones or the troubles; of any without an area."""
        listeners = self._everything if area_id is None else self._areas.setdefault(area_id, {})
        listeners[listener] = None
        return lambda: listeners.pop(listener, None)

    @callback
    def subscribe_panel(self, area_id: str, listener: Listener) -> CALLBACK_TYPE:
        """Call `listener` at once after each change of the area itself: a panel lets nobody wait for an alarm."""
        listeners = self._panels.setdefault(area_id, {})
        listeners[listener] = None
        return lambda: listeners.pop(listener, None)

    @callback
    def subscribe_zone(self, zone_id: str, listener: Listener) -> CALLBACK_TYPE:
        """Call `listener` when a zone opened, closed, fell silent, or is left out or not any more."""
        listeners = self._zones.setdefault(zone_id, {})
        listeners[listener] = None
        return lambda: listeners.pop(listener, None)

    @callback
    def subscribe_activity(self, listener: ActivityListener) -> CALLBACK_TYPE:
        """Call `listener` with each thing that happens."""
        self._activity[listener] = None
        return lambda: self._activity.pop(listener, None)

    @callback
    def subscribe_effects(self, listener: EffectListener) -> CALLBACK_TYPE:
        """Call `listener` with each effect once it is stored; among them are those of silent alarms."""
        self._effects[listener] = None
        return lambda: self._effects.pop(listener, None)

    @callback
    def happened(self, activity: Activity) -> None:
        """Tell of one thing that happened."""
        for listener in tuple(self._activity):
            _call(partial(listener, activity))

    @callback
    def took_effect(self, effect: Effect) -> None:
        """Tell of one effect."""
        for listener in tuple(self._effects):
            _call(partial(listener, effect))

    @callback
    def tell_panels(self, state: PanelState) -> None:
        """Tell the panels of areas that are not as they were; everybody else is told by `tell_everybody`."""
        before, self._latest = self._latest, state
        if state.areas is not before.areas:
            for area_id, area in state.areas.items():
                if area is not before.areas.get(area_id):
                    _call_all(self._panels.get(area_id, ()))

    @callback
    def tell_everybody(self) -> None:
        """Tell whoever can see a difference to what was told last: many changes may have become one."""
        before, after = self._told, self._latest
        self._told = after
        zones = (before.open_zones ^ after.open_zones) | (before.blind_zones ^ after.blind_zones)
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
        listeners: dict[Listener, None] = dict(self._everything) if areas else {}
        for area_id in areas:
            listeners |= self._areas.get(area_id, {})
        for zone_id in zones:
            listeners |= self._zones.get(zone_id, {})
        _call_all(listeners)


def _call_all(listeners: Iterable[Listener]) -> None:
    for listener in tuple(listeners):
        _call(listener)


def _call(listener: Listener) -> None:
    try:
        listener()
    except Exception:  # noqa: BLE001 - one entity's bug must not keep the panel from going on; logged in full
        LOGGER.exception("A listener to the panel failed")


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
