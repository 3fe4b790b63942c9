"""Several areas arm, disarm and alarm each by itself."""

from collections.abc import Mapping

from custom_components.alarm_broker.core.panel.effects import NotReady
from tests.integration.panel.builders import GARAGE, GATE, HOME, WINDOW
from tests.integration.panel.manual.vocabulary import (
    ARMED,
    ARMING,
    DISARMED,
    TRIGGERED,
    Story,
    arms,
    disarms,
    leaves_armed,
    opens,
    raises_nothing,
    refuses,
    shows,
    story,
    waits,
)

CHAPTERS: Mapping[str, tuple[Story, ...]] = {
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
}
