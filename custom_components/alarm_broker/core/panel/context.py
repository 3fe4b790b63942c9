"""What every rule may ask besides the state, and what rules return.

A rule is a function of the state, of what happened and of the `RuleContext`. It returns a `PanelStep`: the state after
that, and the effects that the shell carries out, in order. `silencing.silence_requested` is a short one:

    state, effects = silence_requested(state, SilenceRequested(area_ids=("home",), …), context)

A rule about one area takes that area instead of the panel and returns an `AreaStep`: it knows nothing of the others. Ids
that a rule is given are those of the configuration: another one raises KeyError, and is a bug of the shell.
"""

from collections.abc import Callable
from copy import replace
from datetime import datetime

from .config import PanelConfig
from .effects import Effect
from .state import AreaState, PanelState
from .values import value

type AreaStep = tuple[AreaState, tuple[Effect, ...]]
type PanelStep = tuple[PanelState, tuple[Effect, ...]]


@value
class RuleContext:
    """The configuration, the time, and where names of new alarms come from."""

    config: PanelConfig
    now: datetime
    """Aware UTC."""
    new_uid: Callable[[], str]
    """Returns the id of a new alarm, unique worldwide; called only when one is raised."""
    during_outage: bool = False
    """The deadline that is acted on passed while the panel was down."""
    vacation: bool = False
    """Nobody lives here now: what is raised says so."""


def with_area(state: PanelState, area_id: str, area: AreaState) -> PanelState:
    """Return the panel with one area replaced."""
    return replace(state, areas={**state.areas, area_id: area})
