"""What is known of how sure an alarm is; and the same as it is kept on disk, to go on after a restart."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from ..core.stored import made
from ..core.verification import CameraConfig, Finding, Level, Occasion, Sighting, Validation, validation


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The best picture of an alarm so far."""

    file: str
    """Empty for one that is not kept."""
    media_type: str
    camera_id: str
    camera: str
    taken_at: datetime
    sighting: Sighting | None
    """None for a frame of which nobody knows what it shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """A level that an alarm was given."""

    at: datetime
    level: Level
    by: str | None
    """None is the panel itself."""
    findings: tuple[str, ...]
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that is known of how sure an alarm is."""

    uid: str
    occasion: Occasion
    hidden: bool = False
    """Nobody in the house may see it: it goes to the companion only, and is not kept here."""
    raised_at: datetime | None = None
    """None while it is an entry delay and no alarm yet."""
    cameras: tuple[str, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    shot: Snapshot | None = None
    judgements: tuple[Assessment, ...] = ()

    @property
    def level(self) -> Level:
        """Return the level now."""
        return self.judgements[-1].level if self.judgements else Level.SIGNAL

    @property
    def findings(self) -> tuple[str, ...]:
        """Return why."""
        return self.judgements[-1].findings if self.judgements else ()


def assessed(
    evidence: Evidence,
    cameras: Mapping[str, CameraConfig],
    *,
    now: datetime,
    by: str | None = None,
    note: str | None = None,
) -> Evidence:
    """Return the evidence with the level that it gives, and an assessment if that or whose word it is is new."""
    found: Validation = validation(evidence.occasion, evidence.sightings, cameras)
    findings = tuple(one.value for one in found.findings)
    known = evidence.judgements[-1] if evidence.judgements else None
    nobody = by is None and note is None
    if known is not None and nobody and (known.level, known.findings) == (found.level, findings):
        return evidence
    new = Assessment(at=now, level=found.level, by=by, findings=findings, note=note)
    return replace(evidence, judgements=(*evidence.judgements, new))


def kept_form(evidence: Evidence) -> dict[str, Any]:
    """Return evidence as JSON values, from which `evidence_from` makes the same."""
    plain: dict[str, Any] = _plain(evidence)
    return plain


def evidence_from(kept: object) -> Evidence:
    """Return the evidence of which this is the kept form; raises one of UNREADABLE for another."""
    evidence = made(Evidence, kept)
    if not evidence.occasion.moments:
        raise ValueError("it began at no time")
    for judgement in evidence.judgements:
        all(map(Finding, judgement.findings))
    return evidence


def _plain(value: Any) -> Any:
    match value:
        case None | str() | int() | float():
            return value
        case tuple():
            return [_plain(one) for one in value]
        case datetime():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case _:
            return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
