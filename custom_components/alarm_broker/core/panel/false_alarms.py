"""What makes an open zone wait before it counts: pulse count and cross-zoning. Each open zone asks here first."""

from collections.abc import Collection, Mapping
from copy import replace

from .config import GroupConfig, PanelConfig, ZoneConfig
from .context import RuleContext
from .state import Deadline, Gathering, PanelState


def pulse_counted(state: PanelState, zone: ZoneConfig, context: RuleContext) -> tuple[PanelState, bool]:
    """Return the panel with one more opening of the zone noted, and whether it has opened often enough."""
    if zone.trips <= 1:
        return state, True
    recent = tuple(
        pulse.clamped(context.now)
        for pulse in state.pulses.get(zone.zone_id, ())
        if pulse.due_at > context.now
    )
    pulses = (*recent, Deadline.after(zone.trip_window, context.now))
    if len(pulses) < zone.trips:
        return replace(state, pulses={**state.pulses, zone.zone_id: pulses}), False
    return replace(state, pulses=_without(state.pulses, zone.zone_id)), True


def group_of(config: PanelConfig, zone_id: str) -> GroupConfig | None:
    """Return the group that a zone alarms with, or None for a zone that alarms alone."""
    for group in config.groups.values():
        if zone_id in group.zones:
            return group
    return None


def gathered(
    state: PanelState, zone: ZoneConfig, group: GroupConfig, context: RuleContext
) -> tuple[PanelState, tuple[str, ...]]:
    """Return the panel with a trip of a group's zone noted, and the zones that together are enough.

    First tripped first; none while they wait for more.

    Another trip of the same zone counts anew from now, and still as one zone.
    """
    before = state.gathering.get(group.group_id, Gathering())
    trips = {
        **_without(before.trips, zone.zone_id),
        zone.zone_id: Deadline.after(group.window, context.now),
    }
    counting = {zone_id: until for zone_id, until in trips.items() if until.due_at > context.now}
    if len(counting) >= group.required:
        return _with_gathering(state, group.group_id, Gathering()), tuple(counting)
    held = (before.held | {zone.zone_id}) & counting.keys()
    return _with_gathering(state, group.group_id, Gathering(trips=counting, held=held)), ()


def window_ended(state: PanelState, group: GroupConfig, zone_id: str) -> tuple[PanelState, tuple[str, ...]]:
    """Return the panel after a trip stopped counting, and the zone if it counts all the same.

    Where the group says so a zone that stayed open for the whole window counts alone, as commercial cross-zoning has
    it (IDS 1632).
    """
    group_id = group.group_id
    gathering = state.gathering[group_id]
    held = group.held_alone and zone_id in gathering.held and zone_id in state.open_zones
    left = Gathering(trips=_without(gathering.trips, zone_id), held=gathering.held - {zone_id})
    return _with_gathering(state, group_id, left), ((zone_id,) if held else ())


def forgotten(state: PanelState, zone_ids: Collection[str]) -> PanelState:
    """Return the panel without what these zones have said towards an alarm: it belongs to an arming that is over."""
    gathering = {
        group_id: Gathering(
            trips={zone_id: until for zone_id, until in one.trips.items() if zone_id not in zone_ids},
            held=one.held.difference(zone_ids),
        )
        for group_id, one in state.gathering.items()
    }
    return replace(
        state,
        pulses={zone_id: pulses for zone_id, pulses in state.pulses.items() if zone_id not in zone_ids},
        gathering={group_id: one for group_id, one in gathering.items() if one.trips},
    )


def closed(state: PanelState, zone_id: str) -> PanelState:
    """Return the panel with a zone no longer held open."""
    holding = _without(state.holding, zone_id) if zone_id in state.holding else state.holding
    state = replace(state, holding=holding)
    for group_id, gathering in state.gathering.items():
        if zone_id in gathering.held:
            return _with_gathering(state, group_id, replace(gathering, held=gathering.held - {zone_id}))
    return state


def _with_gathering(state: PanelState, group_id: str, gathering: Gathering) -> PanelState:
    others = _without(state.gathering, group_id)
    return replace(state, gathering={**others, group_id: gathering} if gathering.trips else others)


def _without[T](mapping: Mapping[str, T], key: str) -> dict[str, T]:
    return {other: value for other, value in mapping.items() if other != key}
