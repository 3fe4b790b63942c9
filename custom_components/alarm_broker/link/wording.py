"""An alarm in the reader's language: its title, and what else a responder must know. Pure."""

from dataclasses import replace

from ..texts.model import Texts
from .alarm import Alarm
from .companion_events import ServiceTrouble, TitleParts
from .events import sentences


def alarm_title(alarm: Alarm, texts: Texts) -> str:
    """Return what and where; a title that a person or a program has written stays as it is."""
    return _made_of(alarm.title_parts, alarm.title, texts)


def trouble_subject(trouble: ServiceTrouble, texts: Texts) -> str:
    """Return what a trouble of the companion is about: a name, or the title of an alarm."""
    return _made_of(trouble.subject_parts, trouble.subject, texts)


def remarks(alarm: Alarm, texts: Texts, *, confirmed: bool = False) -> str:
    """Return what the panel adds to an alarm, as sentences; `confirmed` when it has become so since."""
    if alarm.facts is None:
        return texts.remarks.confirmed if confirmed else ""
    facts = replace(alarm.facts, confirmed=alarm.facts.confirmed or confirmed)
    return " ".join(sentences(facts, texts.remarks, test=alarm.test, has_zones=bool(alarm.zones)))


def _made_of(parts: TitleParts | None, otherwise: str, texts: Texts) -> str:
    if parts is None or parts.head not in texts.titles.heads:
        return otherwise
    unknown = texts.titles.room_unknown if parts.room_unknown else ""
    return f"{texts.titles.heads[parts.head]}{texts.colon}{parts.where}{unknown}"
