"""A random walk over the panel: what must hold whatever happens in whatever order."""

import json
from typing import override

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from custom_components.alarm_broker.panel.config import AlarmKind, ArmMode, ZoneKind
from custom_components.alarm_broker.panel.deadlines import next_due, running
from custom_components.alarm_broker.panel.effects import (
    LockedOut,
    RaiseAlarm,
    ReportDisarmed,
    ReportPending,
    ReportPendingCleared,
)
from custom_components.alarm_broker.panel.events import Credential, SensorsReady, TimePassed
from custom_components.alarm_broker.panel.serial import durable, parsed, serialised
from custom_components.alarm_broker.panel.state import AreaStatus, Armed, Pending
from tests.integration.panel.builders import (
    ANNA,
    DOOR,
    HALL,
    NO_CODE,
    SMOKE,
    TAMPER,
    WINDOW,
    WRONG,
    Panel,
    house,
    seconds,
)

ZONES = st.sampled_from([DOOR, WINDOW, HALL, SMOKE, TAMPER])
MODES = st.sampled_from(list(ArmMode))
CREDENTIALS = st.sampled_from([ANNA, ANNA, WRONG, NO_CODE])
DELAYS = st.sampled_from([0, 5, 30, 60])
WAITS = st.sampled_from([0, 1, 4, 10, 29, 30, 31, 60, 90, 200, 1000, 100_000])


class PanelWalk(RuleBasedStateMachine):
    """Everything that can happen to a house, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.panel = Panel()

    @initialize(exit_delay=DELAYS, entry_delay=DELAYS, arm_required=st.booleans())
    def move_in(self, *, exit_delay: int, entry_delay: int, arm_required: bool) -> None:
        self.panel = Panel(house(exit_delay=exit_delay, entry_delay=entry_delay, arm_required=arm_required))

    @rule(zone_id=ZONES)
    def zone_opens(self, zone_id: str) -> None:
        self.panel.open(zone_id)

    @rule(zone_id=ZONES)
    def zone_closes(self, zone_id: str) -> None:
        before = self.panel.status

        self.panel.close(zone_id)

        assert self.panel.status is before

    @rule(zone_id=ZONES)
    def zone_falls_silent(self, zone_id: str) -> None:
        before = self.panel.status

        self.panel.lose(zone_id)

        assert self.panel.status is before

    @rule(mode=MODES, credential=CREDENTIALS, force=st.booleans())
    def somebody_arms(self, *, mode: ArmMode, credential: Credential, force: bool) -> None:
        before = self.panel.area

        refused = self.panel.arm(mode, credential, force=force)

        if refused is not None or before.status in (AreaStatus.PENDING, AreaStatus.TRIGGERED):
            assert self.panel.area == before

    @rule(credential=CREDENTIALS)
    def somebody_disarms(self, credential: Credential) -> None:
        before = self.panel.area

        refused = self.panel.disarm(credential)

        if refused is None:
            assert self.panel.status is AreaStatus.DISARMED
        else:
            assert credential is not ANNA or isinstance(refused, LockedOut)
            assert self.panel.area == before

    @rule(mode=MODES)
    def somebody_leaves_in_good_order(self, mode: ArmMode) -> None:
        """Arm an empty and closed house, as most armings are; without it the walk is seldom armed."""
        self.panel.disarm()
        self.panel.close(*self.panel.config.zones)

        refused = self.panel.arm(mode)

        assert refused is None or isinstance(refused, LockedOut)

    @rule()
    def somebody_triggers(self) -> None:
        self.panel.trigger()

        assert self.panel.status is AreaStatus.TRIGGERED

    @rule(duration_s=WAITS)
    def time_passes(self, duration_s: int) -> None:
        armed_before = self.panel.area.mode

        self.panel.wait(duration_s)

        assert self.panel.area.mode is armed_before

    @rule(duration_s=WAITS)
    def power_is_cut(self, duration_s: int) -> None:
        armed_before = self.panel.area.mode

        self.panel.power_cut(duration_s)

        assert self.panel.area.mode is armed_before

    @rule(set_back_s=st.sampled_from([1, 100, 100_000]))
    def clock_is_set_back(self, set_back_s: int) -> None:
        self.panel.now -= seconds(set_back_s)
        self.panel.tell(TimePassed())

    @precondition(lambda self: self.panel.state.settling is not None)
    @rule(settle_s=st.sampled_from([0, 60]))
    def sensors_are_ready(self, settle_s: int) -> None:
        self.panel.tell(SensorsReady(seconds(settle_s)))

    @invariant()
    def an_armed_panel_never_rests_with_an_open_guarded_zone(self) -> None:
        area, config = self.panel.area, self.panel.config
        if self.panel.state.settling is not None or not isinstance(area.guard, Armed):
            return
        guarded = config.areas["home"].modes[area.guard.mode].zones
        exposed = (self.panel.state.open_zones & guarded) - area.bypassed
        burglary = area.siren is not None and any(
            alarm.kind is AlarmKind.BURGLARY and exposed <= set(alarm.zones) for alarm in area.siren.alarms
        )
        assert not exposed or burglary

    @invariant()
    def an_open_24_hour_zone_sounds_unless_it_was_answered(self) -> None:
        zones = self.panel.config.zones
        always = {z for z in self.panel.state.open_zones if zones[z].kind is ZoneKind.ALWAYS}
        sounding = self.panel.area.siren.alarms if self.panel.area.siren else ()
        assert always - self.panel.area.bypassed <= {z for alarm in sounding for z in alarm.zones}

    @invariant()
    def every_deadline_has_a_way_out_within_its_length(self) -> None:
        limit = self.panel.now + max(seconds(900), self.panel.config.boot_limit, seconds(180))
        assert all(self.panel.now < due.due_at <= limit for due in running(self.panel.state))
        assert (next_due(self.panel.state) is None) == (not list(running(self.panel.state)))

    @invariant()
    def what_is_stored_reads_back_as_it_was(self) -> None:
        state = self.panel.state
        assert parsed(json.loads(json.dumps(serialised(state)))) == durable(state)

    @invariant()
    def a_zone_is_not_open_and_blind_at_once(self) -> None:
        assert not self.panel.state.open_zones & self.panel.state.blind_zones

    @invariant()
    def every_uid_is_told_a_story_in_order(self) -> None:
        """Pending comes first and once, an alarm is raised once, and only what was told of is ended."""
        pending = [one.uid for one in self.panel.told(ReportPending)]
        raised = [one.uid for one in self.panel.told(RaiseAlarm)]
        cleared = [one.uid for one in self.panel.told(ReportPendingCleared)]
        disarmed = [one.uid for one in self.panel.told(ReportDisarmed)]
        for uids in (pending, raised, cleared, disarmed):
            assert len(uids) == len(set(uids))
        running_now = {guard.uid} if isinstance(guard := self.panel.area.guard, Pending) else set[str]()
        assert set(pending) <= set(raised) | set(cleared) | running_now
        assert set(cleared) <= set(pending) - set(raised)
        assert set(disarmed) <= set(raised)

    @override
    def teardown(self) -> None:
        """Whatever happened: time alone leads to rest, and the right code to disarmed."""
        self.panel.tell(SensorsReady(seconds(0)))
        self.panel.wait(10_000)
        at_rest = next_due(self.panel.state)

        self.panel.disarm()

        assert at_rest is None
        assert self.panel.status is AreaStatus.DISARMED


def test_whatever_happens_the_panel_keeps_its_promises() -> None:
    run_state_machine_as_test(
        PanelWalk,
        settings=settings(
            max_examples=300,
            stateful_step_count=40,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
