"""Match on the event and hand over to the file that knows."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from .arming import arm_requested, disarm_requested, fitted
from .config import AlarmKind, PanelConfig
from .deadlines import clamped, reached
from .effects import Effect, ReportAreaState
from .events import (
    ArmRequested,
    DisarmRequested,
    Event,
    Loaded,
    SensorsReady,
    TimePassed,
    TriggerRequested,
    ZoneClosed,
    ZoneLost,
    ZoneOpened,
)
from .guarding import Moment, PanelStep, raise_alarm, with_area, zone_opened
from .state import AreaState, Deadline, PanelState


def transition(
    state: PanelState, event: Event, config: PanelConfig, now: datetime, new_uid: Callable[[], str]
) -> tuple[PanelState, tuple[Effect, ...]]:
    """Return the panel after `event`, and what the shell must do about it, in order.

    `now` is aware UTC. The first event of a run is `Loaded`; `new_uid` names a new alarm, worldwide unique.
    """
    moment = Moment(config=config, now=now, new_uid=new_uid, during_outage=isinstance(event, Loaded))
    after, effects = _handed_over(clamped(state, now), event, moment)
    known = {} if isinstance(event, Loaded) else state.areas
    return after, (*effects, *_shown_differently(known, after.areas))


def _handed_over(state: PanelState, event: Event, moment: Moment) -> PanelStep:
    match event:
        case ZoneOpened(zone_id):
            if zone_id in state.open_zones:
                return state, ()
            return zone_opened(state, moment.config.zones[zone_id], moment)
        case ZoneClosed(zone_id):
            return _zone_closed(state, zone_id, moment.config.zones[zone_id].area_id), ()
        case ZoneLost(zone_id):
            return replace(
                state, open_zones=state.open_zones - {zone_id}, blind_zones=state.blind_zones | {zone_id}
            ), ()
        case ArmRequested():
            return arm_requested(state, event, moment)
        case DisarmRequested():
            return disarm_requested(state, event, moment)
        case TriggerRequested(area_id=area_id, by=by):
            area, effects = raise_alarm(state.areas[area_id], area_id, AlarmKind.PANIC, moment, by=by)
            return with_area(state, area_id, area), effects
        case TimePassed():
            return reached(state, moment)
        case Loaded():
            return reached(_loaded(state, moment), moment)
        case SensorsReady(settle):
            return reached(replace(state, settling=Deadline.after(settle, moment.now)), moment)


def _zone_closed(state: PanelState, zone_id: str, area_id: str) -> PanelState:
    state = replace(state, open_zones=state.open_zones - {zone_id}, blind_zones=state.blind_zones - {zone_id})
    area = state.areas[area_id]
    if zone_id not in area.bypassed:
        return state
    return with_area(state, area_id, replace(area, bypassed=area.bypassed - {zone_id}))


def _loaded(state: PanelState, moment: Moment) -> PanelState:
    """Return a stored panel under the configuration of now, with every zone blind until its sensor speaks."""
    zone_ids = frozenset(moment.config.zones)
    return replace(
        state,
        areas={
            area_id: fitted(state.areas.get(area_id, AreaState()), area, zone_ids)
            for area_id, area in moment.config.areas.items()
        },
        settling=Deadline.after(moment.config.boot_limit, moment.now),
        open_zones=frozenset(),
        blind_zones=zone_ids,
    )


def _shown_differently(
    before: Mapping[str, AreaState], after: Mapping[str, AreaState]
) -> Iterator[ReportAreaState]:
    for area_id, area in after.items():
        old = before.get(area_id)
        if old is None or (old.status, old.mode) != (area.status, area.mode):
            yield ReportAreaState(area_id=area_id, status=area.status, mode=area.mode)
