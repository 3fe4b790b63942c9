"""An entity gets another id: the panel guards, follows, reads and shows it under the new one, and stays as it was."""

from collections.abc import Callable
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockEntityPlatform

from custom_components.alarm_broker.system.renames import entity_id_store
from tests.integration.house import (
    CODE,
    GATE,
    HALL,
    PANEL,
    ZONES,
    act,
    area,
    attributes,
    close_all,
    house_entry,
    move_in,
    panel,
    sense,
    shown,
    subentry,
    user,
    wait,
    zone,
)

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf")

SHED = "binary_sensor.shed_door"
RENAMED = "binary_sensor.garden_door"
SHED_ZONE = zone(SHED, "instant", "away", "home")
PARTS = (area(), *ZONES, user(), SHED_ZONE)


class Contact(BinarySensorEntity):
    """A real entity, which goes where its registry entry goes."""

    _attr_should_poll = False

    def __init__(self, entity_id: str) -> None:
        self.entity_id = entity_id
        self._attr_unique_id = entity_id
        self._attr_is_on = False

    def senses(self, *, is_on: bool) -> None:
        """Say something."""
        self._attr_is_on = is_on
        self.async_write_ha_state()


async def installed(hass: HomeAssistant, *entity_ids: str) -> list[Contact]:
    """Put real sensors in."""
    contacts = [Contact(entity_id) for entity_id in entity_ids]
    await MockEntityPlatform(hass, domain="binary_sensor", platform_name="wired").async_add_entities(contacts)
    await hass.async_block_till_done()
    return contacts


def rename(hass: HomeAssistant, old: str, new: str) -> None:
    er.async_get(hass).async_update_entity(old, new_entity_id=new)


def known(hass: HomeAssistant, entity_id: str) -> None:
    """Put something into the registry that is no sensor of ours."""
    domain, object_id = entity_id.split(".")
    er.async_get(hass).async_get_or_create(domain, "wired", entity_id, suggested_object_id=object_id)


def part(entry: MockConfigEntry, subentry_id: str) -> dict[str, Any]:
    return dict(entry.subentries[subentry_id].data)


async def test_a_zone_guards_under_its_new_id_while_it_is_armed(hass: HomeAssistant) -> None:
    (contact,) = await installed(hass, SHED)
    entry = await move_in(hass, *PARTS)
    await panel(hass, "alarm_arm_home", code=CODE)

    rename(hass, SHED, RENAMED)
    await hass.async_block_till_done()
    meanwhile = shown(hass)
    contact.senses(is_on=True)
    await hass.async_block_till_done()

    assert hass.states.get(SHED) is None
    assert (meanwhile, shown(hass)) == ("armed_home", "triggered")
    assert part(entry, "zone_shed_door")["entities"] == [RENAMED]


async def test_a_zone_that_was_left_out_as_open_does_not_trip_by_it(hass: HomeAssistant) -> None:
    (contact,) = await installed(hass, SHED)
    await move_in(hass, *PARTS)
    contact.senses(is_on=True)
    await act(hass, "arm", mode="home", code=CODE, force=True)

    rename(hass, SHED, RENAMED)
    await hass.async_block_till_done()

    assert shown(hass) == "armed_home"


async def test_a_running_delay_goes_on(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    (contact,) = await installed(hass, SHED)
    await move_in(hass, area(), *ZONES, user(), zone(SHED, "entry_exit", "home"))
    await panel(hass, "alarm_arm_home", code=CODE)
    contact.senses(is_on=True)
    await hass.async_block_till_done()
    end = attributes(hass)["delay_end"]

    rename(hass, SHED, RENAMED)
    await hass.async_block_till_done()
    pending = (shown(hass), attributes(hass)["delay_end"])
    await wait(hass, freezer, 31)

    assert pending == ("pending", end)
    assert shown(hass) == "triggered"


async def test_two_sensors_that_change_names_with_each_other_keep_their_zones(hass: HomeAssistant) -> None:
    await installed(hass, SHED, RENAMED)
    entry = await move_in(hass, *PARTS, zone(RENAMED, "entry_exit", "away"))

    rename(hass, SHED, "binary_sensor.between")
    rename(hass, RENAMED, SHED)
    rename(hass, "binary_sensor.between", RENAMED)
    await hass.async_block_till_done()

    assert part(entry, "zone_shed_door")["entities"] == [RENAMED]
    assert part(entry, "zone_garden_door")["entities"] == [SHED]


async def test_many_renames_in_one_go_are_one_reload(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await installed(hass, SHED, RENAMED)
    entry = await move_in(hass, *PARTS, zone(RENAMED, "entry_exit", "away"))
    reloads: list[str] = []
    reload = hass.config_entries.async_schedule_reload

    def counted(entry_id: str) -> None:
        reloads.append(entry_id)
        reload(entry_id)

    monkeypatch.setattr(hass.config_entries, "async_schedule_reload", counted)

    rename(hass, SHED, "binary_sensor.one")
    rename(hass, RENAMED, "binary_sensor.two")
    await hass.async_block_till_done()

    assert reloads == [entry.entry_id]
    assert part(entry, "zone_garden_door")["entities"] == ["binary_sensor.two"]


async def test_a_rename_while_the_panel_was_not_loaded_is_seen_at_its_start(hass: HomeAssistant) -> None:
    (contact,) = await installed(hass, SHED)
    entry = await move_in(hass, *PARTS)
    await panel(hass, "alarm_arm_home", code=CODE)
    await hass.config_entries.async_unload(entry.entry_id)
    rename(hass, SHED, RENAMED)
    await hass.async_block_till_done()

    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    meanwhile = shown(hass)
    contact.senses(is_on=True)
    await hass.async_block_till_done()

    assert (meanwhile, shown(hass)) == ("armed_home", "triggered")


async def test_a_sensor_that_came_after_the_panel_is_followed_too(hass: HomeAssistant) -> None:
    entry = await move_in(hass, *PARTS)
    await installed(hass, SHED)

    rename(hass, SHED, RENAMED)
    await hass.async_block_till_done()

    assert part(entry, "zone_shed_door")["entities"] == [RENAMED]


async def test_another_sensor_under_the_old_id_is_another_sensor(hass: HomeAssistant) -> None:
    """Removed and added anew: the registry id is new, and there is nothing to follow."""
    await installed(hass, SHED)
    entry = await move_in(hass, *PARTS)
    er.async_get(hass).async_remove(SHED)
    await hass.async_block_till_done()
    await installed(hass, SHED)

    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()

    assert part(entry, "zone_shed_door")["entities"] == [SHED]


PERSON = subentry(
    "person",
    "person_anna",
    name="Anna",
    person="person.anna",
    trackers=["device_tracker.anna"],
    notify=["notify.tab"],
)
CALENDAR = subentry("calendar", "calendar_family", name="Family", kind="vacation", calendar="calendar.family")
CAMERA = subentry("camera", "camera_yard", name="Yard", entity="camera.yard", areas=[], zones=[])
WATCHED = zone(
    GATE,
    "instant",
    "away",
    battery_entities=["sensor.gate_battery"],
    tamper_entities=["binary_sensor.gate_tamper"],
)
OPTIONS: dict[str, Any] = {
    "power_entities": ["binary_sensor.mains"],
    "jam_entities": ["binary_sensor.jam"],
    "guest_mode": "input_boolean.guests",
    "notify_targets": ["notify.kitchen"],
    "duress_targets": ["notify.aunt"],
}


@pytest.mark.parametrize(
    ("old", "where"),
    [
        ("person.anna", lambda entry: part(entry, "person_anna")["person"]),
        ("device_tracker.anna", lambda entry: part(entry, "person_anna")["trackers"][0]),
        ("notify.tab", lambda entry: part(entry, "person_anna")["notify"][0]),
        ("calendar.family", lambda entry: part(entry, "calendar_family")["calendar"]),
        ("camera.yard", lambda entry: part(entry, "camera_yard")["entity"]),
        ("sensor.gate_battery", lambda entry: part(entry, "zone_garage_gate")["battery_entities"][0]),
        ("binary_sensor.gate_tamper", lambda entry: part(entry, "zone_garage_gate")["tamper_entities"][0]),
        ("binary_sensor.mains", lambda entry: entry.options["power_entities"][0]),
        ("binary_sensor.jam", lambda entry: entry.options["jam_entities"][0]),
        ("input_boolean.guests", lambda entry: entry.options["guest_mode"]),
        ("notify.kitchen", lambda entry: entry.options["notify_targets"][0]),
        ("notify.aunt", lambda entry: entry.options["duress_targets"][0]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_whatever_names_an_entity_names_it_by_its_new_id(
    hass: HomeAssistant, old: str, where: Callable[[MockConfigEntry], str]
) -> None:
    known(hass, old)
    entry = await move_in(hass, area(), *ZONES, user(), WATCHED, PERSON, CALENDAR, CAMERA, **OPTIONS)
    before = where(entry)

    rename(hass, old, f"{old}_2")
    await hass.async_block_till_done()

    assert (before, where(entry)) == (old, f"{old}_2")


async def test_a_notify_action_keeps_its_name_when_an_entity_called_alike_is_renamed(
    hass: HomeAssistant,
) -> None:
    known(hass, "notify.kitchen")
    hass.services.async_register("notify", "kitchen", lambda _call: None)
    entry = await move_in(hass, *PARTS, **OPTIONS)

    rename(hass, "notify.kitchen", "notify.kitchen_2")
    await hass.async_block_till_done()

    assert entry.options["notify_targets"] == ["notify.kitchen"]


async def test_a_name_that_looks_like_an_id_is_a_name(hass: HomeAssistant) -> None:
    known(hass, HALL)
    close_all(hass)
    entry = await move_in(hass, area(), user(), zone(HALL, "instant", "away", name=HALL))

    rename(hass, HALL, "binary_sensor.attic_motion")
    await hass.async_block_till_done()

    assert part(entry, "zone_hall_motion")["name"] == HALL
    assert part(entry, "zone_hall_motion")["entities"] == ["binary_sensor.attic_motion"]


async def test_a_file_of_ids_that_cannot_be_read_keeps_no_panel_from_guarding(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    close_all(hass)
    entry = house_entry(*PARTS)
    key = entity_id_store(hass, entry.entry_id).key
    hass_storage[key] = {"version": 99, "minor_version": 1, "key": key, "data": {}}
    entry.add_to_hass(hass)

    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    sense(hass, HALL, "off")

    assert shown(hass, PANEL) == "disarmed"
