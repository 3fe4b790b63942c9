"""Alarms of the companion as Home Assistant shows them, and what people answer."""

from datetime import timedelta
from typing import Any

import pytest
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockUser,
    async_capture_events,
    async_fire_time_changed,
)

from tests.fakes.companion import FakeCompanion
from tests.integration.conftest import Until
from tests.integration.house import CODE, act, move_in, panel

pytestmark = pytest.mark.usefixtures("mock_async_zeroconf")

ACTIVE = "binary_sensor.home_alarm_alarm_active"
CONNECTED = "binary_sensor.home_alarm_companion_connected"
EVENT = "event.home_alarm_alarm"
LATEST = "sensor.home_alarm_latest_alarm"


def state(hass: HomeAssistant, entity_id: str) -> str:
    found = hass.states.get(entity_id)
    assert found is not None, f"{entity_id} is not there"
    return found.state


def attribute(hass: HomeAssistant, entity_id: str, name: str) -> Any:
    found = hass.states.get(entity_id)
    assert found is not None, f"{entity_id} is not there"
    return found.attributes.get(name)


def changes(events: list[Any]) -> list[str]:
    """Return what the event entity said, in order."""
    said = [event.data["new_state"] for event in events if event.data["entity_id"] == EVENT]
    return [new.attributes["event_type"] for new in said if new and new.attributes.get("event_type")]


async def answer(hass: HomeAssistant, action: str, **data: Any) -> Any:
    return await hass.services.async_call("alarm_broker", action, data, blocking=True, return_response=True)


async def test_a_panic_key_shows_as_an_active_alarm_with_what_where_and_who(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    companion.raise_alarm("a1")

    await until(lambda: state(hass, ACTIVE) == STATE_ON)

    assert state(hass, LATEST) == "triggered"
    assert attribute(hass, LATEST, "title") == "Panic key: Reception"
    assert attribute(hass, LATEST, "where") == "Head office, Reception"
    assert attribute(hass, LATEST, "who") == "Anna Example"
    assert attribute(hass, EVENT, "event_type") == "raised"
    assert [alarm["alarm_id"] for alarm in attribute(hass, ACTIVE, "alarms")] == ["a1"]


async def test_an_acknowledgement_at_the_companion_shows_who_it_was(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    companion.raise_alarm("a1")

    companion.acknowledge("a1", "Ben Example")

    await until(lambda: state(hass, LATEST) == "acknowledged")
    assert attribute(hass, LATEST, "acknowledged_by") == "Ben Example"
    assert attribute(hass, EVENT, "event_type") == "acknowledged"
    assert state(hass, ACTIVE) == STATE_ON


@pytest.mark.parametrize("status", ["resolved", "cancelled"])
async def test_a_closed_alarm_is_no_longer_active(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until, status: str
) -> None:
    companion.raise_alarm("a1")

    companion.close("a1", "Ben Example", status)

    await until(lambda: state(hass, LATEST) == status)
    assert state(hass, ACTIVE) == STATE_OFF
    assert attribute(hass, EVENT, "event_type") == status


@pytest.mark.parametrize("change", ["escalated", "exhausted"])
async def test_escalation_is_heard_without_a_change_of_status(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until, change: str
) -> None:
    companion.raise_alarm("a1")

    companion.change("a1", change, step=2)

    await until(lambda: attribute(hass, EVENT, "event_type") == change)
    assert attribute(hass, LATEST, "step") == 2


async def test_a_note_at_the_companion_is_not_an_event(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    events = async_capture_events(hass, "state_changed")
    companion.raise_alarm("a1")

    companion.change("a1", "noted", title="Panic key: Reception (note)")

    await until(lambda: attribute(hass, LATEST, "title") == "Panic key: Reception (note)")
    assert changes(events) == ["raised"]


async def test_trouble_with_a_delivery_shows_on_the_alarm(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    companion.raise_alarm("a1")

    companion.say(
        {
            "kind": "delivery_trouble",
            "alarm_id": "a1",
            "channel": "Signal",
            "recipient": "Ben",
            "reason": "400: no such number",
        }
    )

    await until(lambda: attribute(hass, LATEST, "delivery_trouble") == "Signal, Ben: 400: no such number")


async def test_acknowledging_here_acknowledges_at_the_companion_in_the_users_name(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    user = MockUser(name="Cleo", is_owner=True).add_to_hass(hass)
    companion.raise_alarm("a1")
    await until(lambda: state(hass, ACTIVE) == STATE_ON)

    await hass.services.async_call(
        "alarm_broker", "acknowledge", {"note": "On my way"}, blocking=True, context=Context(user_id=user.id)
    )

    await until(lambda: state(hass, LATEST) == "acknowledged")
    assert attribute(hass, LATEST, "acknowledged_by") == "Cleo"
    assert companion.heard[-1] | {"at": None} == {
        "kind": "acknowledge",
        "at": None,
        "alarm_id": "a1",
        "uid": None,
        "by": "Cleo",
        "via": "service",
        "note": "On my way",
    }


@pytest.mark.parametrize(("action", "status"), [("resolve", "resolved"), ("cancel", "cancelled")])
async def test_an_alarm_is_closed_from_here(
    hass: HomeAssistant,
    linked: MockConfigEntry,
    companion: FakeCompanion,
    until: Until,
    action: str,
    status: str,
) -> None:
    companion.raise_alarm("a1")
    companion.raise_alarm("a2")
    await until(lambda: len(attribute(hass, ACTIVE, "alarms") or []) == 2)

    response = await answer(hass, action, alarm_id="a1")

    await until(lambda: companion.alarms["a1"]["status"] == status)
    await until(lambda: len(attribute(hass, ACTIVE, "alarms")) == 1)
    assert companion.alarms["a2"]["status"] == "triggered"
    assert response == {"alarm_id": "a1", "passed_on": True}


async def test_answering_nothing_or_an_unknown_alarm_says_so(
    hass: HomeAssistant, linked: MockConfigEntry
) -> None:
    with pytest.raises(ServiceValidationError) as nothing:
        await answer(hass, "acknowledge")
    with pytest.raises(ServiceValidationError) as unknown:
        await answer(hass, "acknowledge", alarm_id="a9")

    assert nothing.value.translation_key == "no_open_alarm"
    assert unknown.value.translation_key == "alarm_unknown"
    assert unknown.value.translation_placeholders == {"alarm_id": "a9"}


async def test_an_answer_while_the_companion_is_away_is_kept_and_passed_on(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    companion.raise_alarm("a1")
    await until(lambda: state(hass, ACTIVE) == STATE_ON)
    await companion.stop()
    await until(lambda: not linked.runtime_data.link.connected)

    response = await answer(hass, "acknowledge")
    assert response["passed_on"] is False
    assert state(hass, LATEST) == "triggered"
    await companion.start()

    await until(lambda: state(hass, LATEST) == "acknowledged")
    assert companion.heard_kinds("acknowledge") == ["acknowledge"]


async def test_a_panel_alarm_reaches_the_companion_and_is_one_alarm_here(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    events = async_capture_events(hass, "state_changed")

    await panel(hass, "alarm_trigger")

    await until(lambda: attribute(hass, LATEST, "source") == "panel" and companion.alarms)
    await until(lambda: not companion.unconfirmed)
    assert len(attribute(hass, ACTIVE, "alarms")) == 1
    assert changes(events) == ["raised"]


async def test_disarming_ends_the_alarm_here_and_at_the_companion(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    events = async_capture_events(hass, "state_changed")
    await act(hass, "trigger", kind="panic")

    await panel(hass, "alarm_disarm", code=CODE)

    await until(lambda: [alarm["status"] for alarm in companion.alarms.values()] == ["resolved"])
    await until(lambda: not companion.unconfirmed)
    assert state(hass, ACTIVE) == STATE_OFF
    assert state(hass, LATEST) == "resolved"
    assert changes(events) == ["raised", "resolved"]


async def test_a_duress_alarm_shows_nowhere_in_home_assistant(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    events = async_capture_events(hass, "state_changed")

    companion.raise_alarm("a1", alarm_kind="duress")

    await until(lambda: not companion.unconfirmed)
    assert state(hass, ACTIVE) == STATE_OFF
    assert state(hass, LATEST) == "none"
    assert changes(events) == []


async def test_alarms_become_unavailable_only_after_a_short_grace_without_the_companion(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    companion.raise_alarm("a1")
    await until(lambda: state(hass, ACTIVE) == STATE_ON)
    await companion.stop()
    await until(lambda: state(hass, CONNECTED) == STATE_OFF)
    assert state(hass, ACTIVE) == STATE_ON

    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=31))
    await hass.async_block_till_done()

    assert state(hass, ACTIVE) == STATE_UNAVAILABLE
    assert state(hass, LATEST) == STATE_UNAVAILABLE
    assert state(hass, EVENT) != STATE_UNAVAILABLE
    assert state(hass, "alarm_control_panel.home") == "disarmed"


async def test_an_alarm_of_the_panel_shows_although_the_companion_is_away(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    await companion.stop()
    await until(lambda: state(hass, CONNECTED) == STATE_OFF)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=31))
    await hass.async_block_till_done()
    assert state(hass, ACTIVE) == STATE_UNAVAILABLE

    await panel(hass, "alarm_trigger")

    assert state(hass, ACTIVE) == STATE_ON
    assert state(hass, LATEST) == "triggered"


async def test_the_companion_coming_back_makes_alarms_available_and_current(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    companion.raise_alarm("a1")
    await until(lambda: state(hass, ACTIVE) == STATE_ON)
    await companion.stop()
    await until(lambda: state(hass, CONNECTED) == STATE_OFF)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=31))
    companion.close("a1", "Ben Example")

    await companion.start()

    await until(lambda: state(hass, LATEST) == "resolved")
    assert state(hass, CONNECTED) == STATE_ON
    assert state(hass, ACTIVE) == STATE_OFF


async def test_a_panel_alone_shows_and_answers_its_own_alarms(
    hass: HomeAssistant, enable_custom_integrations: None
) -> None:
    entry = await move_in(hass)
    await panel(hass, "alarm_trigger")
    assert state(hass, ACTIVE) == STATE_ON

    response = await answer(hass, "acknowledge", config_entry_id=entry.entry_id)

    assert response["passed_on"] is True
    assert state(hass, LATEST) == "acknowledged"
    assert hass.states.get(CONNECTED) is None
    await hass.config_entries.async_unload(entry.entry_id)
