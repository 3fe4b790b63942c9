"""How moments and lengths of time are written. Pure."""

from datetime import UTC, datetime, timedelta

from companion.texts.model import Texts


def utc(moment: datetime, texts: Texts) -> str:
    """Return the moment by the clock of the operators."""
    return f"{moment.astimezone(UTC).strftime(texts.formats.time)} UTC"


def ago(age: timedelta, texts: Texts) -> str:
    """Return how long ago something was, as roughly as people say it."""
    formats, seconds = texts.formats, int(age.total_seconds())
    for least, unit, form in (
        (2 * 86_400, 86_400, formats.days_ago),
        (2 * 3600, 3600, formats.hours_ago),
        (120, 60, formats.minutes_ago),
        (5, 1, formats.seconds_ago),
    ):
        if seconds >= least:
            return form.format(n=seconds // unit)
    return formats.now


def span(seconds: float, texts: Texts) -> str:
    """Return a length of time as operators read it: 45 s, 3 min 20 s, 2 h 5 min."""
    formats, whole = texts.formats, max(0, round(seconds))
    if whole < 120:
        return formats.seconds.format(n=whole)
    minutes, rest = divmod(whole, 60)
    if minutes < 120:
        return _pair(formats.minutes.format(n=minutes), formats.seconds.format(n=rest) if rest else "")
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return _pair(formats.hours.format(n=hours), formats.minutes.format(n=minutes) if minutes else "")
    return formats.days.format(n=hours // 24)


def _pair(large: str, small: str) -> str:
    return f"{large} {small}".strip()
