"""The durable outbox: claim, send, retry. Knows deliveries, never alarms."""
