"""Calendar entries become windows; held against two libraries that expand calendars on their own."""

# ruff: noqa: DTZ001 - calendars have wall clock times without a zone

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from hypothesis import given, strategies as st

from custom_components.alarm_broker.core.windows import (
    CalendarEntry,
    Window,
    WindowKind,
    WindowRule,
    current,
    current_or_next,
    next_change,
    windows,
)

CALENDAR = "calendar.family"
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Sydney",
    "Australia/Lord_Howe",  # its summer time is half an hour
    "America/Santiago",  # its clock jumps over midnight
    "Africa/Cairo",
    "Asia/Kathmandu",  # 5 h 45 min ahead
    "UTC",
]
YEAR = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


def rule(
    kind: WindowKind = WindowKind.VACATION, *words: str, rule_id: str = "rule", **widen: timedelta
) -> WindowRule:
    return WindowRule(rule_id=rule_id, kind=kind, calendar=CALENDAR, words=words, **widen)


def entry(start: date, end: date, title: str = "Vacation") -> CalendarEntry:
    return CalendarEntry(start=start, end=end, title=title)


def of(
    *entries: CalendarEntry, by: list[WindowRule] | None = None, zone: str = "Europe/Berlin"
) -> list[Window]:
    return list(windows({CALENDAR: entries}, [rule()] if by is None else by, ZoneInfo(zone)))


def spans(found: list[Window]) -> list[tuple[str, str]]:
    return [(f"{one.start:%m-%d %H:%M}", f"{one.end:%m-%d %H:%M}") for one in found]


def test_days_begin_at_the_midnight_of_the_premises_and_the_last_day_is_not_part() -> None:
    assert spans(of(entry(date(2026, 7, 10), date(2026, 7, 12)))) == [("07-09 22:00", "07-11 22:00")]


def test_a_day_on_which_the_clock_is_set_back_has_25_hours() -> None:
    (window,) = of(entry(date(2026, 10, 25), date(2026, 10, 26)))

    assert window.end - window.start == timedelta(hours=25)


def test_a_day_whose_midnight_the_clock_jumps_over_begins_when_it_jumps() -> None:
    (window,) = of(entry(date(2026, 9, 6), date(2026, 9, 7)), zone="America/Santiago")

    assert (window.start, window.end) == (
        datetime(2026, 9, 6, 4, tzinfo=UTC),
        datetime(2026, 9, 7, 3, tzinfo=UTC),
    )


def test_a_time_without_a_zone_is_the_wall_clock_of_the_premises() -> None:
    found = of(entry(datetime(2026, 7, 10, 9), datetime(2026, 7, 10, 11)))

    assert spans(found) == [("07-10 07:00", "07-10 09:00")]


def test_a_wall_clock_time_that_comes_twice_is_the_first_of_them() -> None:
    found = of(entry(datetime(2026, 10, 25, 2, 30), datetime(2026, 10, 25, 4)))

    assert spans(found) == [("10-25 00:30", "10-25 03:00")]


def test_entries_that_overlap_or_touch_are_one_window_with_both_titles() -> None:
    found = of(
        entry(date(2026, 7, 10), date(2026, 7, 12), "Lake"),
        entry(date(2026, 7, 12), date(2026, 7, 15), "Alps"),
        entry(date(2026, 7, 11), date(2026, 7, 12), "Lake"),
    )

    assert [(one.titles, one.end - one.start) for one in found] == [(("Lake", "Alps"), timedelta(days=5))]


def test_an_entry_within_another_does_not_shorten_it() -> None:
    found = of(entry(date(2026, 7, 10), date(2026, 7, 15)), entry(date(2026, 7, 11), date(2026, 7, 12)))

    assert spans(found) == [("07-09 22:00", "07-14 22:00")]


def test_kinds_and_rules_do_not_swallow_each_other() -> None:
    rules = [rule(), rule(WindowKind.GUEST, rule_id="guests"), rule(rule_id="other")]
    found = of(entry(date(2026, 7, 10), date(2026, 7, 12)), by=rules)

    assert sorted((one.kind.value, *one.rules) for one in found) == [
        ("guest", "guests"),
        ("vacation", "other"),
        ("vacation", "rule"),
    ]


@pytest.mark.parametrize(
    ("title", "words", "meant"),
    [
        ("Sommerurlaub in Kiel", ("urlaub",), True),
        ("URLAUB", ("urlaub",), True),
        ("Straße sperren", ("STRASSE",), True),
        ("Dentist", ("vacation", "urlaub"), False),
        ("Dentist", (), True),
    ],
)
def test_words_are_looked_for_within_the_title_whatever_their_case(
    title: str, words: tuple[str, ...], *, meant: bool
) -> None:
    found = of(entry(date(2026, 7, 10), date(2026, 7, 12), title), by=[rule(WindowKind.VACATION, *words)])

    assert bool(found) is meant


def test_a_rule_can_begin_earlier_and_end_later_than_its_entry() -> None:
    widened = rule(WindowKind.CLEANING, lead=timedelta(minutes=15), lag=timedelta(minutes=30))
    start = datetime(2026, 7, 10, 9, tzinfo=BERLIN)
    found = of(entry(start, start + timedelta(hours=2)), by=[widened])

    assert spans(found) == [("07-10 06:45", "07-10 09:30")]


def test_an_entry_without_a_length_is_no_window_unless_the_rule_widens_it() -> None:
    start = datetime(2026, 7, 10, 9, tzinfo=BERLIN)

    assert of(entry(start, start)) == []
    assert of(entry(start, start - timedelta(hours=1))) == []
    assert len(of(entry(start, start), by=[rule(lag=timedelta(hours=1))])) == 1


def test_what_runs_comes_before_what_is_next_and_the_edges_wake() -> None:
    found = of(
        entry(datetime(2026, 7, 10, 9), datetime(2026, 7, 10, 11), "now"),
        entry(datetime(2026, 7, 11, 9), datetime(2026, 7, 11, 11), "next"),
    )
    within, at_the_end, over = (
        datetime(2026, 7, day, hour, tzinfo=UTC) for day, hour in ((10, 8), (10, 9), (12, 0))
    )

    assert [one.titles for one in current(found, within)] == [("now",)]
    assert current(found, at_the_end) == ()
    assert current_or_next(found, within) == found[0]
    assert current_or_next(found, at_the_end) == found[1]
    assert current_or_next(found, over) is None
    assert next_change(found, within) == found[0].end
    assert next_change(found, at_the_end) == found[1].start
    assert next_change(found, over) is None


CHANGES = [
    datetime(2026, 3, 1),
    datetime(2026, 3, 22),
    datetime(2026, 8, 30),
    datetime(2026, 9, 27),
    datetime(2026, 10, 18),
]
"""Some days before clocks change in one of the zones; close together, so that events overlap."""
moments = st.builds(
    lambda begin, minutes: begin + timedelta(minutes=minutes),
    st.sampled_from(CHANGES),
    st.integers(0, 20_000),
)
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


@st.composite
def spans_of_events(draw: st.DrawFn) -> tuple[date, date]:
    """Whole days, wall clock times of some zone, or wall clock times of wherever one is."""
    start = draw(moments).replace(microsecond=0)
    if draw(st.booleans()):
        return start.date(), start.date() + timedelta(days=draw(st.integers(1, 9)))
    zone = draw(st.sampled_from([None, *map(ZoneInfo, ZONES)]))
    length = timedelta(minutes=draw(st.integers(1, 3000)))
    return start.replace(tzinfo=zone), (start + length).replace(tzinfo=zone)


@st.composite
def recurrences(draw: st.DrawFn) -> dict[str, object]:
    """How an event repeats: so many times, every so often, on some weekdays."""
    repeat: dict[str, object] = {
        "freq": draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"])),
        "interval": draw(st.integers(1, 4)),
        "count": draw(st.integers(1, 12)),
    }
    if repeat["freq"] == "WEEKLY" and draw(st.booleans()):
        repeat["byday"] = draw(st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=4, unique=True))
    return repeat


@st.composite
def calendars(draw: st.DrawFn) -> icalendar.Calendar:
    """A calendar with recurring events, some occurrences left out and some moved."""
    calendar = icalendar.Calendar()
    for number in range(draw(st.integers(1, 4))):
        start, end = draw(spans_of_events())
        event = _event(f"event-{number}", start, end)
        if draw(st.booleans()):
            event.add("rrule", draw(recurrences()))
            if draw(st.booleans()):
                event.add("exdate", start + timedelta(days=draw(st.integers(1, 14))))
            if draw(st.booleans()):
                moved = timedelta(days=draw(st.integers(1, 30)))
                instead = _event(f"event-{number}", start + moved, end + moved)
                instead.add("recurrence-id", start)
                calendar.add_component(instead)
        calendar.add_component(event)
    return calendar


def _event(uid: str, start: date, end: date) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", uid)
    event.add("summary", "Vacation")
    event.add("dtstart", start)
    event.add("dtend", end)
    return event


def occurrences(calendar: icalendar.Calendar) -> list[tuple[date, date]]:
    found = recurring_ical_events.of(calendar).between(*YEAR)
    return [(event["DTSTART"].dt, event["DTEND"].dt) for event in found]


@given(calendar=calendars(), home=st.sampled_from(ZONES).map(ZoneInfo))
def test_at_any_moment_a_window_runs_exactly_when_an_entry_does(
    calendar: icalendar.Calendar, home: ZoneInfo
) -> None:
    entries = occurrences(calendar)
    known = of(*(entry(start, end) for start, end in entries), zone=home.key)
    edges = {_timestamp(edge, home) for span in entries for edge in span}

    for moment in (edge + beside for edge in sorted(edges)[:60] for beside in (-1800, -1, 0, 1, 1800)):
        now = datetime.fromtimestamp(moment, UTC)
        runs = any(_covers(start, end, now.astimezone(home)) for start, end in entries)
        assert bool(current(known, now)) is runs, (now, entries)


def _timestamp(edge: date, home: ZoneInfo) -> float:
    if not isinstance(edge, datetime):
        edge = datetime.combine(edge, time.min)
    return (edge if edge.tzinfo is not None else edge.replace(tzinfo=home)).timestamp()


def _covers(start: date, end: date, local: datetime) -> bool:
    """Return whether an occurrence runs; days are compared as days, which is not how the windows are made."""
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        return start <= local.date() < end
    home = local.tzinfo
    assert isinstance(home, ZoneInfo)
    return _timestamp(start, home) <= local.timestamp() < _timestamp(end, home)


@given(calendar=calendars(), home=st.sampled_from(ZONES))
def test_windows_of_a_rule_are_in_order_and_never_touch(calendar: icalendar.Calendar, home: str) -> None:
    known = of(*(entry(start, end) for start, end in occurrences(calendar)), zone=home)

    assert all(one.start < one.end for one in known)
    assert all(first.end < second.start for first, second in pairwise(known))


@given(day=st.dates(date(2026, 1, 1), date(2026, 12, 30)), home=st.sampled_from(ZONES))
def test_a_whole_day_lasts_until_the_next_one_begins(day: date, home: str) -> None:
    (window,) = of(entry(day, day + timedelta(days=1)), zone=home)
    before, within, last = (
        moment.astimezone(ZoneInfo(home)).date()
        for moment in (
            window.start - timedelta(seconds=1),
            window.start,
            window.end - timedelta(seconds=1),
        )
    )

    assert (before, within, last) == (day - timedelta(days=1), day, day)
    assert timedelta(hours=23) <= window.end - window.start <= timedelta(hours=25)
