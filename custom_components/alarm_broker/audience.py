"""Who is told what about the panel's state: nobody is called for a change that is none of theirs."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial

from homeassistant.core import CALLBACK_TYPE, callback

from .const import LOGGER
from .happenings import Happening
from .panel.config import PanelConfig
from .panel.effects import Effect
from .panel.state import AreaState, PanelState

type Listener = Callable[[], None]
type HappeningListener = Callable[[Happening], None]
type EffectListener = Callable[[Effect], None]


class Audience:
    """Listeners by area and by zone; the work grows with what has changed, not with what there is."""

    def __init__(self, config: PanelConfig, soon: Callable[..., object]) -> None:
        """Begin with nobody; `soon` calls a function in the next turn of the loop."""
        self._config = config
        self._soon = soon
        self._panels: dict[Listener, None] = {}
        self._everything: dict[Listener, None] = {}
        self._areas: dict[str, dict[Listener, None]] = {}
        self._zones: dict[str, dict[Listener, None]] = {}
        self._happenings: dict[HappeningListener, None] = {}
        self._effects: dict[EffectListener, None] = {}
        self._held: PanelState | None = None

    @callback
    def subscribe(self, listener: Listener, *, area_id: str | None = None) -> CALLBACK_TYPE:
        """Call `listener` after each visible change of an area, its zones or the troubles; of any without an area."""
        listeners = self._everything if area_id is None else self._areas.setdefault(area_id, {})
        listeners[listener] = None
        return lambda: listeners.pop(listener, None)

    @callback
    def subscribe_panel(self, listener: Listener) -> CALLBACK_TYPE:
        """Call `listener` after each visible change, before anybody else: a panel shows an alarm at once."""
        self._panels[listener] = None
        return lambda: self._panels.pop(listener, None)

    @callback
    def subscribe_zone(self, zone_id: str, listener: Listener) -> CALLBACK_TYPE:
        """Call `listener` when a zone opened, closed, fell silent, or is left out or not any more."""
        listeners = self._zones.setdefault(zone_id, {})
        listeners[listener] = None
        return lambda: listeners.pop(listener, None)

    @callback
    def subscribe_happenings(self, listener: HappeningListener) -> CALLBACK_TYPE:
        """Call `listener` with each thing that happens."""
        self._happenings[listener] = None
        return lambda: self._happenings.pop(listener, None)

    @callback
    def subscribe_effects(self, listener: EffectListener) -> CALLBACK_TYPE:
        """Call `listener` with each effect once it is stored; among them are those of silent alarms."""
        self._effects[listener] = None
        return lambda: self._effects.pop(listener, None)

    @contextmanager
    def held_back(self, now: Callable[[], PanelState]) -> Iterator[None]:
        """Tell of everything within at once at the end: a thousand sensors that come up are one change."""
        before = self._held = now()
        try:
            yield
        finally:
            self._held = None
            self.tell(before, now())

    @callback
    def happened(self, happening: Happening) -> None:
        """Tell of one thing that happened."""
        for listener in tuple(self._happenings):
            _call(partial(listener, happening))

    @callback
    def took_effect(self, effect: Effect) -> None:
        """Tell of one effect."""
        for listener in tuple(self._effects):
            _call(partial(listener, effect))

    @callback
    def tell(self, before: PanelState, after: PanelState) -> None:
        """Tell everybody who can see a difference."""
        if self._held is not None or before is after:
            return
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
        listeners: list[Listener] = []
        if areas:
            _call_all(self._panels)
            listeners += self._everything
        for area_id in areas:
            listeners += self._areas.get(area_id, ())
        for zone_id in zones:
            listeners += self._zones.get(zone_id, ())
        if listeners:
            # In the next turn, so that whoever waits for the panel's state does not wait for all of these too.
            self._soon(_call_all, listeners)


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
