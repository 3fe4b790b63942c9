"""Triggers, conditions and device triggers, in real automations."""

from typing import Any

import pytest
import yaml
from homeassistant.components.device_automation import DeviceAutomationType
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    async_get_device_automations,
    async_mock_service,
)

from custom_components.alarm_broker.condition import CONDITIONS
from custom_components.alarm_broker.const import SIGNAL_ACTIVITY
from custom_components.alarm_broker.core.panel.config import TroubleKind
from custom_components.alarm_broker.core.panel.events import TroubleBegan
from custom_components.alarm_broker.core.panel.state import Trouble
from custom_components.alarm_broker.system.activity import Activity, ActivityKind
from custom_components.alarm_broker.trigger import TRIGGERS, WHAT
from tests.integration.house import (
    AREA,
    CODE,
    DOOR,
    GARAGE,
    GARAGE_PANEL,
    GARAGE_PARTS,
    HOUSE,
    MASTER,
    PANEL,
    SMOKE,
    WINDOW,
    act,
    move_in,
    panel,
    sense,
)
from tests.integration.test_translations import INTEGRATION, texts

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf")


async def automate(
    hass: HomeAssistant, trigger: dict[str, Any], *conditions: dict[str, Any]
) -> list[ServiceCall]:
    """Set an automation up; return the calls that it makes, with what it found in `trigger`."""
    calls: list[ServiceCall] = async_mock_service(hass, "test", "called")
    told = {"area": "{{ trigger.area }}", "zones": "{{ trigger.zones }}", "by": "{{ trigger.by }}"}
    automation = {
        "alias": "it",
        "triggers": [trigger],
        "conditions": list(conditions),
        "actions": [{"action": "test.called", "data": told}],
    }
    assert await async_setup_component(hass, "automation", {"automation": [automation]})
    await hass.async_block_till_done()
    return calls


async def test_an_automation_hears_of_an_alarm_of_its_kind_and_area(hass: HomeAssistant) -> None:
    await move_in(hass, *HOUSE, *GARAGE_PARTS)
    calls = await automate(
        hass, {"trigger": "alarm_broker.alarm", "options": {"areas": ["home"], "kinds": ["burglary"]}}
    )
    await panel(hass, "alarm_arm_home", code=CODE)

    sense(hass, SMOKE, "on")
    await panel(hass, "alarm_trigger", entity_id=GARAGE_PANEL)
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()

    assert [call.data for call in calls] == [{"area": "Home", "zones": ["Kitchen window"], "by": None}]


@pytest.mark.parametrize("name", sorted(TRIGGERS))
async def test_every_trigger_can_be_used_in_an_automation(
    hass: HomeAssistant, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    await move_in(hass)

    await automate(hass, {"trigger": f"alarm_broker.{name}"})

    assert hass.states.get("automation.it") is not None
    assert "ERROR" not in [record.levelname for record in caplog.records]


async def test_a_wrong_code_is_told_and_a_reload_does_not_deafen_the_automation(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    calls = await automate(hass, {"trigger": "alarm_broker.wrong_code"})
    await hass.config_entries.async_reload(entry.entry_id)

    with pytest.raises(Exception, match=r"wrong code"):
        await act(hass, "disarm", code="0000")
    await hass.async_block_till_done()

    assert len(calls) == 1


async def test_what_is_refused_at_the_master_is_heard_for_each_of_its_areas(hass: HomeAssistant) -> None:
    await move_in(hass, *HOUSE, *GARAGE_PARTS)
    calls = await automate(hass, {"trigger": "alarm_broker.wrong_code", "options": {"areas": ["garage"]}})

    with pytest.raises(ServiceValidationError):
        await act(hass, "disarm", entity_id=PANEL, code="0000")
    with pytest.raises(ServiceValidationError):
        await act(hass, "disarm", entity_id=MASTER, code="0000")
    await hass.async_block_till_done()

    assert [call.data["area"] for call in calls] == ["Home, Garage"]


async def test_a_trouble_of_the_whole_panel_is_heard_for_every_area(hass: HomeAssistant) -> None:
    entry = await move_in(hass, *HOUSE, *GARAGE_PARTS)
    calls = await automate(hass, {"trigger": "alarm_broker.trouble", "options": {"areas": ["garage"]}})

    for zone_id in (None, "zone_kitchen_window"):
        trouble = Trouble(kind=TroubleKind.TAMPER, source="", zone_id=zone_id)
        entry.runtime_data.system.async_report(TroubleBegan(trouble))
    await hass.async_block_till_done()

    assert [call.data["area"] for call in calls] == [None]


async def test_the_device_of_an_area_hears_of_several_areas_only_if_it_is_one_of_them(
    hass: HomeAssistant,
) -> None:
    await move_in(hass, *HOUSE, *GARAGE_PARTS)
    registered = er.async_get(hass).async_get(GARAGE_PANEL)
    assert registered is not None
    trigger = {"trigger": "device", "domain": "alarm_broker", "device_id": registered.device_id}
    calls = await automate(hass, {**trigger, "type": "arm_reminder"})

    for areas in ({AREA: "Home", "area_attic": "Attic"}, {AREA: "Home", GARAGE: "Garage"}):
        reminder = Activity(kind=ActivityKind.ARM_REMINDER, at=dt_util.utcnow(), areas=areas)
        async_dispatcher_send(hass, SIGNAL_ACTIVITY, reminder)
    await hass.async_block_till_done()

    assert [call.data["area"] for call in calls] == ["Home, Garage"]


async def test_the_device_of_the_panel_hears_what_happens_in_any_area(hass: HomeAssistant) -> None:
    await move_in(hass, *HOUSE, *GARAGE_PARTS)
    registered = er.async_get(hass).async_get(MASTER)
    assert registered is not None
    trigger = {"trigger": "device", "domain": "alarm_broker", "device_id": registered.device_id}
    calls = await automate(hass, {**trigger, "type": "triggered"})

    sense(hass, SMOKE, "on")
    await hass.async_block_till_done()

    assert [call.data["area"] for call in calls] == ["Home"]


async def test_a_forged_event_on_the_bus_triggers_nothing(hass: HomeAssistant) -> None:
    await move_in(hass)
    calls = await automate(hass, {"trigger": "alarm_broker.alarm"})

    hass.bus.async_fire("alarm_broker_event", {"kind": "triggered", "area": "Home"})
    await hass.async_block_till_done()

    assert not calls


@pytest.mark.parametrize(
    ("condition", "entity_id"),
    [
        ("is_pending", "alarm_control_panel.home"),
        ("is_ready", "binary_sensor.home_ready_to_arm_home"),
        ("has_alarm_memory", "binary_sensor.home_alarm_memory"),
        ("has_trouble", "binary_sensor.home_alarm_trouble"),
        ("is_arming", "alarm_control_panel.home"),
    ],
)
async def test_every_condition_holds_only_while_it_is_so(
    hass: HomeAssistant, condition: str, entity_id: str
) -> None:
    await move_in(hass)
    calls = await automate(
        hass,
        {"trigger": "event", "event_type": "go"},
        {
            "condition": f"alarm_broker.{condition}",
            "target": {"entity_id": entity_id},
            "options": {"behavior": "any"},
        },
    )
    holds = hass.states.get(entity_id)
    assert holds is not None

    hass.bus.async_fire("go")
    await hass.async_block_till_done()

    assert len(calls) == (1 if holds.state == "on" else 0)
    assert (holds.state == "on") is (condition == "is_ready")


@pytest.mark.parametrize("behavior", ["any", "all"])
@pytest.mark.parametrize(
    ("condition", "runs"), [("is_ready", 1), ("has_alarm_memory", 0), ("has_trouble", 0)]
)
async def test_a_condition_on_a_device_asks_only_the_sensors_that_are_meant(
    hass: HomeAssistant, condition: str, runs: int, behavior: str
) -> None:
    await move_in(hass)
    registered = er.async_get(hass).async_get(PANEL)
    assert registered is not None
    calls = await automate(
        hass,
        {"trigger": "event", "event_type": "go"},
        {
            "condition": f"alarm_broker.{condition}",
            "target": {"device_id": registered.device_id},
            "options": {"behavior": behavior},
        },
    )

    hass.bus.async_fire("go")
    await hass.async_block_till_done()

    assert len(calls) == runs


@pytest.mark.parametrize("behavior", ["any", "all"])
async def test_a_sensor_of_somebody_else_does_not_say_that_an_area_is_ready(
    hass: HomeAssistant, behavior: str
) -> None:
    await move_in(hass)
    sense(hass, WINDOW, "on")
    calls = await automate(
        hass,
        {"trigger": "event", "event_type": "go"},
        {
            "condition": "alarm_broker.is_ready",
            "target": {"entity_id": WINDOW},
            "options": {"behavior": behavior},
        },
    )

    hass.bus.async_fire("go")
    await hass.async_block_till_done()

    assert not calls


async def test_a_device_has_a_trigger_for_everything_that_happens(hass: HomeAssistant) -> None:
    await move_in(hass)
    registered = er.async_get(hass).async_get(PANEL)
    assert registered is not None
    assert registered.device_id is not None
    offered = await async_get_device_automations(hass, DeviceAutomationType.TRIGGER, registered.device_id)
    ours = [one for one in offered if one["domain"] == "alarm_broker"]
    pending = next(one for one in ours if one["type"] == "pending")
    trigger = {key: pending[key] for key in ("domain", "device_id", "type")}
    calls = await automate(hass, {"trigger": "device", **trigger})
    await panel(hass, "alarm_arm_home", code=CODE)

    sense(hass, DOOR, "on")
    await hass.async_block_till_done()

    assert {one["type"] for one in ours} == {kind.value for kind in ActivityKind}
    assert [call.data["zones"] for call in calls] == [["Front door"]]


def test_everything_that_happens_has_a_trigger_text_and_a_place() -> None:
    told: Any = texts("en")

    assert set(told["triggers"]) == set(TRIGGERS) == set(WHAT)
    assert set(told["conditions"]) == set(CONDITIONS)
    assert set(yaml.safe_load((INTEGRATION / "triggers.yaml").read_text())) == set(TRIGGERS)
    assert set(yaml.safe_load((INTEGRATION / "conditions.yaml").read_text())) == set(CONDITIONS)
    assert set(told["device_automation"]["trigger_type"]) == {kind.value for kind in ActivityKind}
