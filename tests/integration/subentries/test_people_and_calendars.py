"""Persons and calendar rules, as a person adds and changes them, and the settings of the household."""

from datetime import time, timedelta
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from pytest_homeassistant_custom_component.common import MockConfigEntry, get_schema_suggested_value

from custom_components.alarm_broker.core.household.state import UnknownMeans
from custom_components.alarm_broker.core.panel.config import ArmMode
from custom_components.alarm_broker.core.windows import WindowKind
from tests.integration.family import live_in, resident
from tests.integration.house import HOUSE, move_in, parts_of, shown, subentry
from tests.integration.subentries.forms import add, change

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf", "unloaded")

RIGHTS = {"push_disarm": "code", "auto_disarm": False}
CLEANING = {
    "name": "Cleaning",
    "kind": "cleaning",
    "calendar": "calendar.family",
    "words": ["clean"],
    "margins": {"lead": 15, "lag": 30},
    "work": {"zones": ["zone_hall_motion"], "rearm": True},
}


@pytest.fixture(autouse=True)
def family_calendar(hass: HomeAssistant) -> None:
    hass.states.async_set("calendar.family", "off")


def person(**answers: Any) -> dict[str, Any]:
    return {"trackers": [], "notify": [], "rights": RIGHTS, **answers}


# Persons


async def test_a_person_has_the_name_that_home_assistant_knows_unless_one_is_typed(
    hass: HomeAssistant,
) -> None:
    entry = await live_in(hass, resident("Carl"))
    await add(hass, entry, "person", person(person="person.anna"))
    await add(hass, entry, "person", person(person="person.ben", name=" Benny "))

    assert [one.title for one in parts_of(entry, "person")] == ["Carl", "Anna", "Benny"]
    assert shown(hass, "sensor.anna_whereabouts") == "home"
    assert shown(hass, "sensor.benny_whereabouts") == "home"


async def test_everything_about_a_person_is_kept(hass: HomeAssistant) -> None:
    entry = await live_in(hass, resident("Carl"))
    rights = {"push_disarm": "phone", "auto_disarm": True, "language": "de"}
    await add(
        hass,
        entry,
        "person",
        person(
            person="person.anna",
            trackers=["device_tracker.anna", "binary_sensor.ping"],
            notify=["notify.mobile_app_anna"],
            rights=rights,
        ),
    )

    data = parts_of(entry, "person")[-1].data
    assert data == {
        "name": "Anna",
        "person": "person.anna",
        "trackers": ["device_tracker.anna", "binary_sensor.ping"],
        "notify": ["notify.mobile_app_anna"],
        **rights,
    }


async def test_somebody_can_be_only_told(hass: HomeAssistant) -> None:
    entry = await live_in(hass)
    await add(hass, entry, "person", person(name="Neighbour", notify=["notify.neighbour"]))

    assert parts_of(entry, "person")[-1].title == "Neighbour"
    assert set(entry.runtime_data.household.config.persons) == {"person_anna", "person_ben"}


@pytest.mark.parametrize(
    ("answers", "errors"),
    [
        pytest.param(person(name="Nobody"), {"base": "person_empty"}, id="nothing chosen"),
        pytest.param(person(trackers=["device_tracker.x"]), {"name": "name_missing"}, id="no name"),
        pytest.param(
            person(name="anna", trackers=["device_tracker.x"]), {"name": "name_taken"}, id="same name"
        ),
        pytest.param(
            person(name="Carl", notify=["light.hall"]), {"notify": "not_a_notify_target"}, id="no target"
        ),
    ],
)
async def test_a_person_that_makes_no_sense_is_refused_and_can_be_put_right(
    hass: HomeAssistant, answers: dict[str, Any], errors: dict[str, str]
) -> None:
    entry = await live_in(hass)
    refused = await add(hass, entry, "person", answers)
    good = person(name="Carl", trackers=["device_tracker.carl"])
    kept = await hass.config_entries.subentries.async_configure(refused["flow_id"], good)
    await hass.async_block_till_done()

    assert refused["errors"] == errors
    assert kept["type"] is FlowResultType.CREATE_ENTRY
    assert parts_of(entry, "person")[-1].title == "Carl"


async def test_a_person_cannot_live_here_twice(hass: HomeAssistant) -> None:
    entry = await live_in(hass)

    with pytest.raises(InvalidData):
        await add(hass, entry, "person", person(person="person.anna", name="Anna again"))


async def test_of_two_who_add_the_same_person_the_second_is_told(hass: HomeAssistant) -> None:
    entry = await live_in(hass, resident("Carl"))
    form = await add(hass, entry, "person")
    await add(hass, entry, "person", person(person="person.anna"))
    answer = person(person="person.anna", name="Anna again")
    result: Any = await hass.config_entries.subentries.async_configure(form["flow_id"], answer)

    assert result["errors"] == {"person": "person_taken"}


async def test_a_person_is_shown_and_changed_as_it_is(hass: HomeAssistant) -> None:
    entry = await live_in(hass)
    form: Any = await entry.start_subentry_reconfigure_flow(hass, "person_anna")
    suggested = get_schema_suggested_value(form["data_schema"].schema, "person")
    rights = {"push_disarm": "no", "auto_disarm": True}
    result = await change(
        hass, entry, "person_anna", person(person="person.anna", name="Anna", rights=rights)
    )

    assert suggested == "person.anna"
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    assert entry.runtime_data.household.config.persons["person_anna"].auto_disarm


# Calendar rules


async def test_a_calendar_rule_is_kept_and_followed(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    await add(hass, entry, "calendar", CLEANING)

    [kept] = parts_of(entry, "calendar")
    assert kept.title == "Cleaning"
    [rule] = entry.runtime_data.calendars.rules.values()
    assert (rule.kind, rule.calendar, rule.words) == (WindowKind.CLEANING, "calendar.family", ("clean",))
    assert (rule.lead, rule.lag) == (timedelta(minutes=15), timedelta(minutes=30))
    assert (kept.data["zones"], kept.data["rearm"]) == (["zone_hall_motion"], True)


async def test_a_rule_without_words_takes_every_entry(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    answer = {**CLEANING, "words": [" ", ""], "margins": {}, "work": {"rearm": False}}
    await add(hass, entry, "calendar", answer)

    [rule] = entry.runtime_data.calendars.rules.values()
    assert rule.words == ()


@pytest.mark.parametrize(("name", "error"), [(" ", "name_missing"), ("vacation", "name_taken")])
async def test_a_rule_needs_a_name_of_its_own_and_the_form_keeps_what_was_typed(
    hass: HomeAssistant, name: str, error: str
) -> None:
    vacation = subentry("calendar", "rule_1", name="Vacation", kind="vacation", calendar="calendar.family")
    entry = await move_in(hass, *HOUSE, vacation)
    refused = await add(hass, entry, "calendar", {**CLEANING, "name": name})
    kept = await hass.config_entries.subentries.async_configure(refused["flow_id"], CLEANING)
    await hass.async_block_till_done()

    assert refused["errors"] == {"name": error}
    assert get_schema_suggested_value(refused["data_schema"].schema, "words") == ["clean"]
    assert kept["type"] is FlowResultType.CREATE_ENTRY


async def test_what_saves_lives_cannot_be_left_out(hass: HomeAssistant) -> None:
    entry = await move_in(hass)

    with pytest.raises(InvalidData):
        await add(hass, entry, "calendar", {**CLEANING, "work": {"zones": ["zone_smoke"], "rearm": False}})


async def test_the_calendar_of_windows_cannot_make_windows(hass: HomeAssistant) -> None:
    entry = await move_in(hass)

    with pytest.raises(InvalidData):
        await add(hass, entry, "calendar", {**CLEANING, "calendar": "calendar.home_alarm_windows"})


async def test_a_rule_is_shown_and_changed_as_it_is(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    await add(hass, entry, "calendar", CLEANING)
    [kept] = parts_of(entry, "calendar")
    form: Any = await entry.start_subentry_reconfigure_flow(hass, kept.subentry_id)
    suggested = get_schema_suggested_value(form["data_schema"].schema, "kind")
    await change(hass, entry, kept.subentry_id, {**CLEANING, "kind": "guest"})

    [rule] = entry.runtime_data.calendars.rules.values()
    assert (suggested, rule.kind) == ("cleaning", WindowKind.GUEST)


# The household's settings


async def presence_form(hass: HomeAssistant, entry: MockConfigEntry) -> Any:
    menu = await hass.config_entries.options.async_init(entry.entry_id)
    return await hass.config_entries.options.async_configure(menu["flow_id"], {"next_step_id": "presence"})


async def test_the_settings_are_right_as_they_come(hass: HomeAssistant) -> None:
    entry = await live_in(hass)
    before = entry.runtime_data.household.config
    form = await presence_form(hass, entry)
    await hass.config_entries.options.async_configure(form["flow_id"], {})
    await hass.async_block_till_done()

    assert entry.runtime_data.household.config == before
    assert (before.auto_arm, before.remind, before.unknown_means) == (False, True, UnknownMeans.HOME)


async def test_every_setting_reaches_the_household(hass: HomeAssistant) -> None:
    entry = await live_in(hass)
    form = await presence_form(hass, entry)
    await hass.config_entries.options.async_configure(
        form["flow_id"],
        {
            "remind": False,
            "remind_after": 7,
            "quiet_from": "22:00:00",
            "quiet_to": "06:30:00",
            "auto_arm": True,
            "auto_arm_mode": "night",
            "announce": 60,
            "postpone": 20,
            "guest_mode": "input_boolean.guests",
            "unknown_means": "nobody",
            "away_after": 30,
            "lost_person_after": 5,
            "calendar_stale_hours": 48,
        },
    )
    await hass.async_block_till_done()

    config = entry.runtime_data.household.config
    assert (config.remind, config.auto_arm, config.auto_arm_mode) == (False, True, ArmMode.NIGHT)
    assert (config.quiet_from, config.quiet_to) == (time(22), time(6, 30))
    assert config.unknown_means is UnknownMeans.NOBODY
    assert [config.remind_after, config.announce, config.postpone, config.away_after, config.lost_after] == [
        timedelta(minutes=7),
        timedelta(seconds=60),
        timedelta(minutes=20),
        timedelta(seconds=30),
        timedelta(minutes=5),
    ]


async def test_what_is_emptied_is_gone(hass: HomeAssistant) -> None:
    entry = await live_in(hass, guest_mode="input_boolean.guests", quiet_from="22:00:00", quiet_to="06:00:00")
    form = await presence_form(hass, entry)
    await hass.config_entries.options.async_configure(form["flow_id"], {})
    await hass.async_block_till_done()

    config = entry.runtime_data.household.config
    assert (config.quiet_from, config.quiet_to, entry.options["guest_mode"]) == (None, None, None)
