"""Which settings each profile allows. Following a profile's ranges is no certification, and nobody may call it one."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from .config import TroubleEffect, TroubleKind


class Profile(StrEnum):
    """A set of allowed settings."""

    DEFAULT = "default"
    CP01 = "cp01"
    """ANSI/SIA CP-01: false alarm reduction."""
    EN_G2 = "en-g2"
    """EN 50131-1, grade 2."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A setting that a profile does not allow."""

    field: str
    allowed: str
    """The allowed values, as a person reads them."""
    where: str = ""
    """The area, zone or user that has it; empty for the system's own settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one profile allows: inclusive ranges, in seconds unless named otherwise."""

    ranges: Mapping[str, tuple[int, int]]
    entry_and_abort: int | None = None
    must_be_on: frozenset[str] = frozenset()
    least_digits: int = 4
    troubles_stop_arming: bool = False
    always_code: bool = False
    blocks_all_keypads: bool = False
    """A lockout is as long as it is, whatever runs meanwhile."""
    hides_status: bool = False
    """Zones, troubles and the memory are not shown; whoever has a code asks for them."""


_WIDEST = {
    "exit_delay": (0, 300),
    "entry_delay": (0, 300),
    "siren_time": (10, 3600),
    "abort_window": (0, 45),
    "cancel_window": (0, 3600),
    "confirm_window": (60, 7200),
    "swinger_trips": (0, 6),
    "lockout_attempts": (3, 20),
    "lockout_time": (30, 900),
}

LIMITS: Mapping[Profile, Limits] = {
    Profile.DEFAULT: Limits(ranges=_WIDEST),
    # Ranges as printed in panel manuals that quote the standard: exit 45-255 s, entry 30-240 s, abort 15-45 s, entry
    # and abort together at most 60 s, cancel at least 5 minutes, swinger shutdown after 1-6.
    Profile.CP01: Limits(
        ranges={
            **_WIDEST,
            "exit_delay": (45, 255),
            "entry_delay": (30, 240),
            "abort_window": (15, 45),
            "cancel_window": (300, 3600),
            "swinger_trips": (1, 6),
        },
        entry_and_abort=60,
        must_be_on=frozenset({"exit_restart"}),
    ),
    # EN 50131-1 as panel manuals print it: entry at most 45 s, the report 30 s after the local warning, sounders 2-15
    # minutes, all keypads blocked for 90 s after few wrong codes, setting prevented by faults, six digits, indications hidden.
    Profile.EN_G2: Limits(
        ranges={
            **_WIDEST,
            "entry_delay": (0, 45),
            "siren_time": (120, 900),
            "abort_window": (30, 45),
            "lockout_attempts": (3, 5),
            "lockout_time": (90, 900),
        },
        least_digits=6,
        troubles_stop_arming=True,
        always_code=True,
        blocks_all_keypads=True,
        hides_status=True,
    ),
}
DEFAULTS: Mapping[str, int] = {
    "exit_delay": 60,
    "entry_delay": 30,
    "siren_time": 180,
    "abort_window": 30,
    "cancel_window": 300,
    "confirm_window": 1800,
    "swinger_trips": 2,
    "lockout_attempts": 5,
    "lockout_time": 90,
}
"""Within every profile's ranges."""


def rule_violations(profile: Profile, options: Mapping[str, object]) -> Iterator[Violation]:
    """Yield what a profile does not allow in the system's settings; what is missing has its default."""
    limits = LIMITS[profile]
    for field in (
        "abort_window",
        "cancel_window",
        "confirm_window",
        "swinger_trips",
        "lockout_attempts",
        "lockout_time",
    ):
        yield from _outside(limits, field, options.get(field, DEFAULTS[field]))
    for field in limits.must_be_on:
        if options.get(field, True) is not True:
            yield Violation(field, "on")
    if limits.troubles_stop_arming:
        effects = options.get("trouble")
        chosen = effects if isinstance(effects, Mapping) else {}
        for kind in TroubleKind:
            if chosen.get(kind.value, default_effect(profile, kind).value) == TroubleEffect.IGNORE:
                yield Violation(f"trouble_{kind.value}", "ask, block")


def mode_violations(
    profile: Profile, times: Mapping[str, object], abort_window: int, *, where: str = ""
) -> Iterator[Violation]:
    """Yield what a profile does not allow in one mode's times, or in a zone's own entry delay."""
    limits = LIMITS[profile]
    for field in ("exit_delay", "entry_delay", "siren_time"):
        if field in times:
            yield from _outside(limits, field, times[field], where)
    entry = times.get("entry_delay")
    if (
        limits.entry_and_abort is not None
        and isinstance(entry, int | float)
        and entry + abort_window > limits.entry_and_abort
    ):
        yield Violation("entry_delay", f"≤ {limits.entry_and_abort - abort_window} s", where)


def code_violations(profile: Profile, lengths: Iterable[tuple[str, int]]) -> Iterator[Violation]:
    """Yield users, given as name and number of digits, whose code is too short for a profile."""
    for name, length in lengths:
        if length < LIMITS[profile].least_digits:
            yield Violation("code", f"≥ {LIMITS[profile].least_digits}", name)


def default_effect(profile: Profile, kind: TroubleKind) -> TroubleEffect:
    """Return what a trouble does to arming where nobody has chosen."""
    if LIMITS[profile].troubles_stop_arming or kind in (TroubleKind.LOST, TroubleKind.TAMPER):
        return TroubleEffect.ASK
    return TroubleEffect.IGNORE


def _outside(limits: Limits, field: str, value: object, where: str = "") -> Iterator[Violation]:
    least, most = limits.ranges[field]
    if not isinstance(value, int | float) or not least <= value <= most:
        yield Violation(field, f"{least} … {most}", where)
