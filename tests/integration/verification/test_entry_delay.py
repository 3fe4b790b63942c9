"""In an entry delay pictures are gathered, and nobody is told; of who comes home nothing stays."""

import time

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant

from tests.fakes.frigate import FakeFrigate
from tests.integration.conftest import Until
from tests.integration.house import CODE, DOOR, panel, sense, shown, wait
from tests.integration.watched import PICTURE, armed, found, kept, level, somebody, watched

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf", "quick_looks")


async def test_during_an_entry_delay_pictures_are_gathered_and_nobody_is_told(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    somebody(frigate)
    await armed(hass, *watched(frigate))

    sense(hass, DOOR, "on")

    await until(lambda: kept(hass) == ["1.jpg"])
    assert shown(hass) == "pending"
    assert (level(hass), shown(hass, PICTURE)) == ("unknown", "unknown")


async def test_what_was_found_in_the_entry_delay_is_there_when_it_becomes_an_alarm(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until, freezer: FrozenDateTimeFactory
) -> None:
    somebody(frigate)
    await armed(hass, *watched(frigate), evidence_after=5)
    sense(hass, DOOR, "on")
    await until(lambda: kept(hass) == ["1.jpg"])
    await frigate.stop()

    await wait(hass, freezer, 31)

    await until(lambda: level(hass) == "2")
    assert shown(hass) == "triggered"
    # On disk is a moment before known.
    await until(lambda: found(hass, "picture", "label") == {"picture": "1.jpg", "label": "person"})


async def test_no_picture_of_somebody_who_comes_home_is_kept(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    await armed(hass, *watched(frigate))
    sense(hass, DOOR, "on")
    await until(lambda: kept(hass) == ["1.jpg"])

    await panel(hass, "alarm_disarm", code=CODE)

    await until(lambda: kept(hass) == [])
    assert level(hass) == "unknown"


async def test_not_even_after_a_restart_in_the_entry_delay(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    entry = await armed(hass, *watched(frigate))
    sense(hass, DOOR, "on")
    await until(lambda: kept(hass) == ["1.jpg"])
    await hass.config_entries.async_reload(entry.entry_id)

    await panel(hass, "alarm_disarm", code=CODE)

    await until(lambda: kept(hass) == [])


async def test_settings_that_are_saved_in_an_entry_delay_lose_no_evidence(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until, freezer: FrozenDateTimeFactory
) -> None:
    event = somebody(frigate)
    entry = await armed(hass, *watched(frigate))
    sense(hass, DOOR, "on")
    await until(lambda: kept(hass) == ["1.jpg"])
    event["end_time"] = time.time() + 2

    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    await wait(hass, freezer, 31)

    assert shown(hass) == "triggered"
    await until(lambda: found(hass)["picture"] and level(hass) == "2")
