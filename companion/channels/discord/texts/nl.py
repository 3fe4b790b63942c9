"""Dutch."""

REASONS: dict[str, str] = {}
