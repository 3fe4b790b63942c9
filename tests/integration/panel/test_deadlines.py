"""Power cuts, late deadlines and clocks that are set back."""

from dataclasses import replace

import pytest

from custom_components.alarm_broker.core.panel.config import AlarmKind, ArmMode, Rules
from custom_components.alarm_broker.core.panel.deadlines import next_due
from custom_components.alarm_broker.core.panel.effects import (
    Ending,
    RaiseAlarm,
    ReportDisarmed,
    ReportPending,
    ReportZoneTripped,
)
from custom_components.alarm_broker.core.panel.events import SensorsReady, TimePassed, ZoneClosed, ZoneOpened
from custom_components.alarm_broker.core.panel.state import AreaStatus
from tests.integration.panel.builders import DOOR, HALL, HOME, SMOKE, TAMPER, WINDOW, Panel, house, seconds


def test_a_power_cut_longer_than_the_entry_delay_raises_the_alarm_when_power_is_back() -> None:
    """Our answer to D1: pulling the plug does not defeat the entry delay."""
    panel = Panel().armed()
    panel.open(DOOR)

    effects = panel.power_cut(3600)

    (raised,) = [effect for effect in effects if isinstance(effect, RaiseAlarm)]
    assert raised.uid == panel.told(ReportPending)[0].uid
    assert raised.during_outage
    assert panel.status is AreaStatus.TRIGGERED
    assert panel.area.delay_end == panel.now + seconds(180)


def test_a_short_power_cut_lets_the_entry_delay_go_on_to_its_old_end() -> None:
    panel = Panel().armed()
    panel.open(DOOR)
    due_at = panel.now + seconds(30)

    panel.power_cut(10)
    after_cut = (panel.status, panel.area.delay_end)
    panel.wait(20)

    assert after_cut == (AreaStatus.PENDING, due_at)
    assert panel.status is AreaStatus.TRIGGERED
    assert not panel.told(RaiseAlarm)[0].during_outage


def test_disarming_after_a_power_cut_still_ends_the_entry_delay() -> None:
    panel = Panel().armed()
    panel.open(DOOR)
    panel.power_cut(10)

    panel.disarm()

    assert panel.status is AreaStatus.DISARMED


def test_the_exit_delay_ends_in_the_power_cut() -> None:
    panel = Panel()
    panel.arm()

    panel.power_cut(300)

    assert panel.status is AreaStatus.ARMED


def test_a_stale_siren_is_not_resumed_but_remembered() -> None:
    panel = Panel().armed()
    panel.open(WINDOW)

    panel.power_cut(86_400)

    assert panel.status is AreaStatus.ARMED
    assert [alarm.zones for alarm in panel.area.memory] == [(WINDOW,)]


def test_the_tripped_zone_of_a_stale_siren_is_left_out_until_it_is_seen_closed() -> None:
    panel = Panel().armed()
    panel.open(WINDOW)
    panel.power_cut(86_400)

    panel.sensors_report(opened=(WINDOW,))
    still_open = panel.status
    panel.close(WINDOW)
    panel.open(WINDOW)

    assert still_open is AreaStatus.ARMED
    assert panel.status is AreaStatus.TRIGGERED


def test_a_door_opened_during_the_power_cut_is_judged_once_the_sensors_settled() -> None:
    panel = Panel().armed()
    panel.power_cut(300)

    panel.tell(ZoneOpened(WINDOW))
    while_settling = panel.status
    panel.tell(SensorsReady(seconds(60)))
    panel.wait(60)

    assert while_settling is AreaStatus.ARMED
    assert panel.status is AreaStatus.TRIGGERED


def test_a_sensor_that_flickers_while_it_comes_up_triggers_nothing() -> None:
    panel = Panel().armed()
    panel.power_cut(300)
    panel.tell(SensorsReady(seconds(60)))

    panel.tell(ZoneOpened(HALL))
    panel.tell(ZoneClosed(HALL))
    panel.wait(60)

    assert panel.status is AreaStatus.ARMED


def test_sensors_that_never_report_ready_are_judged_after_the_boot_limit() -> None:
    panel = Panel().armed()
    panel.power_cut(300)
    panel.tell(ZoneOpened(WINDOW))

    panel.wait(5 * 60)

    assert panel.status is AreaStatus.TRIGGERED


def test_smoke_at_boot_triggers_at_once_even_disarmed() -> None:
    """Our answer to D6."""
    panel = Panel()
    panel.power_cut(300)

    panel.tell(ZoneOpened(SMOKE))

    assert panel.status is AreaStatus.TRIGGERED


@pytest.mark.parametrize("mode", [None, ArmMode.AWAY])
def test_a_fire_whose_siren_time_ended_in_a_power_cut_sounds_again_while_its_detector_speaks(
    mode: ArmMode | None,
) -> None:
    panel = Panel() if mode is None else Panel().armed(mode)
    panel.open(SMOKE)

    panel.power_cut(3600)
    at_boot = panel.status
    panel.tell(ZoneOpened(SMOKE))

    assert at_boot is not AreaStatus.TRIGGERED
    assert panel.status is AreaStatus.TRIGGERED


def test_one_that_is_over_by_then_is_quiet_and_remembered() -> None:
    panel = Panel()
    panel.open(SMOKE)

    panel.power_cut(3600)
    panel.sensors_report()

    assert panel.status is AreaStatus.DISARMED
    assert [alarm.kind for alarm in panel.area.memory] == [AlarmKind.FIRE]


def test_a_fire_that_has_sounded_for_its_time_and_was_heard_does_not_begin_anew() -> None:
    panel = Panel()
    panel.open(SMOKE)
    panel.wait(181)

    panel.power_cut(60)
    panel.tell(ZoneOpened(SMOKE))

    assert panel.status is AreaStatus.DISARMED


def test_water_and_tamper_need_not_wake_the_house_twice() -> None:
    panel = Panel()
    panel.open(TAMPER)

    panel.power_cut(3600)
    panel.tell(ZoneOpened(TAMPER))

    assert panel.status is AreaStatus.DISARMED


@pytest.mark.parametrize("set_back_s", [60, 3600, 86_400 * 365])
def test_a_clock_set_back_prolongs_a_delay_at_most_by_its_full_length(set_back_s: int) -> None:
    panel = Panel().armed()
    panel.open(DOOR)

    panel.now -= seconds(set_back_s)
    panel.tell(TimePassed())
    due_at = next_due(panel.state)
    panel.wait(30)

    assert due_at is not None
    assert due_at <= panel.now
    assert panel.status is AreaStatus.TRIGGERED


def test_a_box_that_boots_with_an_old_clock_still_ends_its_delays() -> None:
    panel = Panel()
    panel.arm()

    panel.power_cut(-86_400)
    panel.wait(60)

    assert panel.status is AreaStatus.ARMED


def test_a_mode_that_the_new_configuration_dropped_is_replaced_by_one_that_guards_most() -> None:
    panel = Panel().armed(ArmMode.HOME)
    config = house()
    area = config.areas[HOME]
    away_only = replace(area, modes={ArmMode.AWAY: area.modes[ArmMode.AWAY]})

    panel.power_cut(5, config=replace(config, areas={**config.areas, HOME: away_only}))
    panel.sensors_report()
    panel.open(HALL)

    assert panel.area.mode is ArmMode.AWAY
    assert panel.status is AreaStatus.TRIGGERED


def test_a_clock_that_is_set_back_opens_no_abort_window_again_for_long() -> None:
    panel = Panel().armed()
    panel.open(WINDOW)
    panel.wait(60)
    panel.now -= seconds(3600)
    panel.tell(TimePassed())
    panel.wait(600)

    panel.disarm()

    assert [one.ending for one in panel.told(ReportDisarmed)] == [Ending.RESOLVED]


def test_a_clock_that_is_set_back_makes_nothing_recent_that_is_long_ago() -> None:
    rules = Rules(confirm_window=seconds(60), recent_closing=seconds(120))
    panel = Panel(house(rules=rules, zones={HALL: {"trips": 2, "trip_window": seconds(30)}})).armed()
    panel.open(HALL)
    panel.close(HALL)
    panel.wait(600)
    panel.now -= seconds(3600)
    panel.tell(TimePassed())
    panel.wait(300)

    panel.open(HALL)
    once = panel.status
    panel.open(WINDOW)

    assert once is AreaStatus.ARMED
    assert not panel.told(RaiseAlarm)[0].recent_closing


def test_a_clock_that_is_set_back_lets_no_zone_confirm_what_is_long_ago() -> None:
    panel = Panel(house(rules=Rules(confirm_window=seconds(60)))).armed()
    panel.open(WINDOW)
    panel.wait(170)
    panel.now -= seconds(3600)
    panel.tell(TimePassed())
    panel.wait(70)

    panel.open(HALL)

    assert [one.confirmed for one in panel.told(ReportZoneTripped)] == [False]


def test_a_clock_that_is_set_back_makes_no_pulse_count_for_longer() -> None:
    """Also of a zone that is always guarded, while nothing else runs."""
    panel = Panel(house(zones={TAMPER: {"trips": 2, "trip_window": seconds(30)}}))
    panel.open(TAMPER)
    panel.close(TAMPER)
    panel.now -= seconds(3600)
    panel.tell(TimePassed())
    panel.wait(1800)

    panel.open(TAMPER)

    assert panel.status is AreaStatus.DISARMED
