"""Arm and disarm: ready check, bypass, exit delay and its end. A failed arming changes nothing."""

from dataclasses import replace
from datetime import timedelta

from .codes import judge
from .config import AreaConfig, ModeConfig, ZoneKind
from .effects import (
    AlarmOngoing,
    Effect,
    ModeUnknown,
    NotReady,
    Refuse,
    ReportDisarmed,
    ReportPendingCleared,
)
from .events import ArmRequested, DisarmRequested
from .guarding import Moment, PanelStep, judge_open_zones, with_area
from .state import Alarm, AreaState, Armed, Arming, Deadline, Disarmed, PanelState, Pending


def arm_requested(state: PanelState, event: ArmRequested, moment: Moment) -> PanelStep:
    """Return the panel after somebody wanted to arm; arming the armed mode again changes nothing."""
    config, policy = moment.config.areas[event.area_id], moment.config.codes
    area = state.areas[event.area_id]
    # Another mode while armed guards less for the length of the exit delay: that takes what disarming takes.
    lowers = isinstance(area.guard, Armed) and area.guard.mode is not event.mode
    required = policy.arm_required or (lowers and policy.disarm_required)
    verdict = judge(state.lockout, event.credential, policy, required=required, now=moment.now)
    state = replace(state, lockout=verdict.lockout)
    if verdict.refused is not None:
        return state, (Refuse(verdict.refused), *verdict.effects)
    settings = config.modes.get(event.mode)
    if settings is None:
        return state, (Refuse(ModeUnknown(event.mode)),)
    if area.siren is not None or isinstance(area.guard, Pending):
        return state, (Refuse(AlarmOngoing()),)
    if area.mode is event.mode:
        return state, ()
    in_the_way = not_ready(state, settings, moment)
    if in_the_way is not None and not event.force:
        return state, (Refuse(in_the_way),)
    forced = {*in_the_way.open_zones, *in_the_way.blind_zones} if in_the_way else set[str]()
    guard = (
        Arming(mode=event.mode, until=Deadline.after(settings.exit_delay, moment.now))
        if settings.exit_delay > timedelta(0)
        else Armed(mode=event.mode)
    )
    armed = AreaState(
        guard=guard,
        bypassed=_always_bypassed(area, moment) | forced,
        # Alarms that nobody has ended stay on the list of what a disarm ends.
        memory=tuple(alarm for alarm in area.memory if not alarm.disarmed),
        changed_by=verdict.user or event.by,
    )
    return with_area(state, event.area_id, armed), ()


def not_ready(state: PanelState, settings: ModeConfig, moment: Moment) -> NotReady | None:
    """Return the zones that stand in the way of a mode, or None.

    Entry/exit zones may be open where there is an exit delay. A blind zone is never taken for closed.
    """
    leaving = settings.exit_delay > timedelta(0)
    open_zones = tuple(
        zone_id
        for zone_id in sorted(state.open_zones & settings.zones)
        if not (leaving and moment.config.zones[zone_id].kind is ZoneKind.ENTRY_EXIT)
    )
    blind_zones = tuple(sorted(state.blind_zones & settings.zones))
    if not open_zones and not blind_zones:
        return None
    return NotReady(open_zones=open_zones, blind_zones=blind_zones)


def exit_ended(state: PanelState, area_id: str, moment: Moment) -> PanelStep:
    """Return the panel after the exit delay: armed, and a zone still open starts the entry delay (exit error).

    Zones of any kind may open while it runs, since people are inside; what counts is how they are at its end.
    """
    area = state.areas[area_id]
    if not isinstance(area.guard, Arming):
        return state, ()
    state = with_area(state, area_id, replace(area, guard=Armed(mode=area.guard.mode)))
    if state.settling is not None:
        return state, ()
    return judge_open_zones(state, area_id, moment, exit_error=True)


def disarm_requested(state: PanelState, event: DisarmRequested, moment: Moment) -> PanelStep:
    """Return the panel after somebody wanted to disarm: the only way out of pending and triggered."""
    policy = moment.config.codes
    verdict = judge(state.lockout, event.credential, policy, required=policy.disarm_required, now=moment.now)
    state = replace(state, lockout=verdict.lockout)
    if verdict.refused is not None:
        return state, (Refuse(verdict.refused), *verdict.effects)
    by = verdict.user or event.by
    area = state.areas[event.area_id]
    effects: list[Effect] = []
    if isinstance(area.guard, Pending):
        effects.append(ReportPendingCleared(uid=area.guard.uid, by=by))
    sounding = area.siren.alarms if area.siren is not None else ()
    alarms = area.memory + sounding
    effects += [ReportDisarmed(uid=alarm.uid, by=by) for alarm in alarms if not alarm.disarmed]
    disarmed = AreaState(
        bypassed=_still_on(area, sounding, state, moment),
        memory=tuple(replace(alarm, disarmed=True) for alarm in alarms),
        changed_by=by,
    )
    return with_area(state, event.area_id, disarmed), tuple(effects)


def fitted(area: AreaState, config: AreaConfig, zone_ids: frozenset[str]) -> AreaState:
    """Return a stored area under a configuration that may have changed since; never less armed."""
    area = replace(area, bypassed=area.bypassed & zone_ids)
    if isinstance(area.guard, Disarmed):
        return area
    return replace(area, guard=replace(area.guard, mode=config.mode_at_least(area.guard.mode)))


def _still_on(
    area: AreaState, sounding: tuple[Alarm, ...], state: PanelState, moment: Moment
) -> frozenset[str]:
    """Return the 24-hour zones that tripped and are not closed yet: disarmed, they must not sound again at once."""
    tripped = {zone_id for alarm in sounding for zone_id in alarm.zones}
    unclosed = state.open_zones | state.blind_zones
    return frozenset(
        zone_id
        for zone_id in (area.bypassed | tripped) & unclosed
        if zone_id in moment.config.zones and moment.config.zones[zone_id].kind is ZoneKind.ALWAYS
    )


def _always_bypassed(area: AreaState, moment: Moment) -> frozenset[str]:
    return frozenset(
        zone_id for zone_id in area.bypassed if moment.config.zones[zone_id].kind is ZoneKind.ALWAYS
    )
