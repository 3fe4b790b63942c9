from collections.abc import Callable

import pytest

from custom_components.alarm_broker.core.panel.config import AlarmKind, ArmMode, GroupConfig, Rules, ZoneKind
from custom_components.alarm_broker.core.panel.effects import (
    RaiseAlarm,
    ReportBypass,
    ReportPending,
    ReportZoneTripped,
)
from custom_components.alarm_broker.core.panel.events import WindowsChanged
from custom_components.alarm_broker.core.panel.state import AreaStatus, Bypass
from custom_components.alarm_broker.core.windows import WindowKind
from tests.integration.panel.builders import (
    DOOR,
    HALL,
    HOME,
    SMOKE,
    STAIRS,
    START,
    TAMPER,
    WINDOW,
    Panel,
    house,
    seconds,
)


def test_an_entry_door_gives_time_to_disarm_and_then_triggers() -> None:
    panel = Panel().armed()

    panel.open(DOOR)
    shown_first = panel.status
    panel.wait(30)

    assert shown_first is AreaStatus.PENDING
    assert panel.status is AreaStatus.TRIGGERED
    pending, raised = panel.told(ReportPending)[0], panel.told(RaiseAlarm)[0]
    assert pending.until == START + seconds(90)
    assert (raised.uid, raised.kind, raised.zones) == (pending.uid, AlarmKind.BURGLARY, (DOOR,))


def test_without_entry_delay_the_door_triggers_at_once() -> None:
    panel = Panel(house(entry_delay=0)).armed()

    panel.open(DOOR)

    assert panel.status is AreaStatus.TRIGGERED
    assert not panel.told(ReportPending)


def test_an_instant_zone_triggers_at_once() -> None:
    panel = Panel().armed()

    panel.open(WINDOW)

    assert panel.status is AreaStatus.TRIGGERED
    assert panel.area.changed_by is None


def test_an_instant_zone_ends_the_entry_delay_as_the_same_alarm() -> None:
    panel = Panel().armed()

    panel.open(DOOR, HALL)
    panel.wait(60)

    (raised,) = panel.told(RaiseAlarm)
    assert raised.uid == panel.told(ReportPending)[0].uid
    assert raised.zones == (DOOR, HALL)


def test_a_zone_that_the_mode_does_not_guard_is_left_alone() -> None:
    panel = Panel().armed(ArmMode.HOME)

    panel.open(HALL)

    assert panel.status is AreaStatus.ARMED


def test_further_zones_are_updates_of_the_same_alarm() -> None:
    panel = Panel().armed()

    panel.open(WINDOW, HALL)
    panel.close(HALL)
    panel.open(HALL, DOOR)

    (raised,) = panel.told(RaiseAlarm)
    assert panel.told(ReportZoneTripped) == [
        ReportZoneTripped(uid=raised.uid, area_id=HOME, zone_id=HALL, confirmed=True),
        ReportZoneTripped(uid=raised.uid, area_id=HOME, zone_id=DOOR),
    ]


@pytest.mark.parametrize("disarmed_between", [False, True])
def test_another_zone_after_the_siren_confirms_unless_somebody_has_disarmed(
    *, disarmed_between: bool
) -> None:
    """Also where older alarms, which somebody has disarmed, are in the memory before it."""
    panel = Panel().armed()
    panel.open(HALL)
    panel.close(HALL)
    panel.disarm()
    panel.armed()
    panel.open(WINDOW)
    panel.close(WINDOW)
    panel.wait(180)
    if disarmed_between:
        panel.disarm()
        panel.armed()

    panel.open(HALL)

    assert panel.told(RaiseAlarm)[-1].confirmed is not disarmed_between


def test_a_door_that_closes_again_does_not_end_the_entry_delay() -> None:
    panel = Panel().armed()

    panel.open(DOOR)
    panel.close(DOOR)
    panel.wait(30)

    assert panel.status is AreaStatus.TRIGGERED


@pytest.mark.parametrize("armed", [False, True], ids=["disarmed", "armed"])
def test_smoke_triggers_in_every_state(*, armed: bool) -> None:
    panel = Panel().armed() if armed else Panel()

    panel.open(SMOKE)

    assert panel.status is AreaStatus.TRIGGERED
    assert [one.kind for one in panel.told(RaiseAlarm)] == [AlarmKind.FIRE]


def test_smoke_during_a_burglary_is_announced_by_itself() -> None:
    """Our answer to D5."""
    panel = Panel().armed()

    panel.open(WINDOW, SMOKE)

    burglary, fire = panel.told(RaiseAlarm)
    assert (burglary.kind, fire.kind) == (AlarmKind.BURGLARY, AlarmKind.FIRE)
    assert burglary.uid != fire.uid


def test_a_fire_lets_the_exit_delay_and_the_entry_delay_go_on() -> None:
    leaving, entering = Panel(), Panel().armed()
    leaving.arm()
    entering.open(DOOR)

    leaving.open(SMOKE)
    entering.open(SMOKE)
    leaving.wait(300)
    entering.wait(30)

    assert leaving.status is AreaStatus.ARMED
    assert [one.kind for one in entering.told(RaiseAlarm)] == [AlarmKind.FIRE, AlarmKind.BURGLARY]


def test_a_24_hour_burglary_zone_takes_over_the_running_entry_delay() -> None:
    panel = Panel(house(zones={TAMPER: {"kind": ZoneKind.ALWAYS}})).armed()

    panel.open(DOOR, TAMPER)
    panel.wait(60)

    (raised,) = panel.told(RaiseAlarm)
    assert (raised.uid, raised.zones) == (panel.told(ReportPending)[0].uid, (DOOR, TAMPER))


def test_after_the_siren_the_house_stays_armed_and_only_the_open_zone_is_left_out() -> None:
    """Our answer to D9."""
    panel = Panel().armed()
    panel.open(WINDOW, HALL)
    panel.close(HALL)

    panel.wait(180)
    after_siren = panel.status
    bypassed = panel.area.bypassed
    panel.open(HALL)

    assert after_siren is AreaStatus.ARMED
    assert bypassed == {WINDOW: Bypass.AFTER_ALARM}
    assert panel.status is AreaStatus.TRIGGERED
    assert [alarm.zones for alarm in panel.area.memory] == [(WINDOW, HALL)]


def test_a_bypassed_zone_guards_again_once_it_closed() -> None:
    panel = Panel().armed()
    panel.open(WINDOW)
    panel.wait(180)

    panel.close(WINDOW)
    panel.open(WINDOW)

    assert panel.status is AreaStatus.TRIGGERED
    assert len({one.uid for one in panel.told(RaiseAlarm)}) == 2


def test_a_sensor_that_falls_silent_and_comes_back_closed_is_no_event() -> None:
    """Our answer to D7."""
    panel = Panel().armed()

    panel.lose(WINDOW)
    panel.close(WINDOW)

    assert panel.status is AreaStatus.ARMED
    assert not panel.effects


def test_a_sensor_that_falls_silent_and_comes_back_open_triggers() -> None:
    panel = Panel().armed()

    panel.lose(WINDOW)
    panel.open(WINDOW)

    assert panel.status is AreaStatus.TRIGGERED


def test_an_open_zone_that_was_bypassed_is_no_new_opening_after_a_silence() -> None:
    panel = Panel().armed()
    panel.open(WINDOW)
    panel.wait(180)

    panel.lose(WINDOW)
    panel.open(WINDOW)

    assert panel.status is AreaStatus.ARMED


def test_the_alarm_can_be_raised_by_hand_in_any_state() -> None:
    panel = Panel()

    panel.trigger()
    shown = panel.status
    panel.wait(180)

    assert shown is AreaStatus.TRIGGERED
    assert [(one.kind, one.by) for one in panel.told(RaiseAlarm)] == [(AlarmKind.PANIC, "Bert")]
    assert panel.status is AreaStatus.DISARMED


def pair(window_s: float = 60) -> list[GroupConfig]:
    return [GroupConfig(group_id="g", zones=frozenset({WINDOW, HALL}), required=2, window=seconds(window_s))]


def unavailable(panel: Panel) -> None:
    panel.lose(HALL)
    panel.armed()


def bypassed(panel: Panel) -> None:
    panel.bypass(HALL)
    panel.armed()


def not_in_the_mode(panel: Panel) -> None:
    panel.armed(ArmMode.HOME)


def gone_unavailable(panel: Panel) -> None:
    panel.armed()
    panel.lose(HALL)


@pytest.mark.parametrize("prepared", [unavailable, bypassed, not_in_the_mode, gone_unavailable])
def test_a_group_with_too_few_watching_zones_alarms_one_by_one(prepared: Callable[[Panel], None]) -> None:
    """Else those that are left could never alarm, and nobody would know."""
    panel = Panel(house(groups=pair(), rules=Rules(trouble={})))
    prepared(panel)

    panel.open(WINDOW)

    assert panel.status is AreaStatus.TRIGGERED


def test_a_trip_of_an_arming_that_is_over_does_not_count() -> None:
    panel = Panel(house(groups=pair(120), zones={DOOR: {"trips": 2, "trip_window": seconds(300)}}))
    panel.arm(skip_delay=True)
    for zone_id in (HALL, DOOR):
        panel.open(zone_id)
        panel.close(zone_id)
    panel.disarm()
    panel.arm(skip_delay=True)

    panel.open(WINDOW, DOOR)

    assert panel.status is AreaStatus.ARMED


def test_a_trip_of_a_zone_that_was_left_out_since_does_not_count() -> None:
    panel = Panel(
        house(
            groups=[
                GroupConfig(
                    group_id="g", zones=frozenset({WINDOW, HALL, STAIRS}), required=2, window=seconds(120)
                )
            ]
        )
    )
    panel.arm(skip_delay=True)
    panel.open(HALL)
    panel.close(HALL)
    panel.bypass(HALL)

    panel.open(WINDOW)

    assert panel.status is AreaStatus.ARMED


def test_a_zone_that_is_guarded_again_while_it_is_open_is_said_to_be_left_out_until_it_closes() -> None:
    panel = Panel().armed()
    panel.bypass(WINDOW)
    panel.open(WINDOW)
    panel.effects.clear()

    panel.bypass(WINDOW, bypass=False)

    assert [(one.zone_ids, one.bypass) for one in panel.told(ReportBypass)] == [((WINDOW,), Bypass.FORCED)]


@pytest.mark.parametrize("before", ["open", "closed", "outage"])
def test_a_sensor_that_only_comes_back_open_has_not_been_tried(before: str) -> None:
    panel = Panel()
    if before == "open":
        panel.open(WINDOW)
    panel.walk_test(start=True)

    if before == "outage":
        panel.power_cut(5)
        panel.sensors_report(opened=(WINDOW,))
    else:
        panel.lose(WINDOW)
        panel.open(WINDOW)
    untried = panel.area.walk_test
    panel.close(WINDOW)
    panel.open(WINDOW)

    assert untried is not None
    assert not untried.seen
    assert panel.area.walk_test is not None
    assert panel.area.walk_test.seen == {WINDOW}


@pytest.mark.parametrize("order", [(STAIRS, HALL), (HALL, STAIRS)])
def test_in_the_entry_delay_a_group_sounds_at_once_whichever_of_its_zones_comes_last(
    order: tuple[str, str],
) -> None:
    group = GroupConfig(group_id="g", zones=frozenset(order), required=2, window=seconds(60))
    panel = Panel(house(groups=[group])).armed()
    panel.open(DOOR)

    panel.open(*order)

    assert panel.status is AreaStatus.TRIGGERED


def test_a_late_zone_gives_no_entry_delay_to_the_other_zone_of_its_group() -> None:
    panel = Panel(house(groups=pair(), zones={WINDOW: {"hold": seconds(90)}}))
    panel.arm()
    panel.wait(10)
    panel.open(WINDOW)
    panel.wait(51)
    panel.open(HALL)

    panel.wait(40)

    assert panel.status is AreaStatus.TRIGGERED


def test_jamming_the_second_sensor_of_a_group_does_not_silence_the_first() -> None:
    """That a sensor falls silent is no alarm by itself, also not behind a single trip."""
    panel = Panel(house(groups=pair())).armed()
    panel.open(HALL)
    panel.close(HALL)
    panel.lose(WINDOW)
    quiet = panel.status

    panel.open(HALL)

    assert quiet is AreaStatus.ARMED
    assert panel.status is AreaStatus.TRIGGERED
    assert [one.zones for one in panel.told(RaiseAlarm)] == [(HALL,)]


def test_a_trip_of_a_zone_that_a_window_leaves_out_since_does_not_count() -> None:
    group = GroupConfig(
        group_id="g", zones=frozenset({WINDOW, HALL, STAIRS}), required=2, window=seconds(120)
    )
    panel = Panel(house(groups=[group])).armed()
    panel.open(HALL)
    panel.close(HALL)
    panel.tell(WindowsChanged(kinds=frozenset({WindowKind.CLEANING}), left_out=frozenset({HALL})))

    panel.open(WINDOW)

    assert panel.status is AreaStatus.ARMED


def test_pulses_of_another_mode_do_not_count() -> None:
    panel = Panel(house(zones={WINDOW: {"trips": 2, "trip_window": seconds(600)}})).armed()
    panel.open(WINDOW)
    panel.close(WINDOW)
    panel.arm(ArmMode.HOME, skip_delay=True)

    panel.open(WINDOW)

    assert panel.status is AreaStatus.ARMED
