"""What the blueprints' tests share."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from homeassistant.core import HomeAssistant

# The harness puts a package of the same name first on the path; ours must be known before.
import custom_components  # noqa: F401 - imported for its effect
from tests.blueprints.settling import settle


@pytest.fixture
def hass_config_dir(tmp_path: Path) -> str:
    """Keep blueprints and pictures out of the configuration that all tests share."""
    return str(tmp_path)


@pytest.fixture(autouse=True)
async def ours(
    hass: HomeAssistant,
    enable_custom_integrations: None,
    mock_async_zeroconf: None,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[None]:
    """Our real integration can be set up; at the end nothing of it or of an automation goes on."""
    with monkeypatch.context() as patched:
        patched.setattr(hass, "async_block_till_done", partial(settle, hass))
        yield
    for domain in {"automation", "script"} & hass.config.components:
        await hass.services.async_call(domain, "turn_off", {"entity_id": "all"}, blocking=True)
    for entry in hass.config_entries.async_loaded_entries("alarm_broker"):
        await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
