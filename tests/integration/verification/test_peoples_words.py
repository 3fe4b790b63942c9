"""What people say about an alarm goes before what cameras say, and is kept with their name."""

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from pytest_homeassistant_custom_component.common import MockUser, async_capture_events

from tests.fakes.frigate import FakeFrigate
from tests.integration.conftest import Until
from tests.integration.house import CODE, area, mode, move_in, panel, shown, wait
from tests.integration.watched import armed, break_in, found, happened, level, looks, somebody, watched

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf", "quick_looks")


async def test_disarming_as_a_false_alarm_leaves_nothing_to_respond_to(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    somebody(frigate)
    await armed(hass, *watched(frigate))
    await break_in(hass)
    await until(lambda: level(hass) == "2" and found(hass)["picture"])

    await panel(hass, "alarm_disarm", code=CODE)

    await until(lambda: level(hass) == "0")
    last = found(hass)["judgements"][-1]
    assert (last["level"], last["by"], last["evidence"]) == (0, "Anna", ["cancelled"])


async def test_disarming_when_it_is_too_late_for_a_false_alarm_leaves_the_level_as_it_was(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until, freezer: FrozenDateTimeFactory
) -> None:
    somebody(frigate)
    loud = area(home=mode(exit_delay=0, siren_time=900))
    await armed(hass, loud, *watched(frigate)[1:])
    await break_in(hass)
    await until(lambda: level(hass) == "2")
    await wait(hass, freezer, 400)
    assert shown(hass) == "triggered"

    await panel(hass, "alarm_disarm", code=CODE)
    await hass.async_block_till_done(wait_background_tasks=True)

    assert (shown(hass), level(hass)) == ("disarmed", "2")


async def test_a_humans_word_goes_before_everything_cameras_say(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    events = async_capture_events(hass, "alarm_broker_event")
    anna = MockUser(name="Anna", is_owner=True).add_to_hass(hass)
    await armed(hass, *watched(frigate))
    await break_in(hass)
    await until(lambda: level(hass) == "1")

    await hass.services.async_call(
        "alarm_broker",
        "validate",
        {"level": 4, "note": "He has a knife"},
        blocking=True,
        context=Context(user_id=anna.id),
    )
    somebody(frigate, ago=0)

    await until(lambda: found(hass)["label"] == "person")
    assert level(hass) == "4"
    last = found(hass)["judgements"][-1]
    assert (last["level"], last["by"], last["note"]) == (4, "Anna", "He has a knife")
    (said,) = happened(events, "verified")
    assert (said["level"], said["by"], said["evidence"]) == (4, "Anna", ["human_word"])


async def test_every_humans_word_is_kept_with_its_author_also_the_same_level_again(
    hass: HomeAssistant, until: Until
) -> None:
    people = [MockUser(name=name, is_owner=True).add_to_hass(hass) for name in ("Anna", "Ben")]
    await armed(hass)
    await break_in(hass)
    await until(lambda: level(hass) == "1")

    for one in people:
        await hass.services.async_call(
            "alarm_broker", "validate", {"level": 2}, blocking=True, context=Context(user_id=one.id)
        )

    assert [one["by"] for one in found(hass)["judgements"]] == [None, "Anna", "Ben"]


async def test_nobody_can_judge_an_alarm_that_is_not_there(hass: HomeAssistant) -> None:
    await move_in(hass)

    with pytest.raises(ServiceValidationError, match="alarm"):
        await hass.services.async_call("alarm_broker", "validate", {"level": 2}, blocking=True)


async def test_a_level_that_rises_is_told_once_with_what_and_where(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    events = async_capture_events(hass, "alarm_broker_event")
    somebody(frigate)
    await armed(hass, *watched(frigate))

    await break_in(hass)
    await until(lambda: found(hass)["picture"])
    seen = looks(frigate)
    await until(lambda: looks(frigate) > seen + 2)

    (said,) = happened(events, "verified")
    assert (said["level"], said["area"], said["zones"], said["evidence"]) == (
        2,
        "Home",
        ["Kitchen window"],
        ["person_seen"],
    )


async def test_a_humans_word_is_not_overruled_by_the_disarming(hass: HomeAssistant, until: Until) -> None:
    operator = MockUser(name="Operator", is_owner=True).add_to_hass(hass)
    await armed(hass)
    await break_in(hass)
    await until(lambda: level(hass) == "1")
    await hass.services.async_call(
        "alarm_broker", "validate", {"level": 3}, blocking=True, context=Context(user_id=operator.id)
    )

    await panel(hass, "alarm_disarm", code=CODE)
    await hass.async_block_till_done(wait_background_tasks=True)

    last = found(hass)["judgements"][-1]
    assert (last["by"], last["level"], last["evidence"]) == ("Operator", 3, ["human_word"])
