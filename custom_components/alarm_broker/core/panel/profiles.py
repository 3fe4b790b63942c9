"""Which settings each profile allows. Following a profile's ranges is no certification, and nobody may call it one."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..option_spec import Choice, Number, OptionSpec, Profile, specs_of
from .config import CodePolicy, ModeConfig, Rules, TroubleEffect, TroubleKind


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
    """What one profile asks for besides the limits of single options."""

    entry_and_abort: int | None = None
    """Entry delay and abort window together, in seconds, at most."""
    least_digits: int = 4
    troubles_stop_arming: bool = False
    always_code: bool = False
    blocks_all_keypads: bool = False
    """A lockout is as long as it is, whatever runs meanwhile."""
    hides_status: bool = False
    """Zones, troubles and the memory are not shown; whoever has a code asks for them."""


LIMITS: Mapping[Profile, Limits] = {
    Profile.DEFAULT: Limits(),
    Profile.CP01: Limits(entry_and_abort=60),
    # EN 50131-1 as panel manuals print it: setting prevented by faults, six digits, indications hidden.
    Profile.EN_G2: Limits(
        least_digits=6,
        troubles_stop_arming=True,
        always_code=True,
        blocks_all_keypads=True,
        hides_status=True,
    ),
}
RULES: tuple[OptionSpec, ...] = (*specs_of(Rules), *specs_of(CodePolicy))
TIMES: tuple[OptionSpec, ...] = specs_of(ModeConfig)
DEFAULTS: Mapping[str, int] = {
    spec.key: spec.default for spec in (*TIMES, *RULES) if isinstance(spec.value, Number)
}
"""Of every number that a profile may limit, within every profile's limits."""


def rule_violations(profile: Profile, options: Mapping[str, object]) -> Iterator[Violation]:
    """Yield what a profile does not allow in the system's settings; what is missing has its default."""
    yield from _outside(RULES, profile, {spec.key: spec.default for spec in RULES} | dict(options))
    if LIMITS[profile].troubles_stop_arming:
        effects = options.get("trouble")
        chosen = effects if isinstance(effects, Mapping) else {}
        for kind in TroubleKind:
            if chosen.get(kind.value, default_effect(profile, kind).value) == TroubleEffect.IGNORE:
                yield Violation(f"trouble_{kind.value}", "ask, block")


def mode_violations(
    profile: Profile, times: Mapping[str, object], abort_window: int, *, where: str = ""
) -> Iterator[Violation]:
    """Yield what a profile does not allow in one mode's times, or in a zone's own entry delay.

    `times` are seconds by the names of the form's fields, `abort_window` is in seconds too; `where` names the mode or
    zone for whoever reads the violation.
    """
    yield from _outside(TIMES, profile, times, where)
    together, entry = LIMITS[profile].entry_and_abort, times.get("entry_delay")
    if together is not None and isinstance(entry, int | float) and entry + abort_window > together:
        yield Violation("entry_delay", f"≤ {together - abort_window} s", where)


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


def effect_spec(profile: Profile, kind: TroubleKind) -> OptionSpec:
    """Return the option of what a trouble does to arming, among those of all troubles."""
    return OptionSpec(
        key=kind.value,
        value=Choice("trouble_effect", TroubleEffect, tuple(TroubleEffect)),
        default=default_effect(profile, kind).value,
    )


def _outside(
    specs: Iterable[OptionSpec], profile: Profile, stored: Mapping[str, object], where: str = ""
) -> Iterator[Violation]:
    for spec in specs:
        if spec.key in stored and (allowed := spec.value.forbidden(profile, stored[spec.key])) is not None:
            yield Violation(spec.key, allowed, where)
