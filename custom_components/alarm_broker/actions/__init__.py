"""The actions (services) that automations and dashboards call."""
