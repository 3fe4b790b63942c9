"""The frames of the link that both halves hold to, from `golden/link`."""

import json
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).parent / "golden" / "link"
FRAMES = sorted(path.stem for path in GOLDEN.glob("*.json"))
BEFORE_FACTS = GOLDEN / "before_facts"
"""Frames as both halves said them before there were facts: they are still understood."""


def golden(name: str) -> dict[str, Any]:
    """Return a whole frame; in `before_facts/` are those of before."""
    frame: dict[str, Any] = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    return frame


def golden_event(kind: str) -> dict[str, Any]:
    """Return what an event's frame says."""
    event: dict[str, Any] = golden(f"event_{kind}")["event"]
    return event
