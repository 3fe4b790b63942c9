"""Entries of a real calendar become windows, and windows do what they are for."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_state_change_event
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service

from tests.integration.agenda import CALENDAR, Agenda, rule, settle
from tests.integration.conftest import Until
from tests.integration.family import (
    FAMILY,
    Told,
    come_home,
    everyone_leaves,
    left_for_five_minutes,
    live_in,
    resident,
    restart,
    seen,
)
from tests.integration.house import (
    CODE,
    DOOR,
    HALL,
    HOUSE,
    WINDOW,
    area,
    attributes,
    mode,
    move_in,
    panel,
    sense,
    shown,
    user,
    wait,
)

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf", "agenda")

GET_EVENTS = "homeassistant.components.local_calendar.calendar.LocalCalendarEntity.async_get_events"
HOUR, DAY = 3600, 86_400
CLEANER_CODE = "2580"
CLEANER = user("Cleaner", CLEANER_CODE, windows=["cleaning"])
GUEST_CODE = "1379"
GUEST = user("Guest", GUEST_CODE, windows=["guest"])
CLEANING = rule("cleaning", "cleaning", zones=["zone_hall_motion"], rearm=True)
CLEANING_HOUSE = (*HOUSE, CLEANING, CLEANER)
FROM_NINE_TO_ELEVEN = ("2026-07-10 09:00", "2026-07-10 11:00")


def runs(hass: HomeAssistant, kind: str = "vacation") -> bool:
    names = {"vacation": "vacation", "guest": "guests", "cleaning": "cleaning", "quiet": "quiet"}
    return shown(hass, f"binary_sensor.home_alarm_{names[kind]}") == "on"


def troubles(hass: HomeAssistant) -> list[dict[str, Any]]:
    return list(attributes(hass, "binary_sensor.home_alarm_trouble")["troubles"])


async def at(hass: HomeAssistant, freezer: FrozenDateTimeFactory, moment: str) -> None:
    """Let it be a moment of UTC."""
    freezer.move_to(datetime.fromisoformat(moment).replace(tzinfo=UTC))
    await wait(hass, freezer, 0)
    await settle(hass)


async def move_in_with(hass: HomeAssistant, *rules: Any, **options: Any) -> MockConfigEntry:
    entry = await move_in(hass, *HOUSE, *rules, **options)
    await settle(hass)
    return entry


# From entries to windows


async def test_an_entry_that_ends_with_the_calendar_itself_is_a_window(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda
) -> None:
    await agenda.write("Moved out", "2026-07-10 09:00", "9999-12-31 23:59")
    await move_in_with(hass, rule("vacation", lag=1440))

    await at(hass, freezer, "2026-07-10 07:00")

    assert runs(hass)


@pytest.mark.parametrize(
    ("kind", "words", "title", "is_one"),
    [
        pytest.param("vacation", ["vacation", "holiday"], "Summer HOLIDAY in Kiel", True, id="a word in it"),
        pytest.param("vacation", ["vacation", "holiday"], "Dentist", False, id="none of the words"),
        pytest.param("guest", [], "Aunt Emma", True, id="a rule without words"),
        pytest.param("cleaning", ["clean"], "Cleaning", True, id="part of a word"),
        pytest.param("quiet", ["exam"], "Exams", True, id="quiet"),
    ],
)
async def test_an_entry_is_a_window_by_the_words_in_its_title(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    agenda: Agenda,
    kind: str,
    words: list[str],
    title: str,
    *,
    is_one: bool,
) -> None:
    await agenda.write(title, *FROM_NINE_TO_ELEVEN)
    await move_in_with(hass, rule(kind, *words))
    before = runs(hass, kind)
    await at(hass, freezer, "2026-07-10 07:00")
    within = runs(hass, kind)
    await at(hass, freezer, "2026-07-10 09:00")

    assert (before, within, runs(hass, kind)) == (False, is_one, False)


async def test_a_whole_day_lasts_from_midnight_to_midnight_of_the_house(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda
) -> None:
    await agenda.write("Vacation", "2026-07-11", "2026-07-13")
    await move_in_with(hass, rule("vacation"))
    found = []
    for moment in ("2026-07-10 21:59", "2026-07-10 22:00", "2026-07-12 21:59", "2026-07-12 22:00"):
        await at(hass, freezer, moment)
        found.append(runs(hass))

    assert found == [False, True, True, False]


@pytest.mark.parametrize(
    ("zone", "day", "begins", "ends"),
    [
        pytest.param("Europe/Berlin", "2026-10-25", "10-24 22:00", "10-25 23:00", id="Berlin, 25 hours"),
        pytest.param("Europe/Berlin", "2027-03-28", "03-27 23:00", "03-28 22:00", id="Berlin, 23 hours"),
        pytest.param("Australia/Sydney", "2026-10-04", "10-03 14:00", "10-04 13:00", id="Sydney, 23 hours"),
        pytest.param("Australia/Sydney", "2027-04-04", "04-03 13:00", "04-04 14:00", id="Sydney, 25 hours"),
        pytest.param("America/Santiago", "2026-09-06", "09-06 04:00", "09-07 03:00", id="no midnight"),
    ],
)
async def test_a_day_on_which_the_clock_changes_is_as_long_as_it_is(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    agenda: Agenda,
    zone: str,
    day: str,
    begins: str,
    ends: str,
) -> None:
    await hass.config.async_set_time_zone(zone)
    freezer.move_to(datetime.fromisoformat(day).replace(tzinfo=UTC) - timedelta(days=3))
    next_day = (datetime.fromisoformat(day) + timedelta(days=1)).date().isoformat()
    await agenda.write("Vacation", day, next_day)
    await move_in_with(hass, rule("vacation"))

    window = attributes(hass, "sensor.home_alarm_next_window")
    assert [window["start"][5:16], window["end"][5:16]] == [
        begins.replace(" ", "T"),
        ends.replace(" ", "T"),
    ]


async def test_every_friday_at_nine_stays_at_nine_when_summer_ends(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda
) -> None:
    await agenda.write("Cleaning", *FROM_NINE_TO_ELEVEN, rrule="FREQ=WEEKLY;COUNT=30")
    await move_in_with(hass, rule("cleaning"))
    found = []
    for moment in ("2026-10-23 07:00", "2026-10-30 07:59", "2026-10-30 08:00", "2026-10-31 08:00"):
        await at(hass, freezer, moment)
        await wait(hass, freezer, 0)
        found.append(runs(hass, "cleaning"))

    assert found == [True, False, True, False]


async def test_a_time_of_another_zone_is_the_same_moment_here(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda
) -> None:
    await agenda.write("Vacation", "2026-07-10 18:00+09:00", "2026-07-10 20:00+09:00")
    await move_in_with(hass, rule("vacation"))
    await at(hass, freezer, "2026-07-10 08:59")
    before = runs(hass)
    await at(hass, freezer, "2026-07-10 09:00")

    assert (before, runs(hass)) == (False, True)


async def test_entries_of_two_calendars_that_overlap_are_one_window(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda, happened: Told
) -> None:
    work = Agenda(hass, "Work")
    await work.open()
    await agenda.write("Lake", "2026-07-10 09:00", "2026-07-10 12:00")
    await work.write("Leave", "2026-07-10 11:00", "2026-07-10 14:00")
    second = {**rule("vacation", calendar="calendar.work"), "subentry_id": "rule_work", "title": "Leave"}
    await move_in_with(hass, rule("vacation"), second)
    await at(hass, freezer, "2026-07-10 07:00")
    window = attributes(hass, "binary_sensor.home_alarm_vacation")
    await at(hass, freezer, "2026-07-10 10:30")
    between = runs(hass)
    await at(hass, freezer, "2026-07-10 12:00")

    assert (window["title"], window["until"][11:16]) == ("Lake, Leave", "12:00")
    assert (between, runs(hass)) == (True, False)
    assert [one["window"] for one in happened.of("window_ended")] == ["vacation"]


async def test_a_rule_can_begin_earlier_and_end_later(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda
) -> None:
    await agenda.write("Cleaning", *FROM_NINE_TO_ELEVEN)
    await move_in_with(hass, rule("cleaning", lead=15, lag=30))
    found = []
    for moment in ("2026-07-10 06:44", "2026-07-10 06:45", "2026-07-10 09:29", "2026-07-10 09:30"):
        await at(hass, freezer, moment)
        found.append(runs(hass, "cleaning"))

    assert found == [False, True, True, False]


async def test_the_beginning_and_the_end_are_told_with_the_title(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda, happened: Told
) -> None:
    await agenda.write("Lake", *FROM_NINE_TO_ELEVEN)
    await move_in_with(hass, rule("vacation"))
    await at(hass, freezer, "2026-07-10 07:00")
    await at(hass, freezer, "2026-07-10 09:00")

    assert [(one["kind"], one["window"], one["event_title"]) for one in happened.of("window_started")] == [
        ("window_started", "vacation", "Lake")
    ]
    assert [one["window"] for one in happened.of("window_ended")] == ["vacation"]


# Changes of mind


async def test_an_entry_that_is_written_edited_and_struck_is_followed_at_once(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda
) -> None:
    await move_in_with(hass, rule("vacation"))
    empty = shown(hass, "sensor.home_alarm_next_window")
    uid = await agenda.write("Lake", "2026-07-11 09:00", "2026-07-11 12:00")
    written = attributes(hass, "sensor.home_alarm_next_window")["start"]
    await agenda.change(uid, "Lake", "2026-07-10 07:30", "2026-07-11 12:00")
    edited = runs(hass)
    await agenda.strike(uid)

    assert empty == "unknown"
    assert written == "2026-07-11T07:00:00+00:00"
    assert (edited, runs(hass)) == (True, False)
    assert shown(hass, "sensor.home_alarm_next_window") == "unknown"


async def test_a_later_entry_that_the_calendar_says_nothing_of_is_found_within_ten_minutes(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda
) -> None:
    await agenda.write("Dentist", "2026-07-10 08:30", "2026-07-10 09:00")
    await move_in_with(hass, rule("vacation", "lake"))
    await agenda.write("Lake", "2026-07-12", "2026-07-14")
    await wait(hass, freezer, 600)
    await settle(hass)

    assert attributes(hass, "sensor.home_alarm_next_window")["title"] == "Lake"


async def test_a_window_whose_entry_is_struck_while_it_runs_is_over(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda, happened: Told
) -> None:
    await move_in_with(hass, rule("vacation"))
    uid = await agenda.write("Lake", "2026-07-10 07:00", "2026-07-12 12:00")
    running = runs(hass)
    await agenda.strike(uid)

    assert (running, runs(hass)) == (True, False)
    assert happened.kinds == ["window_started", "window_ended"]


# Calendars out of reach


async def test_a_calendar_that_is_out_of_reach_keeps_its_windows(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda
) -> None:
    await agenda.write("Lake", *FROM_NINE_TO_ELEVEN)
    await move_in_with(hass, rule("vacation"))
    await agenda.close()
    found = []
    for moment in ("2026-07-10 06:59", "2026-07-10 07:00", "2026-07-10 09:00"):
        await at(hass, freezer, moment)
        found.append(runs(hass))

    assert found == [False, True, False]


async def test_a_calendar_that_is_out_of_reach_for_a_day_is_a_trouble_until_it_is_back(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda
) -> None:
    await move_in_with(hass, rule("vacation"))
    await agenda.close()
    await at(hass, freezer, "2026-07-11 05:59")
    before = troubles(hass)
    await at(hass, freezer, "2026-07-11 06:10")
    after = troubles(hass)
    await agenda.open()

    assert before == []
    assert after == [{"kind": "calendar", "source": "calendar.family", "zone": None}]
    assert troubles(hass) == []


@pytest.mark.parametrize("error", [HomeAssistantError("the account is locked"), RuntimeError("a bug")])
async def test_a_calendar_that_fails_is_one_out_of_reach(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda, error: Exception
) -> None:
    await agenda.write("Lake", "2026-07-10 07:00", "2026-07-12 12:00")
    await move_in_with(hass, rule("vacation"))
    with patch(GET_EVENTS, side_effect=error):
        await at(hass, freezer, "2026-07-11 07:00")

        assert runs(hass)
        assert [one["kind"] for one in troubles(hass)] == ["calendar"]


async def test_a_calendar_that_never_answers_keeps_no_other_waiting_and_is_one_out_of_reach(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda, until: Until
) -> None:
    work = Agenda(hass, "Work")
    await work.open()
    await work.write("Leave", "2026-07-10 07:00", "2026-07-12 14:00")
    answer, shows_it, answered = hass.services.async_call, asyncio.Event(), 0
    async_track_state_change_event(
        hass, "binary_sensor.home_alarm_vacation", callback(lambda _: shows_it.set())
    )

    async def one_hangs(domain: str, service: str, data: Any = None, **options: Any) -> Any:
        nonlocal answered
        if domain == "calendar" and data["entity_id"] == agenda.entity_id:
            await asyncio.Event().wait()
        response = await answer(domain, service, data, **options)
        answered += 1
        return response

    with patch.object(type(hass.services), "async_call", side_effect=one_hangs):
        await move_in(hass, *HOUSE, rule("guest"), rule("vacation", calendar="calendar.work"))
        await shows_it.wait()
        at_first = answered
        await wait(hass, freezer, DAY)
        await until(lambda: answered > at_first)
        await wait(hass, freezer, 30)

        assert [one["source"] for one in troubles(hass)] == [agenda.entity_id]


async def test_a_read_that_ends_after_the_panel_was_stopped_changes_nothing(
    hass: HomeAssistant, agenda: Agenda
) -> None:
    entry = await move_in_with(hass, rule("vacation"))
    calendars = entry.runtime_data.calendars
    assert await hass.config_entries.async_unload(entry.entry_id)
    happened = Told(hass)
    await agenda.write("Lake", "2026-07-10 07:00", "2026-07-12 12:00")

    await calendars.async_refresh()

    assert happened.kinds == []


# Restarts


async def test_windows_are_known_after_a_restart_before_the_calendar_is_there(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda, happened: Told
) -> None:
    await agenda.write("Lake", "2026-07-10 07:00", "2026-07-12 12:00")
    entry = await move_in_with(hass, rule("vacation"))
    await agenda.close()
    await restart(hass, entry, freezer, down_s=HOUR)

    assert runs(hass)
    assert [one["window"] for one in happened.of("window_started")] == ["vacation"]


async def test_a_window_goes_on_when_its_calendar_gets_another_id(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda, happened: Told
) -> None:
    uid = await agenda.write("Vacation", *FROM_NINE_TO_ELEVEN)
    await move_in_with(hass, rule("vacation", "vacation"))
    await at(hass, freezer, "2026-07-10 08:00")
    before, said = runs(hass), len(happened.kinds)

    er.async_get(hass).async_update_entity(CALENDAR, new_entity_id="calendar.house")
    await settle(hass)
    meanwhile, said_meanwhile = runs(hass), happened.kinds[said:]
    agenda.entity_id = "calendar.house"
    await agenda.strike(uid)

    assert (before, meanwhile, runs(hass)) == (True, True, False)
    assert said_meanwhile == []


async def test_a_window_that_ended_while_home_assistant_was_down_is_told_of_afterwards(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda, happened: Told
) -> None:
    await agenda.write("Lake", "2026-07-10 07:00", "2026-07-10 09:00")
    entry = await move_in_with(hass, rule("vacation"))
    await restart(hass, entry, freezer, down_s=4 * HOUR)

    assert not runs(hass)
    assert [one["window"] for one in happened.of("window_ended")] == ["vacation"]


async def test_days_without_power_are_no_trouble_where_the_calendar_can_be_read_again(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda, happened: Told
) -> None:
    entry = await move_in_with(hass, rule("vacation"))
    await restart(hass, entry, freezer, down_s=3 * DAY)
    await settle(hass)

    assert happened.of("trouble") == []


async def test_a_rule_that_is_taken_away_ends_its_window(hass: HomeAssistant, agenda: Agenda) -> None:
    await agenda.write("Lake", "2026-07-10 07:00", "2026-07-12 12:00")
    entry = await move_in_with(hass, rule("vacation"))
    running = runs(hass)
    hass.config_entries.async_remove_subentry(entry, "rule_vacation")
    await settle(hass)

    assert (running, runs(hass)) == (True, False)


# Guests


async def test_a_guests_code_works_only_while_the_window_runs(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda
) -> None:
    await agenda.write("Aunt Emma", *FROM_NINE_TO_ELEVEN)
    await move_in_with(hass, rule("guest"), GUEST)
    await panel(hass, "alarm_arm_home", code=CODE)
    with pytest.raises(HomeAssistantError, match="window"):
        await panel(hass, "alarm_disarm", code=GUEST_CODE)
    await at(hass, freezer, "2026-07-10 07:00")
    await panel(hass, "alarm_disarm", code=GUEST_CODE)
    within = shown(hass)
    await panel(hass, "alarm_arm_home", code=GUEST_CODE)
    await at(hass, freezer, "2026-07-10 09:00")

    with pytest.raises(HomeAssistantError, match="window"):
        await panel(hass, "alarm_disarm", code=GUEST_CODE)
    assert (within, shown(hass)) == ("disarmed", "armed_home")


async def test_a_guest_window_keeps_the_house_from_arming_itself(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda, happened: Told
) -> None:
    await agenda.write("Aunt Emma", "2026-07-10", "2026-07-11")
    await live_in(hass, *FAMILY, rule("guest"), auto_arm=True)
    await settle(hass)
    await left_for_five_minutes(hass, freezer)
    await wait(hass, freezer, HOUR)
    with_guests = list(happened.kinds)
    await at(hass, freezer, "2026-07-10 22:00")
    for seconds in (300, 120, 60):
        await wait(hass, freezer, seconds)

    assert with_guests == ["window_started", "everyone_left", "arm_reminder"]
    assert shown(hass) == "armed_away"


# Cleaning


async def armed_house(hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda) -> MockConfigEntry:
    """An armed house in which somebody cleans from nine to eleven."""
    await agenda.write("Cleaning", *FROM_NINE_TO_ELEVEN)
    entry = await move_in(hass, *CLEANING_HOUSE)
    await settle(hass)
    await panel(hass, "alarm_arm_away", code=CODE)
    await wait(hass, freezer, 60)
    return entry


async def test_a_cleaner_comes_with_a_code_and_the_house_is_armed_again_after(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda
) -> None:
    await armed_house(hass, freezer, agenda)
    await at(hass, freezer, "2026-07-10 07:00")
    await panel(hass, "alarm_disarm", code=CLEANER_CODE)
    within = shown(hass)
    await at(hass, freezer, "2026-07-10 09:00")
    leaving = shown(hass)
    await wait(hass, freezer, 60)

    assert (within, leaving, shown(hass)) == ("disarmed", "arming", "armed_away")
    with pytest.raises(HomeAssistantError, match="window"):
        await panel(hass, "alarm_disarm", code=CLEANER_CODE)


async def test_the_zones_of_the_rule_are_left_out_while_the_window_runs(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda
) -> None:
    await armed_house(hass, freezer, agenda)
    await at(hass, freezer, "2026-07-10 07:00")
    left_out = attributes(hass)["bypassed_zones"]
    sense(hass, HALL, "on")
    await hass.async_block_till_done()
    within = shown(hass)
    sense(hass, HALL, "off")
    await at(hass, freezer, "2026-07-10 09:00")
    sense(hass, HALL, "on")
    await hass.async_block_till_done()

    assert (left_out, within) == (["Hall motion"], "armed_away")
    assert shown(hass) == "triggered"


async def test_what_was_armed_within_the_window_is_armed_again_too(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda
) -> None:
    await agenda.write("Cleaning", *FROM_NINE_TO_ELEVEN)
    await move_in(hass, *CLEANING_HOUSE)
    await at(hass, freezer, "2026-07-10 07:30")
    await panel(hass, "alarm_arm_away", code=CODE)
    await wait(hass, freezer, 60)
    await panel(hass, "alarm_disarm", code=CLEANER_CODE)
    await at(hass, freezer, "2026-07-10 09:00")
    await wait(hass, freezer, 60)

    assert shown(hass) == "armed_away"


async def test_what_nobody_armed_is_not_armed(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda
) -> None:
    await agenda.write("Cleaning", *FROM_NINE_TO_ELEVEN)
    await move_in(hass, *CLEANING_HOUSE)
    await at(hass, freezer, "2026-07-10 07:00")
    await at(hass, freezer, "2026-07-10 09:00")
    await wait(hass, freezer, 60)

    assert shown(hass) == "disarmed"


async def test_a_window_that_the_cleaner_left_open_is_told_of(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda, happened: Told
) -> None:
    await armed_house(hass, freezer, agenda)
    await at(hass, freezer, "2026-07-10 07:00")
    await panel(hass, "alarm_disarm", code=CLEANER_CODE)
    sense(hass, WINDOW, "on")
    await at(hass, freezer, "2026-07-10 09:00")

    [failed] = happened.of("auto_arm_failed")
    assert (failed["area"], failed["mode"]) == ("Home", "away")
    assert failed["zones"] == ["Kitchen window"]
    assert "reason" not in failed
    assert shown(hass) == "disarmed"


async def test_the_house_is_not_armed_around_somebody_who_came_home(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda, happened: Told
) -> None:
    await agenda.write("Cleaning", *FROM_NINE_TO_ELEVEN)
    await live_in(hass, *FAMILY, CLEANING, CLEANER)
    await settle(hass)
    await panel(hass, "alarm_arm_away", code=CODE)
    await everyone_leaves(hass, freezer)
    await at(hass, freezer, "2026-07-10 07:00")
    await panel(hass, "alarm_disarm", code=CLEANER_CODE)
    await come_home(hass, freezer)
    await at(hass, freezer, "2026-07-10 09:00")
    await wait(hass, freezer, 60)

    assert shown(hass) == "disarmed"
    assert len(happened.of("auto_arm_failed")) == 1


@pytest.mark.parametrize(
    ("down_s", "state"),
    [pytest.param(HOUR, "disarmed", id="in the window"), pytest.param(3 * HOUR, "arming", id="over its end")],
)
async def test_the_promise_to_arm_again_outlives_a_restart(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda, down_s: int, state: str
) -> None:
    entry = await armed_house(hass, freezer, agenda)
    await at(hass, freezer, "2026-07-10 07:00")
    await panel(hass, "alarm_disarm", code=CLEANER_CODE)

    await restart(hass, entry, freezer, down_s=down_s)
    await settle(hass)  # the calendar is read
    for _ in range(7):
        await wait(hass, freezer, 11)  # until the sensors are there
    await settle(hass)
    after_boot = shown(hass)
    await at(hass, freezer, "2026-07-10 11:00")
    await wait(hass, freezer, 60)

    assert (after_boot, shown(hass)) == (state, "armed_away")


# Vacation


async def test_an_alarm_on_vacation_carries_the_flag(
    hass: HomeAssistant, agenda: Agenda, happened: Told
) -> None:
    await agenda.write("Lake", "2026-07-10", "2026-07-24")
    await move_in_with(hass, rule("vacation"))
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, WINDOW, "on")
    await settle(hass)

    assert [one["vacation"] for one in happened.of("triggered")] == [True]


async def test_a_code_that_is_used_on_vacation_is_told_of_on_the_phones(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda, happened: Told
) -> None:
    phone: list[ServiceCall] = async_mock_service(hass, "notify", "mobile_app_anna")
    await agenda.write("Lake", *FROM_NINE_TO_ELEVEN)
    await move_in_with(hass, rule("vacation"), notify_targets=["notify.mobile_app_anna"])
    await panel(hass, "alarm_arm_home", code=CODE)
    await settle(hass)
    before = len(phone)
    await at(hass, freezer, "2026-07-10 07:00")
    await panel(hass, "alarm_disarm", code=CODE)
    await settle(hass)

    assert (before, [one["by"] for one in happened.of("code_used")]) == (0, ["Anna"])
    assert "Anna" in phone[-1].data["message"]


async def test_a_disarmed_house_on_vacation_is_a_reminder_every_day(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda, happened: Told
) -> None:
    await agenda.write("Lake", "2026-07-10", "2026-07-24")
    await live_in(hass, *FAMILY, rule("vacation"))
    await settle(hass)
    await left_for_five_minutes(hass, freezer)
    for _ in range(2):
        await wait(hass, freezer, DAY)

    assert [one["vacation"] for one in happened.of("arm_reminder")] == [True] * 3


async def test_on_vacation_the_house_arms_itself_in_the_vacation_mode_where_there_is_one(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda
) -> None:
    await agenda.write("Lake", "2026-07-10", "2026-07-24")
    chalet = area("area_chalet", "Chalet", away=mode(), vacation=mode())
    await live_in(hass, *FAMILY, chalet, rule("vacation"), auto_arm=True)
    await settle(hass)
    await everyone_leaves(hass, freezer)
    for seconds in (300, 120, 60):
        await wait(hass, freezer, seconds)

    assert (shown(hass), shown(hass, "alarm_control_panel.chalet")) == ("armed_away", "armed_vacation")


async def test_a_vacation_is_no_reason_to_remind_whoever_is_at_home(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda, happened: Told
) -> None:
    await agenda.write("Balcony", "2026-07-10", "2026-07-24")
    await live_in(hass, resident("Anna"), rule("vacation"))
    await settle(hass)
    await wait(hass, freezer, DAY)

    assert happened.of("arm_reminder") == []


async def test_a_quiet_window_holds_the_reminder_back(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda, happened: Told
) -> None:
    await agenda.write("Exam", *FROM_NINE_TO_ELEVEN)
    await live_in(hass, *FAMILY, rule("quiet"))
    await at(hass, freezer, "2026-07-10 07:00")
    await seen(hass, "not_home")
    for _ in range(6):
        await wait(hass, freezer, 900)
    quiet = happened.of("arm_reminder")
    await at(hass, freezer, "2026-07-10 09:00")
    await wait(hass, freezer, 60)

    assert quiet == []
    assert len(happened.of("arm_reminder")) == 1


# Nobody is armed in


async def test_the_house_is_not_armed_again_while_another_cleaning_goes_on(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda
) -> None:
    crafts = Agenda(hass, "Crafts")
    await crafts.open()
    await agenda.write("Cleaning", *FROM_NINE_TO_ELEVEN)
    await crafts.write("Painter", "2026-07-10 10:00", "2026-07-10 14:00")
    painter = {
        **rule("cleaning", calendar="calendar.crafts", rearm=True),
        "subentry_id": "rule_painter",
    }
    await move_in(hass, *CLEANING_HOUSE, painter)
    await arm_and_let_the_cleaner_in(hass, freezer)
    await at(hass, freezer, "2026-07-10 08:30")

    await at(hass, freezer, "2026-07-10 09:00")
    await wait(hass, freezer, 60)
    between = shown(hass)
    await at(hass, freezer, "2026-07-10 12:00")
    await wait(hass, freezer, 60)

    assert (between, shown(hass)) == ("disarmed", "armed_away")


async def test_the_house_is_not_armed_again_around_guests(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda, happened: Told
) -> None:
    guests = Agenda(hass, "Guests")
    await guests.open()
    await agenda.write("Cleaning", *FROM_NINE_TO_ELEVEN)
    await guests.write("Aunt Emma", "2026-07-10 10:00", "2026-07-12 10:00")
    await live_in(hass, *FAMILY, CLEANING, CLEANER, GUEST, rule("guest", calendar="calendar.guests"))
    await everyone_leaves(hass, freezer)
    await arm_and_let_the_cleaner_in(hass, freezer)
    await at(hass, freezer, "2026-07-10 08:30")

    await at(hass, freezer, "2026-07-10 09:00")
    await wait(hass, freezer, 60)

    assert shown(hass) == "disarmed"
    assert len(happened.of("auto_arm_failed")) == 1


async def test_the_house_is_not_armed_again_when_nobody_knows_where_anybody_is(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda
) -> None:
    await agenda.write("Cleaning", *FROM_NINE_TO_ELEVEN)
    await live_in(hass, *FAMILY, CLEANING, CLEANER, unknown_means="nobody")
    await arm_and_let_the_cleaner_in(hass, freezer)
    await seen(hass, "unavailable")
    await wait(hass, freezer, 601)

    await at(hass, freezer, "2026-07-10 09:00")
    await wait(hass, freezer, 60)

    assert shown(hass, "binary_sensor.home_alarm_anyone_home") == "unknown"
    assert shown(hass) == "disarmed"


async def test_a_cleaner_who_came_seconds_early_leaves_an_armed_house(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda
) -> None:
    await agenda.write("Cleaning", *FROM_NINE_TO_ELEVEN)
    await move_in(hass, *CLEANING_HOUSE)
    await panel(hass, "alarm_arm_away", code=CODE)
    await wait(hass, freezer, 60)
    await at(hass, freezer, "2026-07-10 06:59:50")
    sense(hass, DOOR, "on")
    await hass.async_block_till_done()
    early = shown(hass)
    await at(hass, freezer, "2026-07-10 07:00")
    await panel(hass, "alarm_disarm", code=CLEANER_CODE)
    sense(hass, DOOR, "off")

    await at(hass, freezer, "2026-07-10 09:00")
    await wait(hass, freezer, 60)

    assert (early, shown(hass)) == ("pending", "armed_away")


async def arm_and_let_the_cleaner_in(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    await panel(hass, "alarm_arm_away", code=CODE)
    await wait(hass, freezer, 60)
    await at(hass, freezer, "2026-07-10 07:00")
    await panel(hass, "alarm_disarm", code=CLEANER_CODE)
