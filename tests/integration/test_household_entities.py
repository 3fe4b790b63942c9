"""What dashboards see of the household and of calendar windows."""

import json
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er

from tests.integration.agenda import Agenda, rule, settle
from tests.integration.family import ANNA, AWAY, BEN, FAMILY, come_home, everyone_leaves, live_in, seen
from tests.integration.house import HOUSE, attributes, move_in, shown, wait

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf", "berlin_morning")

ANYONE = "binary_sensor.home_alarm_anyone_home"
WINDOWS = "calendar.home_alarm_windows"
INTEGRATION = Path(__file__).parents[2] / "custom_components/alarm_broker"


@pytest.mark.parametrize(
    ("entity_id", "key", "device"),
    [
        (ANYONE, "anyone_home", "Home alarm"),
        ("sensor.home_alarm_people_home", "people_home", "Home alarm"),
        ("sensor.home_alarm_last_left", "last_left", "Home alarm"),
        ("sensor.home_alarm_first_arrived", "first_arrived", "Home alarm"),
        ("sensor.anna_whereabouts", "whereabouts", "Anna"),
        ("sensor.home_alarm_next_window", "next_window", "Home alarm"),
        ("binary_sensor.home_alarm_vacation", "window_vacation", "Home alarm"),
        ("binary_sensor.home_alarm_guests", "window_guest", "Home alarm"),
        ("binary_sensor.home_alarm_cleaning", "window_cleaning", "Home alarm"),
        ("binary_sensor.home_alarm_quiet", "window_quiet", "Home alarm"),
        (WINDOWS, "windows", "Home alarm"),
    ],
)
async def test_every_entity_is_there_translated_with_an_icon_and_on_its_device(
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    device_registry: dr.DeviceRegistry,
    entity_id: str,
    key: str,
    device: str,
) -> None:
    await live_in(hass)

    entity = entity_registry.async_get(entity_id)
    assert entity is not None
    assert entity.translation_key == key
    assert entity.device_id is not None
    found = device_registry.async_get(entity.device_id)
    assert found is not None
    assert found.name == device
    texts = json.loads((INTEGRATION / "translations/en.json").read_text())
    assert texts["entity"][entity.domain][key]["name"]


async def test_who_is_home_is_shown_with_since_when(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    await live_in(hass)
    both = (shown(hass, ANYONE), shown(hass, "sensor.home_alarm_people_home"))
    await seen(hass, AWAY, ANNA)
    await wait(hass, freezer, 120)

    assert both == ("on", "2")
    assert attributes(hass, ANYONE)["people"] == {"Anna": "away", "Ben": "home"}
    assert attributes(hass, "sensor.home_alarm_people_home")["people"] == ["Ben"]
    assert shown(hass, "sensor.anna_whereabouts") == "away"
    assert attributes(hass, "sensor.anna_whereabouts")["since"] == "2026-07-10T06:02:00+00:00"


async def test_who_left_last_and_who_came_first_are_shown_with_when(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    await live_in(hass)
    nobody_yet = (shown(hass, "sensor.home_alarm_last_left"), shown(hass, "sensor.home_alarm_first_arrived"))
    await seen(hass, AWAY, BEN)
    await everyone_leaves(hass, freezer)
    empty_since = attributes(hass, ANYONE)["empty_since"]
    await come_home(hass, freezer, BEN)
    await come_home(hass, freezer, ANNA)

    assert nobody_yet == ("unknown", "unknown")
    assert empty_since == "2026-07-10T06:02:00+00:00"
    assert attributes(hass, ANYONE)["empty_since"] is None
    assert shown(hass, "sensor.home_alarm_last_left") in {"Anna", "Ben"}
    assert attributes(hass, "sensor.home_alarm_last_left")["at"] == "2026-07-10T06:02:00+00:00"
    assert shown(hass, "sensor.home_alarm_first_arrived") == "Ben"
    assert attributes(hass, "sensor.home_alarm_first_arrived")["at"] == "2026-07-10T06:02:05+00:00"


async def test_the_event_entity_says_what_happened(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    await live_in(hass)
    await everyone_leaves(hass, freezer)

    event = attributes(hass, "event.home_alarm_panel")
    assert event["event_type"] == "everyone_left"
    assert event["by"] in {"Anna", "Ben"}


async def test_an_announced_arming_is_shown_until_it_is_done(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    await live_in(hass, auto_arm=True)
    await everyone_leaves(hass, freezer)
    await wait(hass, freezer, 300)
    announced = attributes(hass, ANYONE)["arming_at"]
    await wait(hass, freezer, 120)

    assert announced == "2026-07-10T06:09:00+00:00"
    assert attributes(hass, ANYONE)["arming_at"] is None


async def test_a_house_without_persons_says_that_nobody_knows(hass: HomeAssistant) -> None:
    await move_in(hass)

    assert shown(hass, ANYONE) == "unknown"
    assert shown(hass, "sensor.home_alarm_people_home") == "0"


async def test_a_person_who_is_taken_away_takes_the_entity_along(
    hass: HomeAssistant, entity_registry: er.EntityRegistry
) -> None:
    entry = await live_in(hass)
    hass.config_entries.async_remove_subentry(entry, "person_anna")
    await hass.async_block_till_done()

    assert entity_registry.async_get("sensor.anna_whereabouts") is None
    assert shown(hass, "sensor.home_alarm_people_home") == "1"


async def test_the_next_window_is_shown_before_and_while_it_runs(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda
) -> None:
    await agenda.write("Lake", "2026-07-10 09:00", "2026-07-10 11:00")
    await move_in(hass, *HOUSE, rule("vacation"))
    await settle(hass)
    before = attributes(hass, "sensor.home_alarm_next_window")
    await wait(hass, freezer, 3600)
    within = attributes(hass, "sensor.home_alarm_next_window")
    vacation = attributes(hass, "binary_sensor.home_alarm_vacation")
    await wait(hass, freezer, 7200)

    span = {
        "start": "2026-07-10T07:00:00+00:00",
        "end": "2026-07-10T09:00:00+00:00",
        "title": "Lake",
        "kind": "vacation",
    }
    assert before.items() >= {**span, "running": False}.items()
    assert within.items() >= {**span, "running": True}.items()
    assert (vacation["title"], vacation["until"]) == ("Lake", "2026-07-10T09:00:00+00:00")
    assert shown(hass, "sensor.home_alarm_next_window") == "unknown"


async def events(hass: HomeAssistant, start: str, end: str) -> list[dict[str, Any]]:
    answer: Any = await hass.services.async_call(
        "calendar",
        "get_events",
        {"entity_id": WINDOWS, "start_date_time": start, "end_date_time": end},
        blocking=True,
        return_response=True,
    )
    return list(answer[WINDOWS]["events"])


async def test_the_calendar_of_windows_shows_them_all_and_when_they_run(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, agenda: Agenda
) -> None:
    await agenda.write("Lake", "2026-07-10 09:00", "2026-07-10 11:00")
    await agenda.write("Alps", "2026-07-10 10:00", "2026-07-10 12:00")
    await agenda.write("Aunt", "2026-07-20", "2026-07-21")
    await move_in(hass, *HOUSE, rule("vacation", "lake", "alps"), rule("guest", "aunt"))
    await settle(hass)
    month = await events(hass, "2026-07-01T00:00:00", "2026-08-01T00:00:00")
    morning = await events(hass, "2026-07-10T08:00:00", "2026-07-10T09:00:00")
    before = shown(hass, WINDOWS)
    await wait(hass, freezer, 3600)

    assert [(one["start"], one["end"], one["summary"], one["description"]) for one in month] == [
        ("2026-07-10T09:00:00+02:00", "2026-07-10T12:00:00+02:00", "Lake, Alps", "vacation"),
        ("2026-07-20T00:00:00+02:00", "2026-07-21T00:00:00+02:00", "Aunt", "guest"),
    ]
    assert morning == []
    assert (before, shown(hass, WINDOWS)) == ("off", "on")


async def test_a_window_without_a_title_is_named_for_its_kind(hass: HomeAssistant, agenda: Agenda) -> None:
    await agenda.write("", "2026-07-10 09:00", "2026-07-10 11:00")
    await move_in(hass, *HOUSE, rule("guest"))
    await settle(hass)

    assert attributes(hass, WINDOWS)["message"] == "guest"


async def test_without_rules_the_calendar_is_empty(hass: HomeAssistant) -> None:
    await live_in(hass, *FAMILY)

    assert await events(hass, "2026-07-01T00:00:00", "2026-08-01T00:00:00") == []
    assert shown(hass, WINDOWS) == "off"
