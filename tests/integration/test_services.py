"""The panel's own actions, their answers, and the sentences with which they refuse."""

from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError, Unauthorized
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser, async_capture_events

from tests.integration.house import (
    CODE,
    DOOR,
    DURESS_CODE,
    GARAGE_PANEL,
    GARAGE_PARTS,
    GATE,
    HALL,
    HOUSE,
    MASTER,
    PANEL,
    SMOKE,
    WINDOW,
    act,
    attributes,
    move_in,
    panel,
    sense,
    shown,
    under_duress,
    user,
    wait,
)

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf")


async def refused(hass: HomeAssistant, service: str, **data: Any) -> ServiceValidationError:
    """Return the error with which an action is refused."""
    with pytest.raises(ServiceValidationError) as error:
        await act(hass, service, **data)
    return error.value


async def add_code(hass: HomeAssistant, **data: Any) -> Any:
    answer = await hass.services.async_call(
        "alarm_broker", "add_code", {"name": "Cleaner", **data}, blocking=True, return_response=True
    )
    await hass.async_block_till_done()
    return answer


def users(entry: MockConfigEntry) -> list[str]:
    return [one.title for one in entry.subentries.values() if one.subentry_type == "user"]


async def test_arming_answers_what_is_left_out_and_until_when_to_leave(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to("2026-11-20T22:00:00+00:00")
    await move_in(hass)
    sense(hass, WINDOW, "on")

    answer = await act(hass, "arm", mode="away", code=CODE, force=True, bypass=["hall motion"])

    assert answer == {
        "areas": ["Home"],
        "bypassed_zones": ["Hall motion", "Kitchen window"],
        "delay_end": "2026-11-20T22:01:00+00:00",
    }


async def test_arming_can_skip_the_delay(hass: HomeAssistant) -> None:
    await move_in(hass)

    await act(hass, "arm", mode="away", code=CODE, skip_delay=True)

    assert shown(hass) == "armed_away"


async def test_arming_without_a_mode_does_it_again_as_last_time(hass: HomeAssistant) -> None:
    await move_in(hass)
    nothing_yet = await refused(hass, "arm", code=CODE)
    await act(hass, "arm", mode="home", code=CODE, bypass=[WINDOW])
    await act(hass, "disarm", code=CODE)

    answer = await act(hass, "arm", code=CODE)

    assert nothing_yet.translation_key == "nothing_to_repeat"
    assert shown(hass) == "armed_home"
    assert answer["bypassed_zones"] == ["Kitchen window"]


@pytest.mark.parametrize("name", ["kitchen WINDOW", WINDOW, "switch.kitchen_window_bypass"])
async def test_a_zone_is_named_by_its_name_its_sensor_or_its_switch(hass: HomeAssistant, name: str) -> None:
    await move_in(hass)

    answer = await act(hass, "bypass", zones=[name])

    assert answer == {"bypassed_zones": ["Kitchen window"]}
    assert shown(hass, "switch.kitchen_window_bypass") == "on"


async def test_an_unknown_zone_is_refused_by_name(hass: HomeAssistant) -> None:
    await move_in(hass)

    error = await refused(hass, "bypass", zones=["Cellar"])

    assert error.translation_key == "zone_unknown"
    assert error.translation_placeholders == {"zone": "Cellar"}


async def test_fire_cannot_be_left_out(hass: HomeAssistant) -> None:
    await move_in(hass)

    error = await refused(hass, "bypass", zones=[SMOKE])

    assert error.translation_key == "not_bypassable"
    assert hass.states.get("switch.smoke_detector_bypass") is None


async def test_a_bypass_while_armed_takes_a_code_and_can_be_taken_back(hass: HomeAssistant) -> None:
    await move_in(hass)
    await panel(hass, "alarm_arm_home", code=CODE)

    error = await refused(hass, "bypass", zones=[WINDOW])
    await act(hass, "bypass", zones=[WINDOW], code=CODE)
    sense(hass, WINDOW, "on")
    left_out = shown(hass)
    sense(hass, WINDOW, "off")
    await act(hass, "unbypass", zones=[WINDOW])
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()

    assert error.translation_key == "code_needed"
    assert left_out == "armed_home"
    assert shown(hass) == "triggered"


async def test_check_says_why_an_area_is_not_ready(hass: HomeAssistant) -> None:
    await move_in(hass)
    sense(hass, HALL, "unavailable")
    sense(hass, WINDOW, "on")

    answer = await act(hass, "check")

    assert answer["away"] == {
        "ready": False,
        "open_zones": ["Kitchen window"],
        "blind_zones": ["Hall motion"],
        "troubles": [],
        "force_helps": True,
    }
    assert answer["home"]["blind_zones"] == []


async def test_check_of_a_mode_that_there_is_not_says_so(hass: HomeAssistant) -> None:
    await move_in(hass)

    assert (await refused(hass, "check", mode="night")).translation_key == "mode_unknown"


async def test_a_trigger_has_a_kind(hass: HomeAssistant) -> None:
    await move_in(hass)

    await act(hass, "trigger", kind="medical")

    assert (shown(hass), attributes(hass)["alarm_kind"]) == ("triggered", "medical")


async def test_a_trigger_answers_which_alarm_it_raised_or_joined(hass: HomeAssistant) -> None:
    await move_in(hass)

    first = await act(hass, "trigger", kind="fire")
    again = await act(hass, "trigger", kind="fire")
    other = await act(hass, "trigger", kind="water")

    alarms = {
        alarm["alarm_id"] for alarm in attributes(hass, "binary_sensor.home_alarm_alarm_active")["alarms"]
    }
    assert (first["areas"], first["kind"], other["kind"]) == (["Home"], "fire", "water")
    assert first == again
    assert {first["alarm_id"], other["alarm_id"]} == alarms


async def test_a_silent_trigger_is_answered_like_a_loud_one(hass: HomeAssistant) -> None:
    await move_in(hass)

    silent = await act(hass, "trigger", kind="panic", silent=True)
    loud = await act(hass, "trigger", kind="panic")

    assert silent["alarm_id"] != loud["alarm_id"]
    assert {**silent, "alarm_id": None} == {**loud, "alarm_id": None}


@pytest.mark.parametrize("service", ["clear_memory", "silence"])
async def test_what_is_done_in_areas_is_answered_with_their_names(hass: HomeAssistant, service: str) -> None:
    await move_in(hass, *HOUSE, *GARAGE_PARTS)

    assert await act(hass, service, entity_id=MASTER, code=CODE) == {"areas": ["Home", "Garage"]}


async def test_a_silent_trigger_changes_nothing_that_can_be_seen(hass: HomeAssistant) -> None:
    await move_in(hass)
    before = {state.entity_id: state.as_dict() for state in hass.states.async_all()}

    await act(hass, "trigger", kind="panic", silent=True)

    after = {state.entity_id: state.as_dict() for state in hass.states.async_all()}
    assert {key for key, value in after.items() if value["state"] != before[key]["state"]} == set()


async def test_the_walk_test_reports_zones_that_were_never_seen(hass: HomeAssistant) -> None:
    await move_in(hass)
    await act(hass, "walk_test", run=True)

    for entity_id in (DOOR, SMOKE):
        sense(hass, entity_id, "on")
        sense(hass, entity_id, "off")
    during = shown(hass)
    answer = await act(hass, "walk_test", run=False)

    assert during == "disarmed", "nothing alarms during the walk test, not even smoke"
    assert answer == {
        "running": False,
        "seen": ["Front door", "Smoke detector"],
        "never_seen": ["Hall motion", "Kitchen window"],
    }


async def test_a_walk_test_needs_a_disarmed_area(hass: HomeAssistant) -> None:
    await move_in(hass)
    await panel(hass, "alarm_arm_home", code=CODE)

    assert (await refused(hass, "walk_test", run=True)).translation_key == "not_disarmed"


async def test_the_master_arms_all_areas_or_none(hass: HomeAssistant) -> None:
    """Our answer to D8: a refused arming of the master leaves every area as it is."""
    await move_in(hass, *HOUSE, *GARAGE_PARTS)
    await act(hass, "arm", mode="home", code=CODE)
    sense(hass, GATE, "on")

    error = await refused(hass, "arm", entity_id=MASTER, mode="away", code=CODE)
    after_refusal = (shown(hass), shown(hass, GARAGE_PANEL), shown(hass, MASTER))
    sense(hass, GATE, "off")
    await act(hass, "arm", entity_id=MASTER, mode="away", code=CODE, skip_delay=True)

    assert error.translation_placeholders is not None
    assert error.translation_placeholders["open"] == "Garage gate"
    assert after_refusal == ("armed_home", "disarmed", "armed_custom_bypass")
    assert (shown(hass), shown(hass, GARAGE_PANEL), shown(hass, MASTER)) == ("armed_away",) * 3


async def test_a_temporary_code_works_once_and_removes_itself(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    await add_code(hass, code="7531", uses=1)
    await panel(hass, "alarm_arm_home", code="7531")
    await panel(hass, "alarm_disarm", code="7531")
    by = attributes(hass)["changed_by"]
    left = users(entry)

    with pytest.raises(ServiceValidationError) as error:
        await panel(hass, "alarm_arm_home", code="7531")

    assert by == "Cleaner"
    assert left == ["Anna"]
    assert error.value.translation_key == "invalid_code"


async def test_a_temporary_code_ends_in_time(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    entry = await move_in(hass)
    await add_code(hass, name="Plumber", code="9753", valid_until=dt_util.now() + timedelta(hours=1))
    until = dt_util.now() + timedelta(hours=2)
    await add_code(hass, code="7531", valid_until=until)
    await panel(hass, "alarm_arm_home", code="7531")

    await wait(hass, freezer, 7201)
    with pytest.raises(ServiceValidationError) as error:
        await panel(hass, "alarm_disarm", code="7531")

    assert error.value.translation_key == "invalid_code"
    assert shown(hass) == "armed_home"
    assert users(entry) == ["Anna"]


async def test_every_temporary_code_goes_at_its_own_time(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    entry = await move_in(hass)
    await add_code(hass, name="Plumber", code="9753", valid_until=dt_util.now() + timedelta(hours=1))
    await add_code(hass, name="Cleaner", code="7531", valid_until=dt_util.now() + timedelta(hours=2))

    await wait(hass, freezer, 3601)
    after_one = users(entry)
    await wait(hass, freezer, 3600)

    assert after_one == ["Anna", "Cleaner"]
    assert users(entry) == ["Anna"]


async def test_the_panel_is_not_set_up_anew_for_a_code_that_is_over(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """Automations would hear of an armed panel that comes back from nowhere, perhaps at night."""
    await move_in(hass)
    await add_code(hass, name="Plumber", code="9753", uses=1)
    await add_code(hass, name="Cleaner", code="7531", valid_until=dt_util.now() + timedelta(hours=1))
    changes = async_capture_events(hass, "state_changed")
    await panel(hass, "alarm_arm_home", code=CODE)
    await panel(hass, "alarm_disarm", code="9753")
    await panel(hass, "alarm_arm_home", code=CODE)

    await wait(hass, freezer, 3601)

    seen = [one.data["new_state"].state for one in changes if one.data["entity_id"] == PANEL]
    assert "unavailable" not in seen
    assert seen[-1] == "armed_home"


async def test_a_code_that_is_over_makes_room_for_the_next_of_its_name(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    entry = await move_in(hass)
    await add_code(hass, code="7531", valid_until=dt_util.now() + timedelta(hours=2))

    freezer.tick(timedelta(days=7))
    await add_code(hass, code="7531", valid_until=dt_util.now() + timedelta(hours=2))

    assert users(entry) == ["Anna", "Cleaner"]
    await panel(hass, "alarm_arm_home", code="7531")
    assert attributes(hass)["changed_by"] == "Cleaner"


async def test_a_script_can_hand_out_and_take_back_codes_one_after_the_other(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    hand_out = {"action": "alarm_broker.add_code"}
    script = {
        "sequence": [
            {**hand_out, "data": {"name": "Cleaner", "code": "7531", "uses": 1}},
            {**hand_out, "data": {"name": "Plumber", "code": "9753", "uses": 1}},
            {"action": "alarm_broker.remove_code", "data": {"name": "Cleaner"}, "response_variable": "taken"},
            {
                "action": "alarm_control_panel.alarm_arm_home",
                "target": {"entity_id": PANEL},
                "data": {"code": "9753"},
            },
            {"stop": "answered", "response_variable": "taken"},
        ]
    }
    assert await async_setup_component(hass, "script", {"script": {"busy": script}})

    answer = await hass.services.async_call("script", "busy", blocking=True, return_response=True)

    assert answer == {"name": "Cleaner"}
    assert users(entry) == ["Anna", "Plumber"]
    assert attributes(hass)["changed_by"] == "Plumber"


async def test_a_code_can_be_handed_out_while_the_panel_is_being_set_up_anew(hass: HomeAssistant) -> None:
    entry = await move_in(hass)

    hass.config_entries.async_schedule_reload(entry.entry_id)
    await add_code(hass, code="7531", uses=1)

    assert users(entry) == ["Anna", "Cleaner"]


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"code": "7531"}, "code_never_ends"),
        ({"code": "7531", "uses": 1, "name": "anna"}, "code_name_taken"),
        ({"code": "75", "uses": 1}, "code_too_short"),
        ({"code": CODE, "uses": 1}, "code_taken"),
        ({"code": "9263", "uses": 1}, "code_like_duress"),
        ({"code": "7531", "uses": 1, "areas": ["Attic"]}, "area_unknown"),
        ({"code": "7531", "valid_until": "2020-01-01 00:00:00"}, "code_over_already"),
        ({"code": "7531", "uses": 1, "name": "  "}, "code_name_missing"),
        (
            {"code": "7531", "valid_from": "2099-01-02 00:00:00", "valid_until": "2099-01-01 00:00:00"},
            "code_ends_before_it_begins",
        ),
    ],
)
async def test_a_temporary_code_that_makes_no_sense_is_refused(
    hass: HomeAssistant, data: dict[str, Any], key: str
) -> None:
    await move_in(hass, *HOUSE, under_duress())

    with pytest.raises(ServiceValidationError) as error:
        await add_code(hass, **data)

    assert error.value.translation_key == key


async def test_a_temporary_code_can_be_taken_back_and_others_cannot(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    await add_code(hass, code="7531", uses=5)

    await hass.services.async_call("alarm_broker", "remove_code", {"name": "cleaner"}, blocking=True)
    await hass.async_block_till_done()
    with pytest.raises(ServiceValidationError) as error:
        await hass.services.async_call("alarm_broker", "remove_code", {"name": "Anna"}, blocking=True)

    assert users(entry) == ["Anna"]
    assert error.value.translation_key == "code_name_unknown"


async def test_only_administrators_hand_out_codes(hass: HomeAssistant, hass_read_only_user: MockUser) -> None:
    await move_in(hass)

    with pytest.raises(Unauthorized):
        await hass.services.async_call(
            "alarm_broker",
            "add_code",
            {"name": "Burglar", "code": "7531", "uses": 9},
            blocking=True,
            context=Context(user_id=hass_read_only_user.id),
        )


async def test_a_code_without_the_right_is_refused_in_words(hass: HomeAssistant) -> None:
    await move_in(hass, *HOUSE, user("Bert", "8642", actions=["arm"]))
    await panel(hass, "alarm_arm_home", code="8642")

    error = await refused(hass, "disarm", code="8642")

    assert error.translation_key == "not_allowed_disarm"
    assert error.translation_placeholders == {"area": "Home"}
    assert shown(hass) == "armed_home"


async def test_no_answer_carries_a_code(hass: HomeAssistant) -> None:
    await move_in(hass, *HOUSE, under_duress())

    answers = [
        await act(hass, "arm", mode="home", code=CODE),
        await act(hass, "disarm", code=DURESS_CODE),
        await add_code(hass, code="7531", uses=1),
    ]

    assert not any(code in str(answers) for code in (CODE, DURESS_CODE, "7531"))
