"""What was found is there after a restart, and a young alarm is looked after again."""

from datetime import timedelta

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant

from custom_components.alarm_broker.verification.store import evidence_folder
from tests.fakes.frigate import FakeFrigate
from tests.integration.conftest import Until
from tests.integration.house import CODE, area, mode, panel, wait
from tests.integration.watched import armed, break_in, found, kept, level, looks, somebody, watched

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf", "quick_looks")


async def test_after_a_restart_the_level_its_reasons_and_pictures_are_there(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    somebody(frigate)
    entry = await armed(hass, *watched(frigate))
    await break_in(hass)
    await until(lambda: found(hass)["picture"])
    before = found(hass)

    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()

    assert level(hass) == "2"
    assert found(hass) == before


async def test_after_a_restart_the_cameras_are_asked_again_while_the_alarm_is_young(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    entry = await armed(hass, *watched(frigate))
    await break_in(hass)
    await until(lambda: found(hass)["picture"])

    await hass.config_entries.async_reload(entry.entry_id)
    somebody(frigate, ago=0)

    await until(lambda: level(hass) == "2")


async def test_after_a_restart_an_old_alarm_is_not_looked_after(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until, freezer: FrozenDateTimeFactory
) -> None:
    entry = await armed(hass, *watched(frigate))
    await break_in(hass)
    await until(lambda: found(hass)["picture"])
    await hass.config_entries.async_unload(entry.entry_id)
    asked = looks(frigate)
    freezer.tick(3600)

    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)

    assert looks(frigate) == asked


async def test_after_a_restart_an_alarm_can_still_be_judged_and_found_false(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    entry = await armed(hass, *watched(frigate))
    await break_in(hass)
    await until(lambda: found(hass)["picture"])
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()

    await panel(hass, "alarm_disarm", code=CODE)
    await until(lambda: level(hass) == "0")
    await hass.services.async_call("alarm_broker", "validate", {"level": 3}, blocking=True)

    assert level(hass) == "3"


async def test_a_record_that_cannot_be_read_does_not_keep_the_panel_from_guarding(
    hass: HomeAssistant, until: Until
) -> None:
    entry = await armed(hass)
    await break_in(hass)
    await until(lambda: kept(hass) == ["record.json"])
    await hass.config_entries.async_unload(entry.entry_id)
    folder = next(evidence_folder(hass, entry.entry_id).iterdir())
    (folder / "record.json").write_text('{"kept": {"uid": 7}}')

    assert await hass.config_entries.async_setup(entry.entry_id)

    assert level(hass) == "unknown"


async def test_after_the_clock_was_set_back_nothing_is_added_to_an_old_alarm(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until, freezer: FrozenDateTimeFactory
) -> None:
    await frigate.stop()
    entry = await armed(hass, area(home=mode(exit_delay=0, siren_time=900)), *watched(frigate)[1:])
    await break_in(hass)
    await until(lambda: level(hass) == "1")
    await wait(hass, freezer, 400)
    await panel(hass, "alarm_disarm", code=CODE)
    await hass.config_entries.async_unload(entry.entry_id)
    await frigate.start()
    freezer.tick(timedelta(days=-3))

    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)

    assert looks(frigate) == 0
    assert found(hass)["picture"] is None
