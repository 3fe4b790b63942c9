"""The panel's manual as stories: each row is a rule, what people do, and what they notice.

Read it like docs/panel.md. The house: a front door (entry/exit), a window and the hall (instant), stairs (follower),
smoke, a tamper contact, and a garage with a gate as an area of its own. Away guards everything, home only door and
window; exit delay 60 s, entry delay 30 s, siren 180 s. Anna has a code, and another one for when she is forced.
"""

from collections.abc import Callable, Mapping
from copy import replace
from dataclasses import dataclass, field
from typing import Any

import pytest

from custom_components.alarm_broker.core.panel.config import (
    Action,
    AlarmKind,
    ArmMode,
    GroupConfig,
    PanelConfig,
    Rules,
    TroubleEffect,
    TroubleKind,
    UserConfig,
    ZoneKind,
)
from custom_components.alarm_broker.core.panel.effects import (
    AlarmOngoing,
    Chime,
    CodeNeeded,
    CodeNotValid,
    CodeProblem,
    Ending,
    LockedOut,
    NotAllowed,
    NotBypassable,
    NotDisarmed,
    NotReady,
    RaiseAlarm,
    ReportBypass,
    ReportDisarmed,
    ReportPending,
    ReportWalkTest,
    ReportZoneTripped,
    StateUnknown,
    WrongCode,
)
from custom_components.alarm_broker.core.panel.events import (
    ChimeChosen,
    CodeMatched,
    Credential,
    DisarmRequested,
    TimePassed,
    TroubleBegan,
    Trusted,
)
from custom_components.alarm_broker.core.panel.state import AreaStatus, Bypass, ChimeMode, Trouble
from tests.integration.panel.builders import (
    ANNA,
    DOOR,
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
    refused,
    seconds,
)

AWAY, AT_HOME = ArmMode.AWAY, ArmMode.HOME
DISARMED, ARMING, ARMED, PENDING, TRIGGERED, UNKNOWN = AreaStatus
BERT = CodeMatched("bert")
BOTH = [GroupConfig(group_id="both", zones=frozenset({HALL, WINDOW}), required=2, window=seconds(60))]
POWER = Trouble(kind=TroubleKind.POWER, source="binary_sensor.mains")

type Step = Callable[[Panel], None]


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


# --- the manual -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Story:
    """One rule."""

    says: str
    steps: tuple[Step, ...]
    config: Mapping[str, Any] = field(default_factory=dict)


def story(says: str, *steps: Step, **config: Any) -> Story:
    return Story(says, steps, config)


CHAPTERS: Mapping[str, tuple[Story, ...]] = {
    "arming": (
        story(
            "arming begins the exit delay and ends armed",
            arms(),
            shows(ARMING),
            ends_in(60),
            waits(60),
            shows(ARMED, AWAY),
        ),
        story("without an exit delay it guards at once", arms(), shows(ARMED), exit_delay=0),
        story("the exit delay can be skipped", arms(skip_delay=True), shows(ARMED)),
        story("it says who armed", arms(), is_said_to_be("Anna")),
        story(
            "an open window stands in the way and is named",
            opens(WINDOW),
            refuses(arms(), NotReady(open_zones=(WINDOW,))),
        ),
        story(
            "a sensor without a signal never counts as closed (D7)",
            falls_silent(HALL),
            refuses(arms(), NotReady(unavailable_zones=(HALL,))),
        ),
        story(
            "what the mode does not guard does not stand in its way",
            opens(HALL),
            arms(AT_HOME),
            shows(ARMING),
        ),
        story("the front door may be open while there is time to leave", opens(DOOR), arms(), shows(ARMING)),
        story("so may the stairs, where people are", opens(STAIRS), arms(), shows(ARMING)),
        story(
            "without time to leave the front door must be closed",
            opens(DOOR),
            refuses(arms(skip_delay=True), NotReady),
        ),
        story(
            "smoke stands in the way too, until it is gone or forced",
            opens(SMOKE),
            disarms(),
            refuses(arms(), NotReady(open_zones=(SMOKE,))),
        ),
        story(
            "force leaves out what is open, and says so",
            opens(WINDOW),
            arms(force=True),
            says_left_out(WINDOW, Bypass.FORCED),
            waits(60),
            shows(ARMED),
        ),
        story(
            "what was forced is guarded again once it has been closed",
            opens(WINDOW),
            arms(force=True),
            waits(60),
            closes(WINDOW),
            leaves_out(WINDOW, None),
            opens(WINDOW),
            shows(TRIGGERED),
        ),
        story(
            "force cannot leave out what is not bypassable",
            opens(WINDOW),
            refuses(arms(force=True), NotReady),
            zones={WINDOW: {"bypassable": False}},
        ),
        story(
            "zones can be named to be left out", arms(bypass=[WINDOW]), waits(60), opens(WINDOW), shows(ARMED)
        ),
        story(
            "a named zone that may not be left out is refused",
            refuses(arms(bypass=[TAMPER]), NotBypassable((TAMPER,))),
            zones={TAMPER: {"bypassable": False}},
        ),
        story(
            "auto bypass leaves an open zone out until disarmed",
            opens(WINDOW),
            arms(),
            waits(60),
            closes(WINDOW),
            opens(WINDOW),
            shows(ARMED),
            leaves_out(WINDOW, Bypass.AUTO),
            zones={WINDOW: {"auto_bypass": True}},
        ),
        story(
            "may be open at arming: left out until it has closed",
            opens(WINDOW),
            arms(),
            waits(60),
            shows(ARMED),
            closes(WINDOW),
            opens(WINDOW),
            shows(TRIGGERED),
            zones={WINDOW: {"allow_open": True}},
        ),
        story("arming the armed mode again changes nothing", leaves_armed(), arms(), shows(ARMED)),
        story(
            "another mode while armed takes what disarming takes",
            leaves_armed(),
            refuses(arms(AT_HOME, NO_CODE), CodeNeeded()),
            arm_required=False,
        ),
        story(
            "from an entry delay only disarming leads out (D2)",
            leaves_armed(),
            opens(DOOR),
            refuses(arms(AT_HOME), AlarmOngoing((HOME,))),
        ),
        story(
            "and from an alarm too (D2)",
            leaves_armed(),
            opens(WINDOW),
            refuses(arms(AT_HOME), AlarmOngoing((HOME,))),
        ),
        story(
            "again as last time: the mode and what was left out",
            arms(AT_HOME, bypass=[WINDOW]),
            waits(60),
            disarms(),
            arms(None),
            waits(60),
            shows(ARMED, AT_HOME),
            leaves_out(WINDOW, Bypass.MANUAL),
        ),
        story(
            "a trouble set to ask must be forced (EN 50131-1)",
            trouble(),
            refuses(arms(), NotReady(troubles=(POWER,))),
            arms(force=True),
            shows(ARMING),
            rules=Rules(trouble={TroubleKind.POWER: TroubleEffect.ASK}),
        ),
        story(
            "a trouble set to block cannot be forced",
            trouble(),
            refuses(arms(force=True), NotReady(troubles=(POWER,), forceable=False)),
            rules=Rules(trouble={TroubleKind.POWER: TroubleEffect.BLOCK}),
        ),
        story("any other trouble is only listed", trouble(), arms(), shows(ARMING)),
        story(
            "an unavailable zone may be armed with, where that is chosen",
            falls_silent(HALL),
            arms(),
            waits(60),
            shows(ARMED),
            rules=Rules(trouble={}),
        ),
    ),
    "leaving": (
        story(
            "doors and motion are free while people leave",
            arms(),
            opens(HALL, DOOR),
            closes(HALL, DOOR),
            waits(60),
            shows(ARMED),
            raises_nothing,
        ),
        story(
            "coming back in starts the exit delay anew (CP-01)",
            arms(),
            opens(DOOR),
            closes(DOOR),
            waits(40),
            opens(DOOR),
            ends_in(60),
        ),
        story(
            "but only once",
            arms(),
            opens(DOOR),
            closes(DOOR),
            waits(40),
            opens(DOOR),
            closes(DOOR),
            waits(40),
            opens(DOOR),
            ends_in(20),
        ),
        story(
            "and not at all where that is switched off",
            arms(),
            opens(DOOR),
            closes(DOOR),
            waits(40),
            opens(DOOR),
            ends_in(20),
            rules=Rules(exit_restart=False),
        ),
        story(
            "closing the final door ends the exit delay after 5 seconds",
            arms(),
            opens(DOOR),
            closes(DOOR),
            ends_in(5),
            waits(5),
            shows(ARMED),
            zones={DOOR: {"final_set": True}},
        ),
        story(
            "unless it opens again",
            arms(),
            opens(DOOR),
            closes(DOOR),
            waits(3),
            opens(DOOR),
            waits(5),
            shows(ARMING),
            zones={DOOR: {"final_set": True}},
        ),
        story(
            "exit error: the open door starts the entry delay and is heard (CP-01)",
            arms(),
            opens(DOOR),
            waits(60),
            shows(PENDING),
            says_exit_error,
            waits(30),
            raises(AlarmKind.BURGLARY, DOOR, exit_error=True),
        ),
        story(
            "an exit error that is disarmed in time tells nobody (CP-01)",
            arms(),
            opens(DOOR),
            waits(60),
            disarms(),
            raises_nothing,
        ),
        story(
            "nobody left: away becomes home (CP-01, unvacated premises)",
            arms(),
            waits(60),
            shows(ARMED, AT_HOME),
            rules=Rules(auto_stay=True),
        ),
        story(
            "somebody left: away stays away",
            arms(),
            opens(DOOR),
            closes(DOOR),
            waits(60),
            shows(ARMED, AWAY),
            rules=Rules(auto_stay=True),
        ),
    ),
    "coming home": (
        story(
            "the front door gives time to disarm",
            leaves_armed(),
            opens(DOOR),
            shows(PENDING),
            ends_in(30),
            disarms(),
            shows(DISARMED),
            raises_nothing,
        ),
        story(
            "nobody disarms: an alarm",
            leaves_armed(),
            opens(DOOR),
            waits(30),
            shows(TRIGGERED),
            raises(AlarmKind.BURGLARY, DOOR),
        ),
        story(
            "closing the door again does not help",
            leaves_armed(),
            opens(DOOR),
            closes(DOOR),
            waits(30),
            shows(TRIGGERED),
        ),
        story("the stairs follow the door in", leaves_armed(), opens(DOOR, STAIRS), shows(PENDING)),
        story("the stairs alone are an alarm", leaves_armed(), opens(STAIRS), shows(TRIGGERED)),
        story(
            "leaving the way in is an alarm at once, and a confirmed one",
            leaves_armed(),
            opens(DOOR, WINDOW),
            shows(TRIGGERED),
            raises(AlarmKind.BURGLARY, DOOR, WINDOW, confirmed=True),
        ),
        story(
            "a zone can have its own entry delay",
            leaves_armed(),
            opens(DOOR),
            ends_in(10),
            zones={DOOR: {"entry_delay": seconds(10)}},
        ),
        story(
            "while one runs the shortest counts",
            leaves_armed(),
            opens(DOOR),
            waits(5),
            opens(WINDOW),
            ends_in(10),
            zones={WINDOW: {"kind": ZoneKind.ENTRY_EXIT, "entry_delay": seconds(10)}},
        ),
        story(
            "a longer one does not lengthen it",
            leaves_armed(),
            opens(DOOR),
            waits(5),
            opens(WINDOW),
            ends_in(25),
            zones={WINDOW: {"kind": ZoneKind.ENTRY_EXIT, "entry_delay": seconds(60)}},
        ),
    ),
    "alarms": (
        story(
            "an instant zone is an alarm at once",
            leaves_armed(),
            opens(WINDOW),
            shows(TRIGGERED),
            ends_in(180),
        ),
        story(
            "further zones join it; the second confirms it (BS 8243)",
            leaves_armed(),
            opens(WINDOW, HALL, DOOR),
            number_of_alarms(1),
            is_confirmed_by(HALL),
        ),
        story(
            "a second zone after the confirmation time confirms nothing",
            leaves_armed(),
            opens(WINDOW),
            waits(100),
            opens(HALL),
            is_not_confirmed,
            rules=Rules(confirm_window=seconds(60)),
        ),
        story(
            "disarmed within the abort window nobody outside is told (CP-01)",
            leaves_armed(),
            opens(WINDOW),
            raises(AlarmKind.BURGLARY, WINDOW, hold=seconds(30)),
            waits(29),
            disarms(),
            ends_as(Ending.ABORTED),
        ),
        story(
            "after it whoever was told learns that it was false (CP-01)",
            leaves_armed(),
            opens(WINDOW),
            waits(30),
            disarms(),
            ends_as(Ending.CANCELLED),
        ),
        story(
            "after the cancel window it is resolved",
            leaves_armed(),
            opens(WINDOW),
            waits(331),
            disarms(),
            ends_as(Ending.RESOLVED),
        ),
        story(
            "an alarm right after arming says so (CP-01, recent closing)",
            leaves_armed(),
            waits(119),
            opens(WINDOW),
            raises(AlarmKind.BURGLARY, WINDOW, recent_closing=True),
        ),
        story(
            "a later one does not",
            leaves_armed(),
            waits(120),
            opens(WINDOW),
            raises(AlarmKind.BURGLARY, WINDOW, recent_closing=False),
        ),
        story(
            "after the siren the house is still armed (D9)",
            leaves_armed(),
            opens(WINDOW),
            waits(180),
            shows(ARMED, AWAY),
            leaves_out(WINDOW, Bypass.AFTER_ALARM),
        ),
        story(
            "and the zone joins again when it has closed",
            leaves_armed(),
            opens(WINDOW),
            waits(180),
            closes(WINDOW),
            opens(WINDOW),
            shows(TRIGGERED),
            number_of_alarms(2),
        ),
        story(
            "what happened is remembered until somebody clears it",
            leaves_armed(),
            opens(WINDOW),
            disarms(),
            closes(WINDOW),
            arms(),
            remembers((WINDOW,)),
            clears_memory(),
            remembers(),
        ),
        story(
            "raised by hand it goes out at once",
            triggers(),
            shows(TRIGGERED),
            raises(AlarmKind.PANIC, hold=seconds(0)),
        ),
        story(
            "a tamper contact alarms while disarmed, as its own kind",
            opens(TAMPER),
            shows(TRIGGERED),
            raises(AlarmKind.TAMPER, TAMPER),
        ),
        story(
            "a 24-hour zone alarms while disarmed",
            opens(HALL),
            shows(TRIGGERED),
            zones={HALL: {"kind": ZoneKind.ALWAYS}},
        ),
    ),
    "false alarms": (
        story(
            "a zone that must stay open for a while forgives a short opening",
            leaves_armed(),
            opens(WINDOW),
            waits(9),
            closes(WINDOW),
            waits(60),
            shows(ARMED),
            zones={WINDOW: {"hold": seconds(10)}},
        ),
        story(
            "and alarms when it stays open",
            leaves_armed(),
            opens(WINDOW),
            waits(10),
            shows(TRIGGERED),
            zones={WINDOW: {"hold": seconds(10)}},
        ),
        story(
            "a zone that must open twice forgives once",
            leaves_armed(),
            opens(HALL),
            closes(HALL),
            waits(31),
            opens(HALL),
            shows(ARMED),
            zones={HALL: {"trips": 2}},
        ),
        story(
            "and alarms the second time",
            leaves_armed(),
            opens(HALL),
            closes(HALL),
            waits(29),
            opens(HALL),
            shows(TRIGGERED),
            zones={HALL: {"trips": 2}},
        ),
        story(
            "cross-zoning: one of two is not enough",
            leaves_armed(),
            opens(HALL),
            closes(HALL),
            waits(61),
            opens(WINDOW),
            closes(WINDOW),
            shows(ARMED),
            groups=BOTH,
        ),
        story(
            "both within the time are, and confirm each other",
            leaves_armed(),
            opens(HALL),
            closes(HALL),
            waits(59),
            opens(WINDOW),
            raises(AlarmKind.BURGLARY, HALL, WINDOW, confirmed=True),
            groups=BOTH,
        ),
        story(
            "one that sticks is not: that is what groups are for",
            leaves_armed(),
            opens(HALL),
            waits(600),
            shows(ARMED),
            groups=BOTH,
        ),
        story(
            "nor does it keep the others from alarming together",
            leaves_armed(),
            opens(HALL),
            waits(600),
            closes(HALL),
            opens(HALL),
            opens(WINDOW),
            shows(TRIGGERED),
            groups=BOTH,
        ),
        story(
            "where the group says so one that is held open for the whole time is enough (IDS 1632)",
            leaves_armed(),
            opens(HALL),
            waits(60),
            shows(TRIGGERED),
            groups=[replace(BOTH[0], held_alone=True)],
        ),
        story(
            "one that flaps is still one",
            leaves_armed(),
            opens(HALL),
            closes(HALL),
            opens(HALL),
            closes(HALL),
            waits(61),
            shows(ARMED),
            groups=BOTH,
        ),
        story(
            "swinger shutdown: after two alarms a zone is left out (CP-01, D10)",
            leaves_armed(),
            opens(WINDOW),
            closes(WINDOW),
            waits(180),
            opens(WINDOW),
            closes(WINDOW),
            waits(180),
            opens(WINDOW),
            shows(ARMED),
            number_of_alarms(2),
            says_left_out(WINDOW, Bypass.SHUT_DOWN),
        ),
        story(
            "the others go on guarding",
            leaves_armed(),
            opens(WINDOW),
            closes(WINDOW),
            waits(180),
            opens(WINDOW),
            closes(WINDOW),
            waits(180),
            opens(HALL),
            shows(TRIGGERED),
        ),
        story(
            "disarming ends the shutdown",
            leaves_armed(),
            opens(WINDOW),
            closes(WINDOW),
            waits(180),
            opens(WINDOW),
            closes(WINDOW),
            waits(180),
            disarms(),
            leaves_armed(),
            opens(WINDOW),
            shows(TRIGGERED),
        ),
        story(
            "so do 48 hours (CP-01)",
            leaves_armed(),
            opens(WINDOW),
            closes(WINDOW),
            waits(180),
            opens(WINDOW),
            closes(WINDOW),
            waits(180),
            waits(48 * 3600),
            says_guarded_again(WINDOW),
            opens(WINDOW),
            shows(TRIGGERED),
        ),
        story(
            "closed, silent, closed again is no event",
            leaves_armed(),
            falls_silent(WINDOW),
            closes(WINDOW),
            shows(ARMED),
            raises_nothing,
        ),
        story(
            "open, silent, open again is no new opening",
            opens(STAIRS),
            falls_silent(STAIRS),
            opens(STAIRS),
            chimes(STAIRS),
            zones={STAIRS: {"chime": True}},
        ),
    ),
    "fire and its like": (
        story(
            "smoke alarms while disarmed, and nothing holds it back",
            opens(SMOKE),
            raises(AlarmKind.FIRE, SMOKE, hold=seconds(0)),
        ),
        story(
            "smoke during a burglary is an alarm of its own (D5)",
            leaves_armed(),
            opens(WINDOW, SMOKE),
            raises(AlarmKind.FIRE, SMOKE),
            raises(AlarmKind.BURGLARY, WINDOW),
        ),
        story(
            "smoke during an entry delay leaves it running",
            leaves_armed(),
            opens(DOOR, SMOKE),
            raises(AlarmKind.FIRE, SMOKE),
            waits(30),
            raises(AlarmKind.BURGLARY, DOOR),
        ),
        story(
            "smoke while people leave sounds, and the exit delay goes on",
            arms(),
            opens(SMOKE),
            shows(TRIGGERED),
            waits(300),
            shows(ARMED),
        ),
        story(
            "disarming silences it and leaves it guarded",
            opens(SMOKE),
            disarms(),
            shows(DISARMED),
            leaves_out(SMOKE, None),
            closes(SMOKE),
            opens(SMOKE),
            shows(TRIGGERED),
        ),
        story(
            "smoke that has been answered does not sound again after a restart",
            opens(SMOKE),
            disarms(),
            power_fails(60, then_open=(SMOKE,)),
            shows(DISARMED),
        ),
        story(
            "a disarmed fire alarm is not thereby no fire", opens(SMOKE), disarms(), ends_as(Ending.RESOLVED)
        ),
        story(
            "smoke that is never shut down sounds each time",
            opens(SMOKE),
            closes(SMOKE),
            waits(180),
            opens(SMOKE),
            closes(SMOKE),
            waits(180),
            opens(SMOKE),
            number_of_alarms(3),
        ),
        story(
            "a silent panic button changes nothing that can be seen",
            opens(HALL),
            shows(DISARMED),
            raises(AlarmKind.PANIC, HALL, silent=True),
            zones={HALL: {"kind": ZoneKind.PANIC, "silent": True}},
        ),
    ),
    "a lost file": (
        story("the panel does not pretend to be disarmed", loses_its_file(), shows(UNKNOWN)),
        story(
            "it cannot be armed, not even by force",
            loses_its_file(),
            refuses(arms(), StateUnknown((HOME,))),
            refuses(arms(force=True), StateUnknown((HOME,))),
        ),
        story("what is guarded always is", loses_its_file(), opens(SMOKE), shows(TRIGGERED)),
        story(
            "after its siren the state is as unknown as before",
            loses_its_file(),
            opens(SMOKE),
            waits(300),
            shows(UNKNOWN),
        ),
        story("nothing else is", loses_its_file(), opens(WINDOW, DOOR), shows(UNKNOWN)),
        story("nor is it tried zone by zone", loses_its_file(), refuses(walk_test(begins=True), NotDisarmed)),
        story(
            "disarming is the way out, with a code",
            loses_its_file(),
            refuses(disarms(NO_CODE), CodeNeeded()),
            disarms(),
            shows(DISARMED),
            arms(),
            shows(ARMING),
        ),
        story(
            "that somebody comes home says nothing about it",
            loses_its_file(),
            refuses(comes_home(), StateUnknown((HOME,))),
        ),
        story("a restart does not mend it", loses_its_file(), power_fails(60), shows(UNKNOWN)),
    ),
    "codes": (
        story("a wrong code is refused", refuses(arms(code=WRONG), WrongCode())),
        story("a missing one too", refuses(arms(code=NO_CODE), CodeNeeded())),
        story("unless the mode takes none", arms(code=NO_CODE), shows(ARMING), arm_required=False),
        story(
            "disarming takes one all the same",
            leaves_armed(),
            refuses(disarms(NO_CODE), CodeNeeded()),
            arm_required=False,
        ),
        story(
            "five wrong codes lock the right one out (D4)",
            leaves_armed(),
            *[refuses(disarms(WRONG), WrongCode())] * 4,
            refuses(disarms(WRONG), LockedOut),
            refuses(disarms(), LockedOut),
            waits(90),
            disarms(),
        ),
        story(
            "a code may be good for arming only",
            leaves_armed(),
            refuses(disarms(BERT), NotAllowed(Action.DISARM, HOME)),
            users=[UserConfig(user_id="bert", name="Bert", actions=frozenset({Action.ARM}))],
        ),
        story(
            "or for one area only",
            refuses(arms(code=BERT), NotAllowed(Action.ARM, HOME)),
            arms(code=BERT, areas=(GARAGE,)),
            users=[UserConfig(user_id="bert", name="Bert", areas=frozenset({GARAGE}))],
        ),
        story(
            "a one-time code disarms once and may arm freely",
            arms(code=BERT),
            waits(60),
            disarms(BERT),
            arms(code=BERT),
            waits(60),
            refuses(disarms(BERT), CodeNotValid(CodeProblem.USED_UP)),
            users=[UserConfig(user_id="bert", name="Bert", uses=1)],
        ),
        story(
            "a disabled code is refused and is no guess",
            refuses(arms(code=BERT), CodeNotValid(CodeProblem.DISABLED)),
            users=[UserConfig(user_id="bert", name="Bert", enabled=False)],
        ),
    ),
    "duress": (
        story(
            "a duress code disarms like any other",
            leaves_armed(),
            opens(DOOR),
            disarms(UNDER_THREAT),
            shows(DISARMED),
            is_said_to_be("Anna"),
        ),
        story(
            "and calls for help in silence",
            leaves_armed(),
            disarms(UNDER_THREAT),
            raises(AlarmKind.DURESS, silent=True, by="Anna"),
        ),
        story("also when arming", arms(code=UNDER_THREAT), raises(AlarmKind.DURESS, silent=True)),
        story(
            "also when it is refused",
            opens(WINDOW),
            refuses(arms(code=UNDER_THREAT), NotReady),
            raises(AlarmKind.DURESS, silent=True),
        ),
        story(
            "also while codes are locked out",
            leaves_armed(),
            *[refuses(disarms(WRONG), object)] * 5,
            refuses(disarms(UNDER_THREAT), LockedOut),
            raises(AlarmKind.DURESS, silent=True),
        ),
    ),
    "bypass": (
        story(
            "a zone can be left out beforehand",
            bypasses(WINDOW, NO_CODE),
            arms(),
            waits(60),
            opens(WINDOW),
            shows(ARMED),
        ),
        story(
            "until the next disarming", bypasses(WINDOW), leaves_armed(), disarms(), leaves_out(WINDOW, None)
        ),
        story(
            "while armed it takes a code", leaves_armed(), refuses(bypasses(WINDOW, NO_CODE), CodeNeeded())
        ),
        story(
            "always, where the profile asks for it (EN 50131-1)",
            refuses(bypasses(WINDOW, NO_CODE), CodeNeeded()),
            always_required=True,
        ),
        story(
            "a zone that is open joins again only when it has closed",
            leaves_armed(),
            bypasses(WINDOW),
            opens(WINDOW),
            guards_again(WINDOW),
            shows(ARMED),
            closes(WINDOW),
            opens(WINDOW),
            shows(TRIGGERED),
        ),
        story(
            "some zones may never be left out",
            refuses(bypasses(WINDOW), NotBypassable((WINDOW,))),
            zones={WINDOW: {"bypassable": False}},
        ),
    ),
    "hidden status": (
        story("zones, troubles and memory are for everybody to see", looks(NO_CODE)),
        story(
            "for whoever has a code, where the profile asks for it (EN 50131-1)",
            refuses(looks(NO_CODE), CodeNeeded()),
            looks(),
            look_required=True,
        ),
        story(
            "looking changes nothing",
            leaves_armed(),
            opens(DOOR),
            looks(),
            shows(PENDING),
            waits(30),
            shows(TRIGGERED),
            look_required=True,
        ),
        story(
            "under duress help is called and everything is shown",
            looks(UNDER_THREAT),
            raises(AlarmKind.DURESS, silent=True),
            shows(DISARMED),
            look_required=True,
        ),
    ),
    "walk test": (
        story(
            "nothing alarms while it runs",
            walk_test(begins=True),
            opens(DOOR, SMOKE, TAMPER),
            closes(DOOR, SMOKE, TAMPER),
            shows(DISARMED),
            raises_nothing,
        ),
        story(
            "it reports the zones never seen",
            walk_test(begins=True),
            opens(DOOR, SMOKE, TAMPER),
            closes(DOOR, SMOKE, TAMPER),
            walk_test(begins=False),
            reports_never_seen(HALL, STAIRS, WINDOW),
        ),
        story("it needs a disarmed area", leaves_armed(), refuses(walk_test(begins=True), NotDisarmed(HOME))),
        story(
            "it ends by itself after half an hour",
            walk_test(begins=True),
            waits(1800),
            opens(SMOKE),
            shows(TRIGGERED),
        ),
        story(
            "what is still open at its end is real",
            walk_test(begins=True),
            opens(SMOKE),
            walk_test(begins=False),
            shows(TRIGGERED),
        ),
        story(
            "arming ends it",
            walk_test(begins=True),
            arms(),
            reports_never_seen(DOOR, HALL, SMOKE, STAIRS, TAMPER, WINDOW),
        ),
    ),
    "chime": (
        story(
            "a chime zone is announced while disarmed",
            opens(DOOR),
            chimes(DOOR),
            zones={DOOR: {"chime": True}},
        ),
        story("not while armed", leaves_armed(AT_HOME), opens(HALL), chimes(), zones={HALL: {"chime": True}}),
        story(
            "but where people are at home, if that is chosen",
            chime(ChimeMode.DISARMED_AND_HOME),
            leaves_armed(AT_HOME),
            opens(HALL),
            chimes(HALL),
            zones={HALL: {"chime": True}},
        ),
        story(
            "nor when it is off", chime(ChimeMode.OFF), opens(DOOR), chimes(), zones={DOOR: {"chime": True}}
        ),
    ),
    "several areas": (
        story("each area arms by itself", arms(areas=(GARAGE,)), shows(DISARMED), shows(ARMING, area=GARAGE)),
        story(
            "several arm together or not at all (D8)",
            arms(areas=(GARAGE,)),
            waits(60),
            opens(WINDOW),
            refuses(arms(areas=(HOME, GARAGE)), NotReady(open_zones=(WINDOW,))),
            shows(ARMED, area=GARAGE),
        ),
        story(
            "several disarm together",
            arms(areas=(HOME, GARAGE)),
            waits(60),
            disarms(areas=(HOME, GARAGE)),
            shows(DISARMED),
            shows(DISARMED, area=GARAGE),
        ),
        story(
            "an alarm in one leaves the other as it is",
            arms(areas=(HOME, GARAGE)),
            waits(60),
            opens(WINDOW),
            shows(TRIGGERED),
            shows(ARMED, area=GARAGE),
        ),
        story("a zone is guarded by its own area", leaves_armed(), opens(GATE), shows(ARMED), raises_nothing),
    ),
    "power cuts and clocks": (
        story("armed before, armed after", leaves_armed(), power_fails(600), shows(ARMED, AWAY)),
        story("a running exit delay goes on to its old end", arms(), waits(20), power_fails(10), ends_in(30)),
        story(
            "an entry delay that ran out meanwhile alarms at once (D1)",
            leaves_armed(),
            opens(DOOR),
            power_fails(3600, then_open=(DOOR,)),
            raises(AlarmKind.BURGLARY, DOOR, during_outage=True, hold=seconds(0)),
        ),
        story(
            "a siren that is over is not started again (D10)",
            leaves_armed(),
            opens(WINDOW),
            power_fails(86_400, then_open=(WINDOW,)),
            shows(ARMED),
            remembers((WINDOW,)),
        ),
        story(
            "smoke that was there already alarms at boot (D6)",
            power_fails(60, then_open=(SMOKE,)),
            shows(TRIGGERED),
        ),
        story(
            "a window opened during the outage alarms",
            leaves_armed(),
            power_fails(60, then_open=(WINDOW,)),
            shows(TRIGGERED),
        ),
        story(
            "what was left out still is",
            opens(WINDOW),
            arms(force=True),
            waits(60),
            power_fails(60, then_open=(WINDOW,)),
            shows(ARMED),
        ),
        story(
            "a lockout goes on",
            leaves_armed(),
            *[refuses(disarms(WRONG), object)] * 5,
            power_fails(30),
            refuses(disarms(), LockedOut),
        ),
        story(
            "a clock set back makes no wait longer than it was",
            leaves_armed(),
            opens(DOOR),
            clock_is_set(-3600),
            ends_in(30),
        ),
        story(
            "a clock set forward ends what it passes",
            leaves_armed(),
            opens(DOOR),
            clock_is_set(3600),
            shows(TRIGGERED),
        ),
    ),
}


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(told, id=f"{chapter}: {told.says}")
        for chapter, told_in in CHAPTERS.items()
        for told in told_in
    ],
)
def test_the_panel_does_what_its_manual_says(told: Story) -> None:
    config: PanelConfig = house(**told.config)
    panel = Panel(config)

    for step in told.steps:
        step(panel)


def test_no_rule_is_told_twice() -> None:
    rules = [told.says for chapter in CHAPTERS.values() for told in chapter]

    assert len(rules) == len(set(rules))


class _RefusedError(Exception):
    def __init__(self, reason: object) -> None:
        super().__init__(str(reason))
        self.reason = reason


def _none(reason: object, what: str) -> None:
    if reason is not None:
        raise _RefusedError(reason) from AssertionError(f"{what} was refused")


def _ignore(_result: object) -> None:
    """Take what a step returns, and do nothing with it."""
