"""An alarm in the reader's language: its title, and what else a responder must know. Pure."""

from ..texts.model import Texts
from .alarm import Alarm
from .companion_events import ServiceTrouble, TitleParts


def alarm_title(alarm: Alarm, texts: Texts) -> str:
    """Return what and where; a title that a person or a program has written stays as it is."""
    return _made_of(alarm.title_parts, alarm.title, texts)


def trouble_subject(trouble: ServiceTrouble, texts: Texts) -> str:
    """Return what a trouble of the companion is about: a name, or the title of an alarm."""
    return _made_of(trouble.subject_parts, trouble.subject, texts)


def remarks(alarm: Alarm, texts: Texts, *, confirmed: bool = False) -> str:
    """Return what the panel adds to an alarm, as sentences; `confirmed` when it has become so since."""
    said, facts = texts.remarks, alarm.facts
    found = []
    if facts is not None and alarm.test:
        found.append(said.test if facts.by is None else said.test_by.format(by=facts.by))
    elif facts is not None and facts.by is not None:
        found.append(said.by.format(by=facts.by))
    elif facts is not None and not alarm.zones:
        found.append(said.by_hand)
    if confirmed or (facts is not None and facts.confirmed):
        found.append(said.confirmed)
    if facts is not None:
        found += [
            sentence
            for sentence, is_so in (
                (said.exit_error, facts.exit_error),
                (said.recent_closing, facts.recent_closing),
                (said.during_outage, facts.during_outage),
            )
            if is_so
        ]
    return " ".join(found)


def _made_of(parts: TitleParts | None, otherwise: str, texts: Texts) -> str:
    if parts is None or parts.head not in texts.titles.heads:
        return otherwise
    unknown = texts.titles.room_unknown if parts.room_unknown else ""
    return f"{texts.titles.heads[parts.head]}{texts.colon}{parts.where}{unknown}"
