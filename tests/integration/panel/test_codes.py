from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from custom_components.alarm_broker.core.panel.codes import code_problem, locked_until
from custom_components.alarm_broker.core.panel.config import Action, ArmMode, UserConfig
from custom_components.alarm_broker.core.panel.effects import (
    CodeNeeded,
    CodeNotValid,
    CodeProblem,
    LockedOut,
    NotAllowed,
    ReportLockout,
    WrongCode,
)
from custom_components.alarm_broker.core.panel.events import CodeMatched
from custom_components.alarm_broker.core.panel.state import AreaStatus
from tests.integration.panel.builders import (
    ANNA,
    DOOR,
    GARAGE,
    HALL,
    HOME,
    NO_CODE,
    WINDOW,
    WRONG,
    Panel,
    house,
    seconds,
)


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


def test_a_lockout_ends_before_the_entry_delay_of_whoever_has_mistyped() -> None:
    """The right code of somebody who belongs here must not come too late by our own doing."""
    panel = Panel(house(entry_delay=30)).armed()
    panel.open(DOOR)
    alarm_at = panel.now + seconds(30)
    panel.wait(4)

    guess(panel, 4)

    assert panel.disarm(WRONG) == LockedOut(alarm_at - seconds(10)) == panel.disarm(ANNA)
    assert panel.told(ReportLockout) == [ReportLockout(until=alarm_at - seconds(10))]
    panel.wait(16)
    assert panel.disarm(ANNA) is None
    assert panel.status is AreaStatus.DISARMED


def test_so_does_one_that_was_there_before_they_came_home() -> None:
    panel = Panel(house(entry_delay=30)).armed()
    guess(panel, 5)
    panel.open(DOOR)

    panel.wait(20)

    assert panel.disarm(ANNA) is None


def test_where_en_50131_is_kept_all_keypads_stay_blocked() -> None:
    panel = Panel(house(entry_delay=30, yields_to_entry=False)).armed()
    panel.open(DOOR)
    guess(panel, 5)

    panel.wait(29)

    assert isinstance(panel.disarm(ANNA), LockedOut)


@given(waits=st.lists(st.floats(0, 12), max_size=60))
def test_however_somebody_guesses_the_right_code_is_taken_before_the_alarm(waits: list[float]) -> None:
    panel = Panel(house(entry_delay=30)).armed()
    panel.open(DOOR)
    alarm_at = panel.now + seconds(30)
    for pause in waits:
        if panel.now + seconds(pause) >= alarm_at:
            break
        panel.wait(pause)
        panel.disarm(WRONG)

    until = locked_until(panel.state, panel.config.codes, panel.now) or panel.now

    assert until < alarm_at
    panel.wait((until - panel.now).total_seconds())
    assert panel.disarm(ANNA) is None
    assert panel.status is AreaStatus.DISARMED


def test_a_machine_that_guesses_all_the_time_gets_a_handful_of_tries_more() -> None:
    """Twenty guesses a second for the whole entry delay: of ten thousand codes it may try less than one in a hundred."""
    panel = Panel(house(entry_delay=30)).armed()
    panel.open(DOOR)
    judged = 0
    for _ in range(20 * 29):
        before = panel.state.lockout
        panel.disarm(WRONG)
        judged += panel.state.lockout is not before and panel.state.lockout != before
        panel.wait(0.05)

    assert 5 < judged <= 60


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


BERLIN, SYDNEY = ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Sydney")
MONDAY, TUESDAY = 0, 1


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def cleaner(**validity: Any) -> UserConfig:
    return UserConfig(user_id="cleaner", name="Cleo", **validity)


@pytest.mark.parametrize(
    ("validity", "local", "problem"),
    [
        ({"enabled": False}, "2026-11-23T10:00", CodeProblem.DISABLED),
        ({"valid_from": at("2026-11-23T10:00")}, "2026-11-23T09:59", CodeProblem.NOT_YET),
        ({"valid_from": at("2026-11-23T10:00")}, "2026-11-23T10:00", None),
        ({"valid_until": at("2026-11-23T10:00")}, "2026-11-23T09:59", None),
        ({"valid_until": at("2026-11-23T10:00")}, "2026-11-23T10:00", CodeProblem.EXPIRED),
        ({"weekdays": frozenset({TUESDAY})}, "2026-11-23T10:00", CodeProblem.OUTSIDE_HOURS),
        ({"weekdays": frozenset({MONDAY})}, "2026-11-23T23:59", None),
        ({"time_from": time(8), "time_to": time(12)}, "2026-11-23T07:59", CodeProblem.OUTSIDE_HOURS),
        ({"time_from": time(8), "time_to": time(12)}, "2026-11-23T08:00", None),
        ({"time_from": time(8), "time_to": time(12)}, "2026-11-23T12:00", CodeProblem.OUTSIDE_HOURS),
        ({"time_from": time(8)}, "2026-11-23T23:00", None),
        ({"time_from": time(22), "time_to": time(6)}, "2026-11-23T23:00", None),
        ({"time_from": time(22), "time_to": time(6)}, "2026-11-24T05:59", None),
        ({"time_from": time(22), "time_to": time(6)}, "2026-11-24T06:00", CodeProblem.OUTSIDE_HOURS),
    ],
)
def test_a_code_is_good_only_in_its_time(
    validity: dict[str, Any], local: str, problem: CodeProblem | None
) -> None:
    assert code_problem(cleaner(**validity), at(local), uses=0) is problem


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    """Monday from 22 to 6: Tuesday at 5 is Monday's night, Monday at 5 is Sunday's."""
    nights = cleaner(weekdays=frozenset({MONDAY}), time_from=time(22), time_to=time(6))

    assert code_problem(nights, at("2026-11-24T05:00"), uses=0) is None
    assert code_problem(nights, at("2026-11-23T05:00"), uses=0) is CodeProblem.OUTSIDE_HOURS


@pytest.mark.parametrize(
    ("zone", "utc", "good"),
    [
        # Berlin, spring forward: 01:59 CET is followed by 03:00 CEST. Good from 8 by the wall clock all the same.
        (BERLIN, "2026-03-29T06:00:00+00:00", True),
        (BERLIN, "2026-03-28T06:30:00+00:00", False),
        # Berlin, fall back.
        (BERLIN, "2026-10-25T06:59:00+00:00", False),
        (BERLIN, "2026-10-25T07:00:00+00:00", True),
        # Sydney, where it is the other way round.
        (SYDNEY, "2026-04-04T21:59:00+00:00", False),
        (SYDNEY, "2026-04-04T22:00:00+00:00", True),
        (SYDNEY, "2026-10-03T20:59:00+00:00", False),
        (SYDNEY, "2026-10-03T21:00:00+00:00", True),
    ],
)
def test_hours_are_those_of_the_wall_clock_whatever_summer_time_does(
    *, zone: ZoneInfo, utc: str, good: bool
) -> None:
    mornings = cleaner(time_from=time(8), time_to=time(12))
    panel = Panel(house(users=[mornings], timezone=zone))
    panel.now = datetime.fromisoformat(utc)

    refused = panel.arm(credential=CodeMatched("cleaner"))

    assert (refused is None) is good


@pytest.mark.parametrize("uses", [1, 3])
def test_a_limited_code_disarms_as_often_as_it_may_and_not_for_nothing(uses: int) -> None:
    panel = Panel(house(users=[cleaner(uses=uses)]))
    code = CodeMatched("cleaner")
    panel.disarm(code)
    answers = []

    for _ in range(uses + 1):
        panel.armed()
        answers.append(panel.disarm(code))
        panel.disarm()

    assert answers == [None] * uses + [CodeNotValid(CodeProblem.USED_UP)]


def test_a_code_shows_only_the_areas_and_only_if_it_is_good_for_looking() -> None:
    users = [
        cleaner(actions=frozenset({Action.ARM, Action.DISARM})),
        UserConfig(user_id="gardener", name="Gardener", areas=frozenset({GARAGE})),
    ]
    panel = Panel(house(users=users, look_required=True))

    assert panel.look(CodeMatched("cleaner")) == NotAllowed(Action.LOOK, HOME)
    assert panel.look(CodeMatched("gardener")) == NotAllowed(Action.LOOK, HOME)
    assert panel.look() is None


def test_guessing_a_code_by_looking_locks_out() -> None:
    panel = Panel(house(look_required=True))

    answers = [panel.look(WRONG) for _ in range(5)]

    assert answers[:4] == [WrongCode()] * 4
    assert isinstance(answers[4], LockedOut)
    assert isinstance(panel.disarm(), LockedOut)


BERT = UserConfig(user_id="bert", name="Bert", actions=frozenset({Action.ARM}))


@pytest.mark.parametrize("by", ["named", "forced"])
def test_leaving_zones_out_while_arming_takes_the_right_to_leave_them_out(by: str) -> None:
    panel = Panel(house(users=[BERT]))
    if by == "forced":
        panel.open(WINDOW)
    bypass = [WINDOW] if by == "named" else []

    refused = panel.arm(credential=CodeMatched("bert"), bypass=bypass, force=by == "forced")
    allowed = panel.arm(credential=ANNA, bypass=bypass, force=by == "forced")

    assert refused == NotAllowed(Action.BYPASS, HOME)
    assert allowed is None


def test_force_that_forces_nothing_takes_no_further_right() -> None:
    panel = Panel(house(users=[BERT]))

    assert panel.arm(credential=CodeMatched("bert"), force=True) is None


@pytest.mark.parametrize("by", ["named", "forced"])
def test_where_status_is_guarded_nobody_leaves_zones_out_without_a_code(by: str) -> None:
    panel = Panel(house(arm_required=False, always_required=True))
    if by == "forced":
        panel.open(WINDOW)
    bypass = [WINDOW] if by == "named" else []

    assert panel.arm(credential=NO_CODE, bypass=bypass, force=by == "forced") == CodeNeeded()


def test_a_code_that_may_not_disarm_does_not_end_the_count_of_wrong_ones() -> None:
    """Else a cleaner could guess the owner's code for ever."""
    panel = Panel(house(users=[BERT]))

    for _ in range(2):
        guess(panel, 3)
        panel.arm(credential=CodeMatched("bert"))

    assert panel.state.lockout.rounds == 1


def test_a_one_time_code_is_used_up_by_changing_the_mode_while_armed() -> None:
    once = UserConfig(user_id="once", name="Once", uses=1)
    panel = Panel(house(users=[once])).armed()

    first = panel.arm(ArmMode.HOME, CodeMatched("once"))
    panel.wait(60)
    second = panel.arm(ArmMode.AWAY, CodeMatched("once"))

    assert first is None
    assert second == CodeNotValid(CodeProblem.USED_UP)


def test_who_hides_inside_cannot_take_the_interior_out_during_the_exit_delay() -> None:
    panel = Panel(house(arm_required=False))
    panel.arm()

    less = panel.arm(ArmMode.HOME, NO_CODE)
    panel.disarm()
    panel.arm(ArmMode.HOME, NO_CODE)
    with_less = panel.arm(ArmMode.AWAY, NO_CODE, bypass=[HALL])

    assert less == with_less == CodeNeeded()


@pytest.mark.parametrize("by", ["away", "stay"])
def test_the_exit_delay_cannot_be_started_anew_for_ever_without_a_code(by: str) -> None:
    panel = Panel(house(arm_required=False))
    panel.arm(ArmMode.AWAY if by == "away" else ArmMode.HOME, NO_CODE)

    assert panel.arm(ArmMode.HOME if by == "away" else ArmMode.AWAY, NO_CODE) == CodeNeeded()


def test_arming_as_last_time_takes_the_right_to_leave_zones_out() -> None:
    panel = Panel(
        house(users=[UserConfig(user_id="kid", name="Kid", actions=frozenset({Action.ARM, Action.DISARM}))])
    )
    panel.open(WINDOW)
    panel.arm(force=True)
    panel.disarm()

    assert panel.arm(None, CodeMatched("kid")) == NotAllowed(Action.BYPASS, HOME)
    assert panel.arm(None, ANNA) is None


def test_where_status_is_guarded_arming_as_last_time_takes_a_code_for_what_is_left_out() -> None:
    panel = Panel(house(arm_required=False, always_required=True))
    panel.arm(bypass=[HALL])
    panel.disarm()

    assert panel.arm(None, NO_CODE) == CodeNeeded()


@pytest.mark.parametrize(
    "user",
    [
        UserConfig(user_id="once", name="Once", uses=1),
        UserConfig(user_id="once", name="Once", areas=frozenset({GARAGE})),
    ],
    ids=["used up", "garage only"],
)
def test_a_code_that_does_not_disarm_everything_does_not_end_the_count_of_wrong_ones(
    user: UserConfig,
) -> None:
    panel = Panel(house(users=[user])).armed()
    if user.uses:
        panel.disarm(CodeMatched("once"))
        panel.arm()

    for _ in range(3):
        guess(panel, 2)
        panel.arm(credential=CodeMatched("once"), areas=(GARAGE,) if user.areas else (HOME,))

    assert panel.state.lockout.rounds == 1
