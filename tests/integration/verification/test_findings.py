"""What is found where an alarm is, and for how long it is looked for."""

import asyncio
import time
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant

from custom_components.alarm_broker.verification.config import tripped_zone
from custom_components.alarm_broker.verification.frigate import FrigateClient, FrigateUnusable
from tests.fakes.frigate import FakeFrigate, camera as frigate_camera
from tests.integration.conftest import Until
from tests.integration.house import CODE, HALL, act, area, move_in, panel, sense, user, wait, zone
from tests.integration.watched import (
    DOOR_ZONE,
    HALL_ZONE,
    WINDOW_ZONE,
    armed,
    break_in,
    camera,
    found,
    kept,
    level,
    looks,
    somebody,
    watched,
)

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf", "quick_looks")


async def test_an_alarm_shows_what_a_camera_saw(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    event = somebody(frigate, score=0.87)
    frigate.add_review(start_time=event["start_time"], events=[event["id"]])
    await armed(hass, *watched(frigate))

    await break_in(hass)

    await until(lambda: found(hass)["picture"])
    assert level(hass) == "2"
    assert found(hass, "alarm_kind", "area", "zones", "camera", "label", "score", "evidence") == {
        "alarm_kind": "burglary",
        "area": "Home",
        "zones": ["Kitchen window"],
        "camera": "Garden",
        "label": "person",
        "score": 0.87,
        "evidence": ["person_seen"],
    }
    assert found(hass)["link"] == f"{frigate.url}/explore?event_id={event['id']}"
    assert found(hass)["clip"] == f"{frigate.url}/api/events/{event['id']}/clip.mp4"
    assert [one["event"] for one in found(hass)["candidates"]] == [event["id"]]
    assert kept(hass) == ["1.jpg", "record.json"]


async def test_a_person_inside_behind_a_forced_window_is_a_break_in(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    somebody(frigate)
    await armed(hass, *watched(frigate, camera(inside=True)))

    await break_in(hass)

    await until(lambda: level(hass) == "3")
    assert found(hass)["evidence"] == ["person_inside", "forced_entry"]


async def test_two_detectors_of_different_kinds_are_somebody_without_any_camera(
    hass: HomeAssistant, until: Until, freezer: FrozenDateTimeFactory
) -> None:
    await move_in(hass)
    await panel(hass, "alarm_arm_away", code=CODE)
    await wait(hass, freezer, 61)
    await break_in(hass)
    await until(lambda: level(hass) == "1")

    sense(hass, HALL, "on")

    await until(lambda: level(hass) == "2")
    assert found(hass)["evidence"] == ["two_detectors"]


async def test_without_a_camera_an_alarm_is_a_signal(hass: HomeAssistant, until: Until) -> None:
    await armed(hass)

    await break_in(hass)

    await until(lambda: level(hass) == "1")
    assert found(hass, "evidence", "picture", "candidates") == {
        "evidence": ["signal"],
        "picture": None,
        "candidates": [],
    }


async def test_the_cameras_of_other_places_are_not_asked(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    await armed(hass, *watched(frigate, camera(zones=(DOOR_ZONE,))))

    await break_in(hass)
    await until(lambda: level(hass) == "1")

    assert looks(frigate) == 0


async def test_somebody_who_comes_after_the_alarm_is_found_by_looking_again(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    await armed(hass, *watched(frigate))
    await break_in(hass)
    await until(lambda: level(hass) == "1" and looks(frigate))

    somebody(frigate, ago=0)

    await until(lambda: level(hass) == "2")


async def test_who_has_been_there_for_an_hour_is_found(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    somebody(frigate, ago=3600)
    await armed(hass, *watched(frigate))

    await break_in(hass)

    await until(lambda: level(hass) == "2")


async def test_who_left_before_the_time_that_counts_is_not(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    somebody(frigate, ago=60, end_time=time.time() - 30)
    await armed(hass, *watched(frigate), evidence_before=10)

    await break_in(hass)

    await until(lambda: found(hass)["picture"])
    assert level(hass) == "1"


async def test_who_left_within_it_is(hass: HomeAssistant, frigate: FakeFrigate, until: Until) -> None:
    somebody(frigate, ago=60, end_time=time.time() - 30)
    await armed(hass, *watched(frigate), evidence_before=40)

    await break_in(hass)

    await until(lambda: level(hass) == "2")


async def test_a_logo_is_nobodys_name(hass: HomeAssistant, frigate: FakeFrigate, until: Until) -> None:
    somebody(frigate, sub_label="amazon")
    await armed(hass, *watched(frigate))

    await break_in(hass)

    await until(lambda: level(hass) == "2")


async def test_somebody_known_by_face_raises_nothing(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    somebody(frigate, sub_label=["Anna", 0.97])
    await armed(hass, *watched(frigate))

    await break_in(hass)

    await until(lambda: found(hass)["known_as"] == "Anna")
    assert (level(hass), found(hass)["evidence"]) == ("1", ["known_person"])


async def test_looking_ends_when_the_alarm_is_not_young_any_more(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until, freezer: FrozenDateTimeFactory
) -> None:
    await armed(hass, *watched(frigate), evidence_after=60)
    await break_in(hass)
    await until(lambda: found(hass)["picture"])

    freezer.tick(61)

    await until(lambda: not any("verify" in task.get_name() for task in asyncio.all_tasks()))


async def test_a_further_zone_is_looked_after_although_the_alarm_is_old(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to("2026-11-20T22:00:00+00:00")
    frigate.cameras["hall"] = frigate_camera()
    parts = watched(frigate, camera(zones=(WINDOW_ZONE,)), camera("Hall", zones=(HALL_ZONE,), inside=True))
    await move_in(hass, *parts)
    await panel(hass, "alarm_arm_away", code=CODE)
    await wait(hass, freezer, 61)
    await break_in(hass)
    await until(lambda: found(hass)["picture"])
    await wait(hass, freezer, 150)
    somebody(frigate, camera="hall")

    sense(hass, HALL, "on")

    await until(lambda: level(hass) == "3" and found(hass)["label"])
    assert found(hass)["camera"] == "Hall"
    assert found(hass)["zones"] == ["Kitchen window", "Hall motion"]


@pytest.mark.parametrize(
    ("entity_id", "device_class", "detector"),
    [
        ("binary_sensor.kitchen_window", "window", "opening"),
        ("binary_sensor.kitchen_window", "motion", "motion"),
        ("binary_sensor.kitchen_window", "vibration", "breaking"),
        ("binary_sensor.kitchen_window", None, "other"),
        ("lock.front_door", None, "opening"),
        ("binary_sensor.not_there", None, "other"),
    ],
)
async def test_what_a_sensor_notices_follows_from_its_class(
    hass: HomeAssistant, entity_id: str, device_class: str | None, detector: str
) -> None:
    entry = await move_in(hass, area(), zone(entity_id, "instant", "away"), user())
    if "not_there" not in entity_id:
        hass.states.async_set(entity_id, "off", {"device_class": device_class} if device_class else {})

    noticed = tripped_zone(hass, entry.runtime_data.system.config, f"zone_{entity_id.partition('.')[2]}")

    assert noticed.detector == detector


async def test_only_the_latest_alarms_stay_in_memory(
    hass: HomeAssistant, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custom_components.alarm_broker.verification.tracker.KEPT", 1)
    entry = await armed(hass)
    await break_in(hass)
    await until(lambda: level(hass) == "1")
    first = found(hass)["alarm"]

    await act(hass, "trigger", kind="tamper")

    await until(lambda: found(hass)["alarm"] != first)
    assert entry.runtime_data.verification.of(first) is None


async def test_a_text_that_cannot_be_written_hides_nothing(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    somebody(frigate, label="car", sub_label="Bob \ud800", score=0.3)
    somebody(frigate, score=0.9)
    await armed(hass, *watched(frigate))
    await break_in(hass)

    await until(lambda: found(hass)["picture"] and level(hass) == "2")


async def test_reviews_that_cannot_be_had_hide_no_event(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*_args: Any, **_kwargs: Any) -> None:
        raise FrigateUnusable("500")

    monkeypatch.setattr(FrigateClient, "async_reviews", refused)
    somebody(frigate, score=0.9)
    await armed(hass, *watched(frigate))
    await break_in(hass)

    await until(lambda: level(hass) == "2")
