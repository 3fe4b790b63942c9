"""Evidence in words: as it is kept, shown and answered in the house, and as the companion is told."""

import io
from collections.abc import Callable
from typing import Any

from homeassistant.util import dt as dt_util
from PIL import Image

from ..core.verification import Finding, Sighting
from ..link.events import AlarmEvidence
from ..system.names import Wording
from .model import Evidence

LINK_PICTURE_BYTES = 180 * 1024
"""What the link to the companion takes (docs/link-protocol.md)."""
LINK_PICTURE_SIZES = ((1280, 80), (960, 75), (640, 70), (480, 60))
"""Pixels of the longer side and JPEG quality, the best first."""
MOST_PIXELS = 40_000_000
"""More is no camera's picture; a small file may unpack to gigabytes."""


def evidence_record(
    evidence: Evidence, wording: Wording, camera_name: Callable[[str], str]
) -> dict[str, Any]:
    """Return evidence for people and automations: JSON values only."""
    shot, occasion = evidence.shot, evidence.occasion
    return {
        "alarm": evidence.uid,
        "alarm_kind": occasion.kind.value,
        "area": wording.area_name(occasion.area_id),
        "zones": [wording.zone_name(one.zone_id) for one in occasion.tripped],
        "raised_at": (evidence.raised_at or occasion.moments[0]).isoformat(),
        "level": int(evidence.level),
        "evidence": list(evidence.findings),
        "picture": None if shot is None else shot.file,
        "camera": None if shot is None else shot.camera,
        "taken_at": None if shot is None else shot.taken_at.isoformat(),
        **_seen_as(None if shot is None else shot.sighting),
        "candidates": [
            {
                "camera": camera_name(one.camera_id),
                "event": one.event_id,
                "started_at": one.started_at.isoformat(),
                **_seen_as(one),
            }
            for one in evidence.sightings
        ],
        "judgements": [
            {
                "at": one.at.isoformat(),
                "level": int(one.level),
                "by": one.by,
                "evidence": list(one.findings),
                "note": one.note,
            }
            for one in evidence.judgements
        ],
    }


def evidence_event(evidence: Evidence, picture: bytes | None) -> AlarmEvidence:
    """Return what the companion is told of evidence; `picture` is one that the link takes."""
    shot = evidence.shot
    sighting = None if shot is None else shot.sighting
    return AlarmEvidence(
        at=dt_util.utcnow(),
        uid=evidence.uid,
        level=int(evidence.level),
        findings=tuple(Finding(one) for one in evidence.findings),
        camera=None if shot is None else shot.camera,
        label=None if sighting is None else sighting.label,
        score=None if sighting is None else round(sighting.score, 3),
        taken_at=None if shot is None else shot.taken_at,
        link=None if sighting is None else sighting.link,
        picture=picture,
    )


def small_enough(content: bytes) -> bytes | None:
    """Return a picture as a JPEG that the link takes, or None for what is no picture. Blocks: for the executor."""
    try:
        with Image.open(io.BytesIO(content)) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                return None
            picture = opened.convert("RGB")
    except OSError, ValueError, SyntaxError, Image.DecompressionBombError:
        return None
    for width, quality in LINK_PICTURE_SIZES:
        copy = picture.copy()
        copy.thumbnail((width, width))
        out = io.BytesIO()
        copy.save(out, "JPEG", quality=quality)
        if len(out.getvalue()) <= LINK_PICTURE_BYTES:
            return out.getvalue()
    return None


def _seen_as(sighting: Sighting | None) -> dict[str, Any]:
    return {
        "label": None if sighting is None else sighting.label,
        "score": None if sighting is None else round(sighting.score, 3),
        "known_as": None if sighting is None else sighting.known_as,
        "link": None if sighting is None else sighting.link,
        "clip": None if sighting is None else sighting.clip,
    }
