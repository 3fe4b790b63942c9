"""No camera that hangs or answers badly holds up the alarm, another camera or the telling."""

import asyncio
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import async_mock_service

from custom_components.alarm_broker.core.verification import ranked
from custom_components.alarm_broker.verification import frigate as client, sources as cameras
from tests.fakes.frigate import FakeFrigate
from tests.fakes.misbehaviour import Behaviour
from tests.integration.conftest import Until
from tests.integration.house import HOUSE
from tests.integration.watched import (
    armed,
    break_in,
    camera,
    found,
    keep_no_evidence,
    level,
    server,
    somebody,
    watched,
)

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf", "quick_looks")

TAB = "notify.mobile_app_tab"


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a camera for ever: whatever passes in spite of a hanging one did not wait for it."""
    for module, limit in (
        (client, "CALL_TIMEOUT_S"),
        (cameras, "LOOK_TIMEOUT_S"),
        (cameras, "PICTURE_TIMEOUT_S"),
    ):
        monkeypatch.setattr(module, limit, 1000)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a camera hardly at all."""
    monkeypatch.setattr(client, "CALL_TIMEOUT_S", 0.2)


async def test_the_alarm_and_its_notification_never_wait_for_a_camera(
    hass: HomeAssistant, frigate: FakeFrigate, patient: None, until: Until
) -> None:
    phone = async_mock_service(hass, "notify", "mobile_app_tab")
    await armed(hass, *watched(frigate), notify_targets=[TAB])
    frigate.behave(Behaviour.HANG)

    await break_in(hass)

    await until(lambda: phone and level(hass) == "1")
    assert phone[0].data["title"] == "Alarm: Burglary"
    assert "image" not in phone[0].data["data"]


async def test_the_picture_follows_as_a_quiet_update_of_the_same_notification(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    phone = async_mock_service(hass, "notify", "mobile_app_tab")
    await armed(hass, *watched(frigate), notify_targets=[TAB])
    await break_in(hass)
    await until(lambda: phone)

    somebody(frigate, ago=0)

    await until(lambda: "person" in phone[-1].data["message"])
    first, last = phone[0].data["data"], phone[-1].data["data"]
    assert last["tag"] == first["tag"]
    assert last["alert_once"]
    assert last["image"].startswith("/api/alarm_broker/evidence/")
    assert "authSig=" in last["image"]


async def test_a_camera_that_hangs_does_not_hold_up_another(
    hass: HomeAssistant, frigate: FakeFrigate, patient: None, until: Until
) -> None:
    somebody(frigate)
    async with FakeFrigate() as hanging:
        far = camera("Drive", server="far")
        await armed(hass, *HOUSE, server(hanging, "far"), server(frigate), far, camera())
        hanging.behave(Behaviour.HANG)

        await break_in(hass)

        await until(lambda: level(hass) == "2" and found(hass)["picture"])
        assert found(hass)["camera"] == "Garden"


async def test_a_camera_whose_pictures_hang_does_not_hold_up_anothers_frame(
    hass: HomeAssistant, frigate: FakeFrigate, impatient: None, monkeypatch: pytest.MonkeyPatch, until: Until
) -> None:
    frame = client.FrigateClient.async_latest

    async def only_the_garden(frigate: client.FrigateClient, name: str) -> bytes:
        if name != "garden":
            await asyncio.Event().wait()
        return await frame(frigate, name)

    monkeypatch.setattr(cameras, "PICTURE_TIMEOUT_S", 1000)
    monkeypatch.setattr(client.FrigateClient, "async_latest", only_the_garden)
    await armed(hass, *watched(frigate, camera("Drive"), camera()))

    await break_in(hass)

    await until(lambda: found(hass)["camera"] == "Garden")


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour.HANG,
        Behaviour.DRIP,
        Behaviour.RESET,
        Behaviour.NOT_HTTP,
        Behaviour.HALF,
        Behaviour.GARBAGE,
        Behaviour.HUGE,
        Behaviour.BOMB,
        Behaviour.REDIRECT,
        Behaviour.STATUS_401,
        Behaviour.STATUS_403,
        Behaviour.STATUS_404,
        Behaviour.STATUS_429,
        Behaviour.STATUS_500,
        Behaviour.STATUS_503,
    ],
)
async def test_a_server_that_answers_badly_leaves_a_signal_until_it_is_well_again(
    hass: HomeAssistant, frigate: FakeFrigate, impatient: None, until: Until, behaviour: Behaviour
) -> None:
    somebody(frigate)
    await armed(hass, *watched(frigate))
    frigate.received.clear()
    frigate.behave(behaviour)

    await break_in(hass)
    await until(lambda: level(hass) == "1" and frigate.received)
    assert found(hass)["picture"] is None

    frigate.behave(None)
    await until(lambda: level(hass) == "2" and found(hass)["picture"])


async def test_a_disk_that_takes_nothing_does_not_keep_anybody_from_hearing(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    keep_no_evidence(hass)
    somebody(frigate)
    await armed(hass, *watched(frigate))

    await break_in(hass)

    await until(lambda: level(hass) == "2" and found(hass)["label"] == "person")
    assert found(hass)["picture"] == ""


async def test_a_bug_in_one_look_does_not_end_the_looking(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    def broken_once(*_args: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise RuntimeError("a bug")
        return ranked(*_args)

    monkeypatch.setattr("custom_components.alarm_broker.verification.tracker.ranked", broken_once)
    somebody(frigate)
    await armed(hass, *watched(frigate))

    await break_in(hass)

    await until(lambda: found(hass)["picture"])
