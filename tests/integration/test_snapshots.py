"""Every entity as Home Assistant shows it, kept: an attribute, class, unit, category, icon or default that changes falls.

After a change that is wanted: `pytest tests/integration/test_snapshots.py --snapshot-update`, and read the difference.
"""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import Mock, patch
from uuid import UUID

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from custom_components.alarm_broker import LATER, PLATFORMS
from custom_components.alarm_broker.const import DOMAIN
from custom_components.alarm_broker.link.client import LinkClient
from tests.integration.conftest import Until
from tests.integration.house import (
    CODE,
    DOOR,
    GARAGE_PARTS,
    OPTIONS,
    WINDOW,
    ZONES,
    area,
    attributes,
    close_all,
    mode,
    panel,
    sense,
    subentry,
    user,
    zone,
)

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf", "steady")

NOW = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
ENTRY_ID = "01KAHOMEALARM0000000000000"
ICONS: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "custom_components/alarm_broker/icons.json").read_text()
)["entity"]
OF_ITS_KIND = {"options", "event_types", "code_format", "entity_picture", "access_token"}
"""What Home Assistant itself never records."""
ALL_MODES = {one: mode(exit_delay=0) for one in ("away", "home", "night", "vacation", "custom_bypass")}
ANNA = subentry("person", "person_anna", name="Anna", person="person.anna", notify=[])
VACATION = subentry("calendar", "rule_vacation", name="Vacation", kind="vacation", calendar="calendar.family")
PARTS = (
    area("area_home", "Home", **ALL_MODES),
    *ZONES,
    zone("binary_sensor.attic", "instant", "away", battery_entities=["sensor.attic_battery"], name="Attic"),
    *GARAGE_PARTS,
    user(),
    ANNA,
    VACATION,
)


@pytest.fixture
def steady(freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let time stand still and ids count."""
    freezer.move_to(NOW)
    ids = count(1)
    monkeypatch.setattr("custom_components.alarm_broker.system.system.uuid4", lambda: UUID(int=next(ids)))
    with patch("random.SystemRandom.getrandbits", return_value=0xA1A2):
        yield


async def lived_in(
    hass: HomeAssistant, *, data: dict[str, Any] | None = None, **options: Any
) -> MockConfigEntry:
    close_all(hass)
    hass.states.async_set("binary_sensor.attic", "unavailable")
    hass.states.async_set("sensor.attic_battery", "5", {"device_class": "battery"})
    hass.states.async_set("person.anna", "home", {"friendly_name": "Anna"})
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Home alarm",
        entry_id=ENTRY_ID,
        unique_id="home",
        data=data or {},
        options={**OPTIONS, **options},
        subentries_data=list(PARTS),
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry


@pytest.fixture
async def full_house(
    hass: HomeAssistant, enable_custom_integrations: None, mock_async_zeroconf: None, steady: None
) -> AsyncIterator[MockConfigEntry]:
    """A house with everything that there is, but no companion."""
    entry = await lived_in(hass)
    yield entry
    await hass.config_entries.async_unload(entry.entry_id)


def entities(hass: HomeAssistant, platform: str | None = None) -> dict[str, Any]:
    """Return what is registered, how it looks and what it says, by entity id."""
    registered = er.async_entries_for_config_entry(er.async_get(hass), ENTRY_ID)
    return {
        one.entity_id: {
            "registered": one,
            "icon": ICONS.get(one.domain, {}).get(one.translation_key or ""),
            "state": hass.states.get(one.entity_id),
        }
        for one in sorted(registered, key=lambda one: one.entity_id)
        if platform in (None, one.domain)
    }


@pytest.mark.usefixtures("full_house")
@pytest.mark.parametrize("platform", PLATFORMS + LATER)
async def test_at_rest(hass: HomeAssistant, platform: Platform, snapshot: SnapshotAssertion) -> None:
    assert entities(hass, platform) == snapshot


@pytest.mark.usefixtures("full_house")
async def test_in_an_entry_delay_and_in_an_alarm(
    hass: HomeAssistant, snapshot: SnapshotAssertion, until: Until
) -> None:
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, DOOR, "on")
    await hass.async_block_till_done()
    coming = states(hass)

    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()
    # Verification begins beside the alarm, not within it.
    await until(lambda: "alarm" in attributes(hass, "sensor.home_alarm_validation_level"))

    assert coming == snapshot(name="entry delay")
    assert states(hass) == snapshot(name="alarm")


async def test_with_a_companion_that_is_away(
    hass: HomeAssistant, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time stands still: a link would never come up."""
    monkeypatch.setattr(LinkClient, "async_start", Mock())
    entry = await lived_in(hass, data={"url": "http://companion:8440", "token": "t"})

    assert entities(hass, "binary_sensor") == snapshot
    await hass.config_entries.async_unload(entry.entry_id)


async def test_where_status_is_hidden(hass: HomeAssistant, snapshot: SnapshotAssertion) -> None:
    entry = await lived_in(hass, profile="en-g2")

    assert entities(hass) == snapshot
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.usefixtures("full_house")
def test_devices(hass: HomeAssistant, snapshot: SnapshotAssertion) -> None:
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), ENTRY_ID)

    assert sorted(devices, key=lambda one: str(one.name)) == snapshot


@pytest.mark.usefixtures("full_house")
async def test_what_may_grow_long_is_not_recorded(hass: HomeAssistant, until: Until) -> None:
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()
    await until(lambda: "candidates" in attributes(hass, "sensor.home_alarm_validation_level"))

    shown = {name: state for name, one in entities(hass).items() if (state := one["state"]) is not None}
    left_out = {
        name: (state.attributes.keys() & state.state_info["unrecorded_attributes"]) - OF_ITS_KIND
        for name, state in shown.items()
        if ".garage" not in name
    }

    assert {name: found for name, found in left_out.items() if found} == {
        "alarm_control_panel.home": {"blind_zones", "delay_end", "open_zones"},
        "alarm_control_panel.home_alarm_all_areas": {"delay_end", "open_zones"},
        "binary_sensor.home_alarm_alarm_active": {"alarms"},
        "binary_sensor.home_alarm_memory": {"alarms"},
        "binary_sensor.home_alarm_trouble": {"troubles"},
        **{
            f"binary_sensor.home_ready_to_arm_{one}": {"blind_zones", "open_zones", "troubles"}
            for one in ALL_MODES
        },
        "sensor.home_alarm_validation_level": {"candidates", "judgements"},
        "sensor.home_open_zones": {"zones"},
    }


@pytest.mark.usefixtures("full_house")
def test_every_platform_has_entities(hass: HomeAssistant) -> None:
    assert {platform for platform in PLATFORMS + LATER if not entities(hass, platform)} == set()


def states(hass: HomeAssistant) -> dict[str, Any]:
    """Return what the entities that tell of an alarm say."""
    telling = ("alarm_control_panel.", "sensor.home", "binary_sensor.home", "event.")
    return {name: one["state"] for name, one in entities(hass).items() if name.startswith(telling)}
