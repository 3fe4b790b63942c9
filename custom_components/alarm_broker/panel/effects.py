"""What the shell must do about an event, in order, after the state is on disk."""

from dataclasses import dataclass
from datetime import datetime

from .config import AlarmKind, ArmMode
from .state import AreaStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAreaState:
    """An area is shown differently from before."""

    area_id: str
    status: AreaStatus
    mode: ArmMode | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPending:
    """The entry delay runs; whoever hears this can finish it if the panel dies."""

    uid: str
    area_id: str
    zone_id: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPendingCleared:
    """Disarmed in time."""

    uid: str
    by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseAlarm:
    """Tell people: this alarm is new."""

    uid: str
    area_id: str
    kind: AlarmKind
    zones: tuple[str, ...]
    exit_error: bool = False
    during_outage: bool = False
    """Its deadline passed while the panel was down."""
    by: str | None = None
    """Who raised it by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportZoneTripped:
    """Another zone in a known alarm."""

    uid: str
    zone_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDisarmed:
    """Somebody with a code ended this alarm."""

    uid: str
    by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLockout:
    """Too many wrong codes: none is taken until then."""

    until: datetime


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


@dataclass(frozen=True, slots=True)
class AlarmOngoing:
    """From pending and triggered the only way out is to disarm."""


@dataclass(frozen=True, slots=True)
class ModeUnknown:
    """The area has no such mode."""

    mode: ArmMode


@dataclass(frozen=True, slots=True, kw_only=True)
class NotReady:
    """Zones that the mode guards stand in the way."""

    open_zones: tuple[str, ...]
    blind_zones: tuple[str, ...]


type Reason = WrongCode | CodeNeeded | LockedOut | AlarmOngoing | ModeUnknown | NotReady


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer the request with a reason; the protection is what it was."""

    reason: Reason


type Effect = (
    ReportAreaState
    | ReportPending
    | ReportPendingCleared
    | RaiseAlarm
    | ReportZoneTripped
    | ReportDisarmed
    | ReportLockout
    | Refuse
)
