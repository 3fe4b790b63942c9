"""Several areas seen as one panel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from .config import AreaConfig, ArmMode
from .state import AreaState, AreaStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterView:
    """What a master panel shows."""

    status: AreaStatus
    mode: ArmMode | None
    """None while armed means: not every area is armed in the same mode."""
    armed: tuple[bool, ...]
    """Which of the areas are armed or being armed."""
    partly_armed: bool
    delay_end: datetime | None
    """When what it shows ends: of several delays the last to leave in, the first to come in."""
    changed_by: str | None


def master_view(areas: Sequence[AreaState]) -> MasterView:
    """Return what areas look like together: the most urgent state of any, armed as soon as one is.

    Some armed and some not is neither armed nor disarmed, and is said (`partly_armed`).
    """
    statuses = {area.status for area in areas}
    modes = {area.mode for area in areas}
    armed = tuple(area.mode is not None for area in areas)
    status = next(
        (
            one
            for one in (
                AreaStatus.TRIGGERED,
                AreaStatus.PENDING,
                AreaStatus.ARMING,
                AreaStatus.ARMED,
                AreaStatus.UNKNOWN,
            )
            if one in statuses
        ),
        AreaStatus.DISARMED,
    )
    ends = [area.delay_end for area in areas if area.status is status and area.delay_end is not None]
    # It shows `arming` until the last area is armed; of two entry delays the first ends in an alarm.
    ends.sort(reverse=status is AreaStatus.ARMING)
    by = {area.changed_by for area in areas}
    return MasterView(
        status=status,
        mode=modes.pop() if len(modes) == 1 else None,
        armed=armed,
        partly_armed=0 < sum(armed) < len(areas),
        delay_end=ends[0] if ends else None,
        changed_by=by.pop() if len(by) == 1 else None,
    )


def master_modes(areas: Sequence[AreaConfig]) -> tuple[ArmMode, ...]:
    """Return the modes that every area has."""
    return tuple(mode for mode in ArmMode if areas and all(mode in area.modes for area in areas))
