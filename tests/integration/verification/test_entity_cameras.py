"""Home Assistant's own cameras and images show their frame, and one with a bug holds up nothing."""

from typing import override

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.camera import Camera
from homeassistant.components.image import ImageEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import setup_test_component_platform

from tests.fakes.frigate import JPEG, FakeFrigate
from tests.integration.conftest import Until
from tests.integration.house import DURESS_CODE, HOUSE, act, under_duress, wait
from tests.integration.watched import armed, break_in, camera, found, level, watched

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf", "quick_looks")


class Shows(Camera):
    _attr_name = "Balcony"

    @override
    async def async_camera_image(self, width: int | None = None, height: int | None = None) -> bytes:
        return JPEG


class Still(ImageEntity):
    _attr_name = "Doorbell"
    _attr_content_type = "image/png"

    @override
    async def async_image(self) -> bytes:
        return b"\x89PNG\r\n\x1a\n"


async def plug_in(hass: HomeAssistant, domain: str, entity: Entity) -> str:
    setup_test_component_platform(hass, domain, [entity])
    assert await async_setup_component(hass, domain, {domain: {"platform": "test"}})
    await hass.async_block_till_done()
    return entity.entity_id


async def test_any_camera_of_home_assistant_shows_its_frame(hass: HomeAssistant, until: Until) -> None:
    balcony = await plug_in(hass, "camera", Shows())
    await armed(hass, *HOUSE, camera("Balcony", server=None, camera=None, entity=balcony))

    await break_in(hass)

    await until(lambda: found(hass)["picture"])
    assert found(hass, "level", "camera", "label", "picture") == {
        "level": 1,
        "camera": "Balcony",
        "label": None,
        "picture": "1.jpg",
    }


async def test_so_does_any_image(hass: HomeAssistant, until: Until) -> None:
    doorbell = await plug_in(hass, "image", Still(hass))
    await armed(hass, *HOUSE, camera("Doorbell", server=None, camera=None, entity=doorbell))

    await break_in(hass)

    await until(lambda: found(hass)["picture"] == "1.png")


class Broken(Shows):
    asked = 0

    @override
    async def async_camera_image(self, width: int | None = None, height: int | None = None) -> bytes:
        self.asked += 1
        raise RuntimeError("a bug")


async def test_a_camera_with_a_bug_holds_up_nothing(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    balcony = await plug_in(hass, "camera", Broken())
    broken = camera("Balcony", server=None, camera=None, entity=balcony)
    await armed(hass, *watched(frigate, broken, camera()))

    await break_in(hass)

    await until(lambda: found(hass)["camera"] == "Garden")


async def test_an_entity_that_is_gone_shows_nothing_and_holds_up_nothing(
    hass: HomeAssistant, until: Until
) -> None:
    await armed(hass, *HOUSE, camera("Attic", server=None, camera=None, entity="camera.gone"))

    await break_in(hass)

    await until(lambda: level(hass) == "1")
    assert found(hass)["picture"] is None


async def test_a_camera_whose_server_was_removed_is_left_out(hass: HomeAssistant, until: Until) -> None:
    await armed(hass, *HOUSE, camera())

    await break_in(hass)

    await until(lambda: level(hass) == "1")
    assert found(hass)["picture"] is None


async def test_a_broken_camera_leaves_nothing_of_a_duress_alarm_in_the_log(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, until: Until, freezer: FrozenDateTimeFactory
) -> None:
    broken = Broken()
    balcony = await plug_in(hass, "camera", broken)
    await armed(hass, *HOUSE, under_duress(), camera("Balcony", server=None, camera=None, entity=balcony))
    caplog.clear()

    await act(hass, "disarm", code=DURESS_CODE)
    while broken.asked < 3:
        await wait(hass, freezer, 1)
        await until(lambda: broken.asked)
    await wait(hass, freezer, 61)  # from then on nobody looks any more
    await hass.async_block_till_done(wait_background_tasks=True)

    ours = [one for one in caplog.records if "alarm_broker" in one.name]
    assert [one.getMessage() for one in ours if one.levelname in ("WARNING", "ERROR")] == []
