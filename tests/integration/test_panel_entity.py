"""The panel in a real Home Assistant core, as its users meet it."""

from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.alarm_control_panel.const import AlarmControlPanelEntityFeature
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.translation import async_get_exception_message
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockUser, async_capture_events

from tests.integration.house import (
    AREA,
    CODE,
    DOOR,
    HALL,
    PANEL,
    SMOKE,
    WINDOW,
    ZONES,
    area,
    attributes,
    mode,
    move_in,
    panel,
    sense,
    shown,
    user,
    wait,
    zone,
)

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf")


async def test_from_arming_to_the_alarm_and_back(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    await move_in(hass)
    seen = [shown(hass)]

    await panel(hass, "alarm_arm_away", code=CODE)
    seen.append(shown(hass))
    await wait(hass, freezer, 60)
    seen.append(shown(hass))
    sense(hass, DOOR, "on")
    await hass.async_block_till_done()
    seen.append(shown(hass))
    await wait(hass, freezer, 30)
    seen.append(shown(hass))
    await panel(hass, "alarm_disarm", code=CODE)
    seen.append(shown(hass))

    assert seen == ["disarmed", "arming", "armed_away", "pending", "triggered", "disarmed"]
    assert attributes(hass)["changed_by"] == "Anna"


async def test_sensors_of_other_integrations_trigger_it(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """A helper and a template sensor, as real entities."""
    helper, template = "input_boolean.back_door", "binary_sensor.cellar"
    assert await async_setup_component(hass, "input_boolean", {"input_boolean": {"back_door": {}}})
    cellar = {"binary_sensor": {"name": "Cellar", "state": "{{ states('input_boolean.cellar') }}"}}
    hass.states.async_set("input_boolean.cellar", "off")
    assert await async_setup_component(hass, "template", {"template": [cellar]})
    await hass.async_block_till_done()
    parts = (
        area(away=mode(exit_delay=0)),
        zone(helper, "entry_exit", "away"),
        zone(template, "instant", "away"),
        user(),
    )
    await move_in(hass, *parts)
    await panel(hass, "alarm_arm_away", code=CODE)

    await hass.services.async_call("input_boolean", "turn_on", {"entity_id": helper}, blocking=True)
    await hass.async_block_till_done()
    after_door = shown(hass)
    hass.states.async_set("input_boolean.cellar", "on")
    await hass.async_block_till_done()

    assert after_door == "pending"
    assert shown(hass) == "triggered"
    await wait(hass, freezer, 1)


async def test_home_mode_leaves_the_hall_alone(hass: HomeAssistant) -> None:
    await move_in(hass)
    await panel(hass, "alarm_arm_home", code=CODE)

    sense(hass, HALL, "on")
    await hass.async_block_till_done()
    with_motion = shown(hass)
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()

    assert with_motion == "armed_home"
    assert shown(hass) == "triggered"


async def test_after_the_siren_the_house_is_still_armed(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    await move_in(hass)
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()

    await wait(hass, freezer, 180)

    assert shown(hass) == "armed_home"
    assert attributes(hass)["bypassed_zones"] == ["Kitchen window"]
    assert attributes(hass)["alarm_zones"] == ["Kitchen window"]


async def test_a_panel_that_was_disarmed_shows_no_alarm_as_if_it_were_now(hass: HomeAssistant) -> None:
    await move_in(hass)
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()
    sounding = attributes(hass)["alarm_kind"], attributes(hass)["alarm_zones"]

    await panel(hass, "alarm_disarm", code=CODE)

    assert sounding == ("burglary", ["Kitchen window"])
    assert (attributes(hass)["alarm_kind"], attributes(hass)["alarm_zones"]) == (None, [])
    assert attributes(hass)["confirmed"] is False


@pytest.mark.parametrize("chosen", [None, "panic"])
async def test_what_home_assistants_own_action_raises_is_a_burglary_unless_it_was_set_otherwise(
    hass: HomeAssistant, chosen: str | None
) -> None:
    await move_in(hass, **({} if chosen is None else {"trigger_kind": chosen}))

    await panel(hass, "alarm_trigger")

    assert shown(hass) == "triggered"
    assert attributes(hass)["alarm_kind"] == (chosen or "burglary")


async def test_smoke_sounds_while_disarmed(hass: HomeAssistant) -> None:
    await move_in(hass)

    sense(hass, SMOKE, "on")
    await hass.async_block_till_done()

    assert shown(hass) == "triggered"


async def test_the_panel_can_be_triggered_by_hand(hass: HomeAssistant) -> None:
    await move_in(hass)

    await panel(hass, "alarm_trigger")

    assert shown(hass) == "triggered"


async def refused(hass: HomeAssistant, service: str, **data: Any) -> str:
    """Return the sentence with which the panel refuses."""
    with pytest.raises(ServiceValidationError) as error:
        await panel(hass, service, **data)
    assert error.value.translation_domain == "alarm_broker"
    assert error.value.translation_key is not None
    return async_get_exception_message(
        "alarm_broker", error.value.translation_key, error.value.translation_placeholders
    )


async def test_a_wrong_code_is_refused_in_words(hass: HomeAssistant) -> None:
    await move_in(hass)

    assert await refused(hass, "alarm_arm_away", code="0000") == "Home: wrong code"
    assert await refused(hass, "alarm_disarm") == "Home: enter a code"
    assert shown(hass) == "disarmed"


async def test_five_wrong_codes_lock_the_right_one_out_for_a_while(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    freezer.move_to("2026-11-20T21:00:00+00:00")
    await move_in(hass)
    await panel(hass, "alarm_arm_home", code=CODE)

    answers = [await refused(hass, "alarm_disarm", code="0000") for _ in range(5)]
    locked = await refused(hass, "alarm_disarm", code=CODE)
    await wait(hass, freezer, 90)
    await panel(hass, "alarm_disarm", code=CODE)

    assert answers[:4] == ["Home: wrong code"] * 4
    assert answers[4] == locked == "Home: too many wrong codes, none is accepted until 22:01:30"
    assert shown(hass) == "disarmed"


async def test_an_unready_house_is_refused_and_the_zones_are_named(hass: HomeAssistant) -> None:
    await move_in(hass)
    sense(hass, WINDOW, "on")
    sense(hass, HALL, "unavailable")
    await hass.async_block_till_done()

    answer = await refused(hass, "alarm_arm_away", code=CODE)

    assert answer.startswith("Home: not ready. Open: Kitchen window. No signal from: Hall motion. Close")
    assert shown(hass) == "disarmed"


async def test_arming_by_force_leaves_out_what_is_in_the_way(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    await move_in(hass)
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()

    await hass.services.async_call(
        "alarm_broker",
        "arm",
        {"entity_id": PANEL, "mode": "away", "code": CODE, "force": True},
        blocking=True,
    )
    await wait(hass, freezer, 60)

    assert shown(hass) == "armed_away"
    assert attributes(hass)["bypassed_zones"] == ["Kitchen window"]


async def test_a_pending_panel_cannot_be_armed_away_from(hass: HomeAssistant) -> None:
    await move_in(hass)
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, DOOR, "on")
    await hass.async_block_till_done()

    answer = await refused(hass, "alarm_arm_away", code=CODE)

    assert answer == "Home: an alarm is pending or sounding. Disarm first, with a code"
    assert shown(hass) == "pending"


async def test_the_end_of_a_delay_can_be_counted_down_to(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to("2026-11-20T22:00:00+00:00")
    await move_in(hass)

    await panel(hass, "alarm_arm_away", code=CODE)

    assert attributes(hass)["delay_end"] == dt_util.parse_datetime("2026-11-20T22:01:00+00:00")
    assert attributes(hass)["arm_mode"] == "away"


async def test_a_panel_without_users_needs_no_code_and_names_the_caller(
    hass: HomeAssistant, hass_admin_user: MockUser
) -> None:
    await move_in(hass, area(), *ZONES)

    await hass.services.async_call(
        "alarm_control_panel",
        "alarm_arm_home",
        {"entity_id": PANEL},
        blocking=True,
        context=Context(user_id=hass_admin_user.id),
    )

    assert shown(hass) == "armed_home"
    assert attributes(hass)["changed_by"] == hass_admin_user.name
    assert attributes(hass)["code_format"] is None


async def test_what_the_keypad_needs_is_told(hass: HomeAssistant) -> None:
    await move_in(
        hass, area(away=mode(code_to_arm=False), home=mode(code_to_arm=False)), user(), code_format="text"
    )

    told = attributes(hass)

    assert told["code_format"] == "text"
    assert told["code_arm_required"] is False
    assert told["supported_features"] == (
        AlarmControlPanelEntityFeature.ARM_AWAY
        | AlarmControlPanelEntityFeature.ARM_HOME
        | AlarmControlPanelEntityFeature.TRIGGER
    )


async def test_no_code_appears_in_a_log_or_a_state(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    await move_in(hass)
    changes = async_capture_events(hass, "state_changed")

    await panel(hass, "alarm_arm_home", code=CODE)
    with pytest.raises(HomeAssistantError):
        await panel(hass, "alarm_disarm", code="8642")

    ours = [record for record in caplog.records if "alarm_broker" in record.name]
    assert ours
    assert not [record for record in ours if CODE in record.getMessage() or "8642" in record.getMessage()]
    assert not [event for event in changes if CODE in str(event.data["new_state"])]


async def test_the_panel_belongs_to_the_device_of_its_area(hass: HomeAssistant) -> None:
    entry = await move_in(hass)

    registered = er.async_get(hass).async_get(PANEL)

    assert registered is not None
    assert registered.unique_id == f"{entry.entry_id}_{AREA}_panel"
    assert registered.device_id is not None
    device = dr.async_get(hass).async_get(registered.device_id)
    assert isinstance(device, dr.DeviceEntry)
    assert device.name == "Home"
    assert device.via_device_id == entry.runtime_data.hub_device_id
