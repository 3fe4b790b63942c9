"""What the integration's tests share."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

# The harness puts a package of the same name first on the path; ours must be known before.
import custom_components  # noqa: F401 - imported for its effect
from custom_components.alarm_broker.link.client import Retry
from tests.fakes.companion import TOKEN, FakeCompanion
from tests.integration.house import close_all, house_entry

type Until = Callable[[Callable[[], Any]], Awaitable[None]]


@pytest.fixture
async def companion(socket_enabled: None) -> AsyncIterator[FakeCompanion]:
    """A companion that runs."""
    fake = FakeCompanion()
    await fake.start()
    yield fake
    await fake.stop()


@pytest.fixture
def quick_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Come back at once after a cut."""
    monkeypatch.setattr(
        "custom_components.alarm_broker.link.client.Retry", partial(Retry, minimum_s=0.001, maximum_s=0.005)
    )


@pytest.fixture
def until(hass: HomeAssistant) -> Until:
    """Let real sockets work until something is the case."""

    async def wait_until(happened: Callable[[], Any]) -> None:
        async with asyncio.timeout(20):  # generous: it only costs time when something is wrong
            while not happened():  # noqa: ASYNC110 - what happens is on the other side of a socket
                await asyncio.sleep(0.002)
        await hass.async_block_till_done()

    return wait_until


@pytest.fixture
async def linked(
    hass: HomeAssistant,
    enable_custom_integrations: None,
    mock_async_zeroconf: None,
    quick_retry: None,
    companion: FakeCompanion,
    until: Until,
) -> AsyncIterator[MockConfigEntry]:
    """A house whose link to the companion is up."""
    close_all(hass)
    entry = house_entry(data={"url": companion.url, "token": TOKEN}, unique_id=companion.instance)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: entry.runtime_data.link.connected)
    yield entry
    for loaded in hass.config_entries.async_loaded_entries("alarm_broker"):
        await hass.config_entries.async_unload(loaded.entry_id)
