"""Which policy an alarm follows."""

from hypothesis import given, strategies as st

from companion.escalation.routing import Candidates, choose

MAYBE = st.one_of(st.none(), st.sampled_from(["asked", "device", "vacation", "site"]))


def test_the_most_particular_policy_is_followed() -> None:
    assert choose(Candidates(asked="a", device="d", vacation="v", site="s")) == "a"
    assert choose(Candidates(device="d", vacation="v", site="s")) == "d"
    assert choose(Candidates(vacation="v", site="s")) == "v"
    assert choose(Candidates(site="s")) == "s"


@given(MAYBE, MAYBE, MAYBE, MAYBE)
def test_an_alarm_has_no_policy_only_if_nobody_names_one(
    asked: str | None, device: str | None, vacation: str | None, site: str | None
) -> None:
    chosen = choose(Candidates(asked=asked, device=device, vacation=vacation, site=site))

    assert (chosen is None) == (not any([asked, device, vacation, site]))
