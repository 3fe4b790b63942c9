"""Power cuts, clocks that are set, and a state that is lost."""

from collections.abc import Mapping

from custom_components.alarm_broker.core.panel.config import AlarmKind
from custom_components.alarm_broker.core.panel.effects import CodeNeeded, LockedOut, NotDisarmed, StateUnknown
from tests.integration.panel.builders import DOOR, HOME, NO_CODE, SMOKE, WINDOW, WRONG, seconds
from tests.integration.panel.manual.vocabulary import (
    ARMED,
    ARMING,
    AWAY,
    DISARMED,
    TRIGGERED,
    UNKNOWN,
    Story,
    arms,
    clock_is_set,
    comes_home,
    disarms,
    ends_in,
    leaves_armed,
    loses_its_file,
    opens,
    power_fails,
    raises,
    refuses,
    remembers,
    shows,
    story,
    waits,
    walk_test,
)

CHAPTERS: Mapping[str, tuple[Story, ...]] = {
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
