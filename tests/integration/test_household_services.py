"""The actions about the household and the calendars, as automations call them."""

from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from pytest_homeassistant_custom_component.common import MockUser

from tests.integration.agenda import Agenda, rule, settle
from tests.integration.family import Told, left_for_five_minutes, live_in
from tests.integration.house import HOUSE, move_in, panel, shown, wait

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf", "berlin_morning")


async def call(hass: HomeAssistant, action: str, *, answer: bool = False, **data: Any) -> Any:
    if await hass.auth.async_get_user("anna") is None:
        MockUser(id="anna", name="Anna", is_owner=True).add_to_hass(hass)
    found = await hass.services.async_call(
        "alarm_broker", action, data, blocking=True, return_response=answer, context=Context(user_id="anna")
    )
    await hass.async_block_till_done()
    return found


async def announced(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """An empty house that is going to arm itself in two minutes."""
    await live_in(hass, auto_arm=True)
    await left_for_five_minutes(hass, freezer)


@pytest.mark.parametrize(
    ("data", "seconds"), [pytest.param({}, 900, id="as set"), pytest.param({"minutes": 60}, 3600, id="asked")]
)
async def test_an_announced_arming_is_postponed(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, data: dict[str, Any], seconds: int
) -> None:
    told = Told(hass)
    await announced(hass, freezer)
    await call(hass, "postpone_arming", **data)
    await wait(hass, freezer, seconds - 120)
    again = told.of("auto_arm_announced")
    await wait(hass, freezer, 119)
    before = shown(hass)
    await wait(hass, freezer, 1)

    assert [one["by"] for one in told.of("auto_arm_dropped")] == ["Anna"]
    assert len(again) == 2
    assert (before, shown(hass)) == ("disarmed", "arming")


async def test_an_announced_arming_is_called_off(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    await announced(hass, freezer)
    await call(hass, "call_off_arming")
    await wait(hass, freezer, 86_400)

    assert shown(hass) == "disarmed"


async def test_a_postponed_arming_is_called_off(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    await announced(hass, freezer)
    await call(hass, "postpone_arming")
    await call(hass, "call_off_arming")
    await wait(hass, freezer, 86_400)

    assert shown(hass) == "disarmed"


@pytest.mark.parametrize("action", ["postpone_arming", "call_off_arming"])
async def test_where_nothing_was_announced_the_answer_says_so(hass: HomeAssistant, action: str) -> None:
    await live_in(hass, auto_arm=True)

    with pytest.raises(ServiceValidationError) as refused:
        await call(hass, action)
    assert refused.value.translation_key == "no_arming_announced"


async def test_windows_are_listed_with_start_end_kind_and_title(hass: HomeAssistant) -> None:
    agenda = Agenda(hass)
    await agenda.open()
    await agenda.write("Lake", "2026-07-11", "2026-07-13")
    await move_in(hass, *HOUSE, rule("vacation"))
    await settle(hass)

    assert await call(hass, "get_windows", answer=True) == {
        "windows": [
            {
                "kind": "vacation",
                "start": "2026-07-11T00:00:00+02:00",
                "end": "2026-07-13T00:00:00+02:00",
                "title": "Lake",
            }
        ]
    }


async def test_calendars_are_read_when_asked_to_and_those_that_cannot_be_are_named(
    hass: HomeAssistant,
) -> None:
    agenda = Agenda(hass)
    await agenda.open()
    await agenda.write("Dentist", "2026-07-10 08:30", "2026-07-10 09:00")
    gone = {**rule("guest", calendar="calendar.gone"), "subentry_id": "rule_gone"}
    await move_in(hass, *HOUSE, rule("vacation", "lake"), gone)
    await settle(hass)
    await agenda.write("Lake", "2026-07-11", "2026-07-13")

    answer = await call(hass, "refresh_calendars", answer=True)
    assert [one["title"] for one in answer["windows"]] == ["Lake"]
    assert answer["not_readable"] == ["calendar.gone"]


async def test_an_alarm_is_judged_by_a_person(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    await panel(hass, "alarm_trigger")
    [alarm] = entry.runtime_data.alarms.open_alarms
    await call(hass, "validate", alarm_id=alarm.id, level=4, note="Seen by the neighbour.")

    assert shown(hass, "sensor.home_alarm_validation_level") == "4"


async def test_an_alarm_that_nobody_knows_cannot_be_judged(hass: HomeAssistant) -> None:
    await move_in(hass)

    with pytest.raises(ServiceValidationError) as refused:
        await call(hass, "validate", level=2)
    assert refused.value.translation_key == "alarm_unknown"
