"""What people say to Assist and what they mean by it, in English and German.

Written as Home Assistant writes sentences: `[perhaps]`, `(this|or that)`, `(both;in either order)`, `{slot}` for free
words; and `<rule>` for a part that returns. Lights and sirens may be called "alarm" too: "turn off the alarm" is meant
for the panel only when a code follows.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..core.panel.config import ArmMode

ARM, DISARM, STATUS = "AlarmBrokerArm", "AlarmBrokerDisarm", "AlarmBrokerStatus"
SLOT_MODE, SLOT_CODE, SLOT_AREA = "mode", "code", "area_name"


@dataclass(frozen=True, slots=True)
class Meaning:
    """Which intent a sentence is for, and in which mode its words arm."""

    intent_type: str
    mode: ArmMode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """The sentences of one language."""

    rules: Mapping[str, str]
    polite: str
    """What may be said around a `<sentence>`."""
    modes: Mapping[ArmMode, str]
    """What stands for `<word>` in each mode."""
    arm_in_mode: tuple[str, ...]
    arm: tuple[str, ...]
    disarm: tuple[str, ...]
    status: tuple[str, ...]


ENGLISH = Language(
    rules={
        "alarm": "(alarm [(panel|system)]|burglar alarm|security system)",
        "at_alarm": "([(the|my|our)] <alarm>|[the] <alarm> (in|of|for) [the] {area_name} [area])",
        "where": "(<at_alarm>|[(the|my|our)] (panel|house)|[the] {area_name} area)",
        "mode": "[(in|to|for|at|on)] [the] <word> [mode]",
        "code": "[(with|using)] [(the|my)] (pin code|code|pin) [is] {code}",
        "now": "[(still|now|currently)]",
    },
    polite="[(can|could) you] [please] <sentence> [please]",
    modes={
        ArmMode.AWAY: "away",
        ArmMode.HOME: "(home|stay)",
        ArmMode.NIGHT: "(night|tonight|overnight)",
        ArmMode.VACATION: "(vacation|holiday[s])",
        ArmMode.CUSTOM_BYPASS: "(custom [bypass]|bypass)",
    },
    arm_in_mode=(
        "arm <where> ([<code>];<mode>)",
        "set <at_alarm> ([<code>];<mode>)",
    ),
    arm=(
        "arm <where> [<code>]",
        "(turn on|switch on|activate) <at_alarm> <code>",
        "(turn|switch) <at_alarm> on <code>",
    ),
    disarm=(
        "(disarm|unset) <where> [<code>]",
        "(turn off|switch off|deactivate) <at_alarm> <code>",
        "(turn|switch) <at_alarm> off <code>",
    ),
    status=(
        "is <where> <now> (armed|disarmed)",
        "is <at_alarm> <now> (on|off|set|active)",
        "(how is|how's) <at_alarm>",
        "(what is|what's) [the] (state|status) of <at_alarm>",
        "(what is|what's) [the] <alarm> (state|status)",
    ),
)

GERMAN = Language(
    rules={
        "the": "[(die|der|den|das|dem|meine|unsere|unser)]",
        "alarm": "(Alarmanlage|Alarmsystem|Alarm)",
        "in": "(im|in der|in dem|in|für die|für den|für das|für|vom|von der|von|der|des) [Bereich]",
        "at_alarm": "(<the> <alarm>|<the> <alarm> <in> {area_name})",
        "where": "(<at_alarm>|<the> (Anlage|Haus)|<the> Bereich {area_name})",
        "verb": "(schalte|schalt|stelle|stell|mache|mach) [(bitte|jetzt)]",
        "do": "[ ](schalten|stellen|machen)",
        "mode": "[(auf|im|in den|in|für die|für den|für|über|als)] <word>",
        "code": "[(mit|per)] [(dem|der|meinem|meiner)] (Code|Pin|Geheimzahl) [(ist|lautet)] {code}",
        "now": "[(noch|schon|jetzt|gerade)]",
    },
    polite="[(kannst|könntest) du] [bitte] <sentence> [bitte]",
    modes={
        ArmMode.AWAY: "(abwesend|Abwesenheit[smodus])",
        ArmMode.HOME: "(anwesend|Anwesenheit[smodus]|zuhause|zu Hause|daheim)",
        ArmMode.NIGHT: "([heute ]Nacht|nachts|Nachtmodus)",
        ArmMode.VACATION: "(Urlaub[smodus]|Ferien[modus])",
        ArmMode.CUSTOM_BYPASS: "(benutzerdefiniert[en Modus]|individuell[en Modus])",
    },
    arm_in_mode=(
        "<verb> <where> ([<code>];<mode>) scharf [<code>]",
        "<verb> <where> [<code>] scharf ([<code>];<mode>)",
        "<where> ([<code>];<mode>) scharf<do> [<code>]",
        "<where> [<code>] scharf<do> ([<code>];<mode>)",
        "(<verb>|setze) <at_alarm> ([<code>];(auf <word>))",
    ),
    arm=(
        "<verb> <where> [<code>] scharf [<code>]",
        "<where> [<code>] scharf<do> [<code>]",
        "aktiviere <at_alarm> <code>",
        "<verb> <at_alarm> <code> (an|ein)",
        "<verb> <at_alarm> (an|ein) <code>",
    ),
    disarm=(
        "<verb> <where> [<code>] unscharf [<code>]",
        "<where> [<code>] unscharf<do> [<code>]",
        "entschärfe <where> [<code>]",
        "<where> [<code>] entschärfen [<code>]",
        "deaktiviere <at_alarm> <code>",
        "<verb> <at_alarm> <code> (aus|ab)",
        "<verb> <at_alarm> (aus|ab) <code>",
    ),
    status=(
        "ist <where> <now> (scharf|unscharf)[[ ](geschaltet|gestellt)]",
        "ist <at_alarm> <now> (an|aus|aktiv|eingeschaltet|ausgeschaltet)",
        "wie (ist|steht es um) <at_alarm>",
        "(was|wie) ist der (Status|Zustand) <at_alarm>",
    ),
)


def _sentences(language: Language) -> Iterator[tuple[str, Meaning]]:
    """Yield the sentences with a mode first: without one its words would be taken for a code or an area."""
    for mode, word in language.modes.items():
        for template in language.arm_in_mode:
            yield _spelled_out(template, language, word), Meaning(ARM, mode)
    for intent_type, templates in ((ARM, language.arm), (DISARM, language.disarm), (STATUS, language.status)):
        for template in templates:
            yield _spelled_out(template, language), Meaning(intent_type)


def _spelled_out(template: str, language: Language, word: str = "") -> str:
    """Return a template without rules: in a sentence trigger there are none."""
    rules = {**language.rules, "word": word, "sentence": template}
    spelled = language.polite
    while "<" in spelled:
        spelled = re.sub(r"<(\w+)>", lambda rule: rules[rule[1]], spelled)
    # A space ends the free words at a whole word: "unscharf" behind a code is not "un" and "scharf".
    return spelled.replace("}", "} ")


SENTENCES: Mapping[str, Meaning] = {
    sentence: meaning for language in (ENGLISH, GERMAN) for sentence, meaning in _sentences(language)
}
"""In the order in which they are tried: the first that fits is meant."""
