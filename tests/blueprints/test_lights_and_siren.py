"""The blueprint in a real Home Assistant core: what a house does during an alarm."""

import shutil
from pathlib import Path

import pytest
from homeassistant.components.automation.config import AUTOMATION_BLUEPRINT_SCHEMA
from homeassistant.components.blueprint.models import Blueprint
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict

FOLDER = Path(__file__).parents[2] / "blueprints" / "automation" / "alarm_broker"
EVENT = "event.home_alarm"


@pytest.fixture
async def calls(hass: HomeAssistant) -> list[ServiceCall]:
    """A house whose automation was made from the blueprint; returns what it calls."""
    target = Path(hass.config.path("blueprints/automation/alarm_broker"))
    await hass.async_add_executor_job(lambda: shutil.copytree(FOLDER, target, dirs_exist_ok=True))
    made: list[ServiceCall] = []
    for domain, service in (
        ("light", "turn_on"),
        ("light", "turn_off"),
        ("homeassistant", "turn_on"),
        ("homeassistant", "turn_off"),
    ):
        hass.services.async_register(domain, service, made.append)
    hass.states.async_set(EVENT, "unknown")
    use = {
        "path": "alarm_broker/lights_and_siren.yaml",
        "input": {
            "alarm": EVENT,
            "lights": {"entity_id": "light.hall"},
            "sirens": {"entity_id": "siren.roof"},
        },
    }
    assert await async_setup_component(hass, "automation", {"automation": {"use_blueprint": use}})
    await hass.async_block_till_done()
    return made


async def happens(hass: HomeAssistant, event_type: str, *, test: bool = False, uid: str = "burglary") -> None:
    moment = f"2026-11-20T22:00:{len(uid):02d}.{len(event_type):03d}+00:00"
    status = "triggered" if event_type == "raised" else event_type
    about = {"event_type": event_type, "test": test, "uid": uid, "status": status}
    hass.states.async_set(EVENT, moment, about)
    await hass.async_block_till_done()


def switched(calls: list[ServiceCall]) -> list[str]:
    return [f"{call.domain}.{call.service} {call.data['entity_id'][0]}" for call in calls]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_blueprint_is_one_that_home_assistant_takes(path: Path) -> None:
    blueprint = Blueprint(
        load_yaml_dict(str(path)), expected_domain="automation", schema=AUTOMATION_BLUEPRINT_SCHEMA
    )

    assert blueprint.validate() is None


async def test_lights_and_siren_go_on_with_the_alarm(hass: HomeAssistant, calls: list[ServiceCall]) -> None:
    await happens(hass, "raised")

    assert switched(calls) == ["light.turn_on light.hall", "homeassistant.turn_on siren.roof"]


async def test_the_siren_goes_off_with_the_answer_and_the_lights_at_the_end(
    hass: HomeAssistant, calls: list[ServiceCall]
) -> None:
    await happens(hass, "raised")
    calls.clear()

    await happens(hass, "acknowledged")
    await happens(hass, "resolved")

    assert switched(calls) == [
        "homeassistant.turn_off siren.roof",
        "homeassistant.turn_off siren.roof",
        "light.turn_off light.hall",
    ]


async def test_the_answer_to_one_alarm_leaves_the_siren_to_the_other(
    hass: HomeAssistant, calls: list[ServiceCall]
) -> None:
    await happens(hass, "raised")
    await happens(hass, "raised", uid="fire")
    calls.clear()

    await happens(hass, "acknowledged")
    still = switched(calls)
    await happens(hass, "acknowledged", uid="fire")

    assert still == []
    assert switched(calls) == ["homeassistant.turn_off siren.roof"]


async def test_a_test_alarm_leaves_the_house_quiet(hass: HomeAssistant, calls: list[ServiceCall]) -> None:
    await happens(hass, "raised", test=True)

    assert calls == []
