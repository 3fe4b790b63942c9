"""What the tests of verification share."""

from collections.abc import AsyncIterator

import pytest
from homeassistant.core import HomeAssistant


@pytest.fixture(autouse=True)
async def unload(hass: HomeAssistant) -> AsyncIterator[None]:
    """Let nothing go on looking behind a test's end."""
    yield
    for entry in hass.config_entries.async_loaded_entries("alarm_broker"):
        await hass.config_entries.async_unload(entry.entry_id)
