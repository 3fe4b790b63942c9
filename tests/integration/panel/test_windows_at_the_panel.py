"""What calendar windows change at the panel; the panel's own decisions without a code; and silence."""

import pytest

from custom_components.alarm_broker.core.panel.config import ArmMode, UserConfig
from custom_components.alarm_broker.core.panel.effects import (
    AlarmOngoing,
    CodeNeeded,
    CodeNotValid,
    CodeProblem,
    RaiseAlarm,
    Reason,
    ReportBypass,
    ReportCodeUsed,
    ReportSilenced,
    WrongCode,
)
from custom_components.alarm_broker.core.panel.events import (
    CodeMatched,
    Credential,
    DisarmRequested,
    SilenceRequested,
    Trusted,
    WindowsChanged,
)
from custom_components.alarm_broker.core.panel.state import AreaStatus, Bypass
from custom_components.alarm_broker.core.windows import WindowKind
from tests.integration.panel.builders import (
    ANNA,
    DOOR,
    HALL,
    HOME,
    NO_CODE,
    SMOKE,
    UNDER_THREAT,
    WINDOW,
    WRONG,
    Panel,
    house,
    refused,
)

CLEANER = UserConfig(user_id="cleaner", name="Cleaner", windows=frozenset({WindowKind.CLEANING}))
CLEANS = CodeMatched("cleaner")


def windows(*kinds: WindowKind, left_out: tuple[str, ...] = ()) -> WindowsChanged:
    return WindowsChanged(kinds=frozenset(kinds), left_out=frozenset(left_out))


def silence(panel: Panel, credential: Credential) -> Reason | None:
    return refused(panel.tell(SilenceRequested(area_ids=(HOME,), credential=credential, by="Ben")))


def arrived(panel: Panel) -> Reason | None:
    return refused(
        panel.tell(DisarmRequested(area_ids=(HOME,), credential=Trusted(), by="Ben", by_itself=True))
    )


def test_a_code_for_a_window_works_only_while_it_runs() -> None:
    panel = Panel(house(users=[CLEANER])).armed()

    before = panel.disarm(CLEANS)
    panel.tell(windows(WindowKind.CLEANING))
    within = panel.disarm(CLEANS)
    panel.tell(windows(WindowKind.GUEST))
    after = panel.arm(ArmMode.AWAY, CLEANS)

    assert (before, within, after) == (
        CodeNotValid(CodeProblem.NO_WINDOW),
        None,
        CodeNotValid(CodeProblem.NO_WINDOW),
    )


def test_a_code_out_of_its_window_is_no_guess() -> None:
    panel = Panel(house(users=[CLEANER])).armed()
    for _ in range(10):
        panel.disarm(CLEANS)

    assert panel.disarm() is None


def test_the_window_is_known_after_a_power_cut() -> None:
    panel = Panel(house(users=[CLEANER])).armed()
    panel.tell(windows(WindowKind.CLEANING))
    panel.power_cut(10)

    assert panel.disarm(CLEANS) is None


def test_zones_are_left_out_for_the_window_also_over_disarming_and_arming() -> None:
    panel = Panel().armed()
    panel.tell(windows(WindowKind.CLEANING, left_out=(HALL, SMOKE)))
    panel.open(HALL)
    panel.disarm()
    panel.close(HALL)
    panel.arm()
    panel.wait(60)
    panel.open(HALL)
    during = panel.status
    panel.close(HALL)
    panel.tell(windows())
    panel.open(HALL)

    assert during is AreaStatus.ARMED
    assert panel.status is AreaStatus.TRIGGERED


def test_a_zone_that_was_left_out_by_hand_before_the_window_stays_out_until_its_end() -> None:
    panel = Panel()
    panel.bypass(HALL)
    panel.armed()
    panel.tell(windows(WindowKind.CLEANING, left_out=(HALL,)))
    panel.power_cut(10)
    panel.sensors_report()
    panel.disarm()
    panel.armed()
    panel.open(HALL)
    during = panel.status
    panel.close(HALL)
    panel.tell(windows())
    panel.open(HALL)

    assert during is AreaStatus.ARMED
    assert panel.status is AreaStatus.TRIGGERED


@pytest.mark.parametrize("forced_meanwhile", [False, True])
def test_a_zone_that_somebody_guards_again_within_the_window_stays_guarded(*, forced_meanwhile: bool) -> None:
    panel = Panel().armed()
    panel.tell(windows(WindowKind.CLEANING, left_out=(HALL,)))
    panel.bypass(HALL, bypass=False)
    panel.disarm()
    if forced_meanwhile:
        panel.open(HALL)
        panel.arm(force=True)
        panel.disarm()
        panel.close(HALL)
    panel.armed()

    panel.open(HALL)

    assert panel.status is AreaStatus.TRIGGERED


def test_a_zone_that_is_open_when_the_window_ends_joins_when_it_is_closed() -> None:
    panel = Panel().armed()
    panel.tell(windows(WindowKind.CLEANING, left_out=(WINDOW,)))
    panel.open(WINDOW)
    panel.tell(windows())
    at_the_end = panel.status
    panel.close(WINDOW)
    panel.open(WINDOW)

    assert at_the_end is AreaStatus.ARMED
    assert panel.status is AreaStatus.TRIGGERED


def test_what_the_window_leaves_out_is_told_and_what_saves_lives_is_not_left_out() -> None:
    panel = Panel(house(zones={SMOKE: {"bypassable": False}}))
    panel.tell(windows(WindowKind.CLEANING, left_out=(HALL, SMOKE, "a zone that is gone")))
    panel.tell(windows())

    assert [(report.zone_ids, report.bypass) for report in panel.told(ReportBypass)] == [
        ((HALL,), Bypass.WINDOW),
        ((HALL,), None),
    ]


def test_what_somebody_left_out_by_hand_stays_left_out_after_the_window() -> None:
    panel = Panel()
    panel.bypass(HALL)
    panel.tell(windows(WindowKind.CLEANING, left_out=(HALL,)))
    panel.tell(windows())

    assert panel.area.bypassed == {HALL: Bypass.MANUAL}


def test_an_alarm_on_vacation_says_so() -> None:
    at_home, away = Panel().armed(), Panel().armed()
    away.tell(windows(WindowKind.VACATION))
    for panel in (at_home, away):
        panel.open(WINDOW)

    assert [raised.vacation for raised in at_home.told(RaiseAlarm)] == [False]
    assert [raised.vacation for raised in away.told(RaiseAlarm)] == [True]


def test_a_code_that_is_used_on_vacation_is_told_of() -> None:
    panel = Panel().armed()
    panel.tell(windows(WindowKind.VACATION))
    panel.disarm(WRONG)
    panel.disarm()

    assert panel.told(ReportCodeUsed) == [ReportCodeUsed(by="Anna", area_ids=(HOME,))]


def test_the_report_is_the_same_for_a_duress_code() -> None:
    panel = Panel().armed()
    panel.tell(windows(WindowKind.VACATION))
    panel.disarm(UNDER_THREAT)

    assert panel.told(ReportCodeUsed) == [ReportCodeUsed(by="Anna", area_ids=(HOME,))]


def test_what_is_trusted_needs_no_code_also_in_a_lockout() -> None:
    panel = Panel().armed()
    for _ in range(5):
        panel.disarm(WRONG)

    assert panel.disarm(Trusted(), by="Ben's phone") is None
    assert panel.area.changed_by == "Ben's phone"
    assert panel.arm(ArmMode.AWAY, Trusted()) is None


@pytest.mark.parametrize("later", [0, 3600], ids=["while it sounds", "after the siren"])
def test_an_alarm_that_nobody_has_ended_is_not_disarmed_by_itself(later: int) -> None:
    panel = Panel().armed()
    panel.open(DOOR)
    panel.wait(31)
    panel.wait(later)

    assert arrived(panel) == AlarmOngoing((HOME,))
    assert panel.area.mode is ArmMode.AWAY
    panel.disarm()
    panel.armed()
    assert arrived(panel) is None
    assert panel.status is AreaStatus.DISARMED


def test_silence_ends_the_siren_and_nothing_else() -> None:
    panel = Panel().armed()
    panel.open(DOOR)
    panel.wait(31)
    sounding = panel.status
    refused_without_code = silence(panel, NO_CODE), silence(panel, WRONG)

    assert silence(panel, ANNA) is None
    assert sounding is AreaStatus.TRIGGERED
    assert refused_without_code == (CodeNeeded(), WrongCode())
    assert panel.status is AreaStatus.ARMED
    assert [alarm.disarmed for alarm in panel.area.memory] == [False]
    assert panel.told(ReportSilenced) == [ReportSilenced(area_id=HOME, by="Anna")]


def test_silence_where_nothing_sounds_is_nothing() -> None:
    panel = Panel().armed()

    assert silence(panel, Trusted()) is None
    assert panel.told(ReportSilenced) == []


def test_a_zone_that_was_forced_is_left_out_for_the_whole_window() -> None:
    panel = Panel()
    panel.open(WINDOW)
    panel.arm(force=True)
    panel.wait(60)

    panel.tell(windows(WindowKind.CLEANING, left_out=(WINDOW,)))
    panel.close(WINDOW)
    panel.open(WINDOW)

    assert panel.status is AreaStatus.ARMED
