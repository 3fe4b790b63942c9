"""What people say to Assist and what they mean by it, in every language at once.

Written as Home Assistant writes sentences: `[perhaps]`, `(this|or that)`, `(both;in either order)`, `{slot}` for free
words; and `<rule>` for a part that returns. Lights and sirens may be called "alarm" too: "turn off the alarm" is meant
for the panel only when a code follows.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..core.panel.config import ArmMode
from ..texts.language import LANGUAGES
from ..texts.model import Grammar

ARM, DISARM, STATUS = "AlarmBrokerArm", "AlarmBrokerDisarm", "AlarmBrokerStatus"
SLOT_MODE, SLOT_CODE, SLOT_AREA = "mode", "code", "area_name"


@dataclass(frozen=True, slots=True)
class Meaning:
    """Which intent a sentence is for, and in which mode its words arm."""

    intent_type: str
    mode: ArmMode | None = None


def _sentences(grammar: Grammar) -> Iterator[tuple[str, Meaning]]:
    """Yield the sentences with a mode first: without one its words would be taken for a code or an area."""
    for mode, word in grammar.modes.items():
        for template in grammar.arm_in_mode:
            yield _spelled_out(template, grammar, word), Meaning(ARM, ArmMode(mode))
    for intent_type, templates in ((ARM, grammar.arm), (DISARM, grammar.disarm), (STATUS, grammar.status)):
        for template in templates:
            yield _spelled_out(template, grammar), Meaning(intent_type)


def _spelled_out(template: str, grammar: Grammar, word: str = "") -> str:
    """Return a template without rules: in a sentence trigger there are none."""
    rules = {**grammar.rules, "word": word, "sentence": template}
    spelled = grammar.polite
    while "<" in spelled:
        spelled = re.sub(r"<(\w+)>", lambda rule: rules[rule[1]], spelled)
    # A space ends the free words at a whole word: "unscharf" behind a code is not "un" and "scharf".
    return spelled.replace("}", "} ")


SENTENCES: Mapping[str, Meaning] = {
    sentence: meaning for texts in LANGUAGES.values() for sentence, meaning in _sentences(texts.grammar)
}
"""In the order in which they are tried: the first that fits is meant."""
