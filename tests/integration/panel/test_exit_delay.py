"""The way out: what stands open, what comes back from a power cut, the final door, and nobody having left."""

import pytest

from custom_components.alarm_broker.core.panel.config import ArmMode, GroupConfig, Rules, ZoneKind
from custom_components.alarm_broker.core.panel.effects import RaiseAlarm, ReportPending
from custom_components.alarm_broker.core.panel.events import (
    Credential,
    SensorsReady,
    Trusted,
    ZoneClosed,
    ZoneOpened,
)
from custom_components.alarm_broker.core.panel.state import AreaStatus, Bypass
from tests.integration.panel.builders import ANNA, DOOR, HALL, NO_CODE, STAIRS, WINDOW, Panel, house, seconds


@pytest.mark.parametrize("option", ["allow_open", "auto_bypass"])
def test_a_window_left_open_by_setting_is_left_out_also_when_the_delay_ends_in_a_power_cut(
    option: str,
) -> None:
    panel = Panel(house(zones={WINDOW: {option: True}}))
    panel.open(WINDOW)
    panel.arm()
    said = dict(panel.area.bypassed)
    panel.wait(20)

    panel.power_cut(300)
    panel.sensors_report(opened=(WINDOW,))

    assert list(said) == [WINDOW]
    assert panel.status is AreaStatus.ARMED
    assert panel.area.bypassed == said


def test_the_front_door_is_not_left_out_because_people_go_through_it() -> None:
    panel = Panel(house(zones={DOOR: {"auto_bypass": True}}))
    panel.open(DOOR)
    panel.arm()
    panel.wait(10)
    panel.close(DOOR)
    panel.wait(60)

    panel.open(DOOR)

    assert panel.status is AreaStatus.PENDING


@pytest.mark.parametrize("settle_s", [0, 60])
@pytest.mark.parametrize("zone_id", [DOOR, STAIRS, WINDOW])
def test_what_is_open_when_power_is_back_after_the_exit_delay_is_an_exit_error(
    zone_id: str, settle_s: float
) -> None:
    panel = Panel()
    panel.arm()
    panel.open(zone_id)

    panel.power_cut(300)
    for other in panel.config.zones:
        panel.tell(ZoneOpened(other) if other == zone_id else ZoneClosed(other))
    panel.tell(SensorsReady(seconds(settle_s)))
    panel.wait(settle_s)

    assert panel.status is AreaStatus.PENDING
    assert [one.exit_error for one in panel.told(ReportPending)] == [True]


def test_an_alarm_after_a_judged_exit_is_none_of_the_exit() -> None:
    panel = Panel()
    panel.arm()
    panel.power_cut(300)
    panel.sensors_report()
    panel.wait(10)

    panel.open(WINDOW)

    assert panel.status is AreaStatus.TRIGGERED


@pytest.mark.parametrize("zone_id", [STAIRS, WINDOW])
def test_a_zone_that_trips_only_after_a_while_is_late_all_the_same(zone_id: str) -> None:
    panel = Panel(house(zones={zone_id: {"hold": seconds(10)}}))
    panel.arm()
    panel.wait(55)
    panel.open(zone_id)

    panel.wait(10)

    assert panel.status is AreaStatus.PENDING
    assert panel.told(ReportPending)[0].exit_error


def test_a_late_zone_of_a_group_gets_the_entry_delay_when_it_stays_open() -> None:
    group = GroupConfig(
        group_id="g", zones=frozenset({STAIRS, HALL}), required=2, window=seconds(60), held_alone=True
    )
    panel = Panel(house(groups=[group]))
    panel.arm()
    panel.wait(55)
    panel.open(STAIRS)

    panel.wait(70)

    assert panel.status is AreaStatus.PENDING


def test_a_late_zone_that_has_closed_is_late_no_more() -> None:
    panel = Panel(house(zones={WINDOW: {"hold": seconds(10)}}))
    panel.arm()
    panel.wait(55)
    panel.open(WINDOW)
    panel.wait(6)
    panel.close(WINDOW)

    panel.open(WINDOW)
    panel.wait(10)

    assert panel.status is AreaStatus.TRIGGERED


def test_the_final_door_waits_for_the_motion_sensor_that_saw_them_leave() -> None:
    panel = Panel(house(zones={DOOR: {"final_set": True}}))
    panel.arm()
    panel.open(STAIRS)
    panel.wait(5)
    panel.open(DOOR)
    panel.wait(3)
    panel.close(DOOR)
    panel.wait(10)
    while_it_sees = panel.status

    panel.close(STAIRS)
    panel.wait(5)

    assert while_it_sees is AreaStatus.ARMING
    assert panel.status is AreaStatus.ARMED
    assert not panel.told(ReportPending)


def test_the_final_door_is_not_the_last_one_when_something_opens_after_it() -> None:
    panel = Panel(house(zones={DOOR: {"final_set": True}}))
    panel.arm()
    panel.open(DOOR)
    panel.close(DOOR)
    panel.wait(3)
    panel.open(STAIRS)
    panel.wait(10)

    assert panel.status is AreaStatus.ARMING


def test_another_door_does_not_stand_for_the_final_one() -> None:
    panel = Panel(house(zones={DOOR: {"final_set": True}, WINDOW: {"kind": ZoneKind.ENTRY_EXIT}}))
    panel.arm()
    panel.open(WINDOW)
    panel.close(WINDOW)
    panel.wait(10)

    assert panel.status is AreaStatus.ARMING


def test_the_final_door_ends_the_delay_beside_a_zone_that_is_left_out() -> None:
    panel = Panel(house(zones={DOOR: {"final_set": True}, WINDOW: {"kind": ZoneKind.ENTRY_EXIT}}))
    panel.bypass(WINDOW)
    panel.open(WINDOW)
    panel.arm()
    panel.open(DOOR)
    panel.close(DOOR)
    panel.wait(5)

    assert panel.status is AreaStatus.ARMED


@pytest.mark.parametrize(
    ("credential", "by", "mode"),
    [
        (ANNA, None, ArmMode.HOME),
        (ANNA, "Anna", ArmMode.AWAY),
        (NO_CODE, "Anna", ArmMode.AWAY),
        (NO_CODE, None, ArmMode.AWAY),
        (Trusted(), None, ArmMode.AWAY),
    ],
    ids=[
        "a code at a keypad",
        "a code in an app with a login",
        "an app with a login",
        "an automation or a fob",
        "by itself",
    ],
)
def test_nobody_having_left_means_home_only_for_who_armed_at_the_panel(
    credential: Credential, by: str | None, mode: ArmMode
) -> None:
    """ANSI/SIA CP-01: unvacated premises never for remote arming."""
    panel = Panel(house(arm_required=False, rules=Rules(auto_stay=True)))
    panel.arm(credential=credential, by=by)

    panel.wait(60)

    assert panel.area.mode is mode


def test_after_a_power_cut_nobody_knows_whether_somebody_left() -> None:
    panel = Panel(house(rules=Rules(auto_stay=True)))
    panel.arm()
    panel.power_cut(5)
    panel.sensors_report()

    panel.wait(60)

    assert panel.area.mode is ArmMode.AWAY


def test_an_area_without_a_door_cannot_tell_whether_somebody_left() -> None:
    panel = Panel(house(rules=Rules(auto_stay=True), zones={DOOR: {"kind": ZoneKind.INSTANT}}))
    panel.arm()

    panel.wait(60)

    assert panel.area.mode is ArmMode.AWAY


def test_what_was_forced_is_repeated_only_while_it_is_in_the_way() -> None:
    panel = Panel()
    panel.open(WINDOW)
    panel.arm(force=True)
    panel.wait(60)
    panel.disarm()
    panel.close(WINDOW)

    panel.arm(None)
    panel.wait(60)
    panel.open(WINDOW)

    assert panel.status is AreaStatus.TRIGGERED


def test_what_was_forced_and_is_still_open_is_left_out_again_until_it_closes() -> None:
    panel = Panel()
    panel.open(WINDOW)
    panel.arm(force=True)
    panel.wait(60)
    panel.disarm()

    panel.arm(None)
    panel.wait(60)
    left_out = dict(panel.area.bypassed)
    panel.close(WINDOW)

    assert left_out == {WINDOW: Bypass.FORCED}
    assert not panel.area.bypassed
    assert not panel.told(RaiseAlarm)


def test_arming_as_last_time_judges_anew_what_is_in_the_way() -> None:
    """A door that people leave through is in nobody's way."""
    panel = Panel()
    panel.open(DOOR)
    panel.arm(force=True, skip_delay=True)
    panel.disarm()

    panel.arm(None)
    panel.wait(60)

    assert panel.status is AreaStatus.PENDING


@pytest.mark.parametrize("option", ["allow_open", "auto_bypass"])
@pytest.mark.parametrize("zone_id", [STAIRS, WINDOW])
def test_what_may_be_open_at_the_end_may_be_so_also_after_a_power_cut(zone_id: str, option: str) -> None:
    panel = Panel(house(zones={zone_id: {option: True}}))
    panel.arm()
    panel.wait(10)
    panel.open(zone_id)

    panel.power_cut(120)
    panel.sensors_report(opened=(zone_id,))

    assert panel.status is AreaStatus.ARMED
    assert list(panel.area.bypassed) == [zone_id]


def test_what_opens_after_it_was_seen_closed_is_not_late_though_sensors_still_come_up() -> None:
    panel = Panel()
    panel.arm()
    panel.power_cut(8 * 3600)
    for zone_id in panel.config.zones:
        panel.tell(ZoneClosed(zone_id))
    panel.tell(SensorsReady(seconds(60)))
    panel.wait(40)
    panel.open(WINDOW)

    panel.wait(20)

    assert panel.status is AreaStatus.TRIGGERED


def test_a_sensor_that_is_silent_at_the_end_was_open_if_it_was_before() -> None:
    panel = Panel()
    panel.arm()
    panel.wait(50)
    panel.open(HALL)
    panel.lose(HALL)
    panel.wait(11)

    panel.open(HALL)

    assert panel.status is AreaStatus.PENDING
    assert panel.told(ReportPending)[0].exit_error


@pytest.mark.parametrize("lost", ["before", "meanwhile"])
def test_a_door_that_nobody_sees_cannot_tell_whether_somebody_left(lost: str) -> None:
    panel = Panel(house(rules=Rules(auto_stay=True, trouble={})))
    if lost == "before":
        panel.lose(DOOR)
    panel.arm()
    if lost == "meanwhile":
        panel.lose(DOOR)

    panel.wait(60)

    assert panel.area.mode is ArmMode.AWAY


def test_the_final_door_waits_for_a_sensor_that_was_only_silent_for_a_moment() -> None:
    panel = Panel(house(zones={DOOR: {"final_set": True}}))
    panel.arm()
    panel.open(HALL, DOOR)
    panel.lose(HALL)
    panel.close(DOOR)
    panel.wait(1)
    panel.open(HALL)

    panel.wait(5)

    assert panel.status is AreaStatus.ARMING


def test_a_zone_that_is_left_out_does_not_hold_the_final_door_up() -> None:
    panel = Panel(house(zones={DOOR: {"final_set": True}}))
    panel.bypass(HALL)
    panel.arm()
    panel.open(DOOR)
    panel.close(DOOR)
    panel.open(HALL)

    panel.wait(5)

    assert panel.status is AreaStatus.ARMED
