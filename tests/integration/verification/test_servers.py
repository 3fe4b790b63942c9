"""A camera server that is away for longer than a restart is a trouble."""

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.alarm_broker.verification import health as camera_watch
from tests.fakes.frigate import FakeFrigate
from tests.fakes.misbehaviour import Behaviour
from tests.integration.conftest import Until
from tests.integration.house import move_in, shown
from tests.integration.watched import watched

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf", "quick_looks")


async def later(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, until: Until, frigate: FakeFrigate
) -> None:
    asked = len(frigate.received)
    freezer.tick(camera_watch.LOOK_EVERY)
    async_fire_time_changed(hass)
    await until(lambda: len(frigate.received) > asked)


async def test_a_server_that_is_away_for_longer_than_a_restart_is_a_trouble_until_it_is_back(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until, freezer: FrozenDateTimeFactory
) -> None:
    await move_in(hass, *watched(frigate))
    await until(lambda: frigate.received and frigate.received[-1].status)
    await hass.async_block_till_done(wait_background_tasks=True)  # the first look is over
    frigate.behave(Behaviour.STATUS_500)

    await later(hass, freezer, until, frigate)
    once = shown(hass, "binary_sensor.home_alarm_trouble")
    await later(hass, freezer, until, frigate)
    await until(lambda: shown(hass, "binary_sensor.home_alarm_trouble") == "on")
    frigate.behave(None)
    await later(hass, freezer, until, frigate)

    assert once == "off"
    await until(lambda: shown(hass, "binary_sensor.home_alarm_trouble") == "off")
