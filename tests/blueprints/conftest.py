"""What the blueprints' tests share."""

from collections.abc import AsyncIterator
from functools import partial

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant

# The harness puts a package of the same name first on the path; ours must be known before.
import custom_components  # noqa: F401 - imported for its effect
from tests.blueprints.houses import NOW
from tests.blueprints.settling import settle
from tests.integration.conftest import hass_config_dir, time_in_step  # noqa: F401 - fixtures that these houses need too
from tests.integration.house import move_in, unload_all
from tests.integration.phones import Target


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
    await unload_all(hass)
    await hass.async_block_till_done()


@pytest.fixture
def tab(hass: HomeAssistant) -> Target:
    """A phone that is notified, and nobody's; where its buttons are pressed, a module gives it to somebody."""
    return Target(hass, "mobile_app_tab")


@pytest.fixture
async def evening(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """It is ten in the evening, and everything is closed."""
    await hass.config.async_set_time_zone("UTC")
    freezer.move_to(NOW)
    await move_in(hass)
