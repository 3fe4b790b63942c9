from custom_components.alarm_broker.panel.effects import LockedOut, ReportLockout, WrongCode
from custom_components.alarm_broker.panel.state import AreaStatus
from tests.integration.panel.builders import ANNA, NO_CODE, WRONG, Panel, house, seconds


def guess(panel: Panel, times: int) -> None:
    for _ in range(times):
        panel.disarm(WRONG)


def test_the_fifth_wrong_code_locks_all_codes_out_for_90_seconds() -> None:
    """Our answer to D4."""
    panel = Panel().armed()
    until = panel.now + seconds(90)

    guess(panel, 4)
    fifth = panel.disarm(WRONG)
    right_code = panel.disarm(ANNA)

    assert fifth == right_code == LockedOut(until)
    assert panel.told(ReportLockout) == [ReportLockout(until=until)]
    assert panel.status is AreaStatus.ARMED


def test_after_the_lockout_the_right_code_is_taken() -> None:
    panel = Panel().armed()
    guess(panel, 5)

    panel.wait(90)

    assert panel.disarm(ANNA) is None
    assert panel.status is AreaStatus.DISARMED


def test_each_further_lockout_is_longer_up_to_15_minutes() -> None:
    panel = Panel().armed()
    lengths = []

    for _ in range(6):
        guess(panel, 5)
        until = panel.state.lockout.until
        assert until is not None
        lengths.append(until.delay.total_seconds())
        panel.wait(until.delay.total_seconds())

    assert lengths == [90, 180, 360, 720, 900, 900]


def test_a_right_code_forgives_the_wrong_ones_before_it() -> None:
    panel = Panel().armed()
    guess(panel, 4)
    panel.disarm(ANNA)

    guess(panel, 4)

    assert panel.disarm(WRONG) == LockedOut(panel.now + seconds(90))


def test_a_wrong_code_is_refused_even_where_none_is_needed() -> None:
    panel = Panel(house(arm_required=False))

    assert panel.arm(credential=WRONG) == WrongCode()
    assert panel.status is AreaStatus.DISARMED


def test_arming_without_a_code_goes_on_during_a_lockout() -> None:
    panel = Panel(house(arm_required=False))
    guess(panel, 5)

    assert panel.arm(credential=NO_CODE) is None


def test_a_missing_code_is_no_guess() -> None:
    panel = Panel().armed()

    for _ in range(10):
        panel.disarm(NO_CODE)

    assert panel.disarm(ANNA) is None


def test_a_lockout_survives_a_power_cut() -> None:
    panel = Panel().armed()
    guess(panel, 5)

    panel.power_cut(30)

    assert panel.disarm(ANNA) == LockedOut(panel.now + seconds(60))
