"""What the shell must do about an event, in order."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from .config import Action, AlarmKind, ArmMode
from .state import AreaStatus, Bypass, Trouble
from .values import value


class Ending(StrEnum):
    """How a disarming ends an alarm, in the link's words."""

    ABORTED = "aborted"
    """Within the abort window: nobody outside was told."""
    CANCELLED = "cancelled"
    """Within the cancel window: whoever was told learns that it was false."""
    RESOLVED = "resolved"
    """Later: somebody with a code was there."""


@value
class ReportAreaState:
    """An area is shown differently from before."""

    area_id: str
    status: AreaStatus
    mode: ArmMode | None
    by: str | None
    before: AreaStatus | None
    """How it was shown; None after a load."""


@value
class ReportPending:
    """The entry delay runs, or became shorter; whoever hears this can finish it if the panel dies."""

    uid: str
    area_id: str
    zone_id: str
    until: datetime
    exit_error: bool = False
    """The zone was still open at the end of the exit delay: sound, so that the leaver hears it (CP-01)."""


@value
class ReportPendingCleared:
    """Disarmed in time."""

    uid: str
    by: str | None


@value
class RaiseAlarm:
    """Tell people: this alarm is new."""

    uid: str
    area_id: str
    kind: AlarmKind
    zones: tuple[str, ...]
    hold: timedelta = timedelta(0)
    """People at home are told at once, those outside not before this is over (abort window)."""
    silent: bool = False
    """Nobody at the panel may notice."""
    confirmed: bool = False
    exit_error: bool = False
    recent_closing: bool = False
    """It came right after arming (CP-01)."""
    during_outage: bool = False
    """Its deadline passed while the panel was down."""
    vacation: bool = False
    """It was raised in a vacation window."""
    by: str | None = None
    """Who raised it by hand, or whose duress code it was."""


@value
class ReportZoneTripped:
    """Another zone in a known alarm."""

    uid: str
    area_id: str
    zone_id: str
    confirmed: bool = False
    """It is the one that makes the alarm a confirmed one (BS 8243)."""


@value
class ReportDisarmed:
    """Somebody with a code ended this alarm."""

    uid: str
    area_id: str
    by: str | None
    ending: Ending


@value
class ReportLockout:
    """Too many wrong codes: none is taken until then."""

    until: datetime


@value
class ReportArmedWithFault:
    """An area was armed in spite of what should not be so (EN 50131-1: overriding is logged)."""

    area_id: str
    unavailable_zones: tuple[str, ...]
    """Guarded, and nobody knows whether they are closed."""
    troubles: tuple[Trouble, ...]
    by: str | None


@value
class ReportBypass:
    """Zones are left out from now on, for this reason; or guarded again, with None."""

    area_id: str
    zone_ids: tuple[str, ...]
    bypass: Bypass | None
    by: str | None


@dataclass(frozen=True, slots=True)
class ReportTrouble:
    """Something is wrong, or right again."""

    trouble: Trouble
    active: bool


@value
class ReportWalkTest:
    """A walk test began, or ended with this report."""

    area_id: str
    running: bool
    by: str | None
    seen: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()


@value
class ReportCodeUsed:
    """A code was used although everybody should be on vacation."""

    by: str
    area_ids: tuple[str, ...]


@value
class ReportSilenced:
    """Somebody stopped the sirens of an area."""

    area_id: str
    by: str | None


@dataclass(frozen=True, slots=True)
class ReportMemoryCleared:
    """Somebody has seen the alarm memory."""

    area_id: str
    by: str | None


@dataclass(frozen=True, slots=True)
class Chime:
    """A chime zone opened."""

    area_id: str
    zone_id: str


@dataclass(frozen=True, slots=True)
class WrongCode:
    """The code is nobody's."""


@dataclass(frozen=True, slots=True)
class CodeNeeded:
    """This needs a code and none was given."""


@dataclass(frozen=True, slots=True)
class LockedOut:
    """No code is taken until then, not even a right one."""

    until: datetime


class CodeProblem(StrEnum):
    """Why somebody's code is not good now."""

    DISABLED = "disabled"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    OUTSIDE_HOURS = "outside_hours"
    USED_UP = "used_up"
    NO_WINDOW = "no_window"


@dataclass(frozen=True, slots=True)
class CodeNotValid:
    """The code is somebody's, and not good now."""

    problem: CodeProblem


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """The code is somebody's who may not do this, or not in this area."""

    action: Action
    area_id: str


@dataclass(frozen=True, slots=True)
class AlarmOngoing:
    """From pending and triggered the only way out is to disarm."""

    area_ids: tuple[str, ...]
    """Where that is so."""


@dataclass(frozen=True, slots=True)
class StateUnknown:
    """Nobody knows whether these areas were armed: the way out is to disarm them."""

    area_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModeUnknown:
    """The area has no such mode; None means that there is nothing to repeat."""

    area_id: str
    mode: ArmMode | None


@value
class NotReady:
    """What stands in the way of arming."""

    open_zones: tuple[str, ...] = ()
    unavailable_zones: tuple[str, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    forceable: bool = True
    """Whether forcing helps: nothing of it may not be left out."""


@dataclass(frozen=True, slots=True)
class NotBypassable:
    """These zones may not be left out."""

    zone_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotDisarmed:
    """A walk test needs a disarmed area."""

    area_id: str


type Reason = (
    WrongCode
    | CodeNeeded
    | LockedOut
    | CodeNotValid
    | NotAllowed
    | AlarmOngoing
    | StateUnknown
    | ModeUnknown
    | NotReady
    | NotBypassable
    | NotDisarmed
)


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer the request with a reason; the protection is what it was."""

    reason: Reason
    area_ids: tuple[str, ...]


type Effect = (
    ReportAreaState
    | ReportPending
    | ReportPendingCleared
    | RaiseAlarm
    | ReportZoneTripped
    | ReportDisarmed
    | ReportLockout
    | ReportArmedWithFault
    | ReportBypass
    | ReportTrouble
    | ReportWalkTest
    | ReportMemoryCleared
    | ReportCodeUsed
    | ReportSilenced
    | Chime
    | Refuse
)
