"""The companion's side of the integration: one WebSocket that loses nothing."""
