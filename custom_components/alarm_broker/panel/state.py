"""The panel's whole memory as frozen values; storing it stores the running delays too.

The guard (disarmed, arming, armed, pending) and the siren are apart: a fire during the exit delay sounds and
the exit delay goes on. What a person is shown is `AreaState.status`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from .config import AlarmKind, ArmMode


class AreaStatus(StrEnum):
    """What an area is shown as, in the link's words."""

    DISARMED = "disarmed"
    ARMING = "arming"
    ARMED = "armed"
    PENDING = "pending"
    TRIGGERED = "triggered"


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment at which the panel acts by itself."""

    due_at: datetime
    delay: timedelta
    """Its full length: no clock set back may make the wait longer than this."""

    @classmethod
    def after(cls, delay: timedelta, now: datetime) -> Deadline:
        """Return the deadline `delay` from now."""
        return cls(now + delay, delay)

    def clamped(self, now: datetime) -> Deadline:
        """Return the deadline, moved to at most its full delay from now."""
        return self if self.due_at <= now + self.delay else Deadline.after(self.delay, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One occurrence: what kind, and which zones in the order in which they tripped."""

    uid: str
    kind: AlarmKind
    zones: tuple[str, ...]
    disarmed: bool = False
    """Somebody with a code was there."""


@dataclass(frozen=True, slots=True)
class Disarmed:
    """Only 24-hour zones are guarded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arming:
    """The exit delay runs: people are leaving."""

    mode: ArmMode
    until: Deadline


@dataclass(frozen=True, slots=True, kw_only=True)
class Armed:
    """The zones of the mode are guarded."""

    mode: ArmMode


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """The entry delay runs: disarm in time, or it becomes an alarm."""

    mode: ArmMode
    until: Deadline
    uid: str
    """Of the alarm that it becomes."""
    zones: tuple[str, ...]
    exit_error: bool = False
    """The zone was still open when the exit delay ended."""


type Guard = Disarmed | Arming | Armed | Pending


@dataclass(frozen=True, slots=True, kw_only=True)
class Siren:
    """Alarms that sound now; at most one of each kind, further zones join it."""

    until: Deadline
    alarms: tuple[Alarm, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaState:
    """One area."""

    guard: Guard = field(default_factory=Disarmed)
    siren: Siren | None = None
    bypassed: frozenset[str] = frozenset()
    """Left out until they have been seen closed."""
    memory: tuple[Alarm, ...] = ()
    """Alarms whose siren is over, kept until the next arming."""
    changed_by: str | None = None
    """Who armed or disarmed last; nobody once the panel acted by itself."""

    @property
    def mode(self) -> ArmMode | None:
        """Return the mode that is armed or being armed."""
        return None if isinstance(self.guard, Disarmed) else self.guard.mode

    @property
    def status(self) -> AreaStatus:
        """Return what the area is shown as."""
        if self.siren is not None:
            return AreaStatus.TRIGGERED
        match self.guard:
            case Disarmed():
                return AreaStatus.DISARMED
            case Arming():
                return AreaStatus.ARMING
            case Armed():
                return AreaStatus.ARMED
            case Pending():
                return AreaStatus.PENDING

    @property
    def delay_end(self) -> datetime | None:
        """Return when the shown state ends by itself, or None."""
        if self.siren is not None:
            return self.siren.until.due_at
        return self.guard.until.due_at if isinstance(self.guard, Arming | Pending) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lockout:
    """Wrong codes so far, shared by all inputs."""

    failures: int = 0
    """In a row since the last lockout or right code."""
    rounds: int = 0
    """Lockouts since the last right code."""
    until: Deadline | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelState:
    """The whole panel."""

    areas: Mapping[str, AreaState] = field(default_factory=dict)
    lockout: Lockout = field(default_factory=Lockout)
    settling: Deadline | None = None
    """After a load sensors come up in any order: until then an open zone is noted, not judged (24-hour ones are)."""
    open_zones: frozenset[str] = frozenset()
    blind_zones: frozenset[str] = frozenset()
    """Zones whose sensor says nothing (unavailable, unknown); in neither set means closed."""
