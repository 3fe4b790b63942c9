"""Match on the event and hand over to the file that knows."""

from collections.abc import Callable, Iterator, Mapping
from copy import replace
from datetime import datetime

from ..windows import WindowKind
from .alarms import raise_by_hand, raise_silently
from .arming import arm_requested, disarm_requested, fitted
from .bypassing import bypass_requested, clear_memory_requested, windows_changed
from .clock_jumps import clamped, shifted
from .codes import look_requested
from .config import PanelConfig
from .context import PanelStep, RuleContext, with_area
from .deadlines import reached
from .effects import Effect, ReportAreaState, ReportPending, ReportTrouble
from .events import (
    ArmRequested,
    BypassRequested,
    ChimeChosen,
    ClearMemoryRequested,
    ClockMoved,
    DisarmRequested,
    Event,
    Loaded,
    LookRequested,
    SensorsReady,
    SilenceRequested,
    TimePassed,
    TriggerRequested,
    TroubleBegan,
    TroubleEnded,
    WalkTestRequested,
    WindowsChanged,
    ZoneClosed,
    ZoneLost,
    ZoneOpened,
)
from .silencing import silence_requested
from .state import AreaState, Deadline, PanelState, Pending
from .walk_test import walk_test_requested
from .zones import zone_closed, zone_lost, zone_opened


def transition(
    state: PanelState, event: Event, config: PanelConfig, now: datetime, new_uid: Callable[[], str]
) -> tuple[PanelState, tuple[Effect, ...]]:
    """Return the panel after `event`, and what the shell must do about it, in order.

    `now` is aware UTC. The first event of a run is `Loaded`; `new_uid` names a new alarm, worldwide unique. A request
    that is refused is no error here: its effects hold a `Refuse`. An id that `config` does not know raises KeyError.

        state, effects = transition(state, ZoneOpened("door"), config, utcnow(), new_uid=lambda: str(uuid4()))
    """
    context = RuleContext(
        config=config,
        now=now,
        new_uid=new_uid,
        during_outage=isinstance(event, Loaded),
        vacation=WindowKind.VACATION in state.windows,
    )
    known_by = shifted(state, event.by, since=event.since) if isinstance(event, ClockMoved) else state
    after, effects = _handed_over(clamped(known_by, now), event, context)
    known = {} if isinstance(event, Loaded) else state.areas
    if known is after.areas:
        return after, effects
    return after, (*effects, *_shown_differently(known, after.areas))


def _handed_over(state: PanelState, event: Event, context: RuleContext) -> PanelStep:
    zones = context.config.zones
    match event:
        case ZoneOpened(zone_id):
            return zone_opened(state, zones[zone_id], context)
        case ZoneClosed(zone_id):
            return zone_closed(state, zones[zone_id], context)
        case ZoneLost(zone_id):
            return zone_lost(state, zones[zone_id], context), ()
        case ArmRequested():
            return arm_requested(state, event, context)
        case DisarmRequested():
            return disarm_requested(state, event, context)
        case BypassRequested():
            return bypass_requested(state, event, context)
        case ClearMemoryRequested():
            return clear_memory_requested(state, event, context)
        case LookRequested():
            return look_requested(state, event, context)
        case WalkTestRequested():
            return walk_test_requested(state, event, context)
        case SilenceRequested():
            return silence_requested(state, event, context)
        case WindowsChanged():
            return windows_changed(state, event, context)
        case TriggerRequested():
            return _triggered(state, event, context)
        case ChimeChosen(area_id, chime):
            return with_area(state, area_id, replace(state.areas[area_id], chime=chime)), ()
        case TroubleBegan(trouble, quiet) if trouble not in state.troubles:
            report = () if quiet else (ReportTrouble(trouble, active=True),)
            return replace(state, troubles=state.troubles | {trouble}), report
        case TroubleEnded(trouble) if trouble in state.troubles:
            return replace(state, troubles=state.troubles - {trouble}), (
                ReportTrouble(trouble, active=False),
            )
        case TroubleBegan() | TroubleEnded():
            return state, ()
        case TimePassed():
            return reached(state, context)
        case ClockMoved():
            state, effects = reached(state, context)
            return state, (*effects, *_pending_anew(state))
        case Loaded():
            return reached(_loaded(state, context), context)
        case SensorsReady(settle):
            return reached(replace(state, settling=Deadline.after(settle, context.now)), context)


def _triggered(state: PanelState, event: TriggerRequested, context: RuleContext) -> PanelStep:
    area = state.areas[event.area_id]
    if event.silent:
        area, effects = raise_silently(area, event.area_id, event.kind, context, by=event.by)
    else:
        area, effects = raise_by_hand(area, event.area_id, event.kind, context, by=event.by)
    return with_area(state, event.area_id, area), effects


def _pending_anew(state: PanelState) -> Iterator[ReportPending]:
    """Yield what says when running entry delays end by the clock as it is now."""
    for area_id, area in state.areas.items():
        if isinstance(area.guard, Pending):
            yield ReportPending(
                uid=area.guard.uid,
                area_id=area_id,
                zone_id=area.guard.zones[0],
                until=area.guard.until.due_at,
                exit_error=area.guard.exit_error,
            )


def _loaded(state: PanelState, context: RuleContext) -> PanelState:
    """Return a stored panel under the configuration of now, with every zone unavailable until its sensor speaks."""
    config = context.config
    zone_ids = frozenset(config.zones)
    return PanelState(
        areas={
            area_id: fitted(state.areas.get(area_id, AreaState()), area, zone_ids)
            for area_id, area in config.areas.items()
        },
        lockout=state.lockout,
        windows=state.windows,
        left_out=state.left_out & zone_ids,
        uses={user_id: used for user_id, used in state.uses.items() if user_id in config.users},
        settling=Deadline.after(config.boot_limit, context.now),
        unavailable_zones=zone_ids,
    )


def _shown_differently(
    before: Mapping[str, AreaState], after: Mapping[str, AreaState]
) -> Iterator[ReportAreaState]:
    for area_id, area in after.items():
        old = before.get(area_id)
        if area is old:
            continue
        status, mode = area.status, area.mode
        if old is None or old.status is not status or old.mode is not mode:
            yield ReportAreaState(
                area_id=area_id,
                status=status,
                mode=mode,
                by=area.changed_by,
                before=None if old is None else old.status,
            )
