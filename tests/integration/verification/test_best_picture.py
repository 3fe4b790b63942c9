"""Which picture of an alarm is shown: the clearest of what was seen, else the camera's latest frame."""

import pytest
from homeassistant.core import HomeAssistant

from tests.fakes.frigate import FakeFrigate
from tests.integration.conftest import Until
from tests.integration.watched import armed, break_in, found, kept, level, somebody, watched

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf", "quick_looks")


async def test_a_clearer_picture_takes_the_place_of_the_first(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    event = somebody(frigate, score=0.65)
    await armed(hass, *watched(frigate))
    await break_in(hass)
    await until(lambda: found(hass)["score"] == 0.65)

    event["data"]["top_score"] = 0.95

    await until(lambda: found(hass)["score"] == 0.95)
    assert kept(hass) == ["1.jpg", "2.jpg", "record.json"]


async def test_where_nothing_was_seen_the_latest_frame_is_shown(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    await armed(hass, *watched(frigate))

    await break_in(hass)

    await until(lambda: found(hass)["picture"])
    assert found(hass, "level", "camera", "label", "score") == {
        "level": 1,
        "camera": "Garden",
        "label": None,
        "score": None,
    }


async def test_a_frame_gives_way_to_the_picture_of_a_person(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    await armed(hass, *watched(frigate))
    await break_in(hass)
    await until(lambda: found(hass)["picture"] == "1.jpg")

    somebody(frigate, ago=0)

    await until(lambda: found(hass)["label"] == "person")
    assert found(hass)["picture"] == "2.jpg"


async def test_where_the_best_has_no_picture_yet_the_next_best_is_shown(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    somebody(frigate, score=0.95, has_snapshot=False, thumbnail="")
    somebody(frigate, score=0.7)
    await armed(hass, *watched(frigate))

    await break_in(hass)

    await until(lambda: found(hass)["score"] == 0.7)


async def test_where_no_picture_of_what_was_seen_can_be_had_the_latest_frame_is_shown(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    somebody(frigate, has_snapshot=False, thumbnail="")
    await armed(hass, *watched(frigate))

    await break_in(hass)

    await until(lambda: found(hass)["picture"])
    assert (level(hass), found(hass)["label"]) == ("2", None)
