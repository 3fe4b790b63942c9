"""What a disarmed house tells: zones on trial, and the chime."""

from collections.abc import Mapping

from custom_components.alarm_broker.core.panel.effects import NotDisarmed
from custom_components.alarm_broker.core.panel.state import ChimeMode
from tests.integration.panel.builders import DOOR, HALL, HOME, SMOKE, STAIRS, TAMPER, WINDOW
from tests.integration.panel.manual.vocabulary import (
    AT_HOME,
    DISARMED,
    TRIGGERED,
    Story,
    arms,
    chime,
    chimes,
    closes,
    leaves_armed,
    opens,
    raises_nothing,
    refuses,
    reports_never_seen,
    shows,
    story,
    waits,
    walk_test,
)

CHAPTERS: Mapping[str, tuple[Story, ...]] = {
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
}
