"""Random walks over a house with a garage: what must hold whatever happens in whatever order."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, override

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from custom_components.alarm_broker.core.panel.config import (
    HELD_BACK,
    AlarmKind,
    ArmMode,
    GroupConfig,
    Rules,
    TroubleEffect,
    TroubleKind,
)
from custom_components.alarm_broker.core.panel.deadlines import next_due, running
from custom_components.alarm_broker.core.panel.effects import (
    LockedOut,
    NotReady,
    RaiseAlarm,
    ReportBypass,
    ReportDisarmed,
    ReportPending,
    ReportPendingCleared,
)
from custom_components.alarm_broker.core.panel.events import (
    Credential,
    SensorsReady,
    SilenceRequested,
    TimePassed,
    TroubleBegan,
    TroubleEnded,
    WindowsChanged,
)
from custom_components.alarm_broker.core.panel.serial import durable, parsed, serialised
from custom_components.alarm_broker.core.panel.state import (
    AreaState,
    AreaStatus,
    Armed,
    Bypass,
    PanelState,
    Pending,
    Trouble,
)
from custom_components.alarm_broker.core.windows import WindowKind
from tests.integration.panel.builders import (
    ANNA,
    GARAGE,
    GATE,
    HALL,
    HOME,
    NO_CODE,
    SMOKE,
    STAIRS,
    TAMPER,
    UNDER_THREAT,
    WINDOW,
    WRONG,
    Panel,
    house,
    refused as why_not,
    seconds,
)

AREAS = st.sampled_from([(HOME,), (HOME,), (GARAGE,), (HOME, GARAGE)])
ZONES = st.sampled_from(["door", WINDOW, HALL, STAIRS, SMOKE, TAMPER, GATE])
MODES = st.sampled_from([ArmMode.AWAY, ArmMode.AWAY, ArmMode.HOME, ArmMode.NIGHT, None])
CREDENTIALS = st.sampled_from([ANNA, ANNA, WRONG, NO_CODE])
DELAYS = st.sampled_from([0, 5, 30, 60])
WAITS = st.sampled_from([0, 1, 4, 10, 29, 30, 31, 60, 90, 200, 1000, 100_000])
TROUBLES = st.sampled_from(
    [
        Trouble(kind=TroubleKind.BATTERY, source="sensor.battery", zone_id=WINDOW),
        Trouble(kind=TroubleKind.POWER, source="binary_sensor.mains"),
    ]
)
GROUP = GroupConfig(group_id="motion", zones=frozenset({HALL, STAIRS}), required=2, window=seconds(45))
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    WINDOW: {"hold": seconds(10), "auto_bypass": True},
    HALL: {"trips": 2, "trip_window": seconds(30)},
    "door": {"final_set": True, "entry_delay": seconds(20)},
    STAIRS: {"allow_open": True, "chime": True},
    TAMPER: {"bypassable": False},
}
LONGEST = seconds(48 * 3600)


class PanelWalk(RuleBasedStateMachine):
    """Everything that can happen, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.panel = Panel()

    @initialize(
        exit_delay=DELAYS,
        entry_delay=DELAYS,
        arm_required=st.booleans(),
        optioned=st.sets(st.sampled_from(sorted(OPTIONS))),
        grouped=st.booleans(),
        swinger=st.sampled_from([0, 1, 2]),
        auto_stay=st.booleans(),
        power=st.sampled_from(TroubleEffect),
        file_is_lost=st.booleans(),
    )
    def move_in(
        self,
        *,
        exit_delay: int,
        entry_delay: int,
        arm_required: bool,
        optioned: set[str],
        grouped: bool,
        swinger: int,
        auto_stay: bool,
        power: TroubleEffect,
        file_is_lost: bool,
    ) -> None:
        rules = Rules(
            swinger_trips=swinger,
            auto_stay=auto_stay,
            trouble={TroubleKind.LOST: TroubleEffect.ASK, TroubleKind.POWER: power},
        )
        self.panel = Panel(
            house(
                exit_delay=exit_delay,
                entry_delay=entry_delay,
                arm_required=arm_required,
                zones={zone_id: OPTIONS[zone_id] for zone_id in optioned},
                groups=[GROUP] if grouped else [],
                rules=rules,
            )
        )
        if file_is_lost:
            self.panel.lose_file()

    @rule(zone_id=ZONES)
    def zone_opens(self, zone_id: str) -> None:
        self.panel.open(zone_id)

    @rule(zone_id=ZONES)
    def zone_closes(self, zone_id: str) -> None:
        before = self._statuses()

        self.panel.close(zone_id)

        assert self._statuses() == before

    @rule(zone_id=ZONES)
    def zone_falls_silent(self, zone_id: str) -> None:
        before = self._statuses()

        self.panel.lose(zone_id)

        assert self._statuses() == before

    @rule(areas=AREAS, mode=MODES, credential=CREDENTIALS, force=st.booleans(), skip=st.booleans())
    def somebody_arms(
        self, *, areas: tuple[str, ...], mode: ArmMode | None, credential: Credential, force: bool, skip: bool
    ) -> None:
        before = self.panel.state.areas

        refused = self.panel.arm(mode, credential, areas=areas, force=force, skip_delay=skip)

        busy = any(before[area_id].status in (AreaStatus.PENDING, AreaStatus.TRIGGERED) for area_id in areas)
        if refused is not None or busy:
            assert self.panel.state.areas == before
        if refused is None:
            assert all(self.panel.state.areas[area_id].mode is not None for area_id in areas)
        if force and isinstance(refused, NotReady):
            assert not refused.forceable

    @rule(areas=AREAS, credential=CREDENTIALS)
    def somebody_disarms(self, areas: tuple[str, ...], credential: Credential) -> None:
        before = self.panel.state.areas

        refused = self.panel.disarm(credential, areas=areas)

        if refused is None:
            assert {self.panel.state.areas[area_id].status for area_id in areas} == {AreaStatus.DISARMED}
        else:
            assert credential is not ANNA or isinstance(refused, LockedOut)
            assert self.panel.state.areas == before

    @rule(areas=AREAS)
    def somebody_leaves_in_good_order(self, areas: tuple[str, ...]) -> None:
        """Arm an empty and closed house, as most armings are; without it the walk is seldom armed."""
        for trouble in tuple(self.panel.state.troubles):
            self.panel.tell(TroubleEnded(trouble))
        self.panel.disarm(areas=areas)
        self.panel.close(*self.panel.config.zones)

        refused = self.panel.arm(ArmMode.AWAY, areas=areas)

        assert refused is None or isinstance(refused, LockedOut)

    @rule(kind=st.sampled_from([AlarmKind.PANIC, AlarmKind.BURGLARY, AlarmKind.FIRE]))
    def somebody_triggers(self, kind: AlarmKind) -> None:
        self.panel.trigger(kind)

        assert self.panel.status is AreaStatus.TRIGGERED

    @rule(kind=st.sampled_from([AlarmKind.PANIC, AlarmKind.DURESS]))
    def somebody_triggers_in_silence(self, kind: AlarmKind) -> None:
        before = visible(self.panel.area)

        self.panel.trigger(kind, silent=True)

        assert visible(self.panel.area) == before

    @rule(zone_id=ZONES, bypass=st.booleans(), credential=CREDENTIALS)
    def somebody_bypasses(self, *, zone_id: str, bypass: bool, credential: Credential) -> None:
        before = self._statuses()

        refused = self.panel.bypass(zone_id, bypass=bypass, credential=credential)

        assert self._statuses() == before
        if refused is None and bypass:
            area_id = self.panel.config.zones[zone_id].area_id
            assert self.panel.state.areas[area_id].bypassed[zone_id] is Bypass.MANUAL

    @rule()
    def somebody_clears_the_memory(self) -> None:
        self.panel.clear_memory(NO_CODE)

        assert all(not alarm.disarmed for alarm in self.panel.area.memory)

    @rule(credential=CREDENTIALS)
    def somebody_looks(self, credential: Credential) -> None:
        before = {area_id: visible(area) for area_id, area in self.panel.state.areas.items()}

        self.panel.look(credential)

        assert {area_id: visible(area) for area_id, area in self.panel.state.areas.items()} == before

    @rule(start=st.booleans())
    def somebody_tests_the_zones(self, start: bool) -> None:  # noqa: FBT001 - hypothesis names it
        self.panel.walk_test(start=start)

    @rule(trouble=TROUBLES, begins=st.booleans())
    def trouble_comes_and_goes(self, *, trouble: Trouble, begins: bool) -> None:
        before = self.panel.state.areas

        self.panel.tell(TroubleBegan(trouble) if begins else TroubleEnded(trouble))

        assert self.panel.state.areas == before

    @rule(areas=AREAS, credential=CREDENTIALS)
    def somebody_wants_quiet(self, areas: tuple[str, ...], credential: Credential) -> None:
        before = self._modes()

        refused = why_not(self.panel.tell(SilenceRequested(area_ids=areas, credential=credential, by=None)))

        if refused is None:
            assert all(self.panel.state.areas[area_id].siren is None for area_id in areas)
        self._as_armed_as(before)

    @rule(kinds=st.sets(st.sampled_from(WindowKind)), left_out=st.sets(ZONES))
    def calendar_windows_change(self, kinds: set[WindowKind], left_out: set[str]) -> None:
        before = self._statuses()

        self.panel.tell(WindowsChanged(kinds=frozenset(kinds), left_out=frozenset(left_out)))

        assert self._statuses() == before
        for area in self.panel.state.areas.values():
            assert {zone for zone, why in area.bypassed.items() if why is Bypass.WINDOW} <= left_out

    @rule(duration_s=WAITS)
    def time_passes(self, duration_s: int) -> None:
        before = self._modes()

        self.panel.wait(duration_s)

        self._as_armed_as(before)

    @rule(duration_s=WAITS)
    def power_is_cut(self, duration_s: int) -> None:
        before = self._modes()

        self.panel.power_cut(duration_s)

        self._as_armed_as(before)

    @rule(by_s=st.sampled_from([-100_000, -3600, -1, 3600]))
    def clock_is_set(self, by_s: int) -> None:
        before = self._modes()
        self.panel.now += seconds(by_s)

        self.panel.tell(TimePassed())

        self._as_armed_as(before)

    @precondition(lambda self: self.panel.state.settling is not None)
    @rule(settle_s=st.sampled_from([0, 60]))
    def sensors_are_ready(self, settle_s: int) -> None:
        self.panel.tell(SensorsReady(seconds(settle_s)))

    @invariant()
    def an_armed_area_never_rests_with_an_open_guarded_zone(self) -> None:
        state, config = self.panel.state, self.panel.config
        for area_id, area in state.areas.items():
            if state.settling is not None or not isinstance(area.guard, Armed):
                continue
            guarded = config.areas[area_id].modes[area.guard.mode].zones
            # What waits for more before it counts is not resting: it has a deadline, or needs to open again.
            waiting = set(state.holding) | {
                zone_id
                for zone_id in config.zones
                if config.zones[zone_id].trips > 1
                or any(zone_id in group.zones for group in config.groups.values())
            }
            exposed = (state.open_zones & guarded) - set(area.bypassed) - waiting
            sounding = area.siren.alarms if area.siren is not None else ()
            assert exposed <= {z for alarm in sounding for z in alarm.zones}

    @invariant()
    def what_is_always_guarded_sounds_unless_it_was_answered(self) -> None:
        state, zones = self.panel.state, self.panel.config.zones
        always = {zone_id for zone_id in state.open_zones if zones[zone_id].kind.always_guarded}
        area = self.panel.area
        sounding = area.siren.alarms if area.siren else ()
        told = {zone_id for alarm in sounding for zone_id in alarm.zones}
        assert area.walk_test is not None or always <= told | set(area.bypassed) | area.silenced

    @invariant()
    def every_deadline_has_a_way_out_within_its_length(self) -> None:
        assert all(
            self.panel.now < due.due_at <= self.panel.now + LONGEST for due in running(self.panel.state)
        )
        assert (next_due(self.panel.state) is None) == (not list(running(self.panel.state)))

    @invariant()
    def what_is_stored_reads_back_as_it_was(self) -> None:
        state = self.panel.state
        assert parsed(json.loads(json.dumps(serialised(state)))) == durable(state)

    @invariant()
    def a_zone_is_not_open_and_unavailable_at_once(self) -> None:
        assert not self.panel.state.open_zones & self.panel.state.unavailable_zones

    @invariant()
    def a_worn_out_zone_was_never_one_that_saves_lives(self) -> None:
        zones = self.panel.config.zones
        shut_down = {
            zone_id
            for report in self.panel.told(ReportBypass)
            if report.bypass is Bypass.SHUT_DOWN
            for zone_id in report.zone_ids
        }
        assert all(zones[zone_id].kind.alarm_kind in HELD_BACK for zone_id in shut_down)

    @invariant()
    def only_what_may_be_false_is_held_back(self) -> None:
        for raised in self.panel.told(RaiseAlarm):
            assert not raised.hold or (raised.kind in HELD_BACK and not raised.silent)

    @invariant()
    def every_uid_is_told_a_story_in_order(self) -> None:
        """Pending comes first, an alarm is raised once, only what was told of is ended, and that once."""
        pending = {one.uid for one in self.panel.told(ReportPending)}
        raised = [one.uid for one in self.panel.told(RaiseAlarm)]
        cleared = [one.uid for one in self.panel.told(ReportPendingCleared)]
        disarmed = [one.uid for one in self.panel.told(ReportDisarmed)]
        for uids in (raised, cleared, disarmed):
            assert len(uids) == len(set(uids))
        running_now = {
            area.guard.uid for area in self.panel.state.areas.values() if isinstance(area.guard, Pending)
        }
        assert pending <= set(raised) | set(cleared) | running_now
        assert set(cleared) <= pending - set(raised)
        assert set(disarmed) <= set(raised)

    @override
    def teardown(self) -> None:
        """Whatever happened: time alone leads to rest, and the right code to disarmed."""
        self.panel.tell(SensorsReady(seconds(0)))
        self.panel.wait(1_000_000)
        at_rest = next_due(self.panel.state)

        self.panel.disarm(areas=(HOME, GARAGE))

        assert at_rest is None
        assert {area.status for area in self.panel.state.areas.values()} == {AreaStatus.DISARMED}

    def _statuses(self) -> dict[str, AreaStatus]:
        return {area_id: area.status for area_id, area in self.panel.state.areas.items()}

    def _modes(self) -> dict[str, ArmMode | None]:
        return {area_id: area.mode for area_id, area in self.panel.state.areas.items()}

    def _as_armed_as(self, before: dict[str, ArmMode | None]) -> None:
        """Nothing but a person changes the mode, except that away becomes home where nobody has left."""
        for area_id, mode in before.items():
            now = self.panel.state.areas[area_id].mode
            stayed = self.panel.config.rules.auto_stay and (mode, now) == (ArmMode.AWAY, ArmMode.HOME)
            assert now is mode or stayed


def visible(area: AreaState) -> AreaState:
    """Return an area as an onlooker sees it."""
    return replace(area, silent=())


class TwinWalk(RuleBasedStateMachine):
    """The same life twice, with the normal code and with the duress code: an onlooker sees no difference."""

    def __init__(self) -> None:
        super().__init__()
        self.twins = ((Panel(), ANNA), (Panel(), UNDER_THREAT))

    @rule(zone_id=ZONES, opens=st.booleans())
    def zone_moves(self, *, zone_id: str, opens: bool) -> None:
        for panel, _ in self.twins:
            panel.open(zone_id) if opens else panel.close(zone_id)

    @rule(areas=AREAS, mode=MODES, force=st.booleans())
    def somebody_arms(self, *, areas: tuple[str, ...], mode: ArmMode | None, force: bool) -> None:
        self._same(lambda panel, code: panel.arm(mode, code, areas=areas, force=force))

    @rule(areas=AREAS)
    def somebody_disarms(self, areas: tuple[str, ...]) -> None:
        self._same(lambda panel, code: panel.disarm(code, areas=areas))

    @rule(zone_id=ZONES, bypass=st.booleans())
    def somebody_bypasses(self, *, zone_id: str, bypass: bool) -> None:
        self._same(lambda panel, code: panel.bypass(zone_id, bypass=bypass, credential=code))

    @rule()
    def somebody_clears_the_memory(self) -> None:
        self._same(lambda panel, code: panel.clear_memory(code))

    @rule()
    def somebody_looks(self) -> None:
        self._same(lambda panel, code: panel.look(code))

    @rule()
    def somebody_guesses(self) -> None:
        self._same(lambda panel, _code: panel.disarm(WRONG))

    @rule(duration_s=WAITS)
    def time_passes(self, duration_s: int) -> None:
        for panel, _ in self.twins:
            panel.wait(duration_s)

    @rule(duration_s=WAITS)
    def power_is_cut(self, duration_s: int) -> None:
        for panel, _ in self.twins:
            panel.power_cut(duration_s)
            panel.sensors_report()

    @invariant()
    def an_onlooker_sees_no_difference(self) -> None:
        normal, forced = (panel for panel, _ in self.twins)
        for area_id in (HOME, GARAGE):
            assert _unnamed(visible(normal.state.areas[area_id])) == _unnamed(
                visible(forced.state.areas[area_id])
            )
        assert normal.state.lockout == forced.state.lockout
        loud = [
            [_without_uid(one) for one in panel.effects if not _is_silent(one)] for panel, _ in self.twins
        ]
        assert loud[0] == loud[1]
        assert not any(area.silent for area in normal.state.areas.values())

    def _same(self, act: Any) -> None:
        answers = [act(panel, code) for panel, code in self.twins]
        assert answers[0] == answers[1]
        (_, _), (forced, _) = self.twins
        calls = [one for one in forced.told(RaiseAlarm) if one.silent]
        assert all(one.kind is AlarmKind.DURESS for one in calls)


def _is_silent(effect: object) -> bool:
    return isinstance(effect, RaiseAlarm) and effect.silent


def _without_uid(effect: Any) -> Any:
    return replace(effect, uid="") if hasattr(effect, "uid") else effect


def _unnamed(area: AreaState) -> str:
    """Return an area without the uids, of which the cry for help has used one."""
    text = json.dumps(serialised(PanelState(areas={HOME: area})), sort_keys=True)
    return re.sub(r"alarm-\d+", "#", text)


WALK = settings(
    max_examples=1500,
    stateful_step_count=50,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def test_whatever_happens_the_panel_keeps_its_promises() -> None:
    run_state_machine_as_test(PanelWalk, settings=WALK)


def test_whoever_watches_cannot_tell_a_duress_code_from_a_normal_one() -> None:
    run_state_machine_as_test(TwinWalk, settings=settings(WALK, max_examples=500))


def test_a_duress_code_always_calls_for_help() -> None:
    panel = Panel().armed()
    panel.open("door")

    panel.disarm(UNDER_THREAT)

    (call,) = [one for one in panel.told(RaiseAlarm) if one.silent]
    assert (call.kind, call.area_id, call.by) == (AlarmKind.DURESS, HOME, "Anna")
