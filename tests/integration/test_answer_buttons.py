"""Buttons for who stands at a dashboard: I am on it, it is over, and does all of this work?"""

from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from tests.fakes.companion import FakeCompanion
from tests.integration.conftest import Until
from tests.integration.house import (
    CODE,
    DOOR,
    GARAGE_PANEL,
    GARAGE_PARTS,
    HOUSE,
    MASTER,
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
    under_duress,
    user,
    wait,
)
from tests.integration.phones import burglary

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf")

ACKNOWLEDGE, RESOLVE = "button.home_alarm_acknowledge", "button.home_alarm_resolve"
TEST = "button.home_test_alarm"
LATEST = "sensor.home_alarm_latest_alarm"


@pytest.fixture
def anna(hass: HomeAssistant) -> MockUser:
    """Somebody who may work the house."""
    return MockUser(name="Anna", is_owner=True).add_to_hass(hass)


async def press(hass: HomeAssistant, entity_id: str, context: Context | None = None) -> None:
    await hass.services.async_call(
        "button", "press", {"entity_id": entity_id}, blocking=True, context=context
    )
    await hass.async_block_till_done()


async def raise_test(hass: HomeAssistant, **target: Any) -> Any:
    return await hass.services.async_call(
        "alarm_broker", "test_alarm", target, blocking=True, return_response=True
    )


async def test_acknowledging_and_resolving_are_in_the_name_of_whoever_presses(
    hass: HomeAssistant, anna: MockUser
) -> None:
    await move_in(hass)
    await burglary(hass)

    await press(hass, ACKNOWLEDGE, Context(user_id=anna.id))
    acknowledged = attributes(hass, LATEST)
    await press(hass, RESOLVE, Context(user_id=anna.id))

    assert (acknowledged["status"], acknowledged["acknowledged_by"]) == ("acknowledged", "Anna")
    assert (shown(hass, LATEST), attributes(hass, LATEST)["closed_by"]) == ("resolved", "Anna")


async def test_the_newest_alarm_that_nobody_has_answered_is_acknowledged(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    await move_in(hass)
    await press(hass, TEST)
    await wait(hass, freezer, 5)
    await burglary(hass)

    await press(hass, ACKNOWLEDGE)
    first = attributes(hass, LATEST)["acknowledged_by"]
    await press(hass, ACKNOWLEDGE)
    alarms = attributes(hass, "binary_sensor.home_alarm_alarm_active")["alarms"]

    assert first == "Home Assistant"
    assert [one["status"] for one in alarms] == ["acknowledged", "acknowledged"]


@pytest.mark.parametrize(
    ("button", "error"), [(ACKNOWLEDGE, "no_unanswered_alarm"), (RESOLVE, "no_open_alarm")]
)
async def test_without_an_alarm_it_says_so(hass: HomeAssistant, button: str, error: str) -> None:
    await move_in(hass)

    with pytest.raises(ServiceValidationError) as refused:
        await press(hass, button)

    assert refused.value.translation_key == error


async def test_an_alarm_under_duress_is_none_for_the_buttons(hass: HomeAssistant) -> None:
    await move_in(hass, *HOUSE, under_duress())
    await panel(hass, "alarm_arm_home", code=CODE)
    await panel(hass, "alarm_disarm", code="9264")

    with pytest.raises(ServiceValidationError) as refused:
        await press(hass, ACKNOWLEDGE)

    assert refused.value.translation_key == "no_unanswered_alarm"


async def test_an_answer_reaches_the_companion(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    companion.raise_alarm("a1")
    await until(lambda: shown(hass, LATEST) == "triggered")

    await press(hass, ACKNOWLEDGE)

    await until(lambda: [one["kind"] for one in companion.heard[-1:]] == ["acknowledge"])


async def test_a_test_alarm_by_button_is_one_and_leaves_the_panel(
    hass: HomeAssistant, anna: MockUser
) -> None:
    await move_in(hass)

    await press(hass, TEST, Context(user_id=anna.id))

    assert (attributes(hass, LATEST)["test"], attributes(hass, LATEST)["message"]) == (
        True,
        "Test alarm by Anna.",
    )
    assert shown(hass) == "disarmed"


async def test_a_test_alarm_without_a_target_is_one_of_the_only_area(hass: HomeAssistant) -> None:
    await move_in(hass)

    answer = await raise_test(hass)

    assert answer[PANEL]["alarm_id"] == attributes(hass, LATEST)["alarm_id"]
    assert attributes(hass, LATEST)["where"] == "Home"


async def test_a_test_alarm_without_a_target_asks_which_where_there_are_several(hass: HomeAssistant) -> None:
    await move_in(hass, *HOUSE, *GARAGE_PARTS)

    with pytest.raises(ServiceValidationError) as refused:
        await raise_test(hass)
    answer = await raise_test(hass, entity_id=GARAGE_PANEL)

    assert refused.value.translation_key == "choose_an_area"
    assert list(answer) == [GARAGE_PANEL]


async def test_a_panel_of_another_name_is_found_too(hass: HomeAssistant) -> None:
    await move_in(hass)
    er.async_get(hass).async_update_entity(PANEL, new_entity_id="alarm_control_panel.villa")
    await hass.async_block_till_done()

    assert list(await raise_test(hass)) == ["alarm_control_panel.villa"]


async def test_what_tripped_shows_from_the_entry_delay_to_the_answer(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, anna: MockUser
) -> None:
    await move_in(hass)
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, DOOR, "on")
    await hass.async_block_till_done()
    coming = attributes(hass)
    await wait(hass, freezer, 31)
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()
    sounding, latest = attributes(hass), attributes(hass, LATEST)
    await press(hass, ACKNOWLEDGE, Context(user_id=anna.id))
    answered = attributes(hass)
    await panel(hass, "alarm_disarm", code=CODE)

    assert (coming["tripped_zones"], coming["alarm_kind"]) == (["Front door"], None)
    assert sounding["tripped_zones"] == ["Front door", "Kitchen window"]
    assert coming["tripped_since"] < sounding["tripped_since"] < sounding["delay_end"]
    assert (latest["zones"], latest["siren_end"]) == (
        ["Front door", "Kitchen window"],
        sounding["delay_end"].isoformat(),
    )
    assert (sounding["answered_by"], answered["answered_by"]) == (None, "Anna")
    over = attributes(hass)
    assert (over["tripped_zones"], over["tripped_since"], over["answered_by"]) == ([], None, None)
    assert (attributes(hass, LATEST)["zones"], attributes(hass, LATEST)["siren_end"]) == ([], None)


async def test_the_master_shows_what_tripped_anywhere(hass: HomeAssistant) -> None:
    await move_in(hass, *HOUSE, *GARAGE_PARTS)
    await burglary(hass)
    sense(hass, SMOKE, "on")
    await hass.async_block_till_done()
    await press(hass, ACKNOWLEDGE)

    said = attributes(hass, MASTER)
    assert (said["tripped_zones"], said["alarm_kind"]) == (["Kitchen window", "Smoke detector"], "fire")
    assert (said["answered_by"], said["tripped_since"] is not None) == ("Home Assistant", True)


async def test_where_status_is_hidden_no_zone_is_named_and_the_buttons_work(hass: HomeAssistant) -> None:
    home = area(home=mode(exit_delay=0))
    await move_in(hass, home, *ZONES, user(code="471100"), profile="en-g2")
    await panel(hass, "alarm_arm_home", code="471100")
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()

    await press(hass, ACKNOWLEDGE)

    assert "tripped_zones" not in attributes(hass)
    assert attributes(hass, LATEST)["zones"] == []
    assert (shown(hass, LATEST), attributes(hass)["answered_by"]) == ("acknowledged", "Home Assistant")
