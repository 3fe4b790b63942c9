"""French."""

REASONS: dict[str, str] = {}
