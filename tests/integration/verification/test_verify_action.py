"""Anybody may look at a zone at any time, without an alarm."""

import pytest
from homeassistant.core import HomeAssistant

from tests.fakes.frigate import FakeFrigate
from tests.integration.house import DOOR, act, move_in, shown
from tests.integration.watched import DOOR_ZONE, PICTURE, camera, keep_no_evidence, level, somebody, watched

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf", "quick_looks")


async def test_anybody_may_look_at_a_zone_at_any_time(hass: HomeAssistant, frigate: FakeFrigate) -> None:
    event = somebody(frigate, score=0.87)
    await move_in(hass, *watched(frigate, camera(zones=(DOOR_ZONE,))))

    answer = await act(hass, "verify", zones=[DOOR])

    assert (answer["level"], answer["camera"], answer["label"], answer["score"]) == (
        2,
        "Garden",
        "person",
        0.87,
    )
    assert answer["evidence"] == ["person_seen"]
    assert [one["event"] for one in answer["candidates"]] == [event["id"]]
    assert "authSig=" in answer["picture"]
    assert (level(hass), shown(hass, PICTURE)) == ("unknown", "unknown")


async def test_looking_where_nobody_is_shows_the_place(hass: HomeAssistant, frigate: FakeFrigate) -> None:
    await move_in(hass, *watched(frigate))

    answer = await act(hass, "verify")

    assert (answer["level"], answer["camera"], answer["label"]) == (1, "Garden", None)
    assert answer["picture"]


async def test_looking_where_no_camera_is_answers_so(hass: HomeAssistant) -> None:
    await move_in(hass)

    answer = await act(hass, "verify", zones=[DOOR])

    assert (answer["level"], answer["picture"], answer["camera"]) == (1, None, None)


async def test_looking_with_a_full_disk_still_answers(hass: HomeAssistant, frigate: FakeFrigate) -> None:
    keep_no_evidence(hass)
    await move_in(hass, *watched(frigate))

    answer = await act(hass, "verify")

    assert (answer["camera"], answer["picture"]) == ("Garden", None)
