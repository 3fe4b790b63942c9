"""Areas, zones, modes and delays as the core sees them; built once by the shell from the config entry."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class ArmMode(StrEnum):
    """How an area is armed; each mode guards its own zones."""

    AWAY = "away"
    HOME = "home"


class ZoneKind(StrEnum):
    """What opening a zone means."""

    ENTRY_EXIT = "entry_exit"
    """On the way in and out: starts the entry delay."""
    INSTANT = "instant"
    """Triggers at once while guarded."""
    ALWAYS = "24_hour"
    """Triggers in every state, also disarmed."""


class AlarmKind(StrEnum):
    """What an alarm is about, in the link's words."""

    BURGLARY = "burglary"
    PANIC = "panic"
    FIRE = "fire"
    GAS = "gas"
    WATER = "water"
    TAMPER = "tamper"


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneConfig:
    """One zone of an area."""

    zone_id: str
    area_id: str
    kind: ZoneKind
    alarm_kind: AlarmKind = AlarmKind.BURGLARY


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeConfig:
    """What one arm mode guards, and its times."""

    zones: frozenset[str]
    """Zone ids; 24-hour zones need not be named, they are guarded always."""
    exit_delay: timedelta
    entry_delay: timedelta
    siren_time: timedelta


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
class CodePolicy:
    """When a code is needed, and what wrong ones cost."""

    arm_required: bool
    disarm_required: bool
    attempts: int = 5
    """Wrong codes in a row until the lockout."""
    lockout: timedelta = timedelta(seconds=90)
    """EN 50131 panels block for 90 s (grade 2); doubled with each further lockout."""
    lockout_limit: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelConfig:
    """The whole panel."""

    areas: Mapping[str, AreaConfig]
    zones: Mapping[str, ZoneConfig]
    codes: CodePolicy
    boot_limit: timedelta = timedelta(minutes=5)
    """Longest time after a load without a word that the sensors are there."""
