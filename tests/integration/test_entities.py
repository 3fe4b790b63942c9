"""What the panel's entities show, in a real Home Assistant with its clock moved."""

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_state_change_event
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.alarm_broker import switch
from custom_components.alarm_broker.core.panel.events import WindowsChanged
from custom_components.alarm_broker.core.windows import WindowKind
from custom_components.alarm_broker.system.activity import ActivityKind
from tests.integration.house import (
    AREA,
    CODE,
    DOOR,
    GARAGE,
    GARAGE_PANEL,
    GARAGE_PARTS,
    GATE,
    HALL,
    HOUSE,
    MASTER,
    OPTIONS,
    PANEL,
    SMOKE,
    WINDOW,
    ZONES,
    area,
    attributes,
    mode,
    move_in,
    panel,
    sense,
    shown,
    user,
    wait,
    zone,
)

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf")

READY_AWAY, READY_HOME = "binary_sensor.home_ready_to_arm_away", "binary_sensor.home_ready_to_arm_home"
MEMORY = "binary_sensor.home_alarm_memory"
EVENT = "event.home_alarm_panel"
OPEN_ZONES = "sensor.home_open_zones"


async def press(hass: HomeAssistant, entity_id: str) -> None:
    await hass.services.async_call("button", "press", {"entity_id": entity_id}, blocking=True)
    await hass.async_block_till_done()


async def turn(hass: HomeAssistant, entity_id: str, state: str) -> None:
    await hass.services.async_call("switch", f"turn_{state}", {"entity_id": entity_id}, blocking=True)
    await hass.async_block_till_done()


async def test_what_changes_together_is_written_once(hass: HomeAssistant) -> None:
    await move_in(hass)
    written: list[tuple[str, str]] = []
    async_track_state_change_event(
        hass,
        [PANEL, OPEN_ZONES],
        callback(lambda event: written.append((event.data["entity_id"], event.data["new_state"].state))),
    )

    sense(hass, DOOR, "on")
    sense(hass, HALL, "on")
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()

    assert sorted(written) == [(PANEL, "disarmed"), (OPEN_ZONES, "3")]
    assert attributes(hass, PANEL)["open_zones"] == ["Front door", "Hall motion", "Kitchen window"]


async def test_a_panel_waits_for_nothing_to_show_an_alarm(hass: HomeAssistant) -> None:
    await move_in(hass)
    await panel(hass, "alarm_arm_home", code=CODE)
    await hass.async_block_till_done()

    sense(hass, WINDOW, "on")
    at_once = hass.states.get(PANEL)
    await hass.async_block_till_done()

    assert at_once is not None
    assert at_once.state == "triggered"
    assert at_once.attributes["alarm_zones"] == ["Kitchen window"]
    assert at_once.attributes["open_zones"] == ["Kitchen window"]


async def test_ready_sensors_follow_the_zones_that_their_mode_guards(hass: HomeAssistant) -> None:
    await move_in(hass)

    sense(hass, HALL, "on")
    await hass.async_block_till_done()
    with_motion = (shown(hass, READY_AWAY), shown(hass, READY_HOME))
    reason = attributes(hass, READY_AWAY)["open_zones"]
    sense(hass, HALL, "off")
    await hass.async_block_till_done()

    assert with_motion == ("off", "on")
    assert reason == ["Hall motion"]
    assert (shown(hass, READY_AWAY), shown(hass, READY_HOME)) == ("on", "on")


async def test_the_open_zones_are_counted_and_named_by_area(hass: HomeAssistant) -> None:
    await move_in(hass, *HOUSE, *GARAGE_PARTS)

    for sensor in (DOOR, WINDOW, GATE):
        sense(hass, sensor, "on")
    await hass.async_block_till_done()

    assert shown(hass, "sensor.home_open_zones") == "2"
    assert attributes(hass, "sensor.home_open_zones")["zones"] == ["Front door", "Kitchen window"]
    assert attributes(hass)["open_zones"] == ["Front door", "Kitchen window"]
    assert shown(hass, "sensor.garage_open_zones") == "1"


async def test_all_five_modes_can_be_offered_and_armed(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    modes = ["away", "home", "night", "vacation", "custom_bypass"]
    await move_in(
        hass,
        area(**{one: mode(exit_delay=0) for one in modes}),
        zone(WINDOW, "instant", *modes),
        user(),
    )
    states = []

    for one in modes:
        await panel(hass, f"alarm_arm_{one}", code=CODE)
        states.append(shown(hass))

    assert states == [f"armed_{one}" for one in modes]
    await wait(hass, freezer, 1)


async def test_the_master_shows_the_most_urgent_area_and_says_when_only_some_are_armed(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    await move_in(hass, *HOUSE, *GARAGE_PARTS)

    await panel(hass, "alarm_arm_home", code=CODE)
    partly = (shown(hass, MASTER), attributes(hass, MASTER))
    await panel(hass, "alarm_arm_away", entity_id=GARAGE_PANEL, code=CODE)
    mixed = (shown(hass, MASTER), attributes(hass, MASTER)["partly_armed"])
    sense(hass, GATE, "on")
    await hass.async_block_till_done()
    pending = shown(hass, MASTER)
    await panel(hass, "alarm_disarm", entity_id=MASTER, code=CODE)

    assert partly[0] == "armed_custom_bypass"
    assert partly[1]["partly_armed"] is True
    assert (partly[1]["armed_areas"], partly[1]["disarmed_areas"]) == (["Home"], ["Garage"])
    assert mixed == ("armed_custom_bypass", False)
    assert pending == "pending"
    assert (shown(hass), shown(hass, GARAGE_PANEL), shown(hass, MASTER)) == ("disarmed",) * 3
    await wait(hass, freezer, 1)


async def test_the_master_is_not_called_like_an_area_that_has_the_name_of_the_house(
    hass: HomeAssistant,
) -> None:
    await move_in(hass, *HOUSE, *GARAGE_PARTS, title="Home")

    assert {state.entity_id: state.name for state in hass.states.async_all("alarm_control_panel")} == {
        PANEL: "Home",
        GARAGE_PANEL: "Garage",
        "alarm_control_panel.home_all_areas": "Home All areas",
    }


async def test_a_single_area_needs_no_master_and_nobody_has_to_have_one(hass: HomeAssistant) -> None:
    await move_in(hass, *HOUSE, *GARAGE_PARTS, master=False)

    assert hass.states.get(MASTER) is None


async def test_the_alarm_memory_keeps_what_happened_until_the_button_is_pressed(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    await move_in(hass)
    sense(hass, SMOKE, "on")
    await wait(hass, freezer, 181)
    await panel(hass, "alarm_disarm", code=CODE)
    kept = shown(hass, MEMORY), attributes(hass, MEMORY)["alarms"]

    await press(hass, "button.home_clear_alarm_memory")

    assert kept[0] == "on"
    assert [(alarm["kind"], alarm["zones"]) for alarm in kept[1]] == [("fire", ["Smoke detector"])]
    assert shown(hass, MEMORY) == "off"


async def test_a_switch_leaves_a_zone_out_and_says_why(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    await move_in(hass)
    switch = "switch.kitchen_window_bypass"

    await turn(hass, switch, "on")
    by_hand = (shown(hass, switch), attributes(hass, switch)["reason"])
    await turn(hass, switch, "off")
    back = shown(hass, switch)
    sense(hass, WINDOW, "on")
    await hass.services.async_call(
        "alarm_broker",
        "arm",
        {"entity_id": PANEL, "mode": "home", "code": CODE, "force": True},
        blocking=True,
    )

    assert by_hand == ("on", "manual")
    assert back == "off"
    assert attributes(hass, switch)["reason"] == "forced"
    assert attributes(hass)["bypassed_zones"] == ["Kitchen window"]
    await wait(hass, freezer, 1)


async def test_a_switch_cannot_weaken_an_armed_area(hass: HomeAssistant) -> None:
    await move_in(hass)
    await panel(hass, "alarm_arm_home", code=CODE)

    with pytest.raises(ServiceValidationError) as refused:
        await turn(hass, "switch.kitchen_window_bypass", "on")

    assert refused.value.translation_key == "code_needed"
    assert shown(hass, "switch.kitchen_window_bypass") == "off"


async def test_a_zones_switch_is_not_written_for_other_zones(hass: HomeAssistant) -> None:
    await move_in(hass)
    written = {state.entity_id: state.last_reported for state in hass.states.async_all("switch")}

    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()

    assert len(written) == 3
    assert written == {state.entity_id: state.last_reported for state in hass.states.async_all("switch")}


async def test_an_alarm_does_not_wait_for_the_switches_of_the_zones(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switch, "AT_ONCE", 1)
    seen: list[str] = []

    @callback
    def changed(event: Event[EventStateChangedData]) -> None:
        entity_id, new = event.data["entity_id"], event.data["new_state"]
        if entity_id.startswith("switch."):
            seen.append("switch")
            # In a turn of its own, as a sensor's word comes.
            hass.loop.call_soon(sense, hass, SMOKE, "on")
        elif entity_id == PANEL and new is not None and new.state == "triggered":
            seen.append("triggered")

    hass.bus.async_listen(EVENT_STATE_CHANGED, changed)

    await move_in(hass)

    assert seen[:3] == ["switch", "triggered", "switch"]


async def test_the_chime_is_an_event_when_and_where_it_is_chosen(hass: HomeAssistant) -> None:
    await move_in(hass, area(), zone(DOOR, "entry_exit", "away", chime=True), user())
    sense(hass, DOOR, "on")
    await hass.async_block_till_done()
    first = attributes(hass, EVENT)

    await hass.services.async_call(
        "select", "select_option", {"entity_id": "select.home_chime", "option": "off"}, blocking=True
    )
    sense(hass, DOOR, "off")
    sense(hass, DOOR, "on")
    await hass.async_block_till_done()

    assert (first["event_type"], first["zones"]) == ("chime", ["Front door"])
    assert shown(hass, "select.home_chime") == "off"
    assert shown(hass, EVENT) == (hass.states.get(EVENT) or pytest.fail()).state


async def test_the_walk_test_button_begins_it_and_ends_it_with_a_report(hass: HomeAssistant) -> None:
    await move_in(hass)
    await press(hass, "button.home_walk_test")
    begun = attributes(hass, EVENT)["event_type"]
    for sensor in (DOOR, WINDOW, HALL):
        sense(hass, sensor, "on")
        sense(hass, sensor, "off")

    await press(hass, "button.home_walk_test")

    assert begun == "walk_test_started"
    assert attributes(hass, EVENT)["event_type"] == "walk_test_ended"
    assert attributes(hass, EVENT)["never_seen"] == ["Smoke detector"]


async def test_everything_that_can_happen_is_an_event_type(hass: HomeAssistant) -> None:
    await move_in(hass)

    assert attributes(hass, EVENT)["event_types"] == [kind.value for kind in ActivityKind]


async def test_a_refused_arming_is_an_event_that_names_the_zones(hass: HomeAssistant) -> None:
    await move_in(hass)
    sense(hass, WINDOW, "on")

    with pytest.raises(ServiceValidationError):
        await panel(hass, "alarm_arm_away", code=CODE)

    told = attributes(hass, EVENT)
    assert (told["event_type"], told["area"], told["zones"]) == ("arming_refused", "Home", ["Kitchen window"])


async def test_the_panel_tells_what_kind_of_alarm_it_is_and_the_most_urgent_first(
    hass: HomeAssistant,
) -> None:
    await move_in(hass)
    await panel(hass, "alarm_arm_home", code=CODE)

    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()
    burglary = attributes(hass)["alarm_kind"]
    sense(hass, SMOKE, "on")
    sense(hass, DOOR, "on")
    await hass.async_block_till_done()

    assert burglary == "burglary"
    assert attributes(hass)["alarm_kind"] == "fire"
    assert attributes(hass)["confirmed"] is True
    assert attributes(hass)["alarm_zones"] == ["Kitchen window", "Front door", "Smoke detector"]


async def test_the_countdown_sensor_is_there_for_who_wants_it(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to("2026-11-20T22:00:00+00:00")
    entry = await move_in(hass)
    er.async_get(hass).async_update_entity("sensor.home_delay_ends", disabled_by=None)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()

    await panel(hass, "alarm_arm_away", code=CODE)

    assert shown(hass, "sensor.home_delay_ends") == "2026-11-20T22:01:00+00:00"
    assert GARAGE not in entry.subentries


async def test_a_bypass_switch_says_why_also_when_only_that_changes(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    switch = "switch.hall_motion_bypass"
    await turn(hass, switch, "on")
    first = attributes(hass, switch)["reason"]
    left_out = WindowsChanged(
        kinds=frozenset({WindowKind.CLEANING}), left_out=frozenset({"zone_hall_motion"})
    )
    entry.runtime_data.system.async_report(left_out)
    await panel(hass, "alarm_arm_home", code=CODE)
    await panel(hass, "alarm_disarm", code=CODE)

    assert (first, attributes(hass, switch)["reason"]) == ("manual", "window")


async def test_the_master_names_every_area_that_is_armed(hass: HomeAssistant) -> None:
    shed = area("area_shed", "Shed", away=mode(exit_delay=0))
    await move_in(hass, *HOUSE, *GARAGE_PARTS, shed)
    await panel(hass, "alarm_arm_away", entity_id=GARAGE_PANEL, code=CODE)
    await panel(hass, "alarm_arm_away", entity_id="alarm_control_panel.shed", code=CODE)

    seen = attributes(hass, MASTER)

    assert (seen["armed_areas"], seen["disarmed_areas"]) == (["Garage", "Shed"], ["Home"])


async def test_the_master_names_what_is_open_and_left_out_in_any_area(hass: HomeAssistant) -> None:
    await move_in(hass, *HOUSE, *GARAGE_PARTS)
    for entity_id in (WINDOW, GATE):
        sense(hass, entity_id, "on")
    await hass.async_block_till_done()
    opened = attributes(hass, MASTER)
    await turn(hass, "switch.garage_gate_bypass", "on")
    await turn(hass, "switch.kitchen_window_bypass", "on")
    sense(hass, WINDOW, "off")
    await hass.async_block_till_done()
    left_out = attributes(hass, MASTER)

    assert (opened["open_zones"], opened["bypassed_zones"]) == (["Garage gate", "Kitchen window"], [])
    assert left_out["open_zones"] == ["Garage gate"]
    assert left_out["bypassed_zones"] == ["Garage gate", "Kitchen window"]


async def test_the_countdown_of_the_master_ends_when_the_last_area_is_armed(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    garage = area(GARAGE, "Garage", away=mode(exit_delay=20))
    await move_in(hass, *HOUSE, garage, GARAGE_PARTS[1])
    await panel(hass, "alarm_arm_away", entity_id=MASTER, code=CODE)
    ends = attributes(hass)["delay_end"]

    seen = [(shown(hass, MASTER), attributes(hass, MASTER)["delay_end"])]
    await wait(hass, freezer, 21)
    seen.append((shown(hass, MASTER), attributes(hass, MASTER)["delay_end"]))
    await wait(hass, freezer, 40)

    assert seen == [("arming", ends)] * 2
    assert (shown(hass, MASTER), attributes(hass, MASTER)["delay_end"]) == ("armed_away", None)


async def test_the_countdown_of_the_master_ends_when_the_first_area_would_sound(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    garage = area(GARAGE, "Garage", away=mode(exit_delay=0, entry_delay=60))
    home = area(away=mode(exit_delay=0, entry_delay=30))
    await move_in(hass, home, *HOUSE[1:], garage, GARAGE_PARTS[1])
    await panel(hass, "alarm_arm_away", entity_id=MASTER, code=CODE)
    for entity_id in (GATE, DOOR):
        sense(hass, entity_id, "on")
        await hass.async_block_till_done()

    seen = attributes(hass, MASTER)["delay_end"]

    assert seen == attributes(hass)["delay_end"] < attributes(hass, GARAGE_PANEL)["delay_end"]
    await panel(hass, "alarm_disarm", entity_id=MASTER, code=CODE)
    await wait(hass, freezer, 1)


def registered(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, str]:
    """Return the ids of the registry's entries by entity id."""
    found = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    return {one.entity_id: one.id for one in found}


async def test_what_a_change_took_away_leaves_the_registry_and_nothing_else_does(hass: HomeAssistant) -> None:
    entry = await move_in(hass, *HOUSE, *GARAGE_PARTS)
    before = registered(hass, entry)
    home, gate = entry.subentries[AREA], entry.subentries["zone_garage_gate"]
    entries = hass.config_entries

    entries.async_update_subentry(entry, home, data=area(AREA, "Home", away=mode())["data"])
    entries.async_update_subentry(entry, gate, data={**gate.data, "bypassable": False})
    entries.async_update_entry(entry, options={**entry.options, "master": False})
    await hass.async_block_till_done()

    gone = {"binary_sensor.home_ready_to_arm_home", "switch.garage_gate_bypass", MASTER}
    assert before.keys() - registered(hass, entry).keys() == gone
    assert hass.states.get(MASTER) is None


async def test_what_is_disabled_stays_in_the_registry(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    registry = er.async_get(hass)
    registry.async_update_entity(READY_HOME, disabled_by=er.RegistryEntryDisabler.USER)
    before = registered(hass, entry)

    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()

    assert registered(hass, entry) == before
    assert "binary_sensor.home_alarm_duress" in before, "disabled from the beginning"


async def test_what_a_profile_hides_comes_back_as_it_was_named(hass: HomeAssistant) -> None:
    entry = await move_in(hass, area(away=mode()), *ZONES, user(code="471100"))
    er.async_get(hass).async_update_entity(READY_AWAY, new_entity_id="binary_sensor.ready", name="All shut")
    before = registered(hass, entry)

    hass.config_entries.async_update_entry(entry, options={**OPTIONS, "profile": "en-g2"})
    await hass.async_block_till_done()
    hidden = before.keys() - registered(hass, entry).keys()
    hass.config_entries.async_update_entry(entry, options=OPTIONS)
    await hass.async_block_till_done()

    assert "binary_sensor.ready" in hidden
    assert registered(hass, entry) == before
    assert attributes(hass, "binary_sensor.ready")["friendly_name"] == "All shut"
