"""The words of the panel's manual: what people and sensors do, what they notice, and how a rule is told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from custom_components.alarm_broker.core.panel.config import AlarmKind, ArmMode, TroubleKind
from custom_components.alarm_broker.core.panel.effects import (
    Chime,
    Ending,
    RaiseAlarm,
    ReportBypass,
    ReportDisarmed,
    ReportPending,
    ReportWalkTest,
    ReportZoneTripped,
)
from custom_components.alarm_broker.core.panel.events import (
    ChimeChosen,
    Credential,
    DisarmRequested,
    TimePassed,
    TroubleBegan,
    Trusted,
)
from custom_components.alarm_broker.core.panel.state import AreaStatus, Bypass, ChimeMode, Trouble
from tests.integration.panel.builders import ANNA, HOME, Panel, refused, seconds

AWAY, AT_HOME = ArmMode.AWAY, ArmMode.HOME
DISARMED, ARMING, ARMED, PENDING, TRIGGERED, UNKNOWN = AreaStatus
POWER = Trouble(kind=TroubleKind.POWER, source="binary_sensor.mains")

type Step = Callable[[Panel], None]


@dataclass(frozen=True)
class Story:
    """One rule."""

    says: str
    steps: tuple[Step, ...]
    config: Mapping[str, Any] = field(default_factory=dict)


def story(says: str, *steps: Step, **config: Any) -> Story:
    return Story(says, steps, config)


# --- what people and sensors do --------------------------------------------------------------------------


def arms(mode: ArmMode | None = AWAY, code: Credential = ANNA, **how: Any) -> Step:
    return lambda panel: _none(panel.arm(mode, code, **how), "arming")


def disarms(code: Credential = ANNA, **how: Any) -> Step:
    return lambda panel: _none(panel.disarm(code, **how), "disarming")


def opens(*zones: str) -> Step:
    return lambda panel: panel.open(*zones)


def closes(*zones: str) -> Step:
    return lambda panel: panel.close(*zones)


def falls_silent(*zones: str) -> Step:
    return lambda panel: panel.lose(*zones)


def waits(duration_s: float) -> Step:
    return lambda panel: panel.wait(duration_s)


def triggers(kind: AlarmKind = AlarmKind.PANIC, *, silent: bool = False) -> Step:
    return lambda panel: panel.trigger(kind, silent=silent)


def bypasses(zone: str, code: Credential = ANNA) -> Step:
    return lambda panel: _none(panel.bypass(zone, credential=code), "bypassing")


def guards_again(zone: str) -> Step:
    return lambda panel: _none(panel.bypass(zone, bypass=False), "guarding again")


def clears_memory(code: Credential = ANNA) -> Step:
    return lambda panel: _none(panel.clear_memory(code), "clearing the memory")


def looks(code: Credential = ANNA) -> Step:
    return lambda panel: _none(panel.look(code), "looking")


def walk_test(*, begins: bool) -> Step:
    return lambda panel: _none(panel.walk_test(start=begins), "the walk test")


def trouble(what: Trouble = POWER) -> Step:
    return lambda panel: _ignore(panel.tell(TroubleBegan(what)))


def chime(mode: ChimeMode) -> Step:
    return lambda panel: _ignore(panel.tell(ChimeChosen(HOME, mode)))


def power_fails(duration_s: float, *, then_open: tuple[str, ...] = ()) -> Step:
    def step(panel: Panel) -> None:
        panel.power_cut(duration_s)
        panel.sensors_report(opened=then_open)

    return step


def clock_is_set(by_s: float) -> Step:
    def step(panel: Panel) -> None:
        panel.now += seconds(by_s)
        panel.tell(TimePassed())

    return step


def loses_its_file() -> Step:
    return lambda panel: _ignore(panel.lose_file())


def comes_home() -> Step:
    """The house disarms by itself for somebody who arrives."""

    def step(panel: Panel) -> None:
        request = DisarmRequested(area_ids=(HOME,), credential=Trusted(), by="Anna", by_itself=True)
        _none(refused(panel.tell(request)), "disarming")

    return step


def leaves_armed(mode: ArmMode = AWAY) -> Step:
    """Arm, leave, and be gone."""
    return lambda panel: _ignore(panel.armed(mode))


# --- what they notice -------------------------------------------------------------------------------------


def shows(status: AreaStatus, mode: ArmMode | None = None, *, area: str = HOME) -> Step:
    def step(panel: Panel) -> None:
        shown = panel.state.areas[area]
        assert shown.status is status, f"shown as {shown.status}"
        assert mode is None or shown.mode is mode, f"in mode {shown.mode}"

    return step


def refuses(act: Step, reason: object) -> Step:
    """The act is refused for this reason, or one of this type; nothing else has changed."""

    def step(panel: Panel) -> None:
        before = panel.state.areas
        with pytest.raises(_RefusedError) as refused:
            act(panel)
        found = refused.value.reason
        assert found == reason or (isinstance(reason, type) and isinstance(found, reason)), found
        assert {area_id: area.guard for area_id, area in before.items()} == {
            area_id: area.guard for area_id, area in panel.state.areas.items()
        }

    return step


def raises(kind: AlarmKind, *zones: str, **details: Any) -> Step:
    """One alarm of that kind was raised, with these zones and details."""

    def step(panel: Panel) -> None:
        raised = [one for one in panel.told(RaiseAlarm) if one.kind is kind]
        assert [one.zones for one in raised] == [zones], raised
        assert {key: getattr(raised[0], key) for key in details} == details

    return step


def raises_nothing(panel: Panel) -> None:
    assert not panel.told(RaiseAlarm)


def number_of_alarms(count: int) -> Step:
    def step(panel: Panel) -> None:
        assert len(panel.told(RaiseAlarm)) == count, panel.told(RaiseAlarm)

    return step


def ends_as(ending: Ending) -> Step:
    def step(panel: Panel) -> None:
        assert [one.ending for one in panel.told(ReportDisarmed)] == [ending]

    return step


def leaves_out(zone: str, reason: Bypass | None) -> Step:
    def step(panel: Panel) -> None:
        area = panel.state.areas[panel.config.zones[zone].area_id]
        assert area.bypassed.get(zone) is reason, area.bypassed

    return step


def says_left_out(zone: str, reason: Bypass) -> Step:
    def step(panel: Panel) -> None:
        assert any(zone in one.zone_ids and one.bypass is reason for one in panel.told(ReportBypass))

    return step


def says_guarded_again(zone: str) -> Step:
    def step(panel: Panel) -> None:
        assert any(zone in one.zone_ids and one.bypass is None for one in panel.told(ReportBypass))

    return step


def ends_in(duration_s: float | None) -> Step:
    """What is shown ends by itself in so many seconds."""

    def step(panel: Panel) -> None:
        end = panel.area.delay_end
        assert (None if end is None else (end - panel.now).total_seconds()) == duration_s

    return step


def says_exit_error(panel: Panel) -> None:
    assert [one.exit_error for one in panel.told(ReportPending)] == [True]


def is_confirmed_by(zone: str) -> Step:
    def step(panel: Panel) -> None:
        assert [one.zone_id for one in panel.told(ReportZoneTripped) if one.confirmed] == [zone]

    return step


def is_not_confirmed(panel: Panel) -> None:
    assert not [one for one in panel.told(ReportZoneTripped) if one.confirmed]


def remembers(*alarms: tuple[str, ...]) -> Step:
    def step(panel: Panel) -> None:
        assert tuple(alarm.zones for alarm in panel.area.memory) == alarms

    return step


def chimes(*zones: str) -> Step:
    def step(panel: Panel) -> None:
        assert tuple(one.zone_id for one in panel.told(Chime)) == zones

    return step


def reports_never_seen(*zones: str) -> Step:
    def step(panel: Panel) -> None:
        (report,) = [one for one in panel.told(ReportWalkTest) if not one.running]
        assert report.unseen == zones

    return step


def is_said_to_be(name: str | None) -> Step:
    def step(panel: Panel) -> None:
        assert panel.area.changed_by == name

    return step


# --- how a refusal gets to who asked for it ---------------------------------------------------------------


class _RefusedError(Exception):
    def __init__(self, reason: object) -> None:
        super().__init__(str(reason))
        self.reason = reason


def _none(reason: object, what: str) -> None:
    if reason is not None:
        raise _RefusedError(reason) from AssertionError(f"{what} was refused")


def _ignore(_result: object) -> None:
    """Take what a step returns, and do nothing with it."""
