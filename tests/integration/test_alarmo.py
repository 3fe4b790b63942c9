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

from custom_components.alarm_broker import alarmo
from custom_components.alarm_broker.alarmo import AlarmoImport, NotReadableError, parse
from custom_components.alarm_broker.panel.config import ZoneKind
from tests.integration.house import DOOR, HALL, SMOKE, WINDOW, close_all, panel, shown

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
            "code_format": "number",
            "disarm_after_trigger": False,
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


def test_a_plain_house_comes_along_whole_and_without_a_note() -> None:
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
    assert found.notes == []


@pytest.mark.parametrize(
    ("section", "change", "said"),
    [
        ("users", {"is_override_code": True}, "override code"),
        ("users", {"code": ""}, "no code"),
        ("sensors", {"enabled": False}, "disabled in Alarmo"),
        ("sensors", {"trigger_unavailable": True}, "unavailable sensor is a trouble"),
        ("sensors", {"auto_bypass_modes": ["armed_away"]}, "not only in some"),
        ("sensors", {"area": "gone"}, "its area does not come along"),
        ("sensor_groups", {"entities": [DOOR, HALL]}, "on the way in"),
        ("sensor_groups", {"entities": [HALL]}, "too few"),
    ],
)
def test_what_does_not_come_along_is_said(section: str, change: dict[str, Any], said: str) -> None:
    first, *rest = STORED["data"][section]

    found = imported(**{section: [{**first, **change}, *rest]})

    assert any(said in note for note in found.notes), found.notes


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"mqtt": {"enabled": True}}, "MQTT"),
        ({"disarm_after_trigger": True}, "stays armed"),
        ({"code_disarm_required": False}, "takes a code"),
    ],
)
def test_settings_that_mean_something_else_here_are_said(change: dict[str, Any], said: str) -> None:
    found = imported(config={**STORED["data"]["config"], **change})

    assert any(said in note for note in found.notes)


def test_an_endless_siren_gets_an_end_and_automations_stay_behind() -> None:
    areas = deepcopy(STORED["data"]["areas"])
    areas[0]["modes"]["armed_away"]["trigger_time"] = 0

    found = imported(areas=areas, automations=[{}, {}])

    assert data(found, "area")[0]["modes"]["away"]["siren_time"] == 180
    assert found.notes[0].startswith("House: ")
    assert "2 notifications and actions" in found.notes[-1]


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
    assert created["type"] is FlowResultType.CREATE_ENTRY
    assert sensed == "armed_home"
    assert shown(hass, "alarm_control_panel.house") == "disarmed"
    await hass.config_entries.async_unload(created["result"].entry_id)


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
