"""The companion of the Alarm Broker integration: it makes sure that somebody answers."""
