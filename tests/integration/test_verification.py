"""Alarms are verified by cameras: the alarm first, the picture as soon as there is one, and never in its way."""

import asyncio
import base64
import io
import random
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from types import MappingProxyType
from typing import Any, override

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.camera import Camera
from homeassistant.components.image import ImageEntity
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import Context, HomeAssistant, State
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity import Entity
from homeassistant.setup import async_setup_component
from PIL import Image
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockUser,
    async_capture_events,
    async_fire_time_changed,
    async_mock_service,
    setup_test_component_platform,
)

from custom_components.alarm_broker.core.verification import ranked
from custom_components.alarm_broker.system.storage import EntryStorage
from custom_components.alarm_broker.verification import (
    frigate as client,
    health as camera_watch,
    sources as cameras,
)
from custom_components.alarm_broker.verification.config import tripped_zone
from custom_components.alarm_broker.verification.format import LINK_PICTURE_BYTES, small_enough
from custom_components.alarm_broker.verification.frigate import FrigateClient, FrigateUnusable
from custom_components.alarm_broker.verification.store import evidence_folder
from tests.fakes.companion import FakeCompanion
from tests.fakes.frigate import JPEG, FakeFrigate, camera as frigate_camera
from tests.fakes.misbehaviour import Behaviour
from tests.integration.conftest import Until
from tests.integration.house import (
    CODE,
    DOOR,
    DURESS_CODE,
    HALL,
    HOUSE,
    act,
    area,
    mode,
    move_in,
    panel,
    sense,
    shown,
    under_duress,
    user,
    wait,
    zone,
)
from tests.integration.watched import (
    PICTURE,
    armed,
    break_in,
    camera,
    found,
    kept,
    level,
    server,
    somebody,
    watched,
)

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf", "quick_looks")

TAB = "notify.mobile_app_tab"
DOOR_ZONE, WINDOW_ZONE, HALL_ZONE = "zone_front_door", "zone_kitchen_window", "zone_hall_motion"


@pytest.fixture(autouse=True)
async def unload(hass: HomeAssistant) -> AsyncIterator[None]:
    yield
    for entry in hass.config_entries.async_loaded_entries("alarm_broker"):
        await hass.config_entries.async_unload(entry.entry_id)


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


def looks(fake: FakeFrigate) -> int:
    """Return how often the camera server was asked for what it saw."""
    return len(fake.requests("GET", "/api/review"))


def happened(events: list[Any], kind: str) -> list[dict[str, Any]]:
    return [event.data for event in events if event.data["kind"] == kind]


# --- What is found ---------------------------------------------------------------------------------------


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


async def test_looking_ends_when_the_alarm_is_not_young_any_more(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until, freezer: FrozenDateTimeFactory
) -> None:
    entry = await armed(hass, *watched(frigate), evidence_after=60)
    await break_in(hass)
    await until(lambda: found(hass)["picture"])

    freezer.tick(61)

    await until(lambda: not [task for task in entry._background_tasks if "verify" in task.get_name()])


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


# --- Entry delay -----------------------------------------------------------------------------------------


async def test_during_an_entry_delay_pictures_are_gathered_and_nobody_is_told(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    somebody(frigate)
    await armed(hass, *watched(frigate))

    sense(hass, DOOR, "on")

    await until(lambda: kept(hass) == ["1.jpg"])
    assert shown(hass) == "pending"
    assert (level(hass), shown(hass, PICTURE)) == ("unknown", "unknown")


async def test_what_was_found_in_the_entry_delay_is_there_when_it_becomes_an_alarm(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until, freezer: FrozenDateTimeFactory
) -> None:
    somebody(frigate)
    await armed(hass, *watched(frigate), evidence_after=5)
    sense(hass, DOOR, "on")
    await until(lambda: kept(hass) == ["1.jpg"])
    await frigate.stop()

    await wait(hass, freezer, 31)

    await until(lambda: level(hass) == "2")
    assert shown(hass) == "triggered"
    # On disk is a moment before known.
    await until(lambda: found(hass, "picture", "label") == {"picture": "1.jpg", "label": "person"})


async def test_no_picture_of_somebody_who_comes_home_is_kept(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    await armed(hass, *watched(frigate))
    sense(hass, DOOR, "on")
    await until(lambda: kept(hass) == ["1.jpg"])

    await panel(hass, "alarm_disarm", code=CODE)

    await until(lambda: kept(hass) == [])
    assert level(hass) == "unknown"


async def test_not_even_after_a_restart_in_the_entry_delay(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    entry = await armed(hass, *watched(frigate))
    sense(hass, DOOR, "on")
    await until(lambda: kept(hass) == ["1.jpg"])
    await hass.config_entries.async_reload(entry.entry_id)

    await panel(hass, "alarm_disarm", code=CODE)

    await until(lambda: kept(hass) == [])


# --- Cameras that are not well ---------------------------------------------------------------------------


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
    frame = cameras.FrigateSource.async_latest

    async def only_the_garden(source: cameras.FrigateSource) -> cameras.Picture:
        if source._name != "garden":
            await asyncio.Event().wait()
        return await frame(source)

    monkeypatch.setattr(cameras, "PICTURE_TIMEOUT_S", 1000)
    monkeypatch.setattr(cameras.FrigateSource, "async_latest", only_the_garden)
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


async def test_a_disk_that_takes_nothing_does_not_keep_anybody_from_hearing(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("custom_components.alarm_broker.verification.store.EvidenceStore._of", full)
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


# --- People's words --------------------------------------------------------------------------------------


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


# --- Restart ---------------------------------------------------------------------------------------------


async def test_after_a_restart_the_level_its_reasons_and_pictures_are_there(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    somebody(frigate)
    entry = await armed(hass, *watched(frigate))
    await break_in(hass)
    await until(lambda: found(hass)["picture"])
    before = found(hass)

    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()

    assert level(hass) == "2"
    assert found(hass) == before


async def test_after_a_restart_the_cameras_are_asked_again_while_the_alarm_is_young(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    entry = await armed(hass, *watched(frigate))
    await break_in(hass)
    await until(lambda: found(hass)["picture"])

    await hass.config_entries.async_reload(entry.entry_id)
    somebody(frigate, ago=0)

    await until(lambda: level(hass) == "2")


async def test_after_a_restart_an_old_alarm_is_not_looked_after(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until, freezer: FrozenDateTimeFactory
) -> None:
    entry = await armed(hass, *watched(frigate))
    await break_in(hass)
    await until(lambda: found(hass)["picture"])
    await hass.config_entries.async_unload(entry.entry_id)
    asked = looks(frigate)
    freezer.tick(3600)

    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)

    assert looks(frigate) == asked


async def test_after_a_restart_an_alarm_can_still_be_judged_and_found_false(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    entry = await armed(hass, *watched(frigate))
    await break_in(hass)
    await until(lambda: found(hass)["picture"])
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()

    await panel(hass, "alarm_disarm", code=CODE)
    await until(lambda: level(hass) == "0")
    await hass.services.async_call("alarm_broker", "validate", {"level": 3}, blocking=True)

    assert level(hass) == "3"


async def test_a_record_that_cannot_be_read_does_not_keep_the_panel_from_guarding(
    hass: HomeAssistant, until: Until
) -> None:
    entry = await armed(hass)
    await break_in(hass)
    await until(lambda: kept(hass) == ["record.json"])
    await hass.config_entries.async_unload(entry.entry_id)
    folder = next(evidence_folder(hass, entry.entry_id).iterdir())
    (folder / "record.json").write_text('{"kept": {"uid": 7}}')

    assert await hass.config_entries.async_setup(entry.entry_id)

    assert level(hass) == "unknown"


# --- The companion ---------------------------------------------------------------------------------------


def evidence(companion: FakeCompanion) -> list[dict[str, Any]]:
    return [one for one in companion.heard if one["kind"] == "alarm_evidence"]


async def add(
    hass: HomeAssistant, linked: MockConfigEntry, until: Until, *parts: Any, **options: Any
) -> None:
    """Add parts to the house that is linked."""
    await hass.config_entries.async_unload(linked.entry_id)
    for one in parts:
        part = ConfigSubentry(**{**one, "data": MappingProxyType(one["data"])})
        hass.config_entries.async_add_subentry(linked, part)
    hass.config_entries.async_update_entry(linked, options={**linked.options, **options})
    await hass.config_entries.async_setup(linked.entry_id)
    await until(lambda: linked.runtime_data.link.connected)


def big_picture() -> bytes:
    """Return a picture that no compression makes small: eight megapixels of noise."""
    out = io.BytesIO()
    Image.frombytes("RGB", (1600, 1200), random.Random(7).randbytes(1600 * 1200 * 3)).save(out, "PNG")
    return out.getvalue()


async def test_the_companion_hears_of_the_alarm_first_and_then_of_its_evidence_with_the_picture(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, frigate: FakeFrigate, until: Until
) -> None:
    await add(hass, linked, until, server(frigate), camera())
    frigate.snapshot = big_picture()
    event = somebody(frigate, score=0.87)
    await panel(hass, "alarm_arm_home", code=CODE)

    await break_in(hass)

    await until(lambda: evidence(companion) and evidence(companion)[-1]["picture"])
    told = evidence(companion)[-1]
    picture = base64.b64decode(told["picture"]["data"])
    assert (told["level"], told["camera"], told["label"], told["score"]) == (2, "Garden", "person", 0.87)
    assert told["evidence"] == ["A camera saw a person."]
    assert told["link"] == f"{frigate.url}/explore?event_id={event['id']}"
    assert told["picture"]["type"] == "image/jpeg"
    assert picture.startswith(b"\xff\xd8\xff")
    assert len(picture) <= LINK_PICTURE_BYTES
    assert companion.heard_kinds("alarm_raised", "alarm_evidence")[0] == "alarm_raised"


async def test_what_was_found_in_the_entry_delay_comes_to_the_companion_behind_the_alarm(
    hass: HomeAssistant,
    linked: MockConfigEntry,
    companion: FakeCompanion,
    frigate: FakeFrigate,
    until: Until,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await add(hass, linked, until, server(frigate), camera())
    somebody(frigate)
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, DOOR, "on")
    await until(lambda: kept(hass) == ["1.jpg"])
    assert evidence(companion) == []
    save = EntryStorage.async_save

    async def slowly(*args: Any) -> bool:
        await hass.loop.run_in_executor(None, time.sleep, 0.2)
        return await save(*args)

    monkeypatch.setattr(EntryStorage, "async_save", slowly)

    await wait(hass, freezer, 31)

    await until(lambda: any(one["picture"] for one in evidence(companion)))
    assert companion.heard_kinds("alarm_raised", "alarm_evidence")[0] == "alarm_raised"


async def test_a_mere_signal_is_no_news_to_the_companion(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    await panel(hass, "alarm_arm_home", code=CODE)

    await break_in(hass)
    await until(lambda: level(hass) == "1")
    await panel(hass, "alarm_disarm", code=CODE)

    await until(lambda: "alarm_disarmed" in companion.heard_kinds() and level(hass) == "0")
    assert evidence(companion) == []


async def test_a_level_that_falls_is_told_without_sending_the_picture_again(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, frigate: FakeFrigate, until: Until
) -> None:
    await add(hass, linked, until, server(frigate), camera())
    somebody(frigate)
    await panel(hass, "alarm_arm_home", code=CODE)
    await break_in(hass)
    await until(lambda: evidence(companion) and evidence(companion)[-1]["picture"])

    await panel(hass, "alarm_disarm", code=CODE)

    await until(lambda: evidence(companion)[-1]["level"] == 0)
    assert evidence(companion)[-1]["picture"] is None
    assert len([one for one in evidence(companion) if one["picture"]]) == 1


@pytest.mark.parametrize(
    "snapshot", [JPEG[:40], b"\x89PNG\r\n\x1a\n", b"RIFF    WEBP"], ids=["half", "png", "webp"]
)
async def test_a_picture_that_is_none_is_not_sent_and_what_it_showed_is(
    hass: HomeAssistant,
    linked: MockConfigEntry,
    companion: FakeCompanion,
    frigate: FakeFrigate,
    until: Until,
    snapshot: bytes,
) -> None:
    await add(hass, linked, until, server(frigate), camera())
    frigate.snapshot = snapshot
    somebody(frigate)
    await panel(hass, "alarm_arm_home", code=CODE)

    await break_in(hass)

    await until(lambda: evidence(companion) and evidence(companion)[-1]["label"])
    assert evidence(companion)[-1]["picture"] is None


def test_a_picture_that_would_unpack_to_gigabytes_is_none() -> None:
    out = io.BytesIO()
    Image.new("1", (10_000, 5_000)).save(out, "PNG")

    assert small_enough(out.getvalue()) is None


# --- Silent alarms ---------------------------------------------------------------------------------------


async def call_silently(hass: HomeAssistant) -> None:
    await act(hass, "trigger", silent=True)


async def disarm_under_duress(hass: HomeAssistant) -> None:
    await act(hass, "disarm", code=DURESS_CODE)


def visible(hass: HomeAssistant) -> dict[str, Any]:
    return {
        state.entity_id: told(state)
        for state in hass.states.async_all()
        if state.domain != "alarm_control_panel"
    }


def told(state: State) -> tuple[str, Any]:
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


# --- Looking at any time ---------------------------------------------------------------------------------


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


async def test_looking_with_a_full_disk_still_answers(
    hass: HomeAssistant, frigate: FakeFrigate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("custom_components.alarm_broker.verification.store.EvidenceStore._of", full)
    await move_in(hass, *watched(frigate))

    answer = await act(hass, "verify")

    assert (answer["camera"], answer["picture"]) == ("Garden", None)


# --- Home Assistant's own cameras ------------------------------------------------------------------------


class Shows(Camera):
    _attr_name = "Balcony"

    @override
    async def async_camera_image(self, width: int | None = None, height: int | None = None) -> bytes:
        return JPEG


class Still(ImageEntity):
    _attr_name = "Doorbell"
    _attr_content_type = "image/png"

    @override
    async def async_image(self) -> bytes:
        return b"\x89PNG\r\n\x1a\n"


async def plug_in(hass: HomeAssistant, domain: str, entity: Entity) -> str:
    setup_test_component_platform(hass, domain, [entity])
    assert await async_setup_component(hass, domain, {domain: {"platform": "test"}})
    await hass.async_block_till_done()
    return entity.entity_id


async def test_any_camera_of_home_assistant_shows_its_frame(hass: HomeAssistant, until: Until) -> None:
    balcony = await plug_in(hass, "camera", Shows())
    await armed(hass, *HOUSE, camera("Balcony", server=None, camera=None, entity=balcony))

    await break_in(hass)

    await until(lambda: found(hass)["picture"])
    assert found(hass, "level", "camera", "label", "picture") == {
        "level": 1,
        "camera": "Balcony",
        "label": None,
        "picture": "1.jpg",
    }


async def test_so_does_any_image(hass: HomeAssistant, until: Until) -> None:
    doorbell = await plug_in(hass, "image", Still(hass))
    await armed(hass, *HOUSE, camera("Doorbell", server=None, camera=None, entity=doorbell))

    await break_in(hass)

    await until(lambda: found(hass)["picture"] == "1.png")


class Broken(Shows):
    asked = 0

    @override
    async def async_camera_image(self, width: int | None = None, height: int | None = None) -> bytes:
        self.asked += 1
        raise RuntimeError("a bug")


async def test_a_camera_with_a_bug_holds_up_nothing(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    balcony = await plug_in(hass, "camera", Broken())
    broken = camera("Balcony", server=None, camera=None, entity=balcony)
    await armed(hass, *watched(frigate, broken, camera()))

    await break_in(hass)

    await until(lambda: found(hass)["camera"] == "Garden")


async def test_an_entity_that_is_gone_shows_nothing_and_holds_up_nothing(
    hass: HomeAssistant, until: Until
) -> None:
    await armed(hass, *HOUSE, camera("Attic", server=None, camera=None, entity="camera.gone"))

    await break_in(hass)

    await until(lambda: level(hass) == "1")
    assert found(hass)["picture"] is None


async def test_a_camera_whose_server_was_removed_is_left_out(hass: HomeAssistant, until: Until) -> None:
    await armed(hass, *HOUSE, camera())

    await break_in(hass)

    await until(lambda: level(hass) == "1")
    assert found(hass)["picture"] is None


# --- Whether the servers are there -----------------------------------------------------------------------


async def later(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, until: Until, frigate: FakeFrigate
) -> None:
    asked = len(frigate.received)
    freezer.tick(camera_watch.LOOK_EVERY)
    async_fire_time_changed(hass)
    await until(lambda: len(frigate.received) > asked)


async def test_a_server_that_is_away_for_longer_than_a_restart_is_a_trouble_until_it_is_back(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until, freezer: FrozenDateTimeFactory
) -> None:
    await move_in(hass, *watched(frigate))
    await until(lambda: frigate.received and frigate.received[-1].status)
    await hass.async_block_till_done(wait_background_tasks=True)  # the first look is over
    frigate.behave(Behaviour.STATUS_500)

    await later(hass, freezer, until, frigate)
    once = shown(hass, "binary_sensor.home_alarm_trouble")
    await later(hass, freezer, until, frigate)
    await until(lambda: shown(hass, "binary_sensor.home_alarm_trouble") == "on")
    frigate.behave(None)
    await later(hass, freezer, until, frigate)

    assert once == "off"
    await until(lambda: shown(hass, "binary_sensor.home_alarm_trouble") == "off")


# What else may go wrong


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


async def test_settings_that_are_saved_in_an_entry_delay_lose_no_evidence(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until, freezer: FrozenDateTimeFactory
) -> None:
    event = somebody(frigate)
    entry = await armed(hass, *watched(frigate))
    sense(hass, DOOR, "on")
    await until(lambda: kept(hass) == ["1.jpg"])
    event["end_time"] = time.time() + 2

    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    await wait(hass, freezer, 31)

    assert shown(hass) == "triggered"
    await until(lambda: found(hass)["picture"] and level(hass) == "2")


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


async def test_a_broken_camera_leaves_nothing_of_a_duress_alarm_in_the_log(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, until: Until, freezer: FrozenDateTimeFactory
) -> None:
    broken = Broken()
    balcony = await plug_in(hass, "camera", broken)
    await armed(hass, *HOUSE, under_duress(), camera("Balcony", server=None, camera=None, entity=balcony))
    caplog.clear()

    await act(hass, "disarm", code=DURESS_CODE)
    while broken.asked < 3:
        await wait(hass, freezer, 1)
        await until(lambda: broken.asked)
    await wait(hass, freezer, 61)  # from then on nobody looks any more
    await hass.async_block_till_done(wait_background_tasks=True)

    ours = [one for one in caplog.records if "alarm_broker" in one.name]
    assert [one.getMessage() for one in ours if one.levelname in ("WARNING", "ERROR")] == []


async def test_after_the_clock_was_set_back_nothing_is_added_to_an_old_alarm(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until, freezer: FrozenDateTimeFactory
) -> None:
    await frigate.stop()
    entry = await armed(hass, area(home=mode(exit_delay=0, siren_time=900)), *watched(frigate)[1:])
    await break_in(hass)
    await until(lambda: level(hass) == "1")
    await wait(hass, freezer, 400)
    await panel(hass, "alarm_disarm", code=CODE)
    await hass.config_entries.async_unload(entry.entry_id)
    await frigate.start()
    freezer.tick(timedelta(days=-3))

    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)

    assert looks(frigate) == 0
    assert found(hass)["picture"] is None
