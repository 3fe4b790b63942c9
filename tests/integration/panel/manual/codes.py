"""Who may do what, who is forced to, and who may look."""

from collections.abc import Mapping

from custom_components.alarm_broker.core.panel.config import Action, AlarmKind, UserConfig
from custom_components.alarm_broker.core.panel.effects import (
    CodeNeeded,
    CodeNotValid,
    CodeProblem,
    LockedOut,
    NotAllowed,
    NotBypassable,
    NotReady,
    WrongCode,
)
from custom_components.alarm_broker.core.panel.events import CodeMatched
from tests.integration.panel.builders import DOOR, GARAGE, HOME, NO_CODE, UNDER_THREAT, WINDOW, WRONG
from tests.integration.panel.manual.vocabulary import (
    ARMED,
    ARMING,
    DISARMED,
    PENDING,
    TRIGGERED,
    Story,
    arms,
    bypasses,
    closes,
    disarms,
    guards_again,
    is_said_to_be,
    leaves_armed,
    leaves_out,
    looks,
    opens,
    raises,
    refuses,
    shows,
    story,
    waits,
)

BERT = CodeMatched("bert")

CHAPTERS: Mapping[str, tuple[Story, ...]] = {
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
}
