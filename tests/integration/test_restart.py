"""Home Assistant goes down and comes back: the panel goes on where it was, or acts on what it missed."""

from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from tests.integration.house import (
    CODE,
    DOOR,
    HALL,
    PANEL,
    SENSORS,
    SMOKE,
    WINDOW,
    attributes,
    close_all,
    move_in,
    panel,
    sense,
    shown,
    wait,
)

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf")


async def go_down(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Stop the integration; every sensor falls silent."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    for entity_id in SENSORS:
        hass.states.async_remove(entity_id)
    await hass.async_block_till_done()


async def boot(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory, *, down_s: float
) -> None:
    """Come back after some time, as far as Home Assistant's start; sensors are not there yet."""
    freezer.tick(timedelta(seconds=down_s))
    hass.set_state(CoreState.not_running)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


async def finish_boot(hass: HomeAssistant) -> None:
    """Let Home Assistant say that it has started."""
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await hass.async_block_till_done()


async def test_the_entry_delay_goes_on_to_its_old_end(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    entry = await move_in(hass)
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, DOOR, "on")
    await hass.async_block_till_done()
    ends = attributes(hass)["delay_end"]

    await go_down(hass, entry)
    while_down = shown(hass)
    await boot(hass, entry, freezer, down_s=10)
    after_boot = (shown(hass), attributes(hass)["delay_end"])
    await wait(hass, freezer, 20)

    assert while_down == "unavailable"
    assert after_boot == ("pending", ends)
    assert shown(hass) == "triggered"
    await finish_boot(hass)


async def test_an_entry_delay_that_ran_out_meanwhile_is_an_alarm_at_boot(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    entry = await move_in(hass)
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, DOOR, "on")
    await hass.async_block_till_done()

    await go_down(hass, entry)
    await boot(hass, entry, freezer, down_s=3600)

    assert shown(hass) == "triggered"
    assert attributes(hass)["alarm_zones"] == ["Front door"]
    await panel(hass, "alarm_disarm", code=CODE)
    assert shown(hass) == "disarmed"
    await finish_boot(hass)


async def test_an_armed_house_is_armed_after_the_restart_and_never_shown_otherwise(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    entry = await move_in(hass)
    await panel(hass, "alarm_arm_home", code=CODE)
    changes = async_capture_events(hass, "state_changed")
    await go_down(hass, entry)
    await boot(hass, entry, freezer, down_s=86_400)
    close_all(hass)
    await finish_boot(hass)
    await wait(hass, freezer, 60)

    seen = [change.data["new_state"].state for change in changes if change.data["entity_id"] == PANEL]
    assert set(seen) == {"unavailable", "armed_home"}
    assert seen[-1] == "armed_home"


@pytest.mark.parametrize(
    ("mode", "sensor", "then", "lived"),
    [
        ("home", WINDOW, "armed_home", "triggered"),
        ("home", DOOR, "triggered", "pending"),
        ("away", None, "armed_away", "arming"),
    ],
)
async def test_what_ended_in_the_outage_is_not_shown_once_more(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, mode: str, sensor: str | None, then: str, lived: str
) -> None:
    entry = await move_in(hass)
    await panel(hass, f"alarm_arm_{mode}", code=CODE)
    if sensor is not None:
        sense(hass, sensor, "on")
    await hass.async_block_till_done()
    before = shown(hass)
    await go_down(hass, entry)
    changes = async_capture_events(hass, "state_changed")

    await boot(hass, entry, freezer, down_s=3600)

    seen = [change.data["new_state"].state for change in changes if change.data["entity_id"] == PANEL]
    assert before == lived
    assert seen == [then]
    await finish_boot(hass)


async def test_a_window_opened_meanwhile_triggers_once_the_sensors_settled(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    entry = await move_in(hass)
    await panel(hass, "alarm_arm_home", code=CODE)
    await go_down(hass, entry)
    await boot(hass, entry, freezer, down_s=300)
    close_all(hass)
    sense(hass, WINDOW, "on")

    await finish_boot(hass)
    while_settling = shown(hass)
    await wait(hass, freezer, 60)

    assert while_settling == "armed_home"
    assert shown(hass) == "triggered"


async def test_sensors_that_flicker_while_they_come_up_are_no_burglars(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    entry = await move_in(hass)
    await panel(hass, "alarm_arm_away", code=CODE)
    await wait(hass, freezer, 60)
    await go_down(hass, entry)
    await boot(hass, entry, freezer, down_s=300)

    for state in ("unknown", "on", "off"):
        sense(hass, HALL, state)
        await hass.async_block_till_done()
    close_all(hass)
    await finish_boot(hass)
    await wait(hass, freezer, 60)

    assert shown(hass) == "armed_away"


@pytest.mark.parametrize(("at_last", "then"), [("on", "armed_home"), ("off", "triggered")])
async def test_a_window_left_open_is_guarded_again_only_when_it_is_closed_after_settling(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, at_last: str, then: str
) -> None:
    entry = await move_in(hass)
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()
    arm = {"entity_id": PANEL, "mode": "home", "code": CODE, "force": True}
    await hass.services.async_call("alarm_broker", "arm", arm, blocking=True)
    await go_down(hass, entry)
    await boot(hass, entry, freezer, down_s=300)
    close_all(hass)
    await hass.async_block_till_done()
    sense(hass, WINDOW, at_last)

    await finish_boot(hass)
    await wait(hass, freezer, 60)
    settled = shown(hass)
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()

    assert settled == "armed_home"
    assert shown(hass) == then


async def test_smoke_at_boot_sounds_at_once_even_disarmed(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    entry = await move_in(hass)
    await go_down(hass, entry)
    await boot(hass, entry, freezer, down_s=300)

    sense(hass, SMOKE, "on")
    await hass.async_block_till_done()

    assert shown(hass) == "triggered"
    await finish_boot(hass)


async def test_a_reload_while_armed_judges_the_sensors_at_once(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    await panel(hass, "alarm_arm_home", code=CODE)
    assert await hass.config_entries.async_unload(entry.entry_id)
    sense(hass, WINDOW, "on")

    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()

    assert shown(hass) == "triggered"


async def test_a_bypassed_zone_that_leaves_the_configuration_leaves_the_panel(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()
    arm = {"entity_id": PANEL, "mode": "home", "code": CODE, "force": True}
    await hass.services.async_call("alarm_broker", "arm", arm, blocking=True)

    hass.config_entries.async_remove_subentry(entry, "zone_kitchen_window")
    await hass.async_block_till_done()

    assert shown(hass) == "armed_home"
    assert attributes(hass)["bypassed_zones"] == []


async def test_the_lockout_survives_a_restart(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    await panel(hass, "alarm_arm_home", code=CODE)
    for _ in range(5):
        with pytest.raises(Exception, match="code"):
            await panel(hass, "alarm_disarm", code="0000")

    await hass.config_entries.async_reload(entry.entry_id)

    with pytest.raises(Exception, match="too many wrong codes"):
        await panel(hass, "alarm_disarm", code=CODE)
    assert shown(hass) == "armed_home"


async def test_removing_the_entry_forgets_the_panel(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    entry = await move_in(hass)
    await panel(hass, "alarm_arm_home", code=CODE)
    key = f"alarm_broker.panel.{entry.entry_id}"
    stored = key in hass_storage

    await hass.config_entries.async_remove(entry.entry_id)

    assert stored
    assert key not in hass_storage
