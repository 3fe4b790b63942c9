"""What happened at the panel, in words: for the event entity, the logbook, automations and short notices.

Nothing about a duress code or a silent alarm ever becomes one of these.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

from homeassistant.exceptions import HomeAssistantError

from ..core.panel.config import ArmMode
from ..core.panel.effects import (
    AlarmOngoing,
    Chime,
    CodeNeeded,
    CodeNotValid,
    Effect,
    Ending,
    LockedOut,
    ModeUnknown,
    NotAllowed,
    NotBypassable,
    NotReady,
    RaiseAlarm,
    Reason,
    Refuse,
    ReportAreaState,
    ReportArmedWithFault,
    ReportBypass,
    ReportCodeUsed,
    ReportDisarmed,
    ReportLockout,
    ReportMemoryCleared,
    ReportPending,
    ReportSilenced,
    ReportTrouble,
    ReportWalkTest,
    ReportZoneTripped,
    StateUnknown,
    WrongCode,
)
from ..core.panel.events import (
    ArmRequested,
    BypassRequested,
    ClearMemoryRequested,
    ClockMoved,
    CodeMatched,
    DisarmRequested,
    Event,
    LookRequested,
    SilenceRequested,
    WalkTestRequested,
)
from ..core.panel.state import AreaStatus, Bypass, Trouble
from .errors import RequestRefused
from .names import Wording


class ActivityKind(StrEnum):
    """What can be told of."""

    ARMING = "arming"
    ARMED = "armed"
    DISARMED = "disarmed"
    PENDING = "pending"
    EXIT_ERROR = "exit_error"
    TRIGGERED = "triggered"
    ZONE_TRIPPED = "zone_tripped"
    CONFIRMED = "confirmed"
    ALARM_ABORTED = "alarm_aborted"
    ALARM_CANCELLED = "alarm_cancelled"
    ARMING_REFUSED = "arming_refused"
    WRONG_CODE = "wrong_code"
    CODE_REFUSED = "code_refused"
    LOCKOUT = "lockout"
    ARMED_WITH_FAULT = "armed_with_fault"
    BYPASSED = "bypassed"
    UNBYPASSED = "unbypassed"
    ZONE_SHUT_DOWN = "zone_shut_down"
    TROUBLE = "trouble"
    TROUBLE_CLEARED = "trouble_cleared"
    WALK_TEST_STARTED = "walk_test_started"
    WALK_TEST_ENDED = "walk_test_ended"
    MEMORY_CLEARED = "memory_cleared"
    CHIME = "chime"
    SILENCED = "silenced"
    CODE_USED = "code_used"
    EVERYONE_LEFT = "everyone_left"
    FIRST_ARRIVED = "first_arrived"
    ARRIVED_WHILE_ARMED = "arrived_while_armed"
    ARM_REMINDER = "arm_reminder"
    AUTO_ARM_ANNOUNCED = "auto_arm_announced"
    AUTO_ARM_DROPPED = "auto_arm_dropped"
    AUTO_ARM_FAILED = "auto_arm_failed"
    WINDOW_STARTED = "window_started"
    WINDOW_ENDED = "window_ended"
    VERIFIED = "verified"
    STATE_UNKNOWN = "state_unknown"
    PUSH_REFUSED = "push_refused"
    PUSH_UNCONFIRMED = "push_unconfirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One thing that happened."""

    kind: ActivityKind
    at: datetime
    areas: Mapping[str, str] = field(default_factory=dict)
    """What it is about: the areas' names by their ids; none is the whole panel."""
    by: str | None = None
    zones: tuple[str, ...] = ()
    """Names."""
    data: Mapping[str, Any] = field(default_factory=dict)
    error: HomeAssistantError | None = None
    """Why it could not be done, for whoever is told in another language than Home Assistant's own."""

    @property
    def area_id(self) -> str | None:
        """Return the area that it is about, if it is one."""
        return next(iter(self.areas)) if len(self.areas) == 1 else None

    @property
    def area_name(self) -> str | None:
        """Return the name of what it is about, for people."""
        return ", ".join(self.areas.values()) or None

    def as_dict(self) -> dict[str, Any]:
        """Return what automations and the logbook read."""
        return {
            "kind": self.kind.value,
            "area_id": self.area_id,
            "area": self.area_name,
            "by": self.by,
            "zones": list(self.zones),
            **self.data,
        }


def named(area_ids: Iterable[str], wording: Wording) -> dict[str, str]:
    """Return areas as an activity tells them."""
    return {area_id: wording.area_name(area_id) for area_id in area_ids}


def activity(effect: Effect, event: Event, wording: Wording, now: datetime) -> Activity | None:
    """Return what an effect of `event` is in words, or None when there is nothing to tell."""

    def told(
        kind: ActivityKind,
        *area_ids: str,
        by: str | None = None,
        zones: tuple[str, ...] = (),
        **data: Any,
    ) -> Activity:
        return Activity(
            kind=kind,
            at=now,
            areas=named(area_ids, wording),
            by=by,
            zones=wording.zone_names(zones),
            data=data,
        )

    match effect:
        case ReportAreaState():
            return _area_state(effect, wording, now)
        case ReportPending() if isinstance(event, ClockMoved):
            return None  # it began before
        case ReportPending(area_id=area_id, zone_id=zone_id, until=until, exit_error=exit_error):
            kind = ActivityKind.EXIT_ERROR if exit_error else ActivityKind.PENDING
            return told(kind, area_id, zones=(zone_id,), until=until.isoformat())
        case RaiseAlarm(silent=False):
            return told(
                ActivityKind.TRIGGERED,
                effect.area_id,
                by=effect.by,
                zones=effect.zones,
                alarm_kind=effect.kind.value,
                confirmed=effect.confirmed,
                during_outage=effect.during_outage,
                vacation=effect.vacation,
            )
        case ReportZoneTripped(area_id=area_id, zone_id=zone_id, confirmed=confirmed):
            kind = ActivityKind.CONFIRMED if confirmed else ActivityKind.ZONE_TRIPPED
            return told(kind, area_id, zones=(zone_id,))
        case ReportDisarmed(area_id=area_id, by=by, ending=Ending.ABORTED):
            return told(ActivityKind.ALARM_ABORTED, area_id, by=by)
        case ReportDisarmed(area_id=area_id, by=by, ending=Ending.CANCELLED):
            return told(ActivityKind.ALARM_CANCELLED, area_id, by=by)
        case ReportLockout(until=until):
            return told(ActivityKind.LOCKOUT, until=until.isoformat())
        case ReportArmedWithFault(
            area_id=area_id, unavailable_zones=unavailable_zones, troubles=troubles, by=by
        ):
            kind = ActivityKind.ARMED_WITH_FAULT
            return told(kind, area_id, by=by, zones=unavailable_zones, **_troubles(troubles, wording))
        case ReportBypass(area_id=area_id, zone_ids=zone_ids, bypass=bypass, by=by):
            kinds = {None: ActivityKind.UNBYPASSED, Bypass.SHUT_DOWN: ActivityKind.ZONE_SHUT_DOWN}
            reason = {} if bypass is None else {"reason": bypass.value}
            return told(kinds.get(bypass, ActivityKind.BYPASSED), area_id, by=by, zones=zone_ids, **reason)
        case ReportTrouble(trouble, active):
            zone = wording.config.zones.get(trouble.zone_id or "")
            return told(
                ActivityKind.TROUBLE if active else ActivityKind.TROUBLE_CLEARED,
                *(() if zone is None else (zone.area_id,)),
                zones=() if zone is None else (zone.zone_id,),
                trouble=trouble.kind.value,
                source=trouble.source,
            )
        case ReportWalkTest(area_id=area_id, running=True, by=by):
            return told(ActivityKind.WALK_TEST_STARTED, area_id, by=by)
        case ReportWalkTest(area_id=area_id, by=by, seen=seen, unseen=unseen):
            return told(
                ActivityKind.WALK_TEST_ENDED,
                area_id,
                by=by,
                zones=unseen,
                seen=list(wording.zone_names(seen)),
                never_seen=list(wording.zone_names(unseen)),
            )
        case ReportMemoryCleared(area_id=area_id, by=by):
            return told(ActivityKind.MEMORY_CLEARED, area_id, by=by)
        case ReportSilenced(area_id=area_id, by=by):
            return told(ActivityKind.SILENCED, area_id, by=by)
        case ReportCodeUsed(by=by, area_ids=area_ids):
            return told(ActivityKind.CODE_USED, *area_ids, by=by)
        case Chime(area_id=area_id, zone_id=zone_id):
            return told(ActivityKind.CHIME, area_id, zones=(zone_id,))
        case Refuse():
            return _refused(effect, event, wording, now)
        case _:
            return None


def _area_state(effect: ReportAreaState, wording: Wording, now: datetime) -> Activity | None:
    kinds = {
        AreaStatus.ARMING: ActivityKind.ARMING,
        AreaStatus.ARMED: ActivityKind.ARMED,
        AreaStatus.DISARMED: ActivityKind.DISARMED,
        AreaStatus.UNKNOWN: ActivityKind.STATE_UNKNOWN,
    }
    over = effect.before in (AreaStatus.TRIGGERED, AreaStatus.PENDING) and effect.status is AreaStatus.ARMED
    # After a load nothing has happened, but that a state was lost; after a siren the area is only as it was before.
    is_after_load = effect.before is None and effect.status is not AreaStatus.UNKNOWN
    if is_after_load or effect.status not in kinds or over:
        return None
    if effect.before is AreaStatus.TRIGGERED and effect.status is AreaStatus.DISARMED and effect.by is None:
        return None
    return Activity(
        kind=kinds[effect.status],
        at=now,
        areas=named((effect.area_id,), wording),
        by=effect.by,
        data={} if effect.mode is None else {"mode": effect.mode.value},
    )


def _refused(effect: Refuse, event: Event, wording: Wording, now: datetime) -> Activity | None:
    told = partial(
        Activity, at=now, areas=named(effect.area_ids, wording), by=_who_was_refused(effect, event, wording)
    )
    match effect.reason:
        case WrongCode():
            return told(kind=ActivityKind.WRONG_CODE, data=_wanted(event))
        case CodeNotValid(problem):
            return told(kind=ActivityKind.CODE_REFUSED, data={"problem": problem.value, **_wanted(event)})
        case NotAllowed(action):
            data = {"problem": "not_allowed", "action": action.value}
            return told(kind=ActivityKind.CODE_REFUSED, data=data)
        case reason if isinstance(reason, NotReady) or isinstance(event, ArmRequested):
            zones, data = _in_the_way(reason, wording)
            return told(kind=ActivityKind.ARMING_REFUSED, zones=zones, data=data)
        case _:
            return None


def arming_failed(
    err: HomeAssistantError, area_id: str, mode: ArmMode, wording: Wording, now: datetime
) -> Activity:
    """Return that an area could not be armed by itself: the error for who is told now, its facts for the journal."""
    if isinstance(err, RequestRefused):
        zones, why = _in_the_way(err.reason, wording)
    else:
        zones, why = (), {"problem": err.translation_key or "not_done"}
    areas = named((area_id,), wording)
    return Activity(
        kind=ActivityKind.AUTO_ARM_FAILED,
        at=now,
        areas=areas,
        zones=zones,
        data={"areas": list(areas.values()), "area_ids": [area_id], "mode": mode.value, **why},
        error=err,
    )


def _in_the_way(reason: Reason, wording: Wording) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return the names of the zones for which an area was not armed, and what else there was."""
    match reason:
        case NotReady(open_zones=open_zones, unavailable_zones=unavailable_zones, troubles=troubles):
            return wording.zone_names((*open_zones, *unavailable_zones)), _troubles(troubles, wording)
        case NotBypassable(zone_ids):
            return wording.zone_names(zone_ids), {"problem": _problem(reason)}
        case _:
            return (), {"problem": _problem(reason)}


def _wanted(event: Event) -> dict[str, str]:
    """Return what the code was entered for."""
    match event:
        case ArmRequested():
            return {"wanted": "arm"}
        case DisarmRequested():
            return {"wanted": "disarm"}
        case SilenceRequested():
            return {"wanted": "silence"}
        case BypassRequested(bypass=bypass):
            return {"wanted": "bypass" if bypass else "unbypass"}
        case ClearMemoryRequested():
            return {"wanted": "clear_memory"}
        case WalkTestRequested():
            return {"wanted": "walk_test"}
        case LookRequested():
            return {"wanted": "look"}
        case _:
            return {}


def _problem(reason: Reason) -> str | None:
    """Return why a wish to arm was wrong in itself."""
    match reason:
        case CodeNeeded():
            return "code_needed"
        case LockedOut():
            return "locked_out"
        case AlarmOngoing():
            return "alarm_ongoing"
        case StateUnknown():
            return "state_unknown"
        case ModeUnknown(mode=None):
            return "nothing_to_repeat"
        case ModeUnknown():
            return "mode_unknown"
        case NotBypassable():
            return "not_bypassable"
        case _:
            return None


def _troubles(troubles: Iterable[Trouble], wording: Wording) -> dict[str, Any]:
    """Return troubles as people and as automations read them."""
    return {
        "troubles": [wording.trouble(one) for one in troubles],
        "trouble_details": [_details(one, wording) for one in troubles],
    }


def _details(trouble: Trouble, wording: Wording) -> dict[str, str | None]:
    zone = None if trouble.zone_id is None else wording.zone_name(trouble.zone_id)
    return {"kind": trouble.kind.value, "source": trouble.source or None, "zone": zone}


def _who_was_refused(effect: Refuse, event: Event, wording: Wording) -> str | None:
    """Return whose code it was, or who was logged in."""
    match event:
        case (
            ArmRequested(credential=credential, by=by)
            | DisarmRequested(credential=credential, by=by)
            | BypassRequested(credential=credential, by=by)
            | ClearMemoryRequested(credential=credential, by=by)
            | LookRequested(credential=credential, by=by)
            | WalkTestRequested(credential=credential, by=by)
            | SilenceRequested(credential=credential, by=by)
        ):
            # While no code is taken nobody may learn from the logbook that the one he tried was right.
            if isinstance(credential, CodeMatched) and not isinstance(effect.reason, WrongCode | LockedOut):
                return wording.config.users[credential.user_id].name
            return by
        case _:
            return None
