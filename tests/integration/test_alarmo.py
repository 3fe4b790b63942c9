"""Taking over from Alarmo: what comes along, what does not, and nothing half."""

import base64
import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.alarm_broker.core.panel.config import ZoneKind
from custom_components.alarm_broker.flows.alarmo import read as alarmo
from custom_components.alarm_broker.flows.alarmo.notes import ImportNote, Note, sentence
from custom_components.alarm_broker.flows.alarmo.read import AlarmoImport, NotReadableError, parse
from custom_components.alarm_broker.system.config import system_config_from_entry
from custom_components.alarm_broker.system.unreadable_parts import UnreadableParts
from tests.integration.house import DOOR, HALL, SMOKE, WINDOW, close_all, panel, sense, shown

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf")

CODE = base64.b64encode(bcrypt.hashpw(b"4711", bcrypt.gensalt(4))).decode()
SENSOR = {
    "modes": ["armed_away", "armed_home"],
    "use_exit_delay": True,
    "use_entry_delay": True,
    "always_on": False,
    "arm_on_close": False,
    "allow_open": False,
    "trigger_unavailable": False,
    "auto_bypass": False,
    "auto_bypass_modes": [],
    "area": "1",
    "enabled": True,
}
STORED: dict[str, Any] = {
    "version": 6,
    "minor_version": 3,
    "key": "alarmo.storage",
    "data": {
        "config": {
            "code_arm_required": False,
            "code_disarm_required": True,
            "code_mode_change_required": True,
            "code_format": "number",
            "disarm_after_trigger": False,
            "ignore_blocking_sensors_after_trigger": True,
            "master": {"enabled": True, "name": "master"},
            "mqtt": {"enabled": False},
        },
        "areas": [
            {
                "area_id": "1",
                "name": "House",
                "modes": {
                    "armed_away": {
                        "enabled": True,
                        "exit_time": 40,
                        "entry_time": 20,
                        "trigger_time": 600,
                    },
                    "armed_home": {"enabled": True, "exit_time": 0, "entry_time": 20, "trigger_time": 600},
                    "armed_night": {"enabled": False, "exit_time": 0, "entry_time": 0, "trigger_time": 0},
                },
            }
        ],
        "sensors": [
            {**SENSOR, "entity_id": DOOR, "type": "door", "arm_on_close": True},
            {
                **SENSOR,
                "entity_id": WINDOW,
                "type": "window",
                "use_exit_delay": False,
                "use_entry_delay": False,
            },
            {**SENSOR, "entity_id": HALL, "type": "motion", "modes": ["armed_away"]},
            {**SENSOR, "entity_id": SMOKE, "type": "environmental", "always_on": True},
        ],
        "users": [
            {
                "user_id": "9",
                "name": "Anna",
                "enabled": True,
                "code": CODE,
                "can_arm": True,
                "can_disarm": True,
                "is_override_code": False,
                "code_format": "number",
                "code_length": 4,
                "area_limit": [],
            }
        ],
        "sensor_groups": [
            {
                "group_id": "5",
                "name": "Inside",
                "entities": [WINDOW, HALL],
                "timeout": 60,
                "event_count": 2,
            }
        ],
        "automations": [],
    },
}


def kind_of(entity_id: str) -> ZoneKind:
    return ZoneKind.FIRE if entity_id == SMOKE else ZoneKind.INSTANT


def imported(**changes: Any) -> AlarmoImport:
    stored = deepcopy(STORED)
    stored["data"] |= changes
    return parse(stored, kind_of)


def data(found: AlarmoImport, kind: str) -> list[Any]:
    return [one["data"] for one in found.subentries if one["subentry_type"] == kind]


def kinds(found: AlarmoImport) -> dict[str, str]:
    return {zone["entities"][0]: zone["kind"] for zone in data(found, "zone")}


def sensor(entity_id: str, **changes: Any) -> dict[str, Any]:
    (known,) = (one for one in STORED["data"]["sensors"] if one["entity_id"] == entity_id)
    return {**known, **changes}


def user(**changes: Any) -> dict[str, Any]:
    return {**STORED["data"]["users"][0], **changes}


def test_a_plain_house_comes_along_whole() -> None:
    found = imported()

    (area,) = data(found, "area")
    assert area["modes"]["away"] == {
        "exit_delay": 40,
        "entry_delay": 20,
        "siren_time": 600,
        "code_to_arm": False,
    }
    assert set(area["modes"]) == {"away", "home"}
    assert {zone["entities"][0]: (zone["kind"], zone["modes"]) for zone in data(found, "zone")} == {
        DOOR: ("entry_exit", ["away", "home"]),
        WINDOW: ("instant", ["away", "home"]),
        HALL: ("follower", ["away"]),
        SMOKE: ("fire", []),
    }
    assert [zone["final_set"] for zone in data(found, "zone")] == [True, False, False, False]
    assert [group["required"] for group in data(found, "group")] == [2]
    assert found.options == {"code_format": "number", "master": True}
    assert found.notes == [
        ImportNote(Note.OPENED_WHILE_LEAVING),
        ImportNote(Note.FOLLOWER, {"sensor": HALL}),
    ]


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        (sensor(WINDOW, use_entry_delay=True), "entry_exit"),
        (sensor(WINDOW, use_exit_delay=True), "instant"),
        (sensor(DOOR, use_entry_delay=False), "instant"),
        (sensor(HALL, use_entry_delay=False), "instant"),
        (sensor(HALL, modes=["armed_night"]), "entry_exit"),
        (sensor(DOOR, always_on=True), "24_hour"),
        (sensor(DOOR, always_on=True, type="tamper"), "tamper"),
        (sensor(SMOKE, always_on=False), "fire"),
        (sensor(WINDOW, type="environmental"), "instant"),
    ],
    ids=[
        "delayed window",
        "open while leaving only",
        "instant door",
        "instant motion",
        "motion where no door is guarded",
        "always on",
        "tamper",
        "smoke only while armed",
        "environmental of no known class",
    ],
)
def test_a_zone_is_of_the_kind_that_its_settings_meant(changed: dict[str, Any], kind: str) -> None:
    others = [one for one in STORED["data"]["sensors"] if one["entity_id"] != changed["entity_id"]]

    found = imported(sensors=[*others, changed])

    assert kinds(found)[changed["entity_id"]] == kind


def test_an_old_file_says_immediate_of_both_delays() -> None:
    new = {"use_exit_delay", "use_entry_delay", "auto_bypass_modes"}
    old = [
        {key: value for key, value in sensor(one).items() if key not in new} | {"immediate": one == HALL}
        for one in (DOOR, WINDOW, HALL)
    ]

    found = imported(sensors=old)

    assert kinds(found) == {DOOR: "entry_exit", WINDOW: "entry_exit", HALL: "instant"}


@pytest.mark.parametrize(
    ("section", "changed", "note"),
    [
        ("users", user(is_override_code=True), Note.USER_OVERRIDE),
        ("users", user(code=""), Note.USER_WITHOUT_CODE),
        ("users", user(code=None), Note.USER_WITHOUT_CODE),
        ("users", user(code_length=0), Note.USER_CODE_LENGTH),
        ("users", user(area_limit=["gone"]), Note.USER_WITHOUT_AREA),
        ("users", user(area_limit=["1", "gone"]), Note.USER_LOSES_AREA),
        ("sensors", sensor(DOOR, enabled=False), Note.SENSOR_DISABLED),
        ("sensors", sensor(DOOR, trigger_unavailable=True), Note.UNAVAILABLE_IS_TROUBLE),
        (
            "sensors",
            sensor(DOOR, auto_bypass=True, auto_bypass_modes=["armed_away"]),
            Note.BYPASS_IN_ALL_MODES,
        ),
        ("sensors", sensor(DOOR, area="gone"), Note.SENSOR_ORPHANED),
        ("sensors", sensor(SMOKE, always_on=False), Note.ALWAYS_GUARDED),
        ("sensors", sensor(WINDOW, use_exit_delay=True), Note.CLOSED_AT_ARMING),
        ("sensors", sensor(WINDOW, arm_on_close=True), Note.FINAL_DOOR_ONLY_ENTRY),
    ],
)
def test_what_does_not_come_along_is_said_of_the_one_it_concerns(
    section: str, changed: dict[str, Any], note: Note
) -> None:
    found = imported(**{section: [changed]})

    concerned = changed.get("entity_id") or changed["name"]
    said = [sentence(one, "de") for one in found.notes if one.note is note]
    assert [concerned in text for text in said] == [True]


@pytest.mark.parametrize(
    "night",
    [{"enabled": False, "exit_time": None}, {"enabled": False}, {}, None],
    ids=["no other times", "only off", "nothing at all", "null"],
)
def test_a_mode_that_is_off_may_lack_its_times(night: dict[str, Any] | None) -> None:
    """nielsfaber/alarmo#1448: the times are optional in Alarmo's own schema."""
    modes = STORED["data"]["areas"][0]["modes"]
    modes = {one: times for one, times in {**modes, "armed_night": night}.items() if times is not None}

    found = imported(areas=[{**STORED["data"]["areas"][0], "modes": modes}])

    assert set(data(found, "area")[0]["modes"]) == {"away", "home"}


def test_a_mode_that_is_on_may_lack_its_siren_time() -> None:
    away = {"enabled": True, "exit_time": 30, "entry_time": 20}

    found = imported(areas=[{**STORED["data"]["areas"][0], "modes": {"armed_away": away}}])

    assert data(found, "area")[0]["modes"]["away"]["exit_delay"] == 30
    assert data(found, "area")[0]["modes"]["away"]["siren_time"] == 180


@pytest.mark.parametrize("missing", ["sensors", "users", "sensor_groups", "automations"])
@pytest.mark.parametrize("null", [False, True], ids=["missing", "null"])
def test_what_is_optional_in_alarmo_may_be_missing(missing: str, null: bool) -> None:  # noqa: FBT001 - a parameter of the test
    stored = deepcopy(STORED)
    stored["data"].pop(missing)
    if null:
        stored["data"][missing] = None

    assert len(data(parse(stored, kind_of), "area")) == 1


def test_settings_may_be_missing_altogether() -> None:
    found = imported(config={})

    assert found.options == {"code_format": "number", "master": True}


@pytest.mark.parametrize(
    "missing", ["modes", "use_exit_delay", "always_on", "auto_bypass", "type", "enabled"]
)
def test_a_sensor_may_lack_what_is_optional(missing: str) -> None:
    bare = {key: value for key, value in sensor(WINDOW).items() if key != missing}

    assert WINDOW in kinds(imported(sensors=[sensor(DOOR), bare]))


@pytest.mark.parametrize("modes", [[], None, ["armed_night"], ["armed_night", "armed_vacation"]])
def test_a_sensor_that_no_mode_guards_is_told_of(modes: list[str] | None) -> None:
    """nielsfaber/alarmo#95, #826: the sensor is on, and no mode has it or the mode is off."""
    found = imported(sensors=[sensor(DOOR), sensor(WINDOW, modes=modes)])

    assert ImportNote(Note.SENSOR_UNGUARDED, {"sensor": WINDOW}) in found.notes


def test_whatever_set_up_finds_unguarded_was_told_before() -> None:
    found = imported(
        sensors=[sensor(DOOR), sensor(WINDOW, modes=[]), sensor(HALL, modes=["armed_night"]), sensor(SMOKE)]
    )
    subentries: Any = found.subentries
    entry = MockConfigEntry(domain="alarm_broker", options=found.options, subentries_data=subentries)

    unguarded = system_config_from_entry(entry, UnreadableParts()).orphaned_zones

    assert sorted(unguarded) == ["Hall motion", "Kitchen window"]
    assert [one.about["sensor"] for one in found.notes if one.note is Note.SENSOR_UNGUARDED] == [WINDOW, HALL]


def test_a_code_of_letters_where_the_panel_asks_for_digits_is_told_of() -> None:
    """nielsfaber/alarmo#914: formats are stored by user."""
    found = imported(users=[user(), user(name="Ben", code_format="text", code_length=7)])
    as_text = imported(
        users=[user(code_format="text")], config={**STORED["data"]["config"], "code_format": "text"}
    )

    assert ImportNote(Note.USER_TEXT_CODE, {"user": "Ben"}) in found.notes
    assert Note.USER_TEXT_CODE not in [one.note for one in as_text.notes]


def test_a_sensor_that_stands_twice_in_a_group_counts_once() -> None:
    """nielsfaber/alarmo#868."""
    group = {**STORED["data"]["sensor_groups"][0], "entities": [WINDOW, WINDOW, HALL]}

    found = imported(sensor_groups=[group])

    assert [len(one["zones"]) for one in data(found, "group")] == [2]


@pytest.mark.parametrize(
    ("entities", "count"), [([WINDOW, WINDOW], 2), ([WINDOW, WINDOW, HALL], 3)], ids=["one", "three of two"]
)
def test_a_group_that_only_its_double_made_large_enough_is_said_to_be_left_out(
    entities: list[str], count: int
) -> None:
    group = {**STORED["data"]["sensor_groups"][0], "entities": entities, "event_count": count}

    found = imported(sensor_groups=[group])

    assert data(found, "group") == []
    assert ImportNote(Note.GROUP_TOO_SMALL, {"group": "Inside"}) in found.notes


@pytest.mark.parametrize(
    ("changed", "by_class", "kind", "doubtful"),
    [
        ({"always_on": False, "use_entry_delay": False}, ZoneKind.INSTANT, "instant", True),
        ({"always_on": False}, ZoneKind.ENTRY_EXIT, "entry_exit", True),
        ({"always_on": False}, ZoneKind.TAMPER, "tamper", False),
        ({"always_on": True}, ZoneKind.INSTANT, "tamper", False),
    ],
    ids=["a window", "a front door", "a tamper contact", "guarded always in Alarmo too"],
)
def test_what_alarmo_alone_calls_tamper_is_asked_about(
    changed: dict[str, Any],
    by_class: ZoneKind,
    kind: str,
    doubtful: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """nielsfaber/alarmo#478, #606, #658: three people had their front door as *tamper*."""
    stored = deepcopy(STORED)
    stored["data"]["sensors"] = [sensor(DOOR, type="tamper", **changed)]

    found = parse(stored, lambda _: by_class)
    chosen = parse(stored, lambda _: by_class, tampers={DOOR})

    assert (kinds(found), found.doubtful_tampers) == ({DOOR: kind}, [DOOR] if doubtful else [])
    assert (Note.TAMPER_DOUBTED in [one.note for one in found.notes]) is doubtful
    assert kinds(chosen) == {DOOR: "tamper"}


@pytest.mark.parametrize(
    ("entities", "note"),
    [
        ([DOOR, HALL], Note.GROUP_ON_THE_WAY_IN),
        ([HALL], Note.GROUP_TOO_SMALL),
        ([HALL, SMOKE], Note.GROUP_SAVES_LIVES),
    ],
)
def test_a_group_that_cannot_be_is_left_out_and_said(entities: list[str], note: Note) -> None:
    group = {**STORED["data"]["sensor_groups"][0], "entities": entities}

    found = imported(sensor_groups=[group])

    assert data(found, "group") == []
    assert ["Inside" in sentence(one, "en") for one in found.notes if one.note is note] == [True]


def test_a_smoke_detector_leaves_a_group_that_would_hold_it_back() -> None:
    group = {**STORED["data"]["sensor_groups"][0], "entities": [WINDOW, HALL, SMOKE]}

    found = imported(sensor_groups=[group])

    (kept,) = data(found, "group")
    assert len(kept["zones"]) == 2
    assert ImportNote(Note.GROUP_SAVES_LIVES, {"group": "Inside", "sensors": "Smoke"}) in found.notes


def test_a_group_over_two_areas_is_left_out() -> None:
    (house,) = STORED["data"]["areas"]
    sensors = [sensor(WINDOW), sensor(HALL, area="2")]

    found = imported(areas=[house, {**house, "area_id": "2", "name": "Attic"}], sensors=sensors)

    assert data(found, "group") == []
    assert Note.GROUP_OVER_AREAS in [one.note for one in found.notes]


def test_a_user_whose_areas_are_all_gone_does_not_get_every_area() -> None:
    found = imported(users=[user(area_limit=["gone"])])

    assert data(found, "user") == []


@pytest.mark.parametrize(
    ("rights", "actions"),
    [
        ({"can_arm": True, "can_disarm": False}, {"arm"}),
        (
            {"can_arm": False, "can_disarm": True},
            {"disarm", "bypass", "clear_memory", "look", "walk_test"},
        ),
        ({"can_arm": False, "can_disarm": False}, set()),
    ],
    ids=["arms only", "disarms only", "neither"],
)
def test_who_may_not_disarm_may_not_leave_anything_unguarded(
    rights: dict[str, bool], actions: set[str]
) -> None:
    found = imported(users=[user(**rights)])

    assert [set(one["actions"]) for one in data(found, "user")] == [actions]


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({"mqtt": {"enabled": True}}, Note.MQTT),
        ({"disarm_after_trigger": True}, Note.STAYS_ARMED),
        ({"ignore_blocking_sensors_after_trigger": False}, Note.STAYS_ARMED),
        ({"code_disarm_required": False}, Note.DISARMING_TAKES_CODE),
        ({"code_mode_change_required": False}, Note.CHANGING_TAKES_CODE),
    ],
)
def test_settings_that_mean_something_else_here_are_said(change: dict[str, Any], note: Note) -> None:
    found = imported(config={**STORED["data"]["config"], **change})

    assert note in [one.note for one in found.notes]


def test_an_endless_siren_gets_an_end_and_automations_stay_behind() -> None:
    areas = deepcopy(STORED["data"]["areas"])
    areas[0]["modes"]["armed_away"]["trigger_time"] = 0

    found = imported(areas=areas, automations=[{}, {}])

    assert data(found, "area")[0]["modes"]["away"]["siren_time"] == 180
    assert sentence(found.notes[0], "en") == "House: a siren without an end gets one, after 180 seconds."
    assert sentence(found.notes[0], "de-CH").startswith("House: eine Sirene ohne Ende")
    assert found.notes[-1] == ImportNote(Note.AUTOMATIONS, {"count": "2"})


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"version": 2, "data": {}},
        {"version": 99, "data": {}},
        {"version": 6},
        {"version": 6, "data": {"areas": 1}},
    ],
)
def test_an_unknown_or_damaged_file_is_left_alone(stored: dict[str, Any]) -> None:
    with pytest.raises(NotReadableError):
        parse(stored, kind_of)


@pytest.fixture
def alarmo_file(hass: HomeAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "alarmo.storage"
    file.write_text(json.dumps(STORED))
    monkeypatch.setattr(alarmo, "_path", lambda _hass: file)
    return file


@pytest.mark.usefixtures("alarmo_file")
async def test_the_preview_tells_all_and_the_panel_then_works_with_the_old_code(hass: HomeAssistant) -> None:
    close_all(hass)
    menu: Any = await hass.config_entries.flow.async_init("alarm_broker", context={"source": SOURCE_USER})
    preview: Any = await hass.config_entries.flow.async_configure(menu["flow_id"], {"next_step_id": "alarmo"})
    created: Any = await hass.config_entries.flow.async_configure(menu["flow_id"], {})
    await hass.async_block_till_done()

    await panel(hass, "alarm_arm_home", entity_id="alarm_control_panel.house")
    sensed = shown(hass, "alarm_control_panel.house")
    await panel(hass, "alarm_disarm", entity_id="alarm_control_panel.house", code="4711")

    assert "alarmo" in menu["menu_options"]
    assert preview["description_placeholders"]["zones"] == "Front door, Kitchen window, Hall motion, Smoke"
    assert f"- {HALL}: has the entry delay only after" in preview["description_placeholders"]["notes"]
    assert created["type"] is FlowResultType.CREATE_ENTRY
    assert sensed == "armed_home"
    assert shown(hass, "alarm_control_panel.house") == "disarmed"
    await hass.config_entries.async_unload(created["result"].entry_id)


@pytest.mark.usefixtures("alarmo_file")
async def test_an_imported_code_gets_a_hash_like_the_others_when_it_is_used(hass: HomeAssistant) -> None:
    """Each of Alarmo's bcrypt hashes costs every entry of a code its time."""
    close_all(hass)
    menu: Any = await hass.config_entries.flow.async_init("alarm_broker", context={"source": SOURCE_USER})
    await hass.config_entries.flow.async_configure(menu["flow_id"], {"next_step_id": "alarmo"})
    created: Any = await hass.config_entries.flow.async_configure(menu["flow_id"], {})
    await hass.async_block_till_done()
    entry = created["result"]
    house = "alarm_control_panel.house"

    await panel(hass, "alarm_disarm", entity_id=house, code="4711")
    await hass.async_block_till_done()
    (user,) = (one for one in entry.subentries.values() if one.subentry_type == "user")
    await panel(hass, "alarm_arm_home", entity_id=house, code="4711")

    assert user.data["code_hash"].startswith("scrypt$")
    assert shown(hass, house) == "armed_home"
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize(
    ("state", "note"),
    [(None, Note.SENSOR_GONE), ("unavailable", Note.SENSOR_SILENT), ("unknown", Note.SENSOR_SILENT)],
)
async def test_a_sensor_without_a_signal_is_told_of_before(
    hass: HomeAssistant, alarmo_file: Path, state: str | None, note: Note
) -> None:
    """nielsfaber/alarmo#38, #1069, #1213, #1330: left from a renaming, or unreliable; Alarmo arms with it."""
    close_all(hass)
    if state is None:
        hass.states.async_remove(WINDOW)
    else:
        sense(hass, WINDOW, state)

    preview: Any = await preview_of(hass, alarmo_file, STORED)

    said = preview["description_placeholders"]["notes"].splitlines()
    assert f"- {sentence(ImportNote(note, {'sensor': WINDOW}), 'en')}" in said


@pytest.mark.parametrize("chosen", [False, True], ids=["left", "chosen"])
async def test_a_door_called_tamper_sounds_while_disarmed_only_if_it_is_chosen(
    hass: HomeAssistant,
    alarmo_file: Path,
    chosen: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    close_all(hass)
    stored = deepcopy(STORED)
    stored["data"]["sensors"] = [sensor(DOOR, type="tamper", use_entry_delay=False), sensor(WINDOW)]
    preview: Any = await preview_of(hass, alarmo_file, stored)
    answer = {"tamper_sensors": [DOOR]} if chosen else {}
    created: Any = await hass.config_entries.flow.async_configure(preview["flow_id"], answer)
    await hass.async_block_till_done()

    sense(hass, DOOR, "on")
    await hass.async_block_till_done()

    assert list(preview["data_schema"].schema) == ["tamper_sensors"]
    assert shown(hass, "alarm_control_panel.house") == ("triggered" if chosen else "disarmed")
    await hass.config_entries.async_unload(created["result"].entry_id)


@pytest.mark.parametrize("enabled", [False, True], ids=["no area at all", "no mode enabled"])
async def test_an_alarmo_in_which_nothing_was_set_up_is_not_taken_over(
    hass: HomeAssistant,
    alarmo_file: Path,
    enabled: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """nielsfaber/alarmo#122: the entry would have no panel."""
    stored = deepcopy(STORED)
    stored["data"] |= {"areas": [{"area_id": "1", "name": "House", "modes": {}}] if enabled else []}

    result: Any = await preview_of(hass, alarmo_file, stored)

    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "alarmo_empty")


def write(file: Path, stored: dict[str, Any]) -> None:
    file.write_text(json.dumps(stored))


async def preview_of(hass: HomeAssistant, file: Path, stored: dict[str, Any]) -> Any:
    write(file, stored)
    menu: Any = await hass.config_entries.flow.async_init("alarm_broker", context={"source": SOURCE_USER})
    return await hass.config_entries.flow.async_configure(menu["flow_id"], {"next_step_id": "alarmo"})


async def test_without_alarmo_it_is_not_offered(hass: HomeAssistant) -> None:
    menu: Any = await hass.config_entries.flow.async_init("alarm_broker", context={"source": SOURCE_USER})

    assert menu["menu_options"] == ["companion", "alone"]


@pytest.fixture
def damaged_file(alarmo_file: Path) -> None:
    alarmo_file.write_text("{")


@pytest.mark.usefixtures("damaged_file")
async def test_a_file_that_cannot_be_read_ends_the_import_and_says_why(hass: HomeAssistant) -> None:
    menu: Any = await hass.config_entries.flow.async_init("alarm_broker", context={"source": SOURCE_USER})

    result: Any = await hass.config_entries.flow.async_configure(menu["flow_id"], {"next_step_id": "alarmo"})

    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "alarmo_not_readable")
