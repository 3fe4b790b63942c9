"""What a language must have words for. Pure.

`{name}` in a text stands for a fact; each language has the same ones, in the order that its grammar wants. Mappings are
keyed by the codes of what they name. What Home Assistant shows by itself (forms, entities, errors, repairs) has its
words in `translations/`; here is what this integration says: to phones, in the logbook, to Assist, inside a sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class TitleTexts:
    """The titles of the companion's alarms."""

    heads: Mapping[str, str]
    """What it is: the kinds of alarms, and `panic_key`."""
    room_unknown: str
    """What follows the name of a device whose room nobody knows, with the comma before it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RemarkTexts:
    """What the panel adds to an alarm for a responder (`link.events.AlarmFacts`), as sentences."""

    by: str
    by_hand: str
    test: str
    test_by: str
    confirmed: str
    exit_error: str
    recent_closing: str
    during_outage: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PushTexts:
    """What phones show."""

    statuses: Mapping[str, str]
    test: str
    exhausted: str
    verified: str
    zones: str
    where: str
    who: str
    by: str
    kept: str
    aborted: str
    silent: str
    silent_hint: str
    pending: str
    disarm_by: str
    level: str
    levels: tuple[str, ...]
    """What each validation level means, from 0."""
    seen: str
    open: str
    code: str
    call: str
    buttons: Mapping[str, str]
    """By `PushAction`."""
    notices: Mapping[str, str]
    """The short notices about something that is no alarm, by `ActivityKind`."""
    refused: Mapping[str, str]
    """By `RefusedPress`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LogbookTexts:
    """The sentences of the logbook; each is read after the name of an area."""

    sentences: Mapping[str, str]
    """By `ActivityKind`."""

    # What is said only where there is something to say; `{}` is that.
    mode: str
    by: str
    from_: str
    wanted: str
    who: str
    listed: str
    set_off: str
    set_off_by_hand: str
    never_seen: str
    all_seen: str
    somebody: str
    changed: str
    """Of what only a newer version knows."""

    words: Mapping[str, str]
    """What a value is called inside a sentence: modes, kinds, windows, reasons; `wanted_…` for what a code was for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AssistTexts:
    """What Assist answers, and how digits are heard."""

    statuses: Mapping[str, str]
    """By `AreaStatus`."""
    open: str
    code: str
    no_panel: str
    no_area: str
    digits: Mapping[str, str]
    """Words for them, as some speech recognition writes them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Grammar:
    """What people say to Assist (`voice.sentences` has how it is written); modes by `ArmMode`."""

    rules: Mapping[str, str]
    polite: str
    """What may be said around a `<sentence>`."""
    modes: Mapping[str, str]
    """What stands for `<word>` in each mode."""
    arm_in_mode: tuple[str, ...]
    arm: tuple[str, ...]
    disarm: tuple[str, ...]
    status: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Texts:
    """One language."""

    tag: str
    """Such as `de`; the name of its file."""
    name: str
    """What the language calls itself."""
    colon: str
    """What stands between a label and its value, such as `: `."""
    system_title: str
    """What the whole is called, after its first `{area}`."""
    modes: Mapping[str, str]
    """As the forms call them."""
    settings: Mapping[str, str]
    """What a profile limits, as the forms call it."""
    allowed: Mapping[str, str]
    """What a profile allows and is no number."""
    troubles: Mapping[str, str]
    """By `TroubleKind`, after what has it."""
    titles: TitleTexts
    remarks: RemarkTexts
    push: PushTexts
    logbook: LogbookTexts
    assist: AssistTexts
    grammar: Grammar
    alarmo: Mapping[str, str]
    """What the import from Alarmo has to say, by `Note`."""
