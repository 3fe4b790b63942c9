"""Areas, zones, users and groups: one flow each."""
