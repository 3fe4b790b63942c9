"""How sure an alarm is: which picture shows most, and the validation level that the evidence gives. Pure.

The levels are in the manner of ANSI/TMA-AVS-01 (2023, revised 2024). The table is in docs/verification.md; following it
is no certification. Evidence may lower a level as well as raise it, and the last word is a human's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from .panel.config import HELD_BACK, AlarmKind, ZoneKind

PERSON = "person"


class Level(IntEnum):
    """How well an intrusion alarm is validated."""

    NOTHING = 0
    """Nothing to respond to: cancelled, or a human says that no crime is in progress."""
    SIGNAL = 1
    """An alarm signal, and little or no more."""
    HUMAN = 2
    """A human is there, confirmed or highly probable; what they want is unknown."""
    PROPERTY = 3
    """A threat to property."""
    LIFE = 4
    """A threat to life. Only a human's word gives it."""


class Finding(StrEnum):
    """Why a level is what it is."""

    SIGNAL = "signal"
    """A zone tripped."""
    OTHER_KIND = "other_kind"
    """Panic, fire and their like are urgent by themselves; the scale is about intrusion."""
    TWO_DETECTORS = "two_detectors"
    """Two detectors of different kinds tripped."""
    PERSON_SEEN = "person_seen"
    PERSON_INSIDE = "person_inside"
    FORCED_ENTRY = "forced_entry"
    """A zone that nobody opens with a key, or zones in the order of a way in."""
    KNOWN_PERSON = "known_person"
    """Whoever is on the pictures is known by name."""
    CANCELLED = "cancelled"
    HUMAN_WORD = "human_word"


class Detector(StrEnum):
    """What kind of thing a zone's sensor notices; two that differ are independent of each other."""

    OPENING = "opening"
    MOTION = "motion"
    BREAKING = "breaking"
    """Glass, vibration, an opened housing."""
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraConfig:
    """A camera, and what it looks at."""

    camera_id: str
    name: str
    zones: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()
    """It looks at the whole area."""
    inside: bool = False
    """Nobody should be before it while the area is armed."""
    labels: tuple[str, ...] = (PERSON,)
    """What counts, the most telling first."""
    min_score: float = 0.6
    """From 0 to 1, as a sighting's score is; the form and what it stores count in percent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Something that a camera saw."""

    camera_id: str
    event_id: str
    label: str
    score: float
    """From 0 to 1."""
    started_at: datetime
    ended_at: datetime | None
    known_as: str | None = None
    """Whose face or plate it is."""
    has_picture: bool = True
    alert: bool = False
    """The camera server itself calls it an alert."""
    stationary: bool = False
    false_positive: bool = False
    link: str | None = None
    clip: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrippedZone:
    """A zone of the alarm."""

    zone_id: str
    kind: ZoneKind
    detector: Detector


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What is to be verified."""

    kind: AlarmKind
    area_id: str
    tripped: tuple[TrippedZone, ...]
    """In the order in which they tripped."""
    moments: tuple[datetime, ...]
    """When the first of them did, when a further one did, and when it became an alarm; in order."""
    before: timedelta = timedelta(seconds=10)
    """What was seen so long before any moment counts."""
    after: timedelta = timedelta(seconds=60)
    """... and so long after it."""
    cancelled: bool = False
    word: Level | None = None
    """What a human said."""

    @property
    def begin(self) -> datetime:
        """Return since when the cameras are asked."""
        return self.moments[0] - self.before

    @property
    def end(self) -> datetime:
        """Return until when they are asked: as long as the alarm is young."""
        return self.moments[-1] + self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """A level and why."""

    level: Level
    findings: tuple[Finding, ...]


def looking_at(cameras: Iterable[CameraConfig], area_id: str, zone_ids: Iterable[str]) -> list[CameraConfig]:
    """Return the cameras that look at one of the zones, then those that look at the area; each in the order given."""
    wanted = set(zone_ids)
    known = list(cameras)
    at_zones = [camera for camera in known if camera.zones & wanted]
    return at_zones + [camera for camera in known if area_id in camera.areas and not camera.zones & wanted]


def counts(sighting: Sighting, camera: CameraConfig, occasion: Occasion) -> bool:
    """Return whether a sighting says something about the occasion.

    It overlaps the time around a moment of it, is of what the camera is asked for, sure enough, and no parked car.
    """
    in_time = any(
        sighting.started_at <= moment + occasion.after
        and (sighting.ended_at is None or sighting.ended_at >= moment - occasion.before)
        for moment in occasion.moments
    )
    return (
        in_time
        and sighting.label in camera.labels
        and sighting.score >= camera.min_score
        and not sighting.false_positive
        and not (sighting.stationary and sighting.label != PERSON)
    )


def ranked(
    sightings: Iterable[Sighting], cameras: Mapping[str, CameraConfig], occasion: Occasion
) -> list[Sighting]:
    """Return the sightings that count and have a picture, the one first whose picture tells a responder most.

    A stranger before somebody known; then what the camera's labels name first; then the camera at the tripped zone,
    what the server calls an alert, the surest, and the nearest in time.
    """
    shown = [
        one
        for one in sightings
        if one.has_picture and one.camera_id in cameras and counts(one, cameras[one.camera_id], occasion)
    ]
    return sorted(shown, key=lambda one: _worth(one, cameras[one.camera_id], occasion), reverse=True)


def validation(
    occasion: Occasion, sightings: Iterable[Sighting], cameras: Mapping[str, CameraConfig]
) -> Validation:
    """Return the validation level of an alarm with the evidence there is.

    `cameras` are by id; what a camera saw that is not among them does not count. A human's word goes before everything.
    """
    if occasion.word is not None:
        return Validation(level=occasion.word, findings=(Finding.HUMAN_WORD,))
    if occasion.cancelled:
        return Validation(level=Level.NOTHING, findings=(Finding.CANCELLED,))
    if occasion.kind not in HELD_BACK:
        return Validation(level=Level.SIGNAL, findings=(Finding.OTHER_KIND,))
    people = [
        one
        for one in sightings
        if one.label == PERSON and one.camera_id in cameras and counts(one, cameras[one.camera_id], occasion)
    ]
    strangers = [one for one in people if one.known_as is None]
    inside = any(
        cameras[one.camera_id].inside and occasion.area_id in _areas(cameras[one.camera_id], occasion)
        for one in strangers
    )
    forced = _forced(occasion.tripped)
    # Of a sensor that does not say what it notices nobody knows whether it is independent of another.
    several = len({one.detector for one in occasion.tripped} - {Detector.OTHER}) > 1
    findings = [
        finding
        for finding, found in (
            (Finding.PERSON_SEEN, bool(strangers) and not inside),
            (Finding.PERSON_INSIDE, inside),
            (Finding.FORCED_ENTRY, forced and inside),
            (Finding.TWO_DETECTORS, several),
            (Finding.KNOWN_PERSON, bool(people) and not strangers),
        )
        if found
    ]
    if inside and forced:
        level = Level.PROPERTY
    elif strangers or several:
        level = Level.HUMAN
    else:
        level = Level.SIGNAL
    return Validation(level=level, findings=tuple(findings) or (Finding.SIGNAL,))


def _areas(camera: CameraConfig, occasion: Occasion) -> frozenset[str]:
    """Return the areas that a camera is in; one at a tripped zone is in that zone's area."""
    tripped = {one.zone_id for one in occasion.tripped}
    return camera.areas | ({occasion.area_id} if camera.zones & tripped else frozenset())


def _forced(tripped: Sequence[TrippedZone]) -> bool:
    """Return whether somebody broke in, as far as zones can say.

    Something broke; or what opens from outside opened without an entry delay; or that and then a move inside.
    """
    if any(one.detector is Detector.BREAKING or one.kind is ZoneKind.TAMPER for one in tripped):
        return True
    opened = [
        number
        for number, one in enumerate(tripped)
        if one.detector is Detector.OPENING and one.kind is not ZoneKind.FOLLOWER
    ]
    if any(tripped[number].kind is ZoneKind.INSTANT for number in opened):
        return True
    return bool(opened) and any(one.detector is Detector.MOTION for one in tripped[opened[0] + 1 :])


def _worth(
    sighting: Sighting, camera: CameraConfig, occasion: Occasion
) -> tuple[bool, int, bool, bool, float, float]:
    tripped = {one.zone_id for one in occasion.tripped}
    return (
        sighting.known_as is None,
        -camera.labels.index(sighting.label),
        bool(camera.zones & tripped),
        sighting.alert,
        round(sighting.score, 1),
        -abs((sighting.started_at - occasion.moments[0]).total_seconds()),
    )
