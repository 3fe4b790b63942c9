"""What a wall clock that is set does to what is stored by it: no delay becomes longer or shorter."""

from collections.abc import Callable
from copy import replace
from datetime import datetime, timedelta

from .deadlines import running
from .state import Alarm, AreaState, Arming, Deadline, PanelState, Pending

type Again = Callable[[Deadline], Deadline]
type When = Callable[[datetime], datetime]


def shifted(state: PanelState, by: timedelta, *, since: datetime) -> PanelState:
    """Return the panel after the clock was set while it ran: everything is as far away as it was.

    What happened before this run, `since` by the clock as it is now, was written by a clock of which nobody knows.
    """

    def when(at: datetime) -> datetime:
        return at + by if at + by >= since else at

    return _mapped(state, lambda deadline: deadline.shifted(by), when)


def clamped(state: PanelState, now: datetime) -> PanelState:
    """Return the panel with no deadline further away than its full length, and nothing that is still to have happened.

    The clock may have been set back while the panel was down.
    """
    future = any(_is_of_the_future(area, now) for area in state.areas.values())
    if not future and not state.pulses and all(due.due_at <= now for due in running(state)):
        return state
    return _mapped(state, lambda deadline: deadline.clamped(now), lambda at: min(at, now))


def _is_of_the_future(area: AreaState, now: datetime) -> bool:
    latest = (*area.memory[-1:], *area.silent[-1:])
    return (area.armed_at is not None and area.armed_at > now) or any(one.raised_at > now for one in latest)


def _mapped(state: PanelState, again: Again, when: When) -> PanelState:
    def maybe(deadline: Deadline | None) -> Deadline | None:
        return None if deadline is None else again(deadline)

    return replace(
        state,
        lockout=replace(state.lockout, until=maybe(state.lockout.until)),
        settling=maybe(state.settling),
        areas={area_id: _mapped_area(area, again, when) for area_id, area in state.areas.items()},
        holding={zone_id: again(until) for zone_id, until in state.holding.items()},
        pulses={zone_id: tuple(map(again, pulses)) for zone_id, pulses in state.pulses.items()},
        gathering={
            group_id: replace(
                gathering, trips={zone_id: again(until) for zone_id, until in gathering.trips.items()}
            )
            for group_id, gathering in state.gathering.items()
        },
    )


def _mapped_area(area: AreaState, again: Again, when: When) -> AreaState:
    match area.guard:
        case Arming(until=until, final=final):
            final = None if final is None else again(final)
            area = replace(area, guard=replace(area.guard, until=again(until), final=final))
        case Pending(until=until):
            area = replace(area, guard=replace(area.guard, until=again(until)))
    if area.siren is not None:
        siren = replace(
            area.siren, until=again(area.siren.until), alarms=_mapped_alarms(area.siren.alarms, when)
        )
        area = replace(area, siren=siren)
    if area.walk_test is not None:
        area = replace(area, walk_test=replace(area.walk_test, until=again(area.walk_test.until)))
    if area.shut_down_until is not None:
        area = replace(area, shut_down_until=again(area.shut_down_until))
    armed_at = None if area.armed_at is None else when(area.armed_at)
    memory, silent = _mapped_alarms(area.memory, when), _mapped_alarms(area.silent, when)
    if (armed_at, memory, silent) == (area.armed_at, area.memory, area.silent):
        return area
    return replace(area, armed_at=armed_at, memory=memory, silent=silent)


def _mapped_alarms(alarms: tuple[Alarm, ...], when: When) -> tuple[Alarm, ...]:
    return tuple(
        alarm if (at := when(alarm.raised_at)) == alarm.raised_at else replace(alarm, raised_at=at)
        for alarm in alarms
    )
