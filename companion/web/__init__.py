"""HTTP: API, ACK page, dashboard, health."""
