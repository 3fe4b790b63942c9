import pytest

from custom_components.alarm_broker.core.option_spec import Profile
from custom_components.alarm_broker.core.panel.config import TroubleEffect, TroubleKind
from custom_components.alarm_broker.core.panel.profiles import (
    DEFAULTS,
    LIMITS,
    code_violations,
    default_effect,
    mode_violations,
    rule_violations,
)

TIMES = {field: DEFAULTS[field] for field in ("exit_delay", "entry_delay", "siren_time")}


@pytest.mark.parametrize("profile", list(Profile))
def test_the_defaults_keep_to_every_profile(profile: Profile) -> None:
    assert not list(rule_violations(profile, {}))
    assert not list(mode_violations(profile, TIMES, DEFAULTS["abort_window"]))


@pytest.mark.parametrize(
    ("profile", "field", "value", "allowed"),
    [
        (Profile.CP01, "exit_delay", 44, "45 … 255"),
        (Profile.CP01, "exit_delay", 256, "45 … 255"),
        (Profile.CP01, "entry_delay", 29, "30 … 240"),
        (Profile.EN_G2, "entry_delay", 46, "0 … 45"),
        (Profile.EN_G2, "siren_time", 119, "120 … 900"),
        (Profile.DEFAULT, "exit_delay", 301, "0 … 300"),
        (Profile.DEFAULT, "siren_time", 9, "10 … 3600"),
    ],
)
def test_a_time_outside_a_profile_is_named_with_what_is_allowed(
    profile: Profile, field: str, value: int, allowed: str
) -> None:
    found = list(mode_violations(profile, {**TIMES, field: value}, 15, where="Home"))

    assert [(one.field, one.allowed, one.where) for one in found] == [(field, allowed, "Home")]


def test_under_cp01_entry_delay_and_abort_window_together_last_a_minute_at_most() -> None:
    together = {**TIMES, "entry_delay": 31}

    assert [one.allowed for one in mode_violations(Profile.CP01, together, 30)] == ["≤ 30 s"]
    assert not list(mode_violations(Profile.DEFAULT, together, 30))


@pytest.mark.parametrize(
    ("profile", "options", "field"),
    [
        (Profile.CP01, {"abort_window": 14}, "abort_window"),
        (Profile.CP01, {"cancel_window": 299}, "cancel_window"),
        (Profile.CP01, {"swinger_trips": 0}, "swinger_trips"),
        (Profile.CP01, {"exit_restart": False}, "exit_restart"),
        (Profile.EN_G2, {"abort_window": 29}, "abort_window"),
        (Profile.EN_G2, {"lockout_attempts": 6}, "lockout_attempts"),
        (Profile.EN_G2, {"lockout_time": 89}, "lockout_time"),
        (Profile.EN_G2, {"trouble": {"battery": "ignore"}}, "trouble_battery"),
        (Profile.DEFAULT, {"swinger_trips": 7}, "swinger_trips"),
        (Profile.DEFAULT, {"abort_window": "soon"}, "abort_window"),
    ],
)
def test_a_rule_outside_a_profile_is_named(profile: Profile, options: dict[str, object], field: str) -> None:
    assert [one.field for one in rule_violations(profile, options)] == [field]


def test_en_grade_2_asks_for_six_digits() -> None:
    lengths = [("Anna", 5), ("Bert", 6)]

    assert [one.where for one in code_violations(Profile.EN_G2, lengths)] == ["Anna"]
    assert not list(code_violations(Profile.CP01, lengths))


def test_under_en_grade_2_every_trouble_stops_arming() -> None:
    assert {default_effect(Profile.EN_G2, kind) for kind in TroubleKind} == {TroubleEffect.ASK}
    assert LIMITS[Profile.EN_G2].always_code
