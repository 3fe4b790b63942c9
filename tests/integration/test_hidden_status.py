"""EN 50131-1, grade 2: zones, troubles and the memory are for whoever has a code, not for whoever passes by."""

from typing import Any

import pytest
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er, intent
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.alarm_broker.core.panel.config import Action, AlarmKind
from tests.integration.house import (
    AREA,
    CODE,
    GARAGE,
    GATE,
    MASTER,
    PANEL,
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
    zone,
)

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf")

LONG, FORCED, LIMITED = "471100", "926455", "835512"
HOME = mode(exit_delay=0, siren_time=180)
ANNA = user(code=LONG)
ANNA_FORCED = user("Anna", FORCED, "user_anna_duress", duress=True)
CLEANER = user("Cleaner", LIMITED, actions=[Action.ARM.value, Action.DISARM.value])


async def grade_2(hass: HomeAssistant) -> Any:
    return await move_in(hass, area(home=HOME), *ZONES, ANNA, ANNA_FORCED, CLEANER, profile="en-g2")


@pytest.fixture
def passer_by(hass: HomeAssistant) -> Context:
    """Return who a wall tablet is logged in as."""
    return Context(user_id=MockUser(id="tablet", name="Tablet", is_owner=True).add_to_hass(hass).id)


async def ask(hass: HomeAssistant, action: str, context: Context, **data: Any) -> Any:
    answer = await hass.services.async_call(
        "alarm_broker",
        action,
        {"entity_id": PANEL, **data},
        blocking=True,
        return_response=True,
        context=context,
    )
    await hass.async_block_till_done()
    assert answer is not None
    return answer[PANEL]


async def burglary(hass: HomeAssistant, context: Context) -> None:
    await ask(hass, "arm", context, mode="home", code=LONG)
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()


async def test_nothing_tells_of_zones_troubles_and_memory(hass: HomeAssistant) -> None:
    entry = await grade_2(hass)

    ours = {one.unique_id for one in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)}

    telling = ("open_zones", "ready", "alarm_memory", "trouble", "tamper", "bypass", "alarm_picture")
    assert [one for one in ours if any(word in one for word in telling)] == []


async def test_what_is_shown_names_no_zone(hass: HomeAssistant, passer_by: Context) -> None:
    entry = await grade_2(hass)
    ours = {one.entity_id for one in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)}

    def seen() -> str:
        return str([hass.states.get(entity_id) for entity_id in sorted(ours)])

    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()
    disarmed = seen()
    sense(hass, WINDOW, "off")
    await burglary(hass, passer_by)
    sounding, kind = seen(), attributes(hass)["alarm_kind"]
    event = attributes(hass, "event.home_alarm_panel")["event_type"]
    alarm = attributes(hass, "sensor.home_alarm_latest_alarm")
    await ask(hass, "disarm", passer_by, code=LONG)

    assert [one for one in (disarmed, sounding, seen()) if "Kitchen window" in one] == []
    assert (kind, event, alarm["title"]) == ("burglary", "triggered", "Home")
    assert attributes(hass)["alarm_kind"] is None


async def test_the_master_names_no_zone_either(hass: HomeAssistant) -> None:
    garage = (area(GARAGE, "Garage", home=HOME), zone(GATE, "instant", "home", area_id=GARAGE))
    await move_in(hass, area(home=HOME), *ZONES, *garage, ANNA, profile="en-g2")
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()

    assert attributes(hass, MASTER).keys().isdisjoint({"open_zones", "bypassed_zones"})


async def test_nor_does_the_master_tell_in_which_area_something_is_open(hass: HomeAssistant) -> None:
    easy = mode(exit_delay=0, code_to_arm=False, siren_time=180)
    garage = (area(GARAGE, "Garage", home=easy), zone(GATE, "instant", "home", area_id=GARAGE))
    await move_in(hass, area(home=easy), *ZONES, *garage, ANNA, profile="en-g2")
    sense(hass, GATE, "on")
    await hass.async_block_till_done()

    with pytest.raises(ServiceValidationError) as refused:
        await panel(hass, "alarm_arm_home", entity_id=MASTER)

    assert refused.value.translation_key == "not_ready_hidden"
    assert refused.value.translation_placeholders == {"area": "Home, Garage"}


@pytest.mark.parametrize("action", ["check", "journal", "verify"])
async def test_whoever_has_no_code_is_shown_nothing(
    hass: HomeAssistant, passer_by: Context, action: str
) -> None:
    await grade_2(hass)

    with pytest.raises(ServiceValidationError) as refused:
        await ask(hass, action, passer_by)

    assert refused.value.translation_key == "code_needed"


async def test_whoever_has_one_is(hass: HomeAssistant, passer_by: Context) -> None:
    await grade_2(hass)
    await burglary(hass, passer_by)
    await ask(hass, "disarm", passer_by, code=LONG)

    ready = (await ask(hass, "check", passer_by, code=LONG))["home"]
    entries = (await ask(hass, "journal", passer_by, code=LONG))["entries"]

    assert ready["open_zones"] == ["Kitchen window"]
    assert ["Kitchen window"] in [entry["zones"] for entry in entries]


async def test_a_code_without_the_right_is_refused(hass: HomeAssistant, passer_by: Context) -> None:
    await grade_2(hass)

    with pytest.raises(ServiceValidationError) as refused:
        await ask(hass, "check", passer_by, code=LIMITED)

    assert refused.value.translation_key == "not_allowed_look"


async def test_wrong_codes_are_counted_as_everywhere(hass: HomeAssistant, passer_by: Context) -> None:
    await grade_2(hass)
    for _ in range(5):
        with pytest.raises(ServiceValidationError):
            await ask(hass, "check", passer_by, code="000111")

    with pytest.raises(ServiceValidationError) as refused:
        await ask(hass, "disarm", passer_by, code=LONG)

    assert refused.value.translation_key == "locked_out"


async def test_under_duress_it_is_shown_and_help_is_called(hass: HomeAssistant, passer_by: Context) -> None:
    entry = await grade_2(hass)
    normal = await ask(hass, "check", passer_by, code=LONG)
    before = (shown(hass), attributes(hass))

    forced = await ask(hass, "check", passer_by, code=FORCED)

    assert forced == normal
    assert (shown(hass), attributes(hass)) == before
    silent = entry.runtime_data.system.state.areas[AREA].silent
    assert [alarm.kind for alarm in silent] == [AlarmKind.DURESS]


async def test_an_automation_may_look(hass: HomeAssistant) -> None:
    """It shows nobody anything by itself, and reminders need to know what is open."""
    await grade_2(hass)

    assert (await ask(hass, "check", Context()))["home"]["ready"] is True


async def test_a_code_that_an_automation_passes_on_is_looked_at(hass: HomeAssistant) -> None:
    """It was typed by somebody, perhaps under duress."""
    entry = await grade_2(hass)

    with pytest.raises(ServiceValidationError):
        await ask(hass, "check", Context(), code="000111")
    await ask(hass, "check", Context(), code=FORCED)

    assert [alarm.kind for alarm in entry.runtime_data.system.state.areas[AREA].silent] == [AlarmKind.DURESS]


async def test_a_default_code_that_is_out_of_date_is_no_guess_where_none_is_needed(
    hass: HomeAssistant, passer_by: Context
) -> None:
    await move_in(hass)
    er.async_get(hass).async_update_entity_options(PANEL, "alarm_control_panel", {"default_code": "0000"})
    for _ in range(6):
        await ask(hass, "check", passer_by)

    await ask(hass, "arm", passer_by, mode="home", code=CODE)

    assert shown(hass) == "armed_home"


async def test_a_default_code_looks_where_one_is_needed(hass: HomeAssistant, passer_by: Context) -> None:
    await grade_2(hass)
    er.async_get(hass).async_update_entity_options(PANEL, "alarm_control_panel", {"default_code": LONG})

    assert (await ask(hass, "check", passer_by))["home"]["ready"] is True


async def test_other_profiles_show_everything_to_everybody(hass: HomeAssistant, passer_by: Context) -> None:
    await move_in(hass)
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()

    assert attributes(hass)["open_zones"] == ["Kitchen window"]
    assert shown(hass, "sensor.home_open_zones") == "1"
    assert (await ask(hass, "check", passer_by))["home"]["open_zones"] == ["Kitchen window"]


@pytest.mark.parametrize("force", [False, True])
async def test_arming_without_a_code_names_no_zone(
    hass: HomeAssistant, passer_by: Context, *, force: bool
) -> None:
    easy = area(home=mode(exit_delay=0, code_to_arm=False, siren_time=180))
    await move_in(hass, easy, *ZONES, ANNA, profile="en-g2")
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()

    try:
        answer = await ask(hass, "arm", passer_by, mode="home", force=force)
    except ServiceValidationError as refused:
        answer = str(refused)

    assert "Kitchen window" not in str(answer)
    assert shown(hass) == "disarmed"


async def test_arming_with_a_code_says_what_is_open(hass: HomeAssistant, passer_by: Context) -> None:
    await grade_2(hass)
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()

    with pytest.raises(ServiceValidationError, match="Kitchen window"):
        await ask(hass, "arm", passer_by, mode="home", code=LONG)
    forced = await ask(hass, "arm", passer_by, mode="home", code=LONG, force=True)

    assert forced["bypassed_zones"] == ["Kitchen window"]


async def test_where_nobody_has_a_code_yet_whoever_asks_is_answered(
    hass: HomeAssistant, passer_by: Context
) -> None:
    await move_in(hass, area(home=HOME), *ZONES, profile="en-g2")
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()

    with pytest.raises(ServiceValidationError, match="Kitchen window"):
        await ask(hass, "arm", passer_by, mode="home")
    forced = await ask(hass, "arm", passer_by, mode="home", force=True)

    assert forced["bypassed_zones"] == ["Kitchen window"]


async def test_a_voice_names_no_zone_either(hass: HomeAssistant) -> None:
    assert await async_setup_component(hass, "intent", {})
    await grade_2(hass)
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()

    response = await intent.async_handle(hass, "test", "AlarmBrokerStatus")

    assert response.speech["plain"]["speech"] == "Home is disarmed."
