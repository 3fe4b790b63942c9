"""The siren stopped by somebody who has heard it: an alarm as before, and armed as before."""

from .alarms import siren_ended
from .codes import authorise_disarming
from .context import PanelStep, RuleContext, with_area
from .effects import Effect, ReportSilenced
from .events import SilenceRequested
from .state import PanelState


def silence_requested(state: PanelState, event: SilenceRequested, context: RuleContext) -> PanelStep:
    """Return the panel after somebody wanted quiet: what the end of the siren time would do, now.

    It takes what disarming takes, or whoever broke in would stop the siren.
    """
    allowed = authorise_disarming(state, event, context)
    state = allowed.state
    if allowed.refused:
        return state, allowed.effects
    effects: list[Effect] = []
    for area_id in event.area_ids:
        if state.areas[area_id].siren is None:
            continue
        unclosed = state.unclosed(context.config.zones)
        area, more = siren_ended(state.areas[area_id], area_id, unclosed, context)
        state = with_area(state, area_id, area)
        effects += [ReportSilenced(area_id=area_id, by=allowed.by), *more]
    return state, (*effects, *allowed.effects)
