import pytest

from custom_components.alarm_broker.core.panel.alarms import MEMORY_LIMIT
from custom_components.alarm_broker.core.panel.config import ArmMode, Rules, TroubleEffect, TroubleKind
from custom_components.alarm_broker.core.panel.effects import (
    AlarmOngoing,
    CodeNeeded,
    NotReady,
    RaiseAlarm,
    Reason,
    ReportAreaState,
    ReportArmedWithFault,
    ReportDisarmed,
    ReportPending,
    ReportPendingCleared,
    WrongCode,
)
from custom_components.alarm_broker.core.panel.events import Credential, TroubleBegan
from custom_components.alarm_broker.core.panel.state import AreaStatus, Bypass, Trouble
from tests.integration.panel.builders import (
    DOOR,
    GARAGE,
    HALL,
    HOME,
    NO_CODE,
    SMOKE,
    WINDOW,
    WRONG,
    Panel,
    house,
)


def test_arming_runs_the_exit_delay_and_ends_armed() -> None:
    panel = Panel()

    panel.arm(ArmMode.AWAY)
    shown_first = panel.status
    panel.wait(60)

    assert shown_first is AreaStatus.ARMING
    assert panel.status is AreaStatus.ARMED
    assert [(one.status, one.mode) for one in panel.told(ReportAreaState)] == [
        (AreaStatus.ARMING, ArmMode.AWAY),
        (AreaStatus.ARMED, ArmMode.AWAY),
    ]
    assert panel.area.changed_by == "Anna"


def test_arming_without_exit_delay_guards_at_once() -> None:
    panel = Panel(house(exit_delay=0))

    panel.arm(ArmMode.HOME)

    assert panel.status is AreaStatus.ARMED


@pytest.mark.parametrize(
    ("credential", "reason"), [(WRONG, WrongCode()), (NO_CODE, CodeNeeded())], ids=["wrong", "none"]
)
def test_arming_without_a_right_code_is_refused(credential: Credential, reason: Reason) -> None:
    panel = Panel()

    assert panel.arm(credential=credential) == reason
    assert panel.status is AreaStatus.DISARMED


def test_a_panel_that_needs_no_code_to_arm_arms_without_one() -> None:
    panel = Panel(house(arm_required=False))

    assert panel.arm(credential=NO_CODE) is None
    assert panel.status is AreaStatus.ARMING


def test_an_open_window_is_named_and_refuses_arming() -> None:
    panel = Panel()
    panel.open(WINDOW)

    assert panel.arm() == NotReady(open_zones=(WINDOW,), unavailable_zones=())
    assert panel.status is AreaStatus.DISARMED


def test_a_silent_sensor_is_named_and_refuses_arming() -> None:
    """Our answer to D7: unavailable is not closed."""
    panel = Panel()
    panel.lose(DOOR, HALL)

    assert panel.arm() == NotReady(open_zones=(), unavailable_zones=(DOOR, HALL))


def test_a_zone_that_the_mode_does_not_guard_stands_in_nobodys_way() -> None:
    panel = Panel()
    panel.open(HALL)

    assert panel.arm(ArmMode.HOME) is None


def test_the_front_door_may_be_open_while_people_leave_but_not_without_exit_delay() -> None:
    leaving, at_once = Panel(), Panel(house(exit_delay=0))
    leaving.open(DOOR)
    at_once.open(DOOR)

    assert leaving.arm() is None
    assert at_once.arm() == NotReady(open_zones=(DOOR,), unavailable_zones=())


def test_forced_arming_bypasses_what_is_in_the_way_until_it_closes() -> None:
    panel = Panel()
    panel.open(WINDOW)
    panel.lose(HALL)

    panel.arm(force=True)
    panel.wait(60)
    bypassed = panel.area.bypassed
    shown_with_open_window = panel.status
    panel.close(WINDOW)
    panel.open(WINDOW)

    assert bypassed == {WINDOW: Bypass.FORCED, HALL: Bypass.FORCED}
    assert shown_with_open_window is AreaStatus.ARMED
    assert panel.status is AreaStatus.TRIGGERED


def test_zones_may_open_and_close_while_people_leave() -> None:
    panel = Panel()

    panel.arm()
    panel.open(HALL, DOOR)
    panel.close(DOOR, HALL)
    panel.wait(60)

    assert panel.status is AreaStatus.ARMED
    assert not panel.told(RaiseAlarm)


@pytest.mark.parametrize("zone_id", [DOOR, WINDOW])
def test_a_zone_open_at_the_end_of_the_exit_delay_starts_the_entry_delay(zone_id: str) -> None:
    """An exit error never disarms silently."""
    panel = Panel()
    panel.arm()
    panel.open(zone_id)

    panel.wait(60)
    shown_at_the_end = panel.status
    panel.wait(30)

    assert shown_at_the_end is AreaStatus.PENDING
    assert panel.status is AreaStatus.TRIGGERED
    assert [(one.zones, one.exit_error) for one in panel.told(RaiseAlarm)] == [((zone_id,), True)]


def test_arming_the_armed_mode_again_changes_nothing() -> None:
    panel = Panel().armed()

    assert panel.arm(ArmMode.AWAY) is None
    assert panel.status is AreaStatus.ARMED


def test_a_failed_arming_leaves_what_was_armed() -> None:
    """Our answer to D8."""
    panel = Panel().armed(ArmMode.HOME)
    panel.open(HALL)

    reason = panel.arm(ArmMode.AWAY)
    panel.open(WINDOW)

    assert reason == NotReady(open_zones=(HALL,), unavailable_zones=())
    assert panel.status is AreaStatus.TRIGGERED


def test_another_mode_while_armed_takes_what_disarming_takes() -> None:
    panel = Panel(house(arm_required=False)).armed(ArmMode.AWAY)

    assert panel.arm(ArmMode.HOME, NO_CODE) == CodeNeeded()
    assert panel.area.mode is ArmMode.AWAY


@pytest.mark.parametrize("mode", list(ArmMode))
def test_a_sounding_or_pending_panel_cannot_be_armed_away_from(mode: ArmMode) -> None:
    """Our answer to D2: arming is no way out, with or without a code."""
    pending, triggered = (Panel(house(arm_required=False)).armed() for _ in range(2))
    pending.open(DOOR)
    triggered.open(WINDOW)

    assert pending.arm(mode) == triggered.arm(mode) == AlarmOngoing((HOME,))
    assert pending.status is AreaStatus.PENDING
    assert triggered.status is AreaStatus.TRIGGERED


def test_a_master_that_cannot_arm_names_only_the_areas_that_refused() -> None:
    panel = Panel(house(arm_required=False)).armed()
    panel.open(WINDOW)

    assert panel.arm(areas=(HOME, GARAGE)) == AlarmOngoing((HOME,))


def test_disarming_in_time_clears_what_was_pending() -> None:
    panel = Panel().armed()
    panel.open(DOOR)

    panel.disarm()
    panel.wait(3600)

    assert panel.status is AreaStatus.DISARMED
    uid = panel.told(ReportPending)[0].uid
    assert panel.told(ReportPendingCleared) == [ReportPendingCleared(uid=uid, by="Anna")]
    assert not panel.told(RaiseAlarm)


def test_disarming_ends_every_alarm_by_name() -> None:
    panel = Panel().armed()
    panel.open(WINDOW, SMOKE)

    panel.disarm()

    raised = [one.uid for one in panel.told(RaiseAlarm)]
    assert [(one.uid, one.by) for one in panel.told(ReportDisarmed)] == [(uid, "Anna") for uid in raised]
    assert panel.status is AreaStatus.DISARMED


def test_an_alarm_whose_siren_is_over_is_ended_by_the_disarm_and_only_once() -> None:
    panel = Panel().armed()
    panel.open(WINDOW)
    panel.wait(200)

    panel.disarm()
    panel.disarm()

    assert len(panel.told(ReportDisarmed)) == 1


def test_disarming_needs_a_code() -> None:
    panel = Panel().armed()

    assert panel.disarm(NO_CODE) == CodeNeeded()
    assert panel.status is AreaStatus.ARMED


def test_a_panel_without_users_names_who_disarmed_by_the_caller() -> None:
    panel = Panel(house(arm_required=False, disarm_required=False)).armed()

    panel.disarm(NO_CODE, by="Cleo")

    assert panel.area.changed_by == "Cleo"


@pytest.mark.parametrize("disarmed", [True, False])
def test_the_memory_keeps_the_latest_alarms_and_does_not_grow_for_ever(*, disarmed: bool) -> None:
    panel = Panel(house(rules=Rules(swinger_trips=0)))
    uids = []
    for _ in range(MEMORY_LIMIT + 10):
        if panel.status is not AreaStatus.ARMED:
            panel.armed()
        panel.open(WINDOW)
        uids.append(panel.told(RaiseAlarm)[-1].uid)
        panel.close(WINDOW)
        if disarmed:
            panel.disarm()
        else:
            panel.wait(180)

    assert [alarm.uid for alarm in panel.area.memory] == uids[-MEMORY_LIMIT:]


def test_alarm_memory_stays_until_somebody_clears_it() -> None:
    panel = Panel().armed()
    panel.open(WINDOW, DOOR)
    panel.close(WINDOW, DOOR)

    panel.disarm()
    panel.arm()
    remembered = [alarm.zones for alarm in panel.area.memory]
    panel.clear_memory(NO_CODE)

    assert remembered == [(WINDOW, DOOR)]
    assert panel.area.memory == ()


def test_an_alarm_that_nobody_has_ended_cannot_be_cleared_away() -> None:
    panel = Panel().armed()
    panel.open(WINDOW)
    panel.wait(200)

    panel.clear_memory()
    kept = panel.area.memory
    panel.disarm()

    assert [alarm.zones for alarm in kept] == [(WINDOW,)]
    assert [one.uid for one in panel.told(ReportDisarmed)] == [kept[0].uid]


def test_smoke_that_is_still_there_does_not_sound_again_after_disarming() -> None:
    panel = Panel()
    panel.open(SMOKE)

    panel.disarm()
    panel.wait(600)

    assert panel.status is AreaStatus.DISARMED
    assert not panel.area.bypassed, "fire is never left out by disarming"


def test_smoke_that_comes_again_after_disarming_sounds_again() -> None:
    panel = Panel()
    panel.open(SMOKE)
    panel.disarm()

    panel.close(SMOKE)
    panel.open(SMOKE)

    assert panel.status is AreaStatus.TRIGGERED


def test_arming_in_spite_of_a_trouble_is_written_down() -> None:
    """EN 50131-1: who overrides a fault is logged."""
    panel = Panel(house(rules=Rules(trouble={TroubleKind.BATTERY: TroubleEffect.ASK})))
    weak = Trouble(kind=TroubleKind.BATTERY, source="sensor.hall_battery", zone_id=HALL)
    panel.tell(TroubleBegan(weak))

    panel.arm(force=True)

    assert panel.told(ReportArmedWithFault) == [
        ReportArmedWithFault(area_id=HOME, unavailable_zones=(), troubles=(weak,), by="Anna")
    ]


@pytest.mark.parametrize(
    ("zone_id", "effect", "named"),
    [
        (SMOKE, TroubleEffect.ASK, True),
        (HALL, TroubleEffect.IGNORE, True),
        # Left out, which is said.
        (HALL, TroubleEffect.ASK, False),
    ],
)
def test_arming_with_a_guarded_sensor_that_says_nothing_is_written_down(
    zone_id: str, effect: TroubleEffect, *, named: bool
) -> None:
    panel = Panel(house(rules=Rules(trouble={TroubleKind.LOST: effect})))
    panel.lose(zone_id)

    panel.arm(force=True)

    assert [one.unavailable_zones for one in panel.told(ReportArmedWithFault)] == (
        [(zone_id,)] if named else []
    )


def test_arming_without_a_fault_says_nothing_of_one() -> None:
    panel = Panel()

    panel.arm(force=True)

    assert not panel.told(ReportArmedWithFault)
