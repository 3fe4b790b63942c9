"""The logbook's sentences. Pure."""

from collections.abc import Mapping
from typing import Any

from .language import texts_for
from .model import Texts


def sentence(data: Mapping[str, Any], language: str) -> str:
    """Return what an event of the panel tells, as a person reads it after the name of the area."""
    texts = texts_for(language)
    book = texts.logbook
    pattern = book.sentences.get(str(data.get("kind")))
    if pattern is None:
        return book.changed

    def framed(frame: str, said: str) -> str:
        return frame.format(said) if said else ""

    by, names = str(data.get("by") or ""), ", ".join(data.get("zones") or ())
    set_off = book.set_off.format(by) if by else "" if names else book.set_off_by_hand
    told = {key: _word(data.get(key), texts) for key in ("alarm_kind", "reason", "window")}
    return pattern.format(
        **told,
        mode=framed(book.mode, _word(data.get("mode"), texts)),
        by=framed(book.by, by),
        who=framed(book.who, by),
        person=by or book.somebody,
        names=names,
        zones=framed(book.listed, names),
        wanted=framed(book.wanted, _word(data.get("wanted") and f"wanted_{data['wanted']}", texts)),
        why=framed(book.listed, ", ".join(_reasons(data, names, texts))),
        raised=framed(book.listed, names) + set_off,
        never_seen=framed(book.never_seen, names) or book.all_seen,
        trouble=_trouble(data.get("trouble"), names or data.get("source"), texts),
        event_title=data.get("event_title"),
        level=data.get("level"),
        **{"from": framed(book.from_, by)},
    )


def _reasons(data: Mapping[str, Any], names: str, texts: Texts) -> list[str]:
    """Return what stood in the way: zones, troubles, or what was wrong with the wish itself."""
    troubles = [
        _trouble(one["kind"], one["zone"] or one["source"], texts)
        for one in data.get("trouble_details") or ()
    ]
    return [one for one in (names, *troubles, _word(data.get("problem"), texts)) if one]


def _trouble(kind: Any, where: str | None, texts: Texts) -> str:
    words = texts.troubles.get(str(kind), str(kind))
    return f"{where} ({words})" if where else words


def _word(value: Any, texts: Texts) -> str:
    """Return a value in words; of what there are none for, its name. A sentence is told as it is."""
    text = str(value or "")
    return texts.logbook.words.get(text, text if " " in text else text.replace("_", " "))
