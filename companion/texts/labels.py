"""What codes are called in the reader's language, and the titles that are made of them. Pure.

The record keeps codes and what was said when it happened; a reader gets it in their own words.
"""

from typing import Final

from companion.texts.language import ENGLISH
from companion.texts.model import Texts
from companion.texts.reasons import Reason

_OURS: Final = frozenset({"yealink", "panel"})
_HEADS: Final = {head: code for code, head in ENGLISH.titles.heads.items()}


def label(code: str, texts: Texts) -> str:
    """Return what a code is called; what is no code of ours (a detail that a program sent) stays as it is."""
    return texts.labels.get(code, code)


def alarm_title(title: str, source: str, texts: Texts) -> str:
    """Return the title in the reader's language, as far as it was made here and not by a person or a program.

    `triggers.yealink` and `alarms.panel` make it, in English: what it is, a colon, and where.
    """
    head, colon, where = title.partition(": ")
    if source not in _OURS or not colon or head not in _HEADS:
        return title
    unknown = ENGLISH.titles.room_unknown
    if source == "yealink" and where.endswith(unknown):
        where = f"{where.removesuffix(unknown)}{texts.titles.room_unknown}"
    return f"{texts.titles.heads[_HEADS[head]]}{texts.formats.colon}{where}"


def detail(name: str, value: str, texts: Texts) -> tuple[str, str]:
    """Return a detail of an alarm as label and value."""
    if name == "missing":
        value = _labels(value, texts)
    if value == ENGLISH.details.get(name):
        value = texts.details[name]
    return label(name, texts), value


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
                if turn.isdigit() and step.isdigit()
                else label(value, texts)
            )
        case "missing", str():
            return _labels(value, texts)
        case _, list():
            return ", ".join(str(one) for one in value)
        case "kind" | "decision", str():
            return label(value, texts)
        case _:
            return str(value)


def _labels(codes: str, texts: Texts) -> str:
    return ", ".join(label(code, texts) for code in codes.split(", "))
