"""What codes are called in the reader's language, and the titles that are made of them. Pure.

The record keeps codes and what was said when it happened; a reader gets it in their own words.
"""

from dataclasses import dataclass
from typing import Final

from companion.texts.language import ENGLISH
from companion.texts.model import Texts
from companion.texts.reasons import Reason

_SO: Final = frozenset({"yes", "companion"})
"""Values of details that have a sentence; earlier versions stored the sentence, in English."""
_SENT: Final = frozenset({"api"})
"""Sources whose titles a program has written."""
_HEADS: Final = {head: code for code, head in ENGLISH.titles.heads.items()}


def label(code: str, texts: Texts) -> str:
    """Return what a code is called; what is no code of ours (a detail that a program sent) stays as it is."""
    return texts.labels.get(code, code)


@dataclass(frozen=True, kw_only=True)
class TitleParts:
    """A title that was made here: what it is (a code of `TitleTexts.heads`), and where."""

    head: str
    where: str
    room_unknown: bool


def title_parts(title: str, source: str) -> TitleParts | None:
    """Return what a title is made of; None if a person or a program has written it.

    `triggers.press` and `alarms.panel` make it, in English: what it is, a colon, and where. Without a source it is the name of
    something else, such as a channel.
    """
    head, colon, where = title.partition(": ")
    if not source or source in _SENT or not colon or head not in _HEADS:
        return None
    unknown = ENGLISH.titles.room_unknown
    room_unknown = source != "panel" and where.endswith(unknown)
    return TitleParts(
        head=_HEADS[head],
        where=where.removesuffix(unknown) if room_unknown else where,
        room_unknown=room_unknown,
    )


def alarm_title(title: str, source: str, texts: Texts) -> str:
    """Return the title in the reader's language, as far as it was made here and not by a person or a program."""
    parts = title_parts(title, source)
    if parts is None:
        return title
    unknown = texts.titles.room_unknown if parts.room_unknown else ""
    return f"{texts.titles.heads[parts.head]}{texts.formats.colon}{parts.where}{unknown}"


def detail(name: str, value: str, source: str, texts: Texts) -> tuple[str, str]:
    """Return a detail of an alarm as label and value; `source` is that of the alarm.

    Sentences are for what the panel says: a program, or a phone's address, may call a detail the same.
    """
    if name == "missing":
        value = _labels(value, texts)
    if source == "panel" and name in texts.details and (value in _SO or value == ENGLISH.details[name]):
        value = texts.details[name]
    return label(name, texts), value


def finding(reason: str, texts: Texts) -> str:
    """Return why an alarm is as sure as it is; a sentence that was sent as one stays as it is."""
    return texts.findings.get(reason, reason)


def ending(code: str, texts: Texts) -> str:
    """Return how disarming ended an alarm."""
    return texts.endings.get(code, code)


def journal_value(name: str, value: object, source: str, texts: Texts) -> str:
    """Return a value of a line of the journal; `source` is that of its alarm."""
    match name, value:
        case _, Reason():
            return value.said(texts)
        case _, bool():
            return texts.desk.yes if value else texts.desk.no
        case "title", str():
            return alarm_title(value, source, texts)
        case "step", str():
            turn, _, step = value.partition(".")
            return (
                f"{int(turn) + 1}.{int(step) + 1}"
                if turn.isdecimal() and step.isdecimal()
                else label(value, texts)
            )
        case "missing", str():
            return _labels(value, texts)
        case "ending", str():
            return ending(value, texts)
        case "reasons", list():
            return " ".join(finding(str(one), texts) for one in value)
        case _, list():
            return ", ".join(str(one) for one in value)
        case "kind" | "decision", str():
            return label(value, texts)
        case _:
            return str(value)


def _labels(codes: str, texts: Texts) -> str:
    return ", ".join(label(code, texts) for code in codes.split(", "))
