"""What can happen to the panel."""

from dataclasses import dataclass
from datetime import timedelta

from .config import ArmMode


@dataclass(frozen=True, slots=True)
class CodeMatched:
    """A code was entered and it is this user's."""

    user: str


@dataclass(frozen=True, slots=True)
class CodeWrong:
    """A code was entered and it is nobody's."""


@dataclass(frozen=True, slots=True)
class CodeMissing:
    """No code was entered."""


type Credential = CodeMatched | CodeWrong | CodeMissing


@dataclass(frozen=True, slots=True)
class ZoneOpened:
    """A zone is open: a door stands open, motion, smoke."""

    zone_id: str


@dataclass(frozen=True, slots=True)
class ZoneClosed:
    """A zone is closed."""

    zone_id: str


@dataclass(frozen=True, slots=True)
class ZoneLost:
    """A zone's sensor says nothing any more."""

    zone_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmRequested:
    """Somebody wants to arm an area."""

    area_id: str
    mode: ArmMode
    credential: Credential
    by: str | None
    """Who it was where no code says so."""
    force: bool = False
    """Bypass what is open or blind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisarmRequested:
    """Somebody wants to disarm an area."""

    area_id: str
    credential: Credential
    by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerRequested:
    """Somebody raises the alarm by hand; never refused."""

    area_id: str
    by: str | None


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Some deadlines may be due."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The panel came up: nothing is known of any zone, and deadlines may have passed in the outage."""


@dataclass(frozen=True, slots=True)
class SensorsReady:
    """The sensors are there; those that come up late get `settle` more."""

    settle: timedelta


type Event = (
    ZoneOpened
    | ZoneClosed
    | ZoneLost
    | ArmRequested
    | DisarmRequested
    | TriggerRequested
    | TimePassed
    | Loaded
    | SensorsReady
)
