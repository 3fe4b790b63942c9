"""Areas, zones, users and groups, as a person adds and changes them; the panel keeps its state."""

from typing import Any
from unittest.mock import AsyncMock, patch

import probatio as vol
import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData, section
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.alarm_broker.codes.hashing import CodeUser, async_matching_user
from custom_components.alarm_broker.core.panel.config import ArmMode
from tests.integration.house import (
    AREA,
    CODE,
    DOOR,
    DURESS_CODE,
    GARAGE,
    GARAGE_PARTS,
    HALL,
    HOUSE,
    MASTER,
    SMOKE,
    WINDOW,
    ZONES,
    area,
    attributes,
    close_all,
    mode,
    move_in,
    panel,
    parts_of,
    shown,
    subentry,
    under_duress,
    user,
    zone,
)
from tests.integration.subentries.forms import add, change

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf", "unloaded")

RIGHTS = {"enabled": True, "areas": [], "actions": ["arm", "disarm"]}
BERT = {
    "name": "Bert",
    "code": "8642",
    "code_again": "8642",
    "duress": False,
    "rights": RIGHTS,
    "validity": {"weekdays": []},
}
WITHOUT_CODE = {key: value for key, value in BERT.items() if not key.startswith("code")}
ZONE = {
    "name": "Kitchen window",
    "area": AREA,
    "entities": [WINDOW],
    "kind": "instant",
    "modes": ["away"],
    "arming": {"bypassable": True},
    "tripping": {"hold": 0, "trips": 1, "trip_window": 30},
    "reading": {},
    "supervision": {"battery_entities": [], "tamper_entities": []},
}


async def test_a_second_area_brings_its_own_panel_and_a_master(hass: HomeAssistant) -> None:
    entry = await move_in(hass)

    await add(hass, entry, "area", {"name": "Garage", "modes": ["away"]}, {"away": mode(exit_delay=10)})

    assert shown(hass, "alarm_control_panel.garage") == "disarmed"
    assert shown(hass, MASTER) == "disarmed"


@pytest.mark.parametrize(
    ("answer", "errors"),
    [
        ({"name": "home", "modes": ["away"]}, {"name": "name_taken"}),
        ({"name": " ", "modes": ["away"]}, {"name": "name_missing"}),
        ({"name": "Attic", "modes": []}, {"modes": "no_modes"}),
    ],
)
async def test_an_area_that_makes_no_sense_is_refused(
    hass: HomeAssistant, answer: dict[str, Any], errors: dict[str, str]
) -> None:
    entry = await move_in(hass)

    result = await add(hass, entry, "area", answer)

    assert result["errors"] == errors


async def test_times_outside_the_profile_are_refused_with_the_range(hass: HomeAssistant) -> None:
    entry = await move_in(
        hass, area(away=mode(exit_delay=60, entry_delay=30)), *ZONES[:1], user(), profile="cp01"
    )

    result = await change(
        hass,
        entry,
        AREA,
        {"name": "Home", "modes": ["away"]},
        {"away": mode(exit_delay=45, entry_delay=40)},
    )

    assert result["errors"] == {"base": "profile_violated"}
    assert result["description_placeholders"]["violations"] == "Home, Away: Entry delay (≤ 30 s)"


async def test_an_armed_area_stays_armed_while_it_is_changed(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    await panel(hass, "alarm_arm_home", code=CODE)

    await change(
        hass,
        entry,
        AREA,
        {"name": "House", "modes": ["away", "home", "night"]},
        {"away": mode(), "home": mode(exit_delay=0), "night": mode()},
        {"night": ["zone_front_door"]},
    )

    assert shown(hass) == "armed_home"
    assert hass.states.get("binary_sensor.house_ready_to_arm_night") is not None
    assert parts_of(entry, "area")[0].title == "House"


def chosen(result: Any) -> dict[str, list[str]]:
    """Return what is chosen already in a form of multiple choices."""
    return {str(key): key.description["suggested_value"] for key in result["data_schema"].schema}


async def test_an_added_mode_asks_which_zones_it_guards_with_the_likely_ones_chosen(
    hass: HomeAssistant,
) -> None:
    inside = zone(HALL, "follower", "away")
    entry = await move_in(hass, area(away=mode()), *ZONES[:2], inside, ZONES[3], user(), *GARAGE_PARTS)
    reloads = AsyncMock(wraps=hass.config_entries.async_reload)
    modes = ["away", "night", "vacation"]

    form = await change(hass, entry, AREA, {"name": "Home", "modes": modes}, {one: mode() for one in modes})
    before = entry.runtime_data.system.panel_config
    with patch.object(hass.config_entries, "async_reload", reloads):
        await hass.config_entries.subentries.async_configure(form["flow_id"], chosen(form))
        await hass.async_block_till_done()

    around = ["zone_front_door", "zone_kitchen_window"]
    everything = [*around, "zone_hall_motion"]
    assert chosen(form) == {"night": around, "vacation": everything}
    assert list(before.areas[AREA].modes) == ["away"], "nothing is kept before the last step"
    after = entry.runtime_data.system.panel_config.areas[AREA].modes
    assert {name: set(one.zones) for name, one in after.items()} == {
        "away": set(everything),
        "night": set(around),
        "vacation": set(everything),
    }
    assert reloads.await_count == 1


async def test_an_added_mode_guards_what_is_chosen_and_a_mode_that_was_there_what_it_did(
    hass: HomeAssistant,
) -> None:
    entry = await move_in(hass)
    modes = ["away", "home", "night"]

    await change(
        hass,
        entry,
        AREA,
        {"name": "Home", "modes": modes},
        {one: mode() for one in modes},
        {"night": ["zone_hall_motion"]},
    )

    guarded = entry.runtime_data.system.panel_config.areas[AREA].modes
    assert sorted(guarded[ArmMode.NIGHT].zones) == ["zone_hall_motion"]
    assert sorted(guarded[ArmMode.HOME].zones) == ["zone_front_door", "zone_kitchen_window"]


async def test_an_area_without_zones_has_nothing_to_choose_for_a_mode(hass: HomeAssistant) -> None:
    entry = await move_in(hass, area(away=mode()), ZONES[3], user())

    result = await change(
        hass, entry, AREA, {"name": "Home", "modes": ["away", "home"]}, {"away": mode(), "home": mode()}
    )

    assert result["reason"] == "reconfigure_successful"


async def test_a_mode_that_an_area_lost_is_not_chosen_in_its_zones(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    await change(hass, entry, AREA, {"name": "Home", "modes": ["away"]}, {"away": mode()})

    form = await change(hass, entry, "zone_kitchen_window")

    assert as_shown(form["data_schema"])["modes"] == ["away"]


async def test_two_clicks_make_zones_of_all_that_is_likely(hass: HomeAssistant) -> None:
    """Open the form, press submit."""
    close_all(hass)
    hass.states.async_set("sensor.clock", "12")
    hass.states.async_set("binary_sensor.updates", "off", {"device_class": "update"})
    entry = await move_in(hass, area(), user())

    form = await hass.config_entries.subentries.async_init(
        (entry.entry_id, "zone"), context={"source": "user"}
    )
    schema: Any = form["data_schema"]
    suggested = {str(key): key.description["suggested_value"] for key in schema.schema if key.description}
    await hass.config_entries.subentries.async_configure(form["flow_id"], {**suggested, "together": False})
    await hass.async_block_till_done()

    found = {zone.title: (zone.data["kind"], zone.data["modes"]) for zone in parts_of(entry, "zone")}
    assert found == {
        "Front door": ("entry_exit", ["away", "home"]),
        "Kitchen window": ("instant", ["away", "home"]),
        "Hall motion": ("follower", ["away"]),
        "Smoke detector": ("fire", []),
        "Garage gate": ("entry_exit", ["away", "home"]),
    }
    assert attributes(hass)["open_zones"] == []


async def test_a_hundred_new_zones_are_one_reload(hass: HomeAssistant) -> None:
    entry = await move_in(hass, area(), user())
    windows = [f"binary_sensor.window_{number}" for number in range(100)]
    for window in windows:
        hass.states.async_set(window, "off", {"device_class": "window"})
    reloads = 0
    unload = hass.config_entries.async_unload

    async def counted(entry_id: str, **kwargs: Any) -> bool:
        nonlocal reloads
        reloads += 1
        return await unload(entry_id, **kwargs)

    with patch.object(hass.config_entries, "async_unload", counted):
        await add(hass, entry, "zone", {"area": AREA, "entities": windows, "together": False})

    assert len(parts_of(entry, "zone")) == 100
    assert len(entry.runtime_data.system.panel_config.zones) == 100
    assert reloads <= 2


async def test_several_sensors_can_be_one_zone(hass: HomeAssistant) -> None:
    entry = await move_in(hass, area(), user())

    await add(hass, entry, "zone", {"area": AREA, "entities": [DOOR, WINDOW], "together": True})

    (found,) = parts_of(entry, "zone")
    assert found.data["entities"] == [DOOR, WINDOW]


async def test_battery_and_tamper_of_the_same_device_are_found(
    hass: HomeAssistant, entity_registry: er.EntityRegistry, device_registry: dr.DeviceRegistry
) -> None:
    close_all(hass)
    other = MockConfigEntry(domain="zigbee")
    other.add_to_hass(hass)
    device = device_registry.async_get_or_create(
        config_entry_id=other.entry_id, identifiers={("zigbee", "1")}
    )
    for domain, device_class in (
        ("binary_sensor", "door"),
        ("sensor", "battery"),
        ("binary_sensor", "tamper"),
    ):
        entity_registry.async_get_or_create(
            domain,
            "zigbee",
            device_class,
            suggested_object_id=f"back_{device_class}",
            device_id=device.id,
            original_device_class=device_class,
        )
    hass.states.async_set("binary_sensor.back_door", "off", {"device_class": "door"})
    entry = await move_in(hass, area(), user())

    await add(hass, entry, "zone", {"area": AREA, "entities": ["binary_sensor.back_door"], "together": False})

    (found,) = parts_of(entry, "zone")
    assert found.data["battery_entities"] == ["sensor.back_battery"]
    assert found.data["tamper_entities"] == ["binary_sensor.back_tamper"]


async def test_a_sensor_that_is_in_a_zone_is_not_offered_again(hass: HomeAssistant) -> None:
    entry = await move_in(hass)

    with pytest.raises(InvalidData):
        await add(hass, entry, "zone", {"area": AREA, "entities": [DOOR], "together": False})


async def test_without_an_area_there_is_no_zone(hass: HomeAssistant) -> None:
    entry = await move_in(hass, user())

    result = await add(hass, entry, "zone")

    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "no_area")


async def test_everything_about_a_zone_can_be_changed(hass: HomeAssistant) -> None:
    entry = await move_in(hass)

    await change(
        hass,
        entry,
        "zone_kitchen_window",
        {
            **ZONE,
            "name": "Pantry",
            "kind": "entry_exit",
            "modes": ["away", "home"],
            "arming": {"bypassable": False, "final_set": True, "chime": True},
            "tripping": {"entry_delay": 15, "hold": 2, "trips": 2, "trip_window": 20},
            "reading": {"invert": True},
            "supervision": {"battery_entities": [], "tamper_entities": [], "heartbeat_hours": 24},
        },
    )

    zone = entry.runtime_data.system.panel_config.zones["zone_kitchen_window"]
    assert (zone.kind, zone.final_set, zone.chime, zone.bypassable) == ("entry_exit", True, True, False)
    assert zone.entry_delay is not None
    assert [zone.entry_delay.seconds, zone.hold.seconds, zone.trips, zone.trip_window.seconds] == [
        15,
        2,
        2,
        20,
    ]
    assert entry.runtime_data.system.zone_name("zone_kitchen_window") == "Pantry"
    assert attributes(hass)["open_zones"] == ["Pantry"], "inverted: off is open"


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"name": "front door"}, {"name": "name_taken"}),
        ({"entities": []}, {"entities": "no_entities"}),
        ({"entities": [WINDOW, DOOR]}, {"entities": "entity_taken"}),
        ({"modes": []}, {"modes": "never_guarded"}),
        ({"modes": ["night"]}, {"modes": "never_guarded"}),
        ({"modes": ["away", "night"]}, {"modes": "mode_not_in_area"}),
        ({"kind": "fire"}, {"base": "life_safety"}),
        ({"tripping": {**ZONE["tripping"], "silent": True}}, {"base": "only_panic_is_silent"}),  # type: ignore[dict-item] # a section
        ({"arming": {"bypassable": True, "final_set": True}}, {"base": "final_door_is_entry"}),
    ],
)
async def test_a_zone_that_makes_no_sense_is_refused_and_can_be_mended(
    hass: HomeAssistant, changes: dict[str, Any], errors: dict[str, str]
) -> None:
    entry = await move_in(hass)

    result = await change(hass, entry, "zone_kitchen_window", {**ZONE, **changes})
    mended = await hass.config_entries.subentries.async_configure(result["flow_id"], ZONE)
    await hass.async_block_till_done()

    assert result["errors"] == errors
    assert mended["reason"] == "reconfigure_successful"


async def test_a_zones_own_entry_delay_keeps_to_the_profile(hass: HomeAssistant) -> None:
    entry = await move_in(hass, area(away=mode()), *ZONES[:2], user(code="471100"), profile="cp01")
    delay = {"tripping": {**ZONE["tripping"], "entry_delay": 31}}  # type: ignore[dict-item] # a section

    result = await change(hass, entry, "zone_kitchen_window", {**ZONE, **delay})

    assert result["errors"] == {"base": "profile_violated"}


async def test_a_new_user_can_disarm_and_only_a_hash_is_kept(hass: HomeAssistant) -> None:
    entry = await move_in(hass)

    await add(hass, entry, "user", BERT)
    await panel(hass, "alarm_arm_home", code="8642")

    assert attributes(hass)["changed_by"] == "Bert"
    assert "8642" not in str(entry.as_dict())
    assert parts_of(entry, "user")[1].data["code_length"] == 4


async def test_a_temporary_user_that_is_changed_stays_temporary(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    cleaner = user("Cleaner", "8642", temporary=True, valid_until="2099-01-01T12:00:00+00:00")
    entry = await move_in(hass, *HOUSE, cleaner)
    sooner = {"weekdays": [], "valid_until": "2098-01-01 12:00:00"}
    answer = {**BERT, "name": "Cleaner", "code": "", "code_again": "", "validity": sooner}

    await change(hass, entry, "user_cleaner", answer)
    freezer.move_to("2098-01-02T12:00:00+00:00")
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()

    assert "user_cleaner" not in entry.subentries


async def test_an_empty_code_keeps_the_one_that_is_set(hass: HomeAssistant) -> None:
    entry = await move_in(hass)

    await change(hass, entry, "user_anna", {**WITHOUT_CODE, "name": "Anna Lou"})

    (anna,) = parts_of(entry, "user")
    assert anna.title == "Anna Lou"
    assert await async_matching_user(hass, CODE, [CodeUser("x", anna.data["code_hash"])]) == "x"


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"name": "anna"}, {"name": "name_taken"}),
        ({"name": ""}, {"name": "name_missing"}),
        ({"code_again": "8643"}, {"code_again": "codes_differ"}),
        ({"code": "123", "code_again": "123"}, {"code": "code_too_short"}),
        ({"code": "abcd", "code_again": "abcd"}, {"code": "code_not_digits"}),
        ({"code": CODE, "code_again": CODE}, {"code": "code_taken"}),
        ({"code": "9265", "code_again": "9265"}, {"code": "code_like_duress"}),
        ({"code": "92641", "code_again": "92641"}, {"code": "code_like_duress"}),
    ],
)
async def test_a_user_that_makes_no_sense_is_refused(
    hass: HomeAssistant, changes: dict[str, Any], errors: dict[str, str]
) -> None:
    entry = await move_in(hass, *HOUSE, under_duress())

    result = await add(hass, entry, "user", {**BERT, **changes})

    assert result["errors"] == errors


async def test_a_duress_code_bears_the_name_of_whom_it_protects(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    answer = {**BERT, "name": "Anna", "code": DURESS_CODE, "code_again": DURESS_CODE, "duress": True}

    result = await add(hass, entry, "user", answer)

    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_user_of_removed_areas_does_not_gain_all_areas(hass: HomeAssistant) -> None:
    entry = await move_in(hass, *HOUSE, *GARAGE_PARTS, user("Bert", "8642", areas=[GARAGE]))
    hass.config_entries.async_remove_subentry(entry, GARAGE)
    await hass.async_block_till_done()

    form = await change(hass, entry, "user_bert")
    untouched = as_shown(form["data_schema"])
    refused = await hass.config_entries.subentries.async_configure(form["flow_id"], untouched)
    untouched["rights"]["areas"] = [AREA]
    mended = await hass.config_entries.subentries.async_configure(form["flow_id"], untouched)
    await hass.async_block_till_done()

    assert refused["errors"] == {"base": "no_area_left"}
    assert mended["reason"] == "reconfigure_successful"
    assert entry.runtime_data.system.panel_config.users["user_bert"].areas == {AREA}


async def test_a_user_keeps_the_areas_that_are_left(hass: HomeAssistant) -> None:
    entry = await move_in(hass, *HOUSE, *GARAGE_PARTS, user("Bert", "8642", areas=[AREA, GARAGE]))
    hass.config_entries.async_remove_subentry(entry, GARAGE)
    await hass.async_block_till_done()

    form = await change(hass, entry, "user_bert")
    await hass.config_entries.subentries.async_configure(form["flow_id"], as_shown(form["data_schema"]))
    await hass.async_block_till_done()

    assert entry.runtime_data.system.panel_config.users["user_bert"].areas == {AREA}


async def test_the_days_between_which_a_code_works_can_be_taken_away(hass: HomeAssistant) -> None:
    span = {"valid_from": "2026-01-01 00:00:00", "valid_until": "2026-02-01 00:00:00"}
    entry = await move_in(hass, *HOUSE, user("Bert", "8642", **span))

    kept = await change(hass, entry, "user_bert", {**WITHOUT_CODE, "validity": {**span, "weekdays": []}})
    before = entry.runtime_data.system.panel_config.users["user_bert"]
    away = {**span, "no_beginning": True, "no_end": True, "weekdays": []}
    await change(hass, entry, "user_bert", {**WITHOUT_CODE, "validity": away})
    after = entry.runtime_data.system.panel_config.users["user_bert"]
    form = await change(hass, entry, "user_bert")

    assert kept["reason"] == "reconfigure_successful"
    assert None not in (before.valid_from, before.valid_until)
    assert (after.valid_from, after.valid_until) == (None, None)
    assert "no_end" not in as_shown(form["data_schema"])["validity"], "there is none to take away"


async def test_the_profile_asks_for_longer_codes(hass: HomeAssistant) -> None:
    entry = await move_in(hass, area(away=mode()), user(code="471100"), profile="en-g2")

    result = await add(hass, entry, "user", BERT)

    assert result["errors"] == {"code": "code_too_short"}


async def test_a_group_of_zones_alarms_only_together(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    answer = {
        "name": "Both",
        "zones": ["zone_kitchen_window", "zone_hall_motion"],
        "required": 2,
        "window": 60,
    }

    await add(hass, entry, "group", answer)

    (group,) = entry.runtime_data.system.panel_config.groups.values()
    assert (group.required, group.window.seconds, sorted(group.zones)) == (
        2,
        60,
        ["zone_hall_motion", "zone_kitchen_window"],
    )


async def test_a_group_needs_zones_of_one_area_that_can_be_grouped(hass: HomeAssistant) -> None:
    entry = await move_in(hass, area(), *ZONES[:2], user())

    result = await add(hass, entry, "group")

    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "too_few_zones")


BOTH = subentry(
    "group",
    "group_both",
    name="Both",
    zones=["zone_kitchen_window", "zone_hall_motion"],
    required=2,
    window=60,
)


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"kind": "entry_exit"}, {"kind": "kind_in_group"}),
        ({"kind": "fire", "arming": {"bypassable": False}}, {"kind": "kind_in_group"}),
        ({"area": GARAGE}, {"area": "area_in_group"}),
    ],
)
async def test_a_zone_is_taken_out_of_its_group_before_it_becomes_something_else(
    hass: HomeAssistant, changes: dict[str, Any], errors: dict[str, str]
) -> None:
    entry = await move_in(hass, *HOUSE, *GARAGE_PARTS, BOTH)

    refused = await change(hass, entry, "zone_kitchen_window", {**ZONE, **changes})
    hass.config_entries.async_remove_subentry(entry, "group_both")
    allowed = await hass.config_entries.subentries.async_configure(refused["flow_id"], {**ZONE, **changes})
    await hass.async_block_till_done()

    assert refused["errors"] == errors
    assert refused["description_placeholders"]["group"] == "Both"
    assert allowed["reason"] == "reconfigure_successful"


async def test_a_zone_that_stays_what_it_is_can_be_changed_within_its_group(hass: HomeAssistant) -> None:
    entry = await move_in(hass, *HOUSE, BOTH)

    result = await change(hass, entry, "zone_kitchen_window", {**ZONE, "kind": "follower", "name": "Pantry"})

    assert result["reason"] == "reconfigure_successful"
    assert len(entry.runtime_data.system.panel_config.groups) == 1


@pytest.mark.parametrize(
    ("member", "needed", "together"),
    [
        (zone("binary_sensor.stray", "fire"), 2, {"zone_kitchen_window", "zone_hall_motion"}),
        (zone("binary_sensor.stray", "gas"), 3, set()),
        (zone("binary_sensor.stray", "panic"), 3, set()),
        (zone("binary_sensor.stray", "entry_exit", "away"), 3, set()),
        (zone("binary_sensor.stray", "instant", "away", area_id=GARAGE), 3, set()),
        (zone("binary_sensor.stray", "instant", "away"), 3, None),
    ],
)
async def test_a_stored_group_holds_no_zone_back_that_must_alarm_alone(
    hass: HomeAssistant, member: Any, needed: int, together: set[str] | None
) -> None:
    zones = ["zone_stray", "zone_kitchen_window", "zone_hall_motion"]
    group = subentry("group", "group_all", name="All", zones=zones, required=needed, window=60)
    entry = await move_in(hass, *HOUSE, *GARAGE_PARTS, member, group)

    groups = entry.runtime_data.system.panel_config.groups.values()

    assert {zone_id for one in groups for zone_id in one.zones} == (
        set(zones) if together is None else together
    )


async def test_a_group_can_be_changed_after_one_of_its_zones_was_removed(hass: HomeAssistant) -> None:
    gone = subentry(
        "zone", "zone_gone", **{**ZONES[2]["data"], "name": "Gone", "entities": ["binary_sensor.x"]}
    )
    members = ["zone_gone", "zone_kitchen_window", "zone_hall_motion"]
    group = subentry("group", "group_all", name="All", zones=members, required=2, window=60)
    entry = await move_in(hass, *HOUSE, gone, group)
    hass.config_entries.async_remove_subentry(entry, "zone_gone")
    await hass.async_block_till_done()

    form = await change(hass, entry, "group_all")
    result = await hass.config_entries.subentries.async_configure(
        form["flow_id"], as_shown(form["data_schema"])
    )
    await hass.async_block_till_done()

    assert result["reason"] == "reconfigure_successful"
    assert parts_of(entry, "group")[0].data["zones"] == members[1:]


CLEANING = subentry(
    "calendar",
    "rule",
    name="Cleaning",
    kind="cleaning",
    calendar="calendar.family",
    words=[],
    lead=0,
    lag=0,
    zones=["zone_hall_motion", "zone_kitchen_window"],
    rearm=False,
)
CAMERA = subentry(
    "camera",
    "camera",
    name="Hall",
    server=None,
    camera=None,
    entity="camera.hall",
    zones=["zone_hall_motion", "zone_kitchen_window"],
    areas=[],
    inside=False,
    labels=["person"],
    min_score=60,
)


@pytest.mark.parametrize("part", [CLEANING, CAMERA])
async def test_what_names_a_removed_zone_can_be_changed(hass: HomeAssistant, part: Any) -> None:
    entry = await move_in(hass, *HOUSE, part)
    hass.config_entries.async_remove_subentry(entry, "zone_hall_motion")
    await hass.async_block_till_done()

    form = await change(hass, entry, part["subentry_id"])
    result = await hass.config_entries.subentries.async_configure(
        form["flow_id"], as_shown(form["data_schema"])
    )
    await hass.async_block_till_done()

    assert result["reason"] == "reconfigure_successful"
    assert entry.subentries[part["subentry_id"]].data["zones"] == ["zone_kitchen_window"]


async def test_a_zone_whose_area_was_removed_can_be_given_another(hass: HomeAssistant) -> None:
    entry = await move_in(hass, *HOUSE, *GARAGE_PARTS)
    hass.config_entries.async_remove_subentry(entry, GARAGE)
    await hass.async_block_till_done()

    form = await change(hass, entry, "zone_garage_gate")
    shown_first = as_shown(form["data_schema"])
    await hass.config_entries.subentries.async_configure(form["flow_id"], {**shown_first, "area": AREA})
    await hass.async_block_till_done()

    assert "area" not in shown_first
    assert "zone_garage_gate" in entry.runtime_data.system.panel_config.areas[AREA].modes[ArmMode.AWAY].zones


async def test_zones_without_an_area_are_guarded_by_nobody_and_it_is_said(hass: HomeAssistant) -> None:
    entry = await move_in(hass, *HOUSE, *GARAGE_PARTS)

    hass.config_entries.async_remove_subentry(entry, "area_garage")
    await hass.async_block_till_done()

    assert entry.runtime_data.system.config.orphaned_zones == ("Garage gate",)
    assert HALL in entry.runtime_data.system.config.sensing["zone_hall_motion"].entities
    assert SMOKE in entry.runtime_data.system.config.sensing["zone_smoke"].entities


async def test_zones_whose_modes_were_taken_from_the_area_are_guarded_by_nobody_and_it_is_said(
    hass: HomeAssistant,
) -> None:
    entry = await move_in(hass, *HOUSE)
    home = entry.subentries[AREA]

    hass.config_entries.async_update_subentry(
        entry, home, data={**home.data, "modes": {"home": home.data["modes"]["home"]}}
    )
    await hass.async_block_till_done()

    (issue,) = ir.async_get(hass).issues.values()
    assert issue.translation_key == "homeless_zones"
    assert issue.translation_placeholders is not None
    assert issue.translation_placeholders["zones"] == "Hall motion"


def as_shown(schema: Any) -> dict[str, Any]:
    """Return what a form sends when nobody touches it: suggested values, else defaults, sections within."""
    sent: dict[str, Any] = {}
    for key, value in schema.schema.items():
        if isinstance(value, section):
            suggested = (key.description or {}).get("suggested_value", {})
            sent[str(key)] = {**as_shown(value.schema), **suggested}
        elif key.description and "suggested_value" in key.description:
            sent[str(key)] = key.description["suggested_value"]
        elif not isinstance(key.default, vol.Undefined):
            sent[str(key)] = key.default()
    return sent


@pytest.mark.parametrize(
    ("subentry_id", "steps"),
    [("zone_kitchen_window", 1), ("zone_smoke", 1), ("user_anna", 1), (AREA, 2), ("group_both", 1)],
)
async def test_a_form_that_is_opened_and_submitted_changes_nothing(
    hass: HomeAssistant, subentry_id: str, steps: int
) -> None:
    entry = await move_in(hass, *HOUSE, BOTH)
    before = entry.runtime_data.system.config

    result: Any = await entry.start_subentry_reconfigure_flow(hass, subentry_id)
    for _ in range(steps):
        answer = as_shown(result["data_schema"])
        result = await hass.config_entries.subentries.async_configure(result["flow_id"], answer)
    await hass.async_block_till_done()

    assert result["reason"] == "reconfigure_successful"
    assert entry.runtime_data.system.config == before
