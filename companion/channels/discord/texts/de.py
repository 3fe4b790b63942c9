"""German."""

REASONS: dict[str, str] = {}
