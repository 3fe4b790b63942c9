"""Calendar entries to windows: when the house is on vacation, has guests or cleaners, or wants quiet."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from .option_spec import duration, within


class WindowKind(StrEnum):
    """What a window is about."""

    VACATION = "vacation"
    """Nobody lives here for some time."""
    GUEST = "guest"
    """Somebody stays who has no phone or code of the house."""
    CLEANING = "cleaning"
    """Somebody comes to work: cleaning, a craftsman, the chimney sweep."""
    QUIET = "quiet"
    """People want no reminders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRule:
    """Which entries of which calendar are windows of a kind."""

    rule_id: str
    kind: WindowKind
    calendar: str
    """Any name of the calendar; the shell uses its entity id."""
    words: tuple[str, ...] = ()
    """One of them within the title, whatever its case; none means every entry."""
    lead: timedelta = duration(0, "min", within(0, 1440))
    """The window begins so long before its entry."""
    lag: timedelta = duration(0, "min", within(0, 1440))
    """... and ends so long after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEntry:
    """One occurrence in a calendar, as Home Assistant gives it.

    All-day entries have dates, the end exclusive (RFC 5545, 3.6.1); a time without a zone is the premises' wall clock.
    """

    start: date | datetime
    end: date | datetime
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A span of time; `end` is exclusive, both are aware UTC."""

    kind: WindowKind
    start: datetime
    end: datetime
    titles: tuple[str, ...]
    rules: frozenset[str]

    def covers(self, now: datetime) -> bool:
        """Return whether the moment is within."""
        return self.start <= now < self.end


def windows(
    calendars: Mapping[str, Iterable[CalendarEntry]], rules: Iterable[WindowRule], zone: tzinfo
) -> tuple[Window, ...]:
    """Return the windows of each rule, earliest first; a rule's entries that overlap or touch are one window.

    `calendars` are entries by `WindowRule.calendar`, one that is missing has none; `zone` is where the premises are.
    Entries without a length are windows only where the rule widens them.
    """
    found = []
    for rule in rules:
        raw = [
            Window(
                kind=rule.kind,
                start=_instant(entry.start, zone) - rule.lead,
                end=_instant(entry.end, zone) + rule.lag,
                titles=(entry.title,),
                rules=frozenset({rule.rule_id}),
            )
            for entry in calendars.get(rule.calendar, ())
            if _meant(rule, entry)
        ]
        found += merged(raw)
    return tuple(sorted(found, key=_order))


def merged(raw: Iterable[Window]) -> list[Window]:
    """Return windows in which those of one kind that overlap or touch are one, earliest first."""
    done: dict[WindowKind, list[Window]] = {}
    for window in sorted(raw, key=_order):
        if window.end <= window.start:
            continue
        same = done.setdefault(window.kind, [])
        if same and window.start <= same[-1].end:
            same.append(_joined(same.pop(), window))
        else:
            same.append(window)
    return sorted((window for same in done.values() for window in same), key=_order)


def current(known: Iterable[Window], now: datetime) -> tuple[Window, ...]:
    """Return the windows that cover the moment."""
    return tuple(window for window in known if window.covers(now))


def current_or_next(known: Sequence[Window], now: datetime) -> Window | None:
    """Return the window that runs or comes first, or None; `known` is in order."""
    return next((window for window in known if window.end > now), None)


def next_change(known: Iterable[Window], now: datetime) -> datetime | None:
    """Return when a window begins or ends next, or None."""
    edges = (edge for window in known for edge in (window.start, window.end) if edge > now)
    return min(edges, default=None)


def _joined(first: Window, second: Window) -> Window:
    return Window(
        kind=first.kind,
        start=first.start,
        end=max(first.end, second.end),
        titles=tuple(dict.fromkeys((*first.titles, *second.titles))),
        rules=first.rules | second.rules,
    )


def _meant(rule: WindowRule, entry: CalendarEntry) -> bool:
    title = entry.title.casefold()
    return not rule.words or any(word.casefold() in title for word in rule.words)


def _instant(day_or_moment: date | datetime, zone: tzinfo) -> datetime:
    """Return the moment in UTC; a day begins at the premises' midnight, or when the clock jumps over that.

    Of a wall clock time that comes twice (the clock is set back) the first is meant.
    """
    if not isinstance(day_or_moment, datetime):
        day_or_moment = datetime.combine(day_or_moment, time.min)
    if day_or_moment.tzinfo is None:
        day_or_moment = day_or_moment.replace(tzinfo=zone)
    return day_or_moment.astimezone(UTC)


def _order(window: Window) -> tuple[datetime, datetime, WindowKind]:
    return window.start, window.end, window.kind
