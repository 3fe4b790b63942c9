"""A house in a real Home Assistant core, lived in with one automation or script made from a blueprint."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from homeassistant.auth.models import User
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from tests.integration.phones import Phone, Target

BLUEPRINTS = Path(__file__).parents[2] / "blueprints"
NOW = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
TAB = "notify.mobile_app_tab"
ALARM = "event.home_alarm_alarm"


async def use(hass: HomeAssistant, name: str, *, domain: str = "automation", **inputs: Any) -> None:
    """Make an automation or a script of a blueprint, `automation.it` or `script.it`."""
    target = Path(hass.config.path("blueprints", domain, "alarm_broker"))
    source = BLUEPRINTS / domain / "alarm_broker"
    await hass.async_add_executor_job(lambda: shutil.copytree(source, target, dirs_exist_ok=True))
    made = {"use_blueprint": {"path": f"alarm_broker/{name}.yaml", "input": inputs}}
    config = (
        {"automation": [{"alias": "it", "id": "it", **made}]}
        if domain == "automation"
        else {"script": {"it": {"alias": "it", **made}}}
    )
    assert await async_setup_component(hass, domain, config)
    await hass.async_block_till_done()
    assert hass.states.get(f"{domain}.it") is not None


async def annas_tab(hass: HomeAssistant) -> Phone:
    """Return the phone of Anna, who lives here: a press of its buttons is hers."""
    anna = await hass.auth.async_get_user("anna")
    assert isinstance(anna, User)
    return Phone(hass, anna, name="tab")


def messages(phone: Target) -> list[str]:
    """Return the words of what a phone was told, one after the other."""
    return [one["message"] for one in phone.came]


def kept_traces(hass: HomeAssistant) -> str:
    """Return everything that is kept of runs, as text."""
    return repr(
        [[trace.as_extended_dict() for trace in kept.all_traces()] for kept in hass.data["trace"].values()]
    )
