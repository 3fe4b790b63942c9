"""A companion that stays away becomes a repair issue, and goes away with it."""

import asyncio
from datetime import timedelta

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from tests.fakes.companion import FakeCompanion
from tests.integration.conftest import Until


def issue(hass: HomeAssistant, entry: MockConfigEntry) -> ir.IssueEntry | None:
    return ir.async_get(hass).async_get_issue("alarm_broker", f"companion_away_{entry.entry_id}")


async def pass_time(hass: HomeAssistant, seconds: float) -> None:
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=seconds))
    await hass.async_block_till_done()


@pytest.fixture
async def away(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> MockConfigEntry:
    await companion.stop()
    await until(lambda: not linked.runtime_data.link.connected)
    return linked


async def test_a_companion_that_is_away_for_five_minutes_is_a_repair_issue(
    hass: HomeAssistant, away: MockConfigEntry
) -> None:
    await pass_time(hass, 299)
    assert issue(hass, away) is None

    await pass_time(hass, 301)

    found = issue(hass, away)
    assert found is not None
    assert found.translation_key == "companion_away"
    assert found.translation_placeholders == {"title": "Home alarm", "minutes": "5"}
    assert found.severity is ir.IssueSeverity.ERROR


async def test_the_issue_is_gone_when_the_companion_is_back(
    hass: HomeAssistant, away: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    await pass_time(hass, 301)

    await companion.start()

    await until(lambda: issue(hass, away) is None)


async def test_removing_the_companion_takes_the_issue_away(
    hass: HomeAssistant, away: MockConfigEntry
) -> None:
    await pass_time(hass, 301)

    hass.config_entries.async_update_entry(away, data={})
    await hass.async_block_till_done()

    assert issue(hass, away) is None


async def test_removing_the_entry_takes_the_issue_away(hass: HomeAssistant, away: MockConfigEntry) -> None:
    await pass_time(hass, 301)

    await hass.config_entries.async_remove(away.entry_id)

    assert issue(hass, away) is None


async def test_the_log_says_once_that_the_companion_is_away_and_once_that_it_is_back(
    hass: HomeAssistant,
    away: MockConfigEntry,
    companion: FakeCompanion,
    until: Until,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await asyncio.sleep(0.03)  # several attempts that fail

    await companion.start()
    await until(lambda: away.runtime_data.link.connected)

    messages = [
        record.getMessage()
        for record in [*caplog.get_records("setup"), *caplog.records]
        if record.name == "custom_components.alarm_broker"
    ]
    assert len([message for message in messages if message.startswith("The companion is away")]) == 1
    assert messages.count("The companion is back") == 1
