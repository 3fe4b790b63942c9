"""What can happen to the panel."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ..windows import WindowKind
from .config import AlarmKind, ArmMode
from .state import ChimeMode, Trouble
from .values import value


@dataclass(frozen=True, slots=True)
class CodeMatched:
    """A code was entered and it is this user's."""

    user_id: str


@dataclass(frozen=True, slots=True)
class CodeWrong:
    """A code was entered and it is nobody's."""


@dataclass(frozen=True, slots=True)
class CodeMissing:
    """No code was entered."""


@dataclass(frozen=True, slots=True)
class Trusted:
    """No code: the panel itself acts as it was set up to, or somebody's own phone that may."""


type Credential = CodeMatched | CodeWrong | CodeMissing | Trusted


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


@dataclass(frozen=True, slots=True)
class TroubleBegan:
    """Something is wrong; `quiet` when it was so already before a restart."""

    trouble: Trouble
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class TroubleEnded:
    """It is right again."""

    trouble: Trouble


@value
class ArmRequested:
    """Somebody wants to arm areas, all of them or none."""

    area_ids: tuple[str, ...]
    mode: ArmMode | None
    """None means again as each was armed last, with the zones left out that were then."""
    credential: Credential
    by: str | None
    """Who it was where no code says so."""
    force: bool = False
    """Leave out what is open or unavailable."""
    skip_delay: bool = False
    bypass: frozenset[str] = frozenset()
    """Zones to leave out."""


@value
class DisarmRequested:
    """Somebody wants to disarm areas, all of them or none."""

    area_ids: tuple[str, ...]
    credential: Credential
    by: str | None
    by_itself: bool = False
    """Nobody asked: somebody came home. That ends no alarm that nobody has ended, and tells nobody what was armed."""


@value
class SilenceRequested:
    """Somebody wants the sirens of areas to stop; the alarm stays one, and what is armed stays armed."""

    area_ids: tuple[str, ...]
    credential: Credential
    by: str | None


@value
class WindowsChanged:
    """Which calendar windows run now, and which zones they leave out."""

    kinds: frozenset[WindowKind]
    left_out: frozenset[str] = frozenset()


@value
class TriggerRequested:
    """Somebody raises the alarm by hand; never refused."""

    area_id: str
    by: str | None
    kind: AlarmKind = AlarmKind.PANIC
    silent: bool = False


@value
class BypassRequested:
    """Somebody wants zones left out, or back in."""

    zone_ids: tuple[str, ...]
    bypass: bool
    credential: Credential
    by: str | None


@value
class ClearMemoryRequested:
    """Somebody has seen the alarm memory."""

    area_ids: tuple[str, ...]
    credential: Credential
    by: str | None


@value
class LookRequested:
    """Somebody wants to see zones, troubles, memory or journal."""

    area_ids: tuple[str, ...]
    credential: Credential
    by: str | None


@value
class WalkTestRequested:
    """Somebody wants to try the zones of areas, or is done with it."""

    area_ids: tuple[str, ...]
    start: bool
    credential: Credential
    by: str | None


@dataclass(frozen=True, slots=True)
class ChimeChosen:
    """Somebody chose when the chime sounds."""

    area_id: str
    chime: ChimeMode


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Some deadlines may be due."""


@dataclass(frozen=True, slots=True)
class ClockMoved:
    """The wall clock was set forward, or back, while the panel ran."""

    by: timedelta
    since: datetime
    """When this run began, by the clock as it is now."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The panel came up: nothing is known of any zone, and deadlines may have passed in the outage."""


@dataclass(frozen=True, slots=True)
class SensorsReady:
    """The sensors are there; those that come up late get `settle` more."""

    settle: timedelta


type Request = (
    ArmRequested
    | DisarmRequested
    | BypassRequested
    | ClearMemoryRequested
    | LookRequested
    | WalkTestRequested
    | SilenceRequested
)
type Event = (
    Request
    | ZoneOpened
    | ZoneClosed
    | ZoneLost
    | TroubleBegan
    | TroubleEnded
    | TriggerRequested
    | ChimeChosen
    | WindowsChanged
    | TimePassed
    | ClockMoved
    | Loaded
    | SensorsReady
)
