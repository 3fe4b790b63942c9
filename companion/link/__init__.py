"""The companion's end of the WebSocket to Home Assistant."""
