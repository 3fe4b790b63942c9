"""A silent alarm is verified for the companion, and leaves no trace in the house."""

from typing import Any

import pytest
from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import ServiceValidationError
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_mock_service,
)

from tests.fakes.companion import FakeCompanion
from tests.fakes.frigate import FakeFrigate
from tests.fakes.misbehaviour import Behaviour
from tests.integration.conftest import Until
from tests.integration.house import DURESS_CODE, act, under_duress
from tests.integration.watched import add, camera, evidence, happened, kept, looks, server, somebody

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf", "quick_looks")

TAB = "notify.mobile_app_tab"


async def call_silently(hass: HomeAssistant) -> None:
    await act(hass, "trigger", silent=True)


async def disarm_under_duress(hass: HomeAssistant) -> None:
    await act(hass, "disarm", code=DURESS_CODE)


def visible(hass: HomeAssistant) -> dict[str, Any]:
    return {
        state.entity_id: state_and_attributes(state)
        for state in hass.states.async_all()
        if state.domain != "alarm_control_panel"
    }


def state_and_attributes(state: State) -> tuple[str, Any]:
    passing = ("access_token", "entity_picture")
    return state.state, {key: value for key, value in state.attributes.items() if key not in passing}


@pytest.mark.parametrize("call_for_help", [call_silently, disarm_under_duress])
async def test_a_silent_alarm_is_verified_for_the_companion_and_leaves_no_trace_in_the_house(
    hass: HomeAssistant,
    linked: MockConfigEntry,
    companion: FakeCompanion,
    frigate: FakeFrigate,
    until: Until,
    caplog: pytest.LogCaptureFixture,
    call_for_help: Any,
) -> None:
    phone = async_mock_service(hass, "notify", "mobile_app_tab")
    await add(hass, linked, until, server(frigate), camera(), under_duress(), notify_targets=[TAB])
    events = async_capture_events(hass, "alarm_broker_event")
    somebody(frigate)
    somebody(frigate, score=0.99, has_snapshot=False, thumbnail="")
    before = visible(hass)
    caplog.clear()
    caplog.set_level("DEBUG", "custom_components.alarm_broker")

    await call_for_help(hass)
    await until(lambda: evidence(companion) and evidence(companion)[-1]["picture"])
    frigate.behave(Behaviour.STATUS_500)
    asked = looks(frigate)
    await until(lambda: looks(frigate) > asked + 2)

    (raised,) = [one for one in companion.heard if one["kind"] == "alarm_raised"]
    assert {one["uid"] for one in evidence(companion)} == {raised["uid"]}
    assert raised["silent"]
    assert visible(hass) == before
    assert (kept(hass), phone, happened(events, "verified")) == ([], [], [])
    assert [one.getMessage() for one in caplog.records if "alarm_broker" in one.name] == []


async def test_a_silent_alarm_cannot_be_asked_about(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, frigate: FakeFrigate, until: Until
) -> None:
    await add(hass, linked, until, server(frigate), camera())
    await call_silently(hass)
    await until(lambda: evidence(companion))
    uid = evidence(companion)[0]["uid"]

    for alarm in (uid, "no-such-alarm"):
        with pytest.raises(ServiceValidationError) as refused:
            await hass.services.async_call(
                "alarm_broker", "validate", {"alarm_id": alarm, "level": 2}, blocking=True
            )
        assert refused.value.translation_key == "alarm_unknown"
