"""What the household is told, and what it says must be done about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..panel.config import ArmMode
from ..panel.events import ClockMoved
from ..panel.state import AreaStatus
from ..windows import WindowKind
from .state import HouseholdState, Presence


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody's trackers say now; None when they say nothing."""

    person_id: str
    place: Presence | None


@dataclass(frozen=True, slots=True)
class AreasChanged:
    """How the areas are shown, with their mode while armed."""

    areas: Mapping[str, tuple[AreaStatus, ArmMode | None]]


@dataclass(frozen=True, slots=True)
class WindowKindsChanged:
    """Which kinds of calendar windows run."""

    kinds: frozenset[WindowKind]


@dataclass(frozen=True, slots=True)
class GuestMode:
    """The switch for guests."""

    on: bool


@dataclass(frozen=True, slots=True)
class Postponed:
    """Somebody wants the announced arming later."""

    by: str | None
    delay: timedelta | None = None
    """None is what the household has set."""


@dataclass(frozen=True, slots=True)
class CalledOff:
    """Somebody wants no arming before everyone has left again."""

    by: str | None


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time has passed."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The household is back: nobody has been seen yet, and what became due meanwhile must be announced anew."""

    starting: bool = False
    """With all of Home Assistant, so that trackers are yet to come up too."""


type PresenceEvent = (
    Seen
    | AreasChanged
    | WindowKindsChanged
    | GuestMode
    | Postponed
    | CalledOff
    | Ticked
    | ClockMoved
    | Resumed
)


@dataclass(frozen=True, slots=True)
class EveryoneLeft:
    """Nobody is home any more."""

    last: str


@dataclass(frozen=True, slots=True)
class FirstArrived:
    """Somebody came into the empty house."""

    person_id: str


@dataclass(frozen=True, slots=True)
class ArrivedWhileArmed:
    """Somebody came home and areas are armed."""

    person_id: str
    area_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemindToArm:
    """Nobody is home and these areas are disarmed."""

    area_ids: tuple[str, ...]
    vacation: bool


@dataclass(frozen=True, slots=True)
class AnnounceArming:
    """These areas are armed at `at` unless somebody minds."""

    area_ids: tuple[str, ...]
    mode: ArmMode
    at: datetime


@dataclass(frozen=True, slots=True)
class ArmingDropped:
    """The announced arming does not come."""

    by: str | None


@dataclass(frozen=True, slots=True)
class ArmNow:
    """Arm, as announced."""

    area_ids: tuple[str, ...]
    mode: ArmMode


@dataclass(frozen=True, slots=True)
class DisarmFor:
    """Somebody who may be let in like that came home."""

    person_id: str
    area_ids: tuple[str, ...]


type PresenceEffect = (
    EveryoneLeft
    | FirstArrived
    | ArrivedWhileArmed
    | RemindToArm
    | AnnounceArming
    | ArmingDropped
    | ArmNow
    | DisarmFor
)

type HouseholdStep = tuple[HouseholdState, tuple[PresenceEffect, ...]]
