"""The panel's whole memory as frozen values; storing it stores the running delays too.

The guard (disarmed, arming, armed, pending) and the siren are apart: a fire during the exit delay sounds and
the exit delay goes on. What a person is shown is `AreaState.status`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from ..windows import WindowKind
from .config import AlarmKind, ArmMode, TroubleKind
from .values import value


class AreaStatus(StrEnum):
    """What an area is shown as, in the link's words."""

    DISARMED = "disarmed"
    ARMING = "arming"
    ARMED = "armed"
    PENDING = "pending"
    TRIGGERED = "triggered"
    UNKNOWN = "unknown"


class Bypass(StrEnum):
    """Why a zone is left out."""

    MANUAL = "manual"
    """Somebody asked for it."""
    AUTO = "auto"
    """It was open at arming and is set up to be left out then."""
    FORCED = "forced"
    """It stood in the way of a forced arming."""
    ALLOWED_OPEN = "allowed_open"
    """It was open at arming and may be."""
    AFTER_ALARM = "after_alarm"
    """It was still open when its siren ended."""
    SHUT_DOWN = "shut_down"
    """It raised too many alarms (swinger shutdown)."""
    WINDOW = "window"
    """A calendar window leaves it out while it runs."""

    @property
    def until_closed(self) -> bool:
        """Return whether the zone joins again when it has been seen closed, and not only after a disarming."""
        return self in _UNTIL_CLOSED


_UNTIL_CLOSED = frozenset({Bypass.FORCED, Bypass.ALLOWED_OPEN, Bypass.AFTER_ALARM})


class ChimeMode(StrEnum):
    """When a chime zone that opens is announced."""

    OFF = "off"
    DISARMED = "disarmed"
    DISARMED_AND_HOME = "disarmed_and_home"
    """Also while armed in a mode with people inside (home, night), for zones that it does not guard."""


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

    def shifted(self, by: timedelta) -> Deadline:
        """Return the same moment by a clock that has been set."""
        return Deadline(self.due_at + by, self.delay)

    def clamped(self, now: datetime) -> Deadline:
        """Return the deadline, moved to at most its full delay from now."""
        return self if self.due_at <= now + self.delay else Deadline.after(self.delay, now)


@value
class Alarm:
    """One occurrence: what kind, and which zones in the order in which they tripped."""

    uid: str
    kind: AlarmKind
    zones: tuple[str, ...]
    raised_at: datetime
    hold: timedelta = timedelta(0)
    """For so long after `raised_at` nobody outside is told (abort window)."""
    confirmed: bool = False
    """A second zone spoke too."""
    disarmed: bool = False
    """Somebody with a code was there."""


@dataclass(frozen=True, slots=True)
class Disarmed:
    """Only zones that are always guarded are guarded."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """What was remembered is lost: nobody knows whether it was armed, and until somebody says so it is not disarmed.

    Only zones that are always guarded are guarded.
    """


@value
class Arming:
    """The exit delay runs: people are leaving."""

    mode: ArmMode
    until: Deadline
    left: bool = False
    """An entry/exit zone opened, or nobody can tell whether somebody stayed."""
    closed: bool = False
    """... and closed again: opening it once more is coming back in."""
    out: bool = False
    """The final door has been closed behind somebody."""
    restarted: bool = False
    """The exit delay has begun anew; it does so once."""
    final: Deadline | None = None
    """The final door is closed: the exit delay ends then unless it opens again."""

    @property
    def ends(self) -> Deadline:
        """Return what ends the exit delay first."""
        if self.final is not None and self.final.due_at < self.until.due_at:
            return self.final
        return self.until


@value
class Armed:
    """The zones of the mode are guarded."""

    mode: ArmMode
    unjudged: bool = False
    """The exit delay ended while sensors were coming up: what they find open then was open at its end."""


@value
class Pending:
    """The entry delay runs: disarm in time, or it becomes an alarm."""

    mode: ArmMode
    until: Deadline
    uid: str
    """Of the alarm that it becomes."""
    zones: tuple[str, ...]
    exit_error: bool = False
    """The zone was still open when the exit delay ended."""


type Guard = Disarmed | Unknown | Arming | Armed | Pending


@value
class Siren:
    """Alarms that sound now; at most one of each kind, further zones join it."""

    until: Deadline
    alarms: tuple[Alarm, ...]


@value
class LastArming:
    """How the area was armed before it was disarmed, to do it again (quick re-arm)."""

    mode: ArmMode
    bypassed: frozenset[str]
    forced: frozenset[str] = frozenset()
    """They were in the way; left out again only if they are once more."""


@value
class WalkTest:
    """Zones are tried one by one; tripping one marks it seen and alarms nobody."""

    until: Deadline
    seen: frozenset[str] = frozenset()


@value
class AreaState:
    """What is the case in an area now; what it is set to is its `AreaConfig`."""

    guard: Guard = field(default_factory=Disarmed)
    siren: Siren | None = None
    bypassed: Mapping[str, Bypass] = field(default_factory=dict)
    silenced: frozenset[str] = frozenset()
    """Always guarded zones whose alarm was answered and that are still open: they do not sound twice for it."""
    late: frozenset[str] = frozenset()
    """Zones that have been open since before the exit delay ended: they get the entry delay (exit error)."""
    trips: Mapping[str, int] = field(default_factory=dict)
    """Alarms that each zone has raised in this arming."""
    shut_down_until: Deadline | None = None
    """Swinger shutdown ends by itself."""
    armed_at: datetime | None = None
    """Since when the zones of the mode are guarded."""
    memory: tuple[Alarm, ...] = ()
    """Alarms whose siren is over, kept until somebody clears them."""
    silent: tuple[Alarm, ...] = ()
    """Alarms that nobody at the panel may notice (duress, silent panic), kept until somebody clears them."""
    changed_by: str | None = None
    """Who armed or disarmed last; nobody once the panel acted by itself."""
    last: LastArming | None = None
    walk_test: WalkTest | None = None
    chime: ChimeMode = ChimeMode.DISARMED

    @property
    def mode(self) -> ArmMode | None:
        """Return the mode that is armed or being armed."""
        return None if isinstance(self.guard, Disarmed | Unknown) else self.guard.mode

    @property
    def status(self) -> AreaStatus:
        """Return what the area is shown as."""
        if self.siren is not None:
            return AreaStatus.TRIGGERED
        match self.guard:
            case Disarmed():
                return AreaStatus.DISARMED
            case Unknown():
                return AreaStatus.UNKNOWN
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
        match self.guard:
            case Arming():
                return self.guard.ends.due_at
            case Pending():
                return self.guard.until.due_at
            case _:
                return None


@value
class Lockout:
    """Wrong codes so far, shared by all inputs."""

    failures: int = 0
    """In a row since the last lockout or right code."""
    rounds: int = 0
    """Lockouts since the last right code."""
    until: Deadline | None = None


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Trouble:
    """One thing that is wrong."""

    kind: TroubleKind
    source: str
    """The entity that says so; empty for what has none."""
    zone_id: str | None = None
    """None is the whole panel."""


@value
class Gathering:
    """Trips of a group's zones that are not an alarm yet."""

    trips: Mapping[str, Deadline] = field(default_factory=dict)
    """Each until when it counts, first tripped first."""
    held: frozenset[str] = frozenset()
    """Open ever since they tripped."""


@value
class PanelState:
    """The whole panel. The fields after `left_out` are what sensors say now and are not stored."""

    areas: Mapping[str, AreaState] = field(default_factory=dict)
    lockout: Lockout = field(default_factory=Lockout)
    uses: Mapping[str, int] = field(default_factory=dict)
    """How often each user with a limited code has disarmed."""
    windows: frozenset[WindowKind] = frozenset()
    """Which calendar windows run."""
    left_out: frozenset[str] = frozenset()
    """The zones that these windows leave out."""
    settling: Deadline | None = None
    """After a load sensors come up in any order: until then an open zone is noted, not evaluated, unless always guarded,
    and no zone is taken for closed for good."""
    open_zones: frozenset[str] = frozenset()
    unavailable_zones: frozenset[str] = frozenset()
    """Zones whose sensor says nothing (unavailable, unknown); in neither set means closed."""
    lost_open: frozenset[str] = frozenset()
    """Blind zones that were open when their sensor fell silent."""
    troubles: frozenset[Trouble] = frozenset()
    holding: Mapping[str, Deadline] = field(default_factory=dict)
    """Open zones that trip if they stay open until then."""
    pulses: Mapping[str, tuple[Deadline, ...]] = field(default_factory=dict)
    """Openings of zones that trip only when they open often, each until when it counts."""
    gathering: Mapping[str, Gathering] = field(default_factory=dict)

    def unclosed(self, zone_ids: Iterable[str]) -> frozenset[str]:
        """Return those of the zones that are not known to be closed; while sensors come up that is all of them."""
        all_of_them = frozenset(zone_ids)
        return (
            all_of_them
            if self.settling is not None
            else all_of_them & (self.open_zones | self.unavailable_zones)
        )
