"""After a start nobody's first word is believed: neither that a zone opened nor that it closed."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings, strategies as st

from custom_components.alarm_broker.core.panel.effects import RaiseAlarm, ReportBypass
from custom_components.alarm_broker.core.panel.events import (
    Event,
    SensorsReady,
    ZoneClosed,
    ZoneLost,
    ZoneOpened,
)
from custom_components.alarm_broker.core.panel.state import AreaStatus
from tests.integration.panel.builders import DOOR, SMOKE, WINDOW, Panel, house, seconds

type Story = Callable[[], Panel]
SAYS = (ZoneOpened, ZoneClosed, ZoneLost)


def forced() -> Panel:
    """Armed in spite of an open window."""
    panel = Panel()
    panel.open(WINDOW)
    panel.arm(force=True)
    panel.wait(60)
    return panel


def allowed_open() -> Panel:
    """Armed with an open window that may be open."""
    panel = Panel(house(zones={WINDOW: {"allow_open": True}}))
    panel.open(WINDOW)
    return panel.armed()


def open_after_its_alarm() -> Panel:
    """The window has raised an alarm, and still stands open when the siren is over."""
    panel = Panel().armed()
    panel.open(WINDOW)
    panel.wait(180)
    return panel


def siren_over_in_the_outage() -> Panel:
    """The window has raised an alarm, whose siren is over when the panel is back."""
    panel = Panel().armed()
    panel.open(WINDOW)
    return panel


def answered() -> Panel:
    """The smoke has been answered by somebody with a code, and goes on."""
    panel = Panel()
    panel.open(SMOKE)
    panel.disarm()
    return panel


def answered_while_armed() -> Panel:
    """The smoke has sounded in an armed house until the siren was over, and goes on."""
    panel = Panel().armed()
    panel.open(SMOKE)
    panel.wait(180)
    return panel


LEFT_OUT = [
    (forced, WINDOW),
    (allowed_open, WINDOW),
    (open_after_its_alarm, WINDOW),
    (siren_over_in_the_outage, WINDOW),
    (answered, SMOKE),
    (answered_while_armed, SMOKE),
]


def comes_up(panel: Panel, zone_id: str, says: list[type[ZoneOpened | ZoneClosed | ZoneLost]]) -> None:
    """Restart; all the others are closed, and this sensor says one thing after the other, a second each."""
    panel.power_cut(300)
    panel.close(*(other for other in panel.config.zones if other != zone_id))
    panel.tell(SensorsReady(seconds(60)))
    panel.effects.clear()
    for word in says:
        event: Event = word(zone_id)
        panel.tell(event)
        panel.wait(1)


@pytest.mark.parametrize(("story", "zone_id"), LEFT_OUT)
@settings(max_examples=60, database=None)
@given(says=st.lists(st.sampled_from(SAYS), max_size=12))
def test_a_zone_that_waits_to_be_closed_joins_as_it_is_at_the_end_of_settling(
    story: Story, zone_id: str, says: list[type[ZoneOpened | ZoneClosed | ZoneLost]]
) -> None:
    panel = story()
    comes_up(panel, zone_id, says)
    waits_on = zone_id in panel.area.bypassed.keys() | panel.area.silenced

    panel.wait(60)

    joined = zone_id not in panel.area.bypassed.keys() | panel.area.silenced
    assert waits_on
    assert joined is (bool(says) and says[-1] is ZoneClosed)
    assert panel.told(RaiseAlarm) == []
    if joined:
        panel.open(zone_id)
        assert panel.status is AreaStatus.TRIGGERED


def test_that_a_zone_has_joined_is_told_when_it_has() -> None:
    panel = forced()
    comes_up(panel, WINDOW, [ZoneClosed])
    before = panel.told(ReportBypass)

    panel.wait(60)

    assert before == []
    assert [(one.zone_ids, one.bypass) for one in panel.told(ReportBypass)] == [((WINDOW,), None)]


def test_a_siren_that_ends_while_sensors_come_up_leaves_its_zone_out_whatever_it_said_first() -> None:
    panel = Panel(house(siren_time=320)).armed()
    panel.open(WINDOW)
    comes_up(panel, WINDOW, [ZoneClosed])
    panel.wait(30)
    panel.open(WINDOW)

    panel.wait(60)

    assert panel.told(RaiseAlarm) == []
    assert panel.status is AreaStatus.ARMED


def test_smoke_that_is_answered_while_sensors_come_up_does_not_sound_again_for_a_word() -> None:
    panel = Panel()
    comes_up(panel, SMOKE, [ZoneOpened, ZoneClosed])
    panel.disarm()
    panel.effects.clear()

    panel.open(SMOKE)
    panel.wait(60)

    assert panel.told(RaiseAlarm) == []


def test_a_window_that_is_put_back_in_while_sensors_come_up_joins_with_the_others() -> None:
    panel = forced()
    panel.bypass(WINDOW)
    comes_up(panel, WINDOW, [ZoneClosed])
    panel.bypass(WINDOW, bypass=False)

    panel.open(WINDOW)
    panel.wait(60)

    assert panel.told(RaiseAlarm) == []
    assert WINDOW in panel.area.bypassed


def test_an_exit_error_is_one_though_its_door_said_closed_for_a_moment() -> None:
    panel = Panel(house(zones={WINDOW: {"hold": seconds(120)}}))
    panel.arm()
    panel.open(WINDOW)
    panel.wait(60)
    comes_up(panel, WINDOW, [ZoneClosed, ZoneOpened])

    panel.wait(120)

    assert panel.status is AreaStatus.PENDING


def test_the_final_door_ends_no_exit_delay_with_its_first_word() -> None:
    panel = Panel(house(exit_delay=600, zones={DOOR: {"final_set": True}}))
    panel.arm()
    panel.open(DOOR)
    comes_up(panel, DOOR, [ZoneOpened, ZoneClosed])

    panel.wait(30)

    assert panel.status is AreaStatus.ARMING
