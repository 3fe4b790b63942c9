"""How sure an alarm is: the table of docs/verification.md, and which picture shows most."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from custom_components.alarm_broker.core.panel.config import AlarmKind, ZoneKind
from custom_components.alarm_broker.core.verification import (
    CameraConfig,
    Detector,
    Finding,
    Level,
    Occasion,
    Sighting,
    TrippedZone,
    counts,
    looking_at,
    ranked,
    validation,
)
from tests.integration.panel.builders import DOOR, GARAGE, HALL, HOME, START, TAMPER, WINDOW, seconds

PORCH = CameraConfig(camera_id="porch", name="Porch", zones=frozenset({DOOR}))
LOUNGE = CameraConfig(camera_id="lounge", name="Lounge", areas=frozenset({HOME}), inside=True)
HALLWAY = CameraConfig(camera_id="hallway", name="Hallway", zones=frozenset({HALL}), inside=True)
DRIVE = CameraConfig(
    camera_id="drive", name="Drive", areas=frozenset({HOME}), labels=("person", "car"), min_score=0.5
)
CELLAR = CameraConfig(camera_id="cellar", name="Cellar", areas=frozenset({GARAGE}), inside=True)
CAMERAS = {one.camera_id: one for one in (PORCH, LOUNGE, HALLWAY, DRIVE, CELLAR)}

door = TrippedZone(zone_id=DOOR, kind=ZoneKind.ENTRY_EXIT, detector=Detector.OPENING)
window = TrippedZone(zone_id=WINDOW, kind=ZoneKind.INSTANT, detector=Detector.OPENING)
hall = TrippedZone(zone_id=HALL, kind=ZoneKind.INSTANT, detector=Detector.MOTION)
stairs = TrippedZone(zone_id="stairs", kind=ZoneKind.FOLLOWER, detector=Detector.OPENING)
glass = TrippedZone(zone_id="glass", kind=ZoneKind.INSTANT, detector=Detector.BREAKING)
housing = TrippedZone(zone_id=TAMPER, kind=ZoneKind.TAMPER, detector=Detector.OTHER)
button = TrippedZone(zone_id="button", kind=ZoneKind.INSTANT, detector=Detector.OTHER)


def burglary(*tripped: TrippedZone, kind: AlarmKind = AlarmKind.BURGLARY, **fields: Any) -> Occasion:
    return Occasion(kind=kind, area_id=HOME, tripped=tripped, moments=(START,), **fields)


def saw(camera: str, label: str = "person", score: float = 0.8, at: float = 1, **fields: Any) -> Sighting:
    started = START + seconds(at)
    return Sighting(
        camera_id=camera,
        event_id=fields.pop("event_id", f"{camera}-{label}-{score}-{at}"),
        label=label,
        score=score,
        started_at=started,
        ended_at=fields.pop("ended_at", started + seconds(5)),
        **fields,
    )


# The table of docs/verification.md, row by row.
LEVELS = {
    "one zone and no picture is a signal": ((door,), [], 1, "signal"),
    "a car is no human": ((door,), [saw("drive", "car")], 1, "signal"),
    "a person too unsure does not count": ((door,), [saw("porch", score=0.5)], 1, "signal"),
    "a person in another area does not count as inside": ((glass,), [saw("cellar")], 2, "person_seen"),
    "two zones of one kind are still a signal": ((door, window), [], 1, "signal"),
    "two detectors of different kinds make a human probable": ((door, hall), [], 2, "two_detectors"),
    "a sensor of unknown kind confirms nothing": ((door, button), [], 1, "signal"),
    "a person seen is a human there": ((door,), [saw("porch")], 2, "person_seen"),
    "a person inside without force may be anybody": ((door,), [saw("lounge")], 2, "person_inside"),
    "broken glass alone is no human": ((glass,), [], 1, "signal"),
    "a person inside behind broken glass is a break-in": (
        (glass,),
        [saw("lounge")],
        3,
        "person_inside forced_entry",
    ),
    "so is one behind an opened housing": ((housing,), [saw("lounge")], 3, "person_inside forced_entry"),
    "... behind a window that has no entry delay": (
        (window,),
        [saw("lounge")],
        3,
        "person_inside forced_entry",
    ),
    "... behind a door and then a move inside": (
        (door, hall),
        [saw("hallway")],
        3,
        "person_inside forced_entry two_detectors",
    ),
    "a move inside and then the door is somebody who leaves": (
        (hall, door),
        [saw("hallway")],
        2,
        "person_inside two_detectors",
    ),
    "a door within is no way in": (
        (stairs, hall),
        [saw("hallway")],
        2,
        "person_inside two_detectors",
    ),
    "a person outside before broken glass is a human there": ((glass,), [saw("porch")], 2, "person_seen"),
    "somebody known by name raises nothing": ((door,), [saw("porch", known_as="Anna")], 1, "known_person"),
    "a stranger beside somebody known counts": (
        (door,),
        [saw("porch", known_as="Anna"), saw("drive")],
        2,
        "person_seen",
    ),
    "what the server takes back does not count": ((door,), [saw("porch", false_positive=True)], 1, "signal"),
    "a person who stands still counts": ((door,), [saw("porch", stationary=True)], 2, "person_seen"),
    "a camera that was removed says nothing": ((door,), [saw("gone")], 1, "signal"),
}


@pytest.mark.parametrize(("tripped", "sightings", "level", "findings"), LEVELS.values(), ids=LEVELS.keys())
def test_level(
    tripped: tuple[TrippedZone, ...], sightings: list[Sighting], level: int, findings: str
) -> None:
    found = validation(burglary(*tripped), sightings, CAMERAS)

    assert (int(found.level), " ".join(found.findings)) == (level, findings)


@pytest.mark.parametrize("kind", sorted(set(AlarmKind) - {AlarmKind.BURGLARY, AlarmKind.TAMPER}))
def test_other_kinds_are_urgent_by_themselves_and_stay_a_signal(kind: AlarmKind) -> None:
    found = validation(burglary(glass, kind=kind), [saw("lounge")], CAMERAS)

    assert (found.level, found.findings) == (Level.SIGNAL, (Finding.OTHER_KIND,))


def test_disarming_as_false_leaves_nothing_to_respond_to_whatever_was_seen() -> None:
    found = validation(burglary(glass, cancelled=True), [saw("lounge")], CAMERAS)

    assert (found.level, found.findings) == (Level.NOTHING, (Finding.CANCELLED,))


@pytest.mark.parametrize("word", Level)
@pytest.mark.parametrize("cancelled", [False, True], ids=["", "disarmed as false"])
def test_a_humans_word_is_the_last(word: Level, *, cancelled: bool) -> None:
    found = validation(burglary(glass, word=word, cancelled=cancelled), [saw("lounge")], CAMERAS)

    assert (found.level, found.findings) == (word, (Finding.HUMAN_WORD,))


TRIPPED = st.sampled_from([door, window, hall, stairs, glass, housing, button])
SIGHTINGS = st.lists(
    st.builds(
        saw,
        st.sampled_from(sorted(CAMERAS)),
        st.sampled_from(["person", "car", "dog"]),
        st.floats(0, 1),
        st.integers(-30, 90),
        known_as=st.sampled_from([None, "Anna"]),
        stationary=st.booleans(),
        false_positive=st.booleans(),
        alert=st.booleans(),
        has_picture=st.booleans(),
    ),
    max_size=6,
)
OCCASIONS = st.builds(
    lambda kind, tripped, cancelled: burglary(*tripped, kind=kind, cancelled=cancelled),
    st.sampled_from(AlarmKind),
    st.lists(TRIPPED, max_size=4).map(tuple),
    st.booleans(),
)


@given(OCCASIONS, SIGHTINGS)
def test_no_evidence_gives_a_threat_to_life_without_a_humans_word(
    occasion: Occasion, sightings: list[Sighting]
) -> None:
    found = validation(occasion, sightings, CAMERAS)

    assert found.level <= Level.PROPERTY
    assert found.findings


@given(OCCASIONS, SIGHTINGS)
def test_only_a_cancellation_says_that_there_is_nothing(
    occasion: Occasion, sightings: list[Sighting]
) -> None:
    nothing = validation(occasion, sightings, CAMERAS).level is Level.NOTHING

    assert nothing == occasion.cancelled


@given(OCCASIONS, SIGHTINGS, SIGHTINGS)
def test_more_sightings_never_make_an_alarm_less_sure(
    occasion: Occasion, some: list[Sighting], more: list[Sighting]
) -> None:
    assert validation(occasion, some + more, CAMERAS).level >= validation(occasion, some, CAMERAS).level


@given(OCCASIONS, SIGHTINGS)
def test_the_order_in_which_cameras_answer_changes_nothing(
    occasion: Occasion, sightings: list[Sighting]
) -> None:
    backwards = sightings[::-1]

    assert validation(occasion, backwards, CAMERAS) == validation(occasion, sightings, CAMERAS)


# Event lists as cameras give them, and the one whose picture a responder wants.
PICTURES: dict[str, tuple[list[Sighting], str | None]] = {
    "nothing was seen": ([], None),
    "only what nobody asked for": ([saw("porch", "dog"), saw("drive", "bird")], None),
    "only what is too unsure": ([saw("porch", score=0.59)], None),
    "a person before a car that is surer": (
        [saw("drive", "car", 0.99), saw("drive", "person", 0.6, event_id="right")],
        "right",
    ),
    "a car where there is no person": ([saw("drive", "car", 0.7, event_id="right")], "right"),
    "a stranger before somebody known, however clear": (
        [saw("porch", score=0.99, known_as="Anna"), saw("drive", score=0.6, event_id="right")],
        "right",
    ),
    "a strange car before somebody known": (
        [saw("porch", known_as="Anna"), saw("drive", "car", 0.6, event_id="right")],
        "right",
    ),
    "somebody known where there is nobody else": (
        [saw("porch", known_as="Anna", event_id="right")],
        "right",
    ),
    "the camera at the tripped zone before one that sees it better": (
        [saw("drive", score=0.99), saw("porch", score=0.7, event_id="right")],
        "right",
    ),
    "what the server calls an alert": (
        [saw("porch", score=0.9), saw("porch", score=0.7, alert=True, event_id="right")],
        "right",
    ),
    "the surest of equals": ([saw("porch", score=0.7), saw("porch", score=0.9, event_id="right")], "right"),
    "the nearest in time of those about as sure": (
        [saw("porch", score=0.82, at=20), saw("porch", score=0.79, at=2, event_id="right")],
        "right",
    ),
    "one of which there is a picture": (
        [saw("porch", score=0.9, has_picture=False), saw("porch", score=0.7, event_id="right")],
        "right",
    ),
    "no parked car": (
        [
            saw("drive", "car", 0.99, stationary=True),
            saw("drive", "car", 0.6, at=40, event_id="right"),
        ],
        "right",
    ),
    "no false positive": (
        [saw("porch", score=0.99, false_positive=True), saw("porch", score=0.7, event_id="right")],
        "right",
    ),
    "nothing from a camera that was removed": ([saw("gone", score=0.99)], None),
    "one that has been running for an hour": (
        [saw("porch", at=-3600, ended_at=None, event_id="right")],
        "right",
    ),
    "none that was over before": ([saw("porch", at=-60)], None),
    "none that came long after": ([saw("porch", at=61)], None),
}


@pytest.mark.parametrize(("sightings", "right"), PICTURES.values(), ids=PICTURES.keys())
@pytest.mark.parametrize("backwards", [False, True], ids=["", "backwards"])
def test_the_picture_that_tells_most(
    sightings: list[Sighting], right: str | None, *, backwards: bool
) -> None:
    answered = sightings[::-1] if backwards else sightings

    found = ranked(answered, CAMERAS, burglary(door))

    assert (found[0].event_id if found else None) == right


@pytest.mark.parametrize(
    ("started", "ended", "in_time"),
    [
        (-11, -10.5, False),
        (-11, -10, True),
        (-10, 0, True),
        (60, 65, True),
        (60.5, 65, False),
        (-600, None, True),
        (61, None, False),
    ],
)
def test_the_time_around_the_alarm(started: float, ended: float | None, *, in_time: bool) -> None:
    sighting = saw("porch", at=started, ended_at=None if ended is None else START + seconds(ended))

    assert counts(sighting, PORCH, burglary(door)) is in_time


@pytest.mark.parametrize(("at", "in_time"), [(200, False), (295, True), (355, True), (370, False)])
def test_each_further_moment_of_an_alarm_has_its_own_time_around_it(at: float, *, in_time: bool) -> None:
    occasion = replace(burglary(door, hall), moments=(START, START + seconds(300)))

    assert counts(saw("porch", at=at, ended_at=START + seconds(at + 1)), PORCH, occasion) is in_time


def test_the_cameras_are_asked_from_before_the_first_moment_until_after_the_last() -> None:
    occasion = replace(burglary(door), moments=(START, START + seconds(30)), before=timedelta(seconds=5))

    assert (occasion.begin, occasion.end) == (START - seconds(5), START + seconds(90))


@pytest.mark.parametrize(
    ("area_id", "zones", "cameras"),
    [
        (HOME, [DOOR], ["porch", "lounge", "drive"]),
        (HOME, [HALL, DOOR], ["porch", "hallway", "lounge", "drive"]),
        (HOME, [], ["lounge", "drive"]),
        (GARAGE, ["gate"], ["cellar"]),
    ],
)
def test_cameras_at_the_zone_are_asked_first_then_those_of_the_area(
    area_id: str, zones: list[str], cameras: list[str]
) -> None:
    assert [one.camera_id for one in looking_at(CAMERAS.values(), area_id, zones)] == cameras
