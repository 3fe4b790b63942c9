"""What every rule may ask besides the state, and what rules return."""

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
    new_uid: Callable[[], str]
    during_outage: bool = False
    """The deadline that is acted on passed while the panel was down."""
    vacation: bool = False
    """Nobody lives here now: what is raised says so."""


def with_area(state: PanelState, area_id: str, area: AreaState) -> PanelState:
    """Return the panel with one area replaced."""
    return replace(state, areas={**state.areas, area_id: area})
