"""The notification of an alarm: loud once, one thread to the end, and buttons that are its own."""

from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util import dt as dt_util

from custom_components.alarm_broker.const import SIGNAL_ACTIVITY
from custom_components.alarm_broker.system.activity import Activity, ActivityKind
from tests.blueprints.houses import ALARM, NOW, TAB, annas_tab, kept_traces, use
from tests.integration.family import live_in
from tests.integration.house import CODE, PANEL, SMOKE, WINDOW, act, panel, sense, shown
from tests.integration.phones import Phone, burglary, press
from tests.integration.watched import PICTURE

BROKEN_IN = "Home: Kitchen window\nRecent closing: the area had just been armed."
LATEST = "sensor.home_alarm_latest_alarm"


@pytest.fixture
async def tab(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Phone:
    """Anna's phone."""
    freezer.move_to(NOW)
    await live_in(hass)
    return await annas_tab(hass)


async def notify(hass: HomeAssistant, **inputs: Any) -> None:
    given = {"alarm": ALARM, "panel": PANEL, "phones": [TAB], "picture": [PICTURE]}
    await use(hass, "alarm_notification", **{**given, **inputs})


def alarm_id(hass: HomeAssistant) -> str:
    state = hass.states.get(ALARM)
    assert state is not None
    return str(state.attributes["alarm_id"])


async def test_an_alarm_is_loud_and_has_its_buttons(hass: HomeAssistant, tab: Phone) -> None:
    await notify(hass)

    await burglary(hass)

    [shows] = tab.came
    assert shows["title"] == "Alarm: Burglary"
    assert shows["message"] == BROKEN_IN
    assert shows["data"]["push"]["sound"] == {"name": "default", "critical": 1, "volume": 1.0}
    assert shows["data"]["channel"] == "alarm_stream"
    assert tab.buttons() == ["Acknowledge", "Disarm with code", "Silence with code"]
    assert "image" not in shows["data"]


async def test_acknowledging_stops_the_escalation_and_the_same_notification_says_so(
    hass: HomeAssistant, tab: Phone
) -> None:
    await notify(hass)
    await burglary(hass)

    await tab.press("Acknowledge")

    assert shown(hass, LATEST) == "acknowledged"
    assert list(tab.screen) == [f"alarm_{alarm_id(hass)}"]
    assert tab.last["title"] == "Acknowledged: Burglary"
    assert tab.last["data"]["alert_once"] is True
    assert tab.buttons() == ["Disarm with code", "Silence with code"]


async def test_the_code_on_the_phone_disarms_and_the_notification_goes(
    hass: HomeAssistant, tab: Phone
) -> None:
    await notify(hass)
    await burglary(hass)

    await tab.press("Disarm with code", reply=CODE)

    assert shown(hass) == "disarmed"
    assert tab.screen == {}
    assert CODE not in repr(tab.came) + kept_traces(hass)


async def test_the_code_on_the_phone_silences_and_the_alarm_goes_on(hass: HomeAssistant, tab: Phone) -> None:
    await notify(hass)
    await burglary(hass)

    await tab.press("Silence with code", reply=CODE)

    assert shown(hass) == "armed_home"
    assert shown(hass, LATEST) == "triggered"
    assert len(tab.screen) == 1


async def test_the_button_of_a_former_alarm_does_not_disarm_what_is_armed_anew(
    hass: HomeAssistant, tab: Phone
) -> None:
    await notify(hass)
    await burglary(hass)
    word = tab.button("Disarm with code")
    await panel(hass, "alarm_disarm", code=CODE)
    sense(hass, WINDOW, "off")
    await panel(hass, "alarm_arm_home", code=CODE)

    await press(hass, word, "anna", CODE)

    assert shown(hass) == "armed_home"


@pytest.mark.parametrize("reply", [None, "", "0000"])
async def test_without_the_code_nothing_is_disarmed(
    hass: HomeAssistant, tab: Phone, reply: str | None
) -> None:
    await notify(hass)
    await burglary(hass)

    await tab.press("Disarm with code", reply=reply)

    assert shown(hass) == "triggered"


@pytest.mark.parametrize(
    "action",
    [
        "ALARM_ACKNOWLEDGE_",
        "ALARM_ACKNOWLEDGE_00000000-0000-4000-8000-000000000000",
        "ALARM_ACKNOWLEDGE_{{ alarm_id }}",
    ],
)
async def test_a_forged_button_does_nothing(hass: HomeAssistant, tab: Phone, action: str) -> None:
    await notify(hass)
    await burglary(hass)

    await press(hass, action, "anna")

    assert shown(hass, LATEST) == "triggered"


@pytest.mark.parametrize(
    ("people", "user", "status"),
    [
        (["person.anna"], "anna", "acknowledged"),
        (["person.anna"], "ben", "triggered"),
        ([], "ben", "acknowledged"),
        ([], None, "triggered"),
    ],
)
async def test_only_who_may_can_answer(
    hass: HomeAssistant, tab: Phone, people: list[str], user: str | None, status: str
) -> None:
    await notify(hass, people=people)
    await burglary(hass)

    await press(hass, tab.button("Acknowledge"), user)

    assert shown(hass, LATEST) == status


async def test_what_the_cameras_show_comes_into_the_same_notification_quietly(
    hass: HomeAssistant, tab: Phone
) -> None:
    await notify(hass)
    await burglary(hass)
    address = "/api/image_proxy/image.home_alarm_alarm_picture?token=1"
    hass.states.async_set(PICTURE, NOW.isoformat(), {"entity_picture": address})
    await hass.async_block_till_done()

    verified = Activity(
        kind=ActivityKind.VERIFIED,
        at=dt_util.utcnow(),
        data={"alarm_id": alarm_id(hass), "level": 2, "evidence": [], "camera": "Garden"},
    )
    async_dispatcher_send(hass, SIGNAL_ACTIVITY, verified)
    await hass.async_block_till_done()

    assert len(tab.screen) == 1
    assert tab.last["message"] == f"{BROKEN_IN}\nValidation level 2: Garden"
    assert tab.last["data"]["image"] == address
    assert tab.last["data"]["alert_once"] is True


async def test_the_picture_of_another_alarm_is_not_shown(hass: HomeAssistant, tab: Phone) -> None:
    await notify(hass)
    hass.states.async_set(PICTURE, "2026-11-19T22:00:00+00:00", {"entity_picture": "/api/image_proxy/old"})

    await burglary(hass)

    assert [one for one in tab.came if "image" in one["data"]] == []


async def test_two_alarms_are_two_notifications(hass: HomeAssistant, tab: Phone) -> None:
    await notify(hass)

    await burglary(hass)
    sense(hass, SMOKE, "on")
    await hass.async_block_till_done()

    assert [one["title"] for one in tab.screen.values()] == ["Alarm: Burglary", "Alarm: Fire"]


@pytest.mark.parametrize(("with_tests", "titles"), [(True, ["TEST: Alarm: Burglary"]), (False, [])])
async def test_a_test_alarm_is_told_as_one_and_not_aloud(
    hass: HomeAssistant,
    tab: Phone,
    with_tests: bool,  # noqa: FBT001 - a parameter of the test
    titles: list[str],
) -> None:
    await notify(hass, with_tests=with_tests)

    await act(hass, "test_alarm")

    assert tab.titles == titles
    assert not [one for one in tab.came if "push" in one["data"]]
