"""Areas, zones, modes, users and rules as the core sees them; built once by the shell from the config entry."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum

from ..option_spec import Profile, choice, count, duration, flag, optional_duration, within
from ..windows import WindowKind


class ArmMode(StrEnum):
    """How an area is armed; each mode guards its own zones."""

    AWAY = "away"
    HOME = "home"
    NIGHT = "night"
    VACATION = "vacation"
    CUSTOM_BYPASS = "custom_bypass"


class AlarmKind(StrEnum):
    """What an alarm is about, in the link's words; the most urgent first."""

    DURESS = "duress"
    FIRE = "fire"
    GAS = "gas"
    PANIC = "panic"
    MEDICAL = "medical"
    BURGLARY = "burglary"
    TAMPER = "tamper"
    WATER = "water"


class ZoneKind(StrEnum):
    """What opening a zone means."""

    ENTRY_EXIT = "entry_exit"
    """On the way in and out: starts the entry delay."""
    FOLLOWER = "follower"
    """Inside: delayed while an entry delay runs that an entry/exit zone began, else instant."""
    INSTANT = "instant"
    """Triggers at once while guarded."""
    ALWAYS = "24_hour"
    """Triggers in every state, also disarmed."""
    PANIC = "panic"
    FIRE = "fire"
    GAS = "gas"
    WATER = "water"
    TAMPER = "tamper"

    @property
    def always_guarded(self) -> bool:
        """Return whether it alarms in every state."""
        return self not in _GUARDED_WHEN_ARMED

    @property
    def life_safety(self) -> bool:
        """Return whether nothing that fights false alarms may hold it back (CP-01 exempts fire, and so panic)."""
        return self in _LIFE_SAFETY

    @property
    def groupable(self) -> bool:
        """Return whether it may wait for another zone: not on the way in, and not where lives are at stake."""
        return self is not ZoneKind.ENTRY_EXIT and not self.life_safety

    @property
    def alarm_kind(self) -> AlarmKind:
        """Return the kind of alarm that it raises."""
        return _ALARM_KINDS.get(self, AlarmKind.BURGLARY)


_GUARDED_WHEN_ARMED = frozenset({ZoneKind.ENTRY_EXIT, ZoneKind.FOLLOWER, ZoneKind.INSTANT})
_LIFE_SAFETY = frozenset({ZoneKind.PANIC, ZoneKind.FIRE, ZoneKind.GAS})
_ALARM_KINDS: Mapping[ZoneKind, AlarmKind] = {
    ZoneKind.PANIC: AlarmKind.PANIC,
    ZoneKind.FIRE: AlarmKind.FIRE,
    ZoneKind.GAS: AlarmKind.GAS,
    ZoneKind.WATER: AlarmKind.WATER,
    ZoneKind.TAMPER: AlarmKind.TAMPER,
}

LETHAL = frozenset({AlarmKind.FIRE, AlarmKind.GAS})
"""What kills whoever sleeps: it sounds again while its detector speaks."""
HELD_BACK = frozenset({AlarmKind.BURGLARY, AlarmKind.TAMPER})
"""Kinds that the abort window, swinger shutdown and confirmation are for."""


class Action(StrEnum):
    """What a user may be allowed to do."""

    ARM = "arm"
    DISARM = "disarm"
    BYPASS = "bypass"
    CLEAR_MEMORY = "clear_memory"
    WALK_TEST = "walk_test"
    LOOK = "look"
    """See zones, troubles, memory and journal, where that takes a code."""


class CodeFormat(StrEnum):
    """What codes are made of."""

    NUMBER = "number"
    """Digits, for a keypad with ten keys."""
    TEXT = "text"


class TroubleKind(StrEnum):
    """What is wrong without being an alarm."""

    LOST = "lost"
    """A zone's sensor has been unavailable or unknown for longer than a set time."""
    BATTERY = "battery"
    TAMPER = "tamper"
    JAM = "jam"
    HEARTBEAT = "heartbeat"
    """A sensor has not reported for longer than its supervision time."""
    COMPANION = "companion"
    POWER = "power"
    CALENDAR = "calendar"
    """A calendar has not been readable for so long that its windows may be wrong."""
    CAMERA = "camera"
    """A camera server cannot be reached: alarms would not be verified."""


class TroubleEffect(StrEnum):
    """What a trouble does to arming."""

    IGNORE = "ignore"
    """It is listed, and arming goes on."""
    ASK = "ask"
    """Arming is refused unless it is forced (EN 50131-1: overridden for this once, and logged)."""
    BLOCK = "block"
    """Arming is refused."""


# Ranges as panel manuals print them that quote the standards. CP-01: exit 45-255 s, entry 30-240 s, abort 15-45 s, cancel
# at least 5 minutes, swinger shutdown after 1-6. EN 50131-1, grade 2: entry at most 45 s, the report 30 s after the
# local warning, sounders 2-15 minutes, all keypads blocked for 90 s after few wrong codes.
ENTRY_DELAY = within(0, 300, cp01=(30, 240), en_g2=(0, 45))


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneConfig:
    """One zone of an area."""

    zone_id: str
    area_id: str
    kind: ZoneKind
    bypassable: bool = flag(default=True, section="arming")
    """What saves lives is not, unless it is said to be."""
    auto_bypass: bool = flag(default=False, section="arming")
    """Open at arming, it is left out until the next disarming."""
    allow_open: bool = flag(default=False, section="arming")
    """Open at arming, it is left out until it has been seen closed."""
    final_set: bool = flag(default=False, section="arming")
    """The last door out: closing it ends the exit delay (EN 50131 "final exit")."""
    chime: bool = flag(default=False, section="arming")
    entry_delay: timedelta | None = optional_duration("s", ENTRY_DELAY, section="tripping")
    """Its own; None means the mode's."""
    hold: timedelta = duration(0, "s", within(0, 600), section="tripping")
    """It trips only after it has stayed open for so long."""
    trips: int = count(1, within(1, 10), section="tripping")
    """It trips only when it has opened so often within `trip_window`."""
    trip_window: timedelta = duration(30, "s", within(1, 600), section="tripping")
    silent: bool = flag(default=False, section="tripping")
    """A panic zone that nobody at the panel may notice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupConfig:
    """Zones that alarm only together (cross-zoning): `required` of them within `window`."""

    group_id: str
    zones: frozenset[str]
    required: int = count(2, within(2, 10))
    window: timedelta = duration(60, "s", within(1, 3600))
    held_alone: bool = flag(default=False)
    """One that stays open for the whole window alarms alone (IDS 1632). Not by itself: a sensor that sticks is what
    people group sensors against."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeConfig:
    """What one arm mode guards, and its times."""

    zones: frozenset[str]
    """Zone ids; zones that are always guarded need not be named."""
    exit_delay: timedelta = duration(60, "s", within(0, 300, cp01=(45, 255)))
    entry_delay: timedelta = duration(30, "s", ENTRY_DELAY)
    siren_time: timedelta = duration(180, "s", within(10, 3600, en_g2=(120, 900)))
    code_to_arm: bool = flag(default=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaConfig:
    """A part of the premises that arms by itself."""

    area_id: str
    name: str
    modes: Mapping[ArmMode, ModeConfig]

    def siren_time(self, mode: ArmMode | None) -> timedelta:
        """Return how long the siren sounds: the mode's time, the longest of all while disarmed."""
        if mode is not None:
            return self.modes[mode].siren_time
        return max(settings.siren_time for settings in self.modes.values())

    def mode_at_least(self, mode: ArmMode) -> ArmMode:
        """Return `mode`, or the one that guards most where a new configuration dropped it."""
        if mode in self.modes:
            return mode
        return max(self.modes, key=lambda other: len(self.modes[other].zones))


@dataclass(frozen=True, slots=True, kw_only=True)
class UserConfig:
    """Somebody who has a code, and what it is good for."""

    user_id: str
    name: str
    duress: bool = False
    """Its code works like any other, and calls for help in silence."""
    enabled: bool = True
    areas: frozenset[str] | None = None
    """None means all."""
    actions: frozenset[Action] = frozenset(Action)
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    weekdays: frozenset[int] | None = None
    """Monday is 0; None means every day. A window over midnight belongs to the day on which it begins."""
    time_from: time | None = None
    time_to: time | None = None
    """Wall clock; before or at `time_from` means on the next day."""
    uses: int | None = None
    """How often it works; None means always."""
    windows: frozenset[WindowKind] = frozenset()
    """It works only while one of these calendar windows runs; none means always."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePolicy:
    """When a code is needed, and what wrong ones cost."""

    disarm_required: bool
    """Somebody has a code: disarming takes one, and arming where the mode says so."""
    always_required: bool = False
    """Also bypassing, clearing the memory and the walk test take one (EN 50131-1: access level 2)."""
    look_required: bool = False
    """Also seeing zones, troubles and memory takes one (EN 50131-1: indications are hidden at access level 1)."""
    attempts: int = count(5, within(3, 20, en_g2=(3, 5)), key="lockout_attempts")
    """Wrong codes in a row until the lockout."""
    lockout: timedelta = duration(90, "s", within(30, 900, en_g2=(90, 900)), key="lockout_time")
    """EN 50131 panels block for 90 s (grade 2); doubled with each further lockout."""
    lockout_limit: timedelta = timedelta(minutes=15)
    yields_to_entry: bool = True
    """It ends before a running entry delay does, so that whoever mistyped can still disarm. EN 50131 knows no such
    exception: keypads stay blocked for at least 90 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the whole panel goes by."""

    profile: Profile = choice(Profile.DEFAULT, "profile")
    """Whose limits all settings keep to."""
    abort_window: timedelta = duration(30, "s", within(0, 45, cp01=(15, 45), en_g2=(30, 45)))
    """ANSI/SIA CP-01, abort window: disarmed within it, nobody outside is told."""
    cancel_window: timedelta = duration(300, "s", within(0, 3600, cp01=(300, 3600)))
    """ANSI/SIA CP-01, cancel window: disarmed within it, whoever was told is told that it was false."""
    confirm_window: timedelta = duration(1800, "s", within(60, 7200))
    """BS 8243, confirmation time: a second zone within it makes the alarm confirmed."""
    recent_closing: timedelta = timedelta(minutes=2)
    """ANSI/SIA CP-01, recent closing: an alarm so soon after arming says so."""
    swinger_trips: int = count(2, within(0, 6, cp01=(1, 6)))
    """ANSI/SIA CP-01, swinger shutdown: a zone that has raised so many alarms in one arming is left out; 0 is off."""
    exit_restart: bool = flag(default=True, must_be_on=(Profile.CP01,))
    """ANSI/SIA CP-01, exit time restart: who comes back in gets the exit delay anew, once."""
    auto_stay: bool = flag(default=False)
    """ANSI/SIA CP-01, unvacated premises: armed away and nobody went out arms home instead."""
    trigger_kind: AlarmKind = choice(AlarmKind.BURGLARY, "alarm_kind", without=(AlarmKind.DURESS,))
    """What Home Assistant's own action `alarm_trigger` raises."""
    trouble: Mapping[TroubleKind, TroubleEffect] = field(
        default_factory=lambda: {TroubleKind.LOST: TroubleEffect.ASK}
    )
    """What is not named is ignored. An unavailable zone at arming is what `LOST` says; it never counts as closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelConfig:
    """The whole panel."""

    areas: Mapping[str, AreaConfig]
    zones: Mapping[str, ZoneConfig]
    codes: CodePolicy
    users: Mapping[str, UserConfig] = field(default_factory=dict)
    groups: Mapping[str, GroupConfig] = field(default_factory=dict)
    rules: Rules = field(default_factory=Rules)
    timezone: tzinfo | None = None
    """Of the premises, for users' hours; None means UTC."""
    boot_limit: timedelta = timedelta(minutes=5)
    """Longest time after a load without a word that the sensors are there."""
