"""Diagnostics and system health say how things are, and nothing that is nobody's business."""

import json
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, get_system_health_info

from custom_components.alarm_broker.diagnostics import async_get_config_entry_diagnostics
from tests.fakes.companion import TOKEN, FakeCompanion
from tests.fakes.frigate import FakeFrigate
from tests.integration.conftest import Until
from tests.integration.house import CODE_HASH, HOUSE, move_in, subentry

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf")


async def test_diagnostics_show_the_link_and_the_alarms_without_secrets_or_names(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    companion.raise_alarm("a1")
    companion.acknowledge("a1", "Ben Example")
    await until(lambda: not companion.unconfirmed)

    diagnostics = await async_get_config_entry_diagnostics(hass, linked)

    assert diagnostics["link"] == {
        "state": "connected",
        "down_since": None,
        "heartbeat_s": 15,
        "kept_events": 0,
    }
    assert [alarm["status"] for alarm in diagnostics["alarms"]] == ["acknowledged"]
    text = json.dumps(diagnostics)
    secrets = [TOKEN, CODE_HASH, companion.url, "Anna", "Ben Example", "Reception"]
    assert [secret for secret in secrets if secret in text] == []


async def test_diagnostics_of_a_panel_alone_have_no_link(hass: HomeAssistant) -> None:
    entry = await move_in(hass)

    diagnostics = await async_get_config_entry_diagnostics(hass, entry)

    assert diagnostics["link"] is None
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.usefixtures("socket_enabled")
async def test_diagnostics_say_nothing_of_people_calendars_and_camera_servers(hass: HomeAssistant) -> None:
    person = {"person": "person.anna", "trackers": ["device_tracker.anna_phone"], "notify": ["notify.anna"]}
    login = {"username": "watcher", "password": "open sesame", "verify_ssl": True}
    trips = {"calendar": "calendar.trips", "kind": "vacation", "words": ["Lanzarote"]}
    async with FakeFrigate() as frigate:
        entry = await move_in(
            hass,
            *HOUSE,
            subentry("person", "p", name="Anna", **person),
            subentry("frigate", "f", name="Barn", url=frigate.url, **login),
            subentry("calendar", "c", name="Trips", **trips),
            call_number="+4917012345",
        )
        text = json.dumps(await async_get_config_entry_diagnostics(hass, entry))
        await hass.config_entries.async_unload(entry.entry_id)

    private = ["anna", "Barn", frigate.url, "watcher", "sesame", "Lanzarote", "4917012345"]
    assert [word for word in private if word in text] == []


async def health(hass: HomeAssistant) -> dict[str, Any]:
    assert await async_setup_component(hass, "system_health", {})
    await hass.async_block_till_done()
    info: dict[str, Any] = await get_system_health_info(hass, "alarm_broker")
    return info


async def test_system_health_asks_the_companion(hass: HomeAssistant, linked: MockConfigEntry) -> None:
    info = await health(hass)

    assert await info.pop("companion_reachable") == "ok"
    assert info == {"link_state": "connected", "kept_events": 0}


async def test_system_health_of_a_panel_alone(hass: HomeAssistant) -> None:
    entry = await move_in(hass)

    assert await health(hass) == {"link_state": "no companion"}
    await hass.config_entries.async_unload(entry.entry_id)
