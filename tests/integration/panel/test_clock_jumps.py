"""The wall clock is set while the panel runs: everything takes as long as it would have."""

from datetime import timedelta

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from custom_components.alarm_broker.core.panel.clock_jumps import shifted
from custom_components.alarm_broker.core.panel.config import ArmMode, GroupConfig, Rules
from custom_components.alarm_broker.core.panel.effects import RaiseAlarm, ReportDisarmed, ReportPending
from custom_components.alarm_broker.core.panel.events import ClockMoved
from custom_components.alarm_broker.core.panel.state import AreaStatus, PanelState
from tests.integration.panel.builders import (
    ANNA,
    DOOR,
    GATE,
    HALL,
    HOME,
    SMOKE,
    STAIRS,
    START,
    WINDOW,
    WRONG,
    Panel,
    house,
    seconds,
)

GROUP = GroupConfig(group_id="motion", zones=frozenset({HALL, STAIRS}), required=2, window=seconds(45))
HOURS = st.sampled_from([-30 * 24, -1, 1, 24 * 365])


class Lived:
    """A panel with a clock that is set now and then."""

    def __init__(self) -> None:
        self.panel = Panel(
            house(
                groups=[GROUP],
                rules=Rules(swinger_trips=2),
                zones={
                    WINDOW: {"hold": seconds(10)},
                    DOOR: {"final_set": True},
                    GATE: {"trips": 2, "trip_window": seconds(30)},
                },
            )
        )
        self.moved = timedelta(0)

    def is_set(self, by: timedelta) -> None:
        self.moved += by
        self.panel.now += by
        self.panel.tell(ClockMoved(by, START + self.moved))

    @property
    def state(self) -> PanelState:
        """As it would be by a clock that was never set."""
        return shifted(self.panel.state, -self.moved, since=START)


class TwinClocks(RuleBasedStateMachine):
    """The same life by a clock that is left alone and by one that is set: nothing comes sooner or later."""

    def __init__(self) -> None:
        super().__init__()
        self.left_alone, self.set_about = Lived(), Lived()
        self.panels = (self.left_alone.panel, self.set_about.panel)

    @rule(hours=HOURS)
    def the_clock_is_set(self, hours: int) -> None:
        self.set_about.is_set(timedelta(hours=hours))

    @rule(zone_id=st.sampled_from([DOOR, WINDOW, HALL, STAIRS, SMOKE, GATE]), opens=st.booleans())
    def a_zone_moves(self, *, zone_id: str, opens: bool) -> None:
        for panel in self.panels:
            panel.open(zone_id) if opens else panel.close(zone_id)

    @rule(skip=st.booleans())
    def somebody_arms(self, *, skip: bool) -> None:
        for panel in self.panels:
            panel.arm(ArmMode.AWAY, force=True, skip_delay=skip)

    @rule(credential=st.sampled_from([ANNA, WRONG]))
    def somebody_disarms(self, credential: object) -> None:
        for panel in self.panels:
            panel.disarm(ANNA if credential is ANNA else WRONG)

    @rule(start=st.booleans())
    def somebody_tests_the_zones(self, *, start: bool) -> None:
        for panel in self.panels:
            panel.walk_test(start=start)

    @rule(duration_s=st.sampled_from([0, 1, 4, 10, 29, 31, 60, 200, 1000, 100_000]))
    def time_passes(self, duration_s: int) -> None:
        for panel in self.panels:
            panel.wait(duration_s)

    @invariant()
    def nothing_is_different(self) -> None:
        assert self.set_about.state == self.left_alone.state
        for kind in (RaiseAlarm, ReportDisarmed):
            assert self.panels[0].told(kind) == self.panels[1].told(kind)


def test_whatever_is_done_to_the_clock_everything_takes_as_long_as_it_would() -> None:
    run_state_machine_as_test(
        TwinClocks,
        settings=settings(
            max_examples=300,
            stateful_step_count=40,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_who_waits_for_the_end_of_an_entry_delay_is_told_when_that_is_now() -> None:
    lived = Lived()
    panel = lived.panel
    panel.arm(skip_delay=True)
    panel.open(DOOR)
    panel.wait(10)
    (before,) = panel.told(ReportPending)

    lived.is_set(timedelta(hours=1))

    after = panel.told(ReportPending)[-1]
    assert (after.uid, after.until - panel.now) == (before.uid, seconds(20))


def test_what_happened_before_this_run_keeps_its_time() -> None:
    panel = Panel().armed()
    panel.open(SMOKE)
    panel.disarm()
    (earlier,) = panel.area.memory
    panel.power_cut(3600)
    began = panel.now
    panel.sensors_report()
    panel.arm(skip_delay=True)
    panel.now += timedelta(days=1)

    panel.tell(ClockMoved(timedelta(days=1), began + timedelta(days=1)))

    assert panel.area.memory == (earlier,)
    assert panel.area.armed_at == panel.now
    assert panel.state.areas[HOME].status is AreaStatus.ARMED
