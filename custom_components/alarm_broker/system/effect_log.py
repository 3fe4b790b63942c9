"""What the core decided, in log lines."""

import logging

from ..core.panel.effects import (
    Effect,
    RaiseAlarm,
    ReportAreaState,
    ReportLockout,
)
from .names import Wording

LOGGER = logging.getLogger(__name__)


def log_effect(effect: Effect, wording: Wording) -> None:
    """Write the line that an operator wants to find; a silent alarm leaves none."""
    match effect:
        case ReportAreaState(area_id=area_id, status=status, mode=mode):
            name = wording.area_name(area_id)
            LOGGER.info("%s: %s%s", name, status, f" ({mode})" if mode else "")
        case RaiseAlarm(uid=uid, area_id=area_id, kind=kind, zones=zones, silent=False):
            names = ", ".join(wording.zone_names(zones)) or "no zone"
            LOGGER.warning("%s: %s alarm in %s: %s", uid, kind, wording.area_name(area_id), names)
        case ReportLockout(until=until):
            LOGGER.warning("Too many wrong codes: none is taken until %s", until.isoformat())
        case _:
            pass
