"""The time, as a callable that is handed in."""

from collections.abc import Callable
from datetime import UTC, datetime

type Clock = Callable[[], datetime]
"""Returns now, aware, UTC."""


def utc_now() -> datetime:
    """Return the host's time."""
    return datetime.now(UTC)
