"""Nobody is home: a reminder to arm, or an announced arming."""

from copy import replace
from datetime import UTC, datetime, timedelta
from enum import Enum, auto

from ..panel.config import ArmMode
from ..panel.state import AreaStatus, Deadline
from ..windows import WindowKind
from .events import AnnounceArming, ArmingDropped, ArmNow, HouseholdStep, RemindToArm
from .state import HouseholdState, PresenceConfig, anyone_home, people_home

REPEAT_ON_VACATION = timedelta(days=1)
RESUME_GRACE = timedelta(minutes=1)
"""For trackers and sensors to come up after an outage, before anything that was due is done."""


class ArmingOccasion(Enum):
    """What speaks for an armed house; a new one makes a reminder, or an arming, due."""

    EMPTY = auto()
    """Everyone has left."""
    DESERTED = auto()
    """... and no guests are there either."""
    VACATION = auto()
    """A vacation runs and nobody is known to be home; phones are often silent abroad."""


def occasions(state: HouseholdState, config: PresenceConfig) -> frozenset[ArmingOccasion]:
    """Return what speaks for an armed house now."""
    empty = anyone_home(state, config) is False
    true = {
        ArmingOccasion.EMPTY: empty,
        ArmingOccasion.DESERTED: empty and not guests_stay(state),
        ArmingOccasion.VACATION: _vacation(state) and not people_home(state),
    }
    return frozenset(occasion for occasion, is_so in true.items() if is_so)


def reconsidered(
    before: frozenset[ArmingOccasion], state: HouseholdState, config: PresenceConfig, now: datetime
) -> HouseholdState:
    """Return the household with a reminder due for each new occasion, and none where there is no occasion."""
    after = occasions(state, config)
    remind_at = state.remind_at if after else None
    if after - before:
        soon = Deadline.after(config.remind_after, now)
        remind_at = soon if remind_at is None or soon.due_at < remind_at.due_at else remind_at
    empty = ArmingOccasion.EMPTY in after
    return replace(
        state,
        empty_since=(state.empty_since or now) if empty else None,
        called_off=state.called_off and not people_home(state),
        remind_at=remind_at,
    )


def resumed(state: HouseholdState, now: datetime) -> HouseholdState:
    """Return the household after an outage: nobody knows any more of an arming that became due, so it starts anew.

    After a start not before trackers could have found whoever came home meanwhile.
    """
    soon = now + RESUME_GRACE
    anew = state.coming_up or Deadline.after(RESUME_GRACE, now)
    if state.arm_at is not None and state.arm_at.due_at <= soon:
        return replace(state, arm_at=None, remind_at=anew)
    if state.remind_at is not None and state.remind_at.due_at <= anew.due_at:
        return replace(state, remind_at=anew)
    return state


def postponed(
    state: HouseholdState, by: str | None, delay: timedelta | None, config: PresenceConfig, now: datetime
) -> HouseholdStep:
    """Return the household with the arming announced again after the delay."""
    if state.arm_at is None:
        return state, ()
    wait = max((delay or config.postpone) - config.announce, timedelta(0))
    return replace(state, arm_at=None, remind_at=Deadline.after(wait, now)), (ArmingDropped(by),)


def called_off(state: HouseholdState, by: str | None, config: PresenceConfig, now: datetime) -> HouseholdStep:
    """Return the household that does not arm before everyone has left again."""
    if state.arm_at is None and (state.remind_at is None or not _arms(state, config)):
        return state, ()
    return replace(_reminded(state, now), arm_at=None, called_off=True), (ArmingDropped(by),)


def due(state: HouseholdState, config: PresenceConfig, now: datetime) -> HouseholdStep:
    """Return the household after the reminder, the announcement or the arming whose time has come."""
    if not state.areas:
        return state, ()
    disarmed = tuple(area_id for area_id, (status, _) in state.areas.items() if status is AreaStatus.DISARMED)
    mode = ArmMode.VACATION if _vacation(state) else config.auto_arm_mode
    arms = _arms(state, config)
    if state.arm_at is not None and (not disarmed or not arms):
        return replace(state, arm_at=None), (ArmingDropped(None),)
    if state.arm_at is not None and state.arm_at.due_at <= now:
        return replace(state, arm_at=None), (ArmNow(disarmed, mode),)
    if state.remind_at is None or state.remind_at.due_at > now:
        return state, ()
    if disarmed and arms:
        at = Deadline.after(config.announce, now)
        return replace(state, remind_at=None, arm_at=at), (AnnounceArming(disarmed, mode, at.due_at),)
    if not disarmed or not config.remind:
        return _reminded(state, now), ()
    if (quiet := _quiet_for(state, config, now)) is not None:
        return replace(state, remind_at=Deadline.after(quiet, now)), ()
    return _reminded(state, now), (RemindToArm(disarmed, _vacation(state)),)


def _arms(state: HouseholdState, config: PresenceConfig) -> bool:
    return (
        config.auto_arm
        and not state.called_off
        and not guests_stay(state)
        and anyone_home(state, config) is False
    )


def guests_stay(state: HouseholdState) -> bool:
    """Return whether guests are there, as a switch or a calendar says."""
    return state.guests or WindowKind.GUEST in state.windows


def _vacation(state: HouseholdState) -> bool:
    return WindowKind.VACATION in state.windows


def _reminded(state: HouseholdState, now: datetime) -> HouseholdState:
    again = Deadline.after(REPEAT_ON_VACATION, now) if _vacation(state) else None
    return replace(state, remind_at=again)


def _quiet_for(state: HouseholdState, config: PresenceConfig, now: datetime) -> timedelta | None:
    """Return for how long to keep still, or None. A quiet window of a calendar is looked at again every minute."""
    if WindowKind.QUIET in state.windows:
        return timedelta(minutes=1)
    if config.quiet_from is None or config.quiet_to is None or config.quiet_from == config.quiet_to:
        return None
    local = now.astimezone(config.timezone)
    begins, ends = config.quiet_from, config.quiet_to
    clock = local.time()
    within = begins <= clock < ends if begins < ends else clock >= begins or clock < ends
    if not within:
        return None
    day = local.date() + timedelta(days=1 if clock >= ends else 0)
    end = datetime.combine(day, ends, tzinfo=config.timezone)
    # A clock that is set forward can make the end come before now.
    return max(end.astimezone(UTC) - now, timedelta(minutes=1))
