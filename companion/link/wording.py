"""What a Home Assistant hears of us in words. Pure.

Reasons are kept as codes and facts and put into words when they are said, in the language of whoever hears them: only the
companion, and the packages of its channels, have their texts.
"""

from datetime import datetime
from typing import Any, Final

from companion.link.store import Body
from companion.texts.model import Texts
from companion.texts.reasons import Fact, Reason, spoken

REASON_LIMIT: Final = 500


def in_words(body: Body, texts: Texts, now: datetime) -> dict[str, Any]:
    """Return a kept event as it is said to somebody who reads `texts`."""
    match body:
        case {"kind": "notify" as kind, "until": until, **rest}:
            # A span, as the two clocks need not agree.
            left = datetime.fromisoformat(until) - now
            return {"kind": kind, **rest, "useful_s": max(left.total_seconds(), 0.0)}
        case {"kind": "delivery_trouble", "reason": reason}:
            return {**body, "reason": _said(reason, texts)}
        case {"kind": "trouble", "facts": facts}:
            return {**body, "facts": {name: _said(fact, texts) for name, fact in facts.items()}}
        case _:
            return dict(body)


def _said(kept: Any, texts: Texts) -> str:
    fact: Fact = Reason.from_json(kept) or kept
    return spoken(fact, texts)[:REASON_LIMIT]
