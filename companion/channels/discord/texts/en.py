"""English."""

REASONS: dict[str, str] = {}
