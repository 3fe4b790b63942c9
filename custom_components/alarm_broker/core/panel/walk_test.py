"""The walk test: try every zone, alarm nobody, learn which were never seen."""

from copy import replace
from datetime import timedelta

from .codes import authorise
from .config import Action
from .context import PanelStep, RuleContext, with_area
from .effects import Effect, NotDisarmed, Refuse, ReportWalkTest
from .events import WalkTestRequested
from .state import Deadline, Disarmed, PanelState, WalkTest
from .zone_evaluation import evaluate_open_zones

WALK_TEST_TIME = timedelta(minutes=30)
"""It ends by itself: nothing alarms while it runs, not even smoke."""


def walk_test_requested(state: PanelState, event: WalkTestRequested, context: RuleContext) -> PanelStep:
    """Return the panel after somebody began or ended a walk test; it needs areas that are disarmed and quiet."""
    allowed = authorise(
        state,
        event.credential,
        context,
        actions=(Action.WALK_TEST,),
        area_ids=event.area_ids,
        required=context.config.codes.always_required and event.start,
        by=event.by,
    )
    state = allowed.state
    if allowed.refused:
        return state, allowed.effects
    if event.start:
        return _started(state, event, context, allowed.by, allowed.effects)
    effects: list[Effect] = []
    for area_id in event.area_ids:
        state, more = ended(state, area_id, context, by=allowed.by)
        effects += more
    return state, (*effects, *allowed.effects)


def ended(state: PanelState, area_id: str, context: RuleContext, *, by: str | None) -> PanelStep:
    """Return the panel after a walk test, by request or by itself; what is still open is evaluated from now on."""
    area = state.areas[area_id]
    if area.walk_test is None:
        return state, ()
    zone_ids = {zone.zone_id for zone in context.config.zones.values() if zone.area_id == area_id}
    seen = area.walk_test.seen & zone_ids
    report = ReportWalkTest(
        area_id=area_id,
        running=False,
        by=by,
        seen=tuple(sorted(seen)),
        unseen=tuple(sorted(zone_ids - seen)),
    )
    state = with_area(state, area_id, replace(area, walk_test=None))
    state, more = evaluate_open_zones(state, area_id, context)
    return state, (report, *more)


def _started(
    state: PanelState,
    event: WalkTestRequested,
    context: RuleContext,
    by: str | None,
    effects: tuple[Effect, ...],
) -> PanelStep:
    for area_id in event.area_ids:
        area = state.areas[area_id]
        if not isinstance(area.guard, Disarmed) or area.siren is not None:
            return state, (Refuse(NotDisarmed(area_id), event.area_ids), *effects)
    reports: list[Effect] = []
    for area_id in event.area_ids:
        if state.areas[area_id].walk_test is None:
            test = WalkTest(until=Deadline.after(WALK_TEST_TIME, context.now))
            state = with_area(state, area_id, replace(state.areas[area_id], walk_test=test))
            reports.append(ReportWalkTest(area_id=area_id, running=True, by=by))
    return state, (*reports, *effects)
